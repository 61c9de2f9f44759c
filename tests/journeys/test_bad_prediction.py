"""Bad rows to answer for: refused by column and row, never guessed; bad references and places named."""

from __future__ import annotations

import json

import pytest

from journeys.checks import refused
from journeys.rows import mixed, table, texts, write

GOOD = '{"age": 31, "city": "Bern", "minutes": 5.5}'


@pytest.fixture
def predict(tunesmith, trained):
    """Ask the version of a kind."""

    def ask(kind, *arguments):
        return tunesmith("predict", trained(kind).label, "--home", trained(kind).home, *arguments)

    return ask


BAD_TABLES = {
    "missing column": (
        table(9).replace("minutes", "seconds", 1),
        [
            "rows.csv: missing column 'minutes'",
            "trained on age, city, minutes",
            "'seconds'",
            "never matched by position",
        ],
    ),
    "two missing columns": ("minutes\n5\n6\n", ["missing column 'age', 'city'", "rename the columns"]),
    "other case": (table(9).replace("age", "Age", 1), ["missing column 'age'", "'Age'"]),
    "text in a number column": (
        "age,city,minutes\n31,Bern,5\n32,Bern,six\n",
        ["rows.csv row 2, column 'minutes'", "'six' is not a number", "correct the row"],
    ),
    "infinite number": ("age,city,minutes\n31,Bern,5\n32,Bern,inf\n", ["row 2, column 'minutes'", "'inf'"]),
    "ragged": ("age,city,minutes\n31,Bern,5\n32,Bern\n", ["rows.csv line 3", "2 cells"]),
    "empty": (b"", ["rows.csv", "empty (0 bytes)"]),
    "header only": ("age,city,minutes\n", ["rows.csv", "no rows"]),
    "columns twice": ("age,age,city,minutes\n1,2,Bern,3\n", ["rows.csv line 1", "'age'"]),
}


@pytest.mark.parametrize("case", BAD_TABLES)
def test_a_file_of_other_rows_is_refused(predict, tmp_path, case):
    content, wanted = BAD_TABLES[case]
    write(tmp_path, rows_csv=content)
    refused(predict("table", "rows.csv", "-o", "answers.csv"), *wanted)
    assert not (tmp_path / "answers.csv").exists()


BAD_ROWS = {
    "no JSON": (["{age: 31}"], ["--row {age: 31}", "no JSON", "character 2"]),
    "no object": (["[1, 2]"], ["--row [1, 2]", "object of columns"]),
    "nothing": ([""], ["--row", "no JSON"]),
    "empty object": (["{}"], ["missing column 'age', 'city', 'minutes'"]),
    "missing column": (['{"age": 3, "city": "Bern"}'], ["missing column 'minutes'"]),
    "text for a number": (['{"age": "old", "city": "Bern", "minutes": 5}'], ["row 1, column 'age'", "'old'"]),
    "text for a number in the second row": (
        [GOOD, '{"age": "old", "city": "Bern", "minutes": 5}'],
        ["row 2, column 'age'", "'old' is not a number"],
    ),
    "missing column in the second row": ([GOOD, '{"age": 3, "city": "Bern"}'], ["row 2", "'minutes'"]),
    "list for a number": (['{"age": [3], "city": "Bern", "minutes": 5}'], ["column 'age'"]),
    "object for a category": (['{"age": 3, "city": {"name": "Bern"}, "minutes": 5}'], ["column 'city'"]),
    "column twice": (['{"age": 3, "age": 4, "city": "Bern", "minutes": 5}'], ["--row", "'age' is given twice"]),
    "infinite": (['{"age": Infinity, "city": "Bern", "minutes": 5}'], ["--row", "Infinity"]),
    "not a number": (['{"age": NaN, "city": "Bern", "minutes": 5}'], ["--row", "NaN", "null"]),
    "too large": (['{"age": 1e999, "city": "Bern", "minutes": 5}'], ["row 1, column 'age'"]),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_a_bad_row_is_refused(predict, case):
    given, wanted = BAD_ROWS[case]
    refused(predict("table", *(part for row in given for part in ("--row", row))), *wanted)


@pytest.mark.parametrize("given", [[], ["rows.csv", "--row", GOOD], ["--text", "a", "--row", GOOD]])
def test_rows_are_given_in_one_way(predict, given):
    refused(predict("table", *given), "--text", "--row")


def test_options_may_stand_anywhere(tunesmith, trained, tmp_path):
    version = trained("table")
    write(tmp_path, rows_csv=table(9))
    home = ["--home", version.home]
    commands = [
        [*home, version.label, "rows.csv", "--json"],
        [version.label, *home, "rows.csv", "--json"],
        [version.label, "--json", "rows.csv", *home],
    ]
    answers = [tunesmith("predict", *one).json for one in commands]
    assert answers[0] == answers[1] == answers[2]
    assert tunesmith("versions", "--json", *home, "table").json[0]["version"] == version.label
    assert tunesmith("verify", "--json", *home, version.label).json["ok"]


def test_a_text_is_no_row_of_a_table(predict):
    refused(predict("table", "--text", "hello"), "age, city, minutes", "rows")


def test_a_table_is_no_text(predict, tmp_path):
    write(tmp_path, rows_csv=table(9))
    refused(predict("text", "rows.csv"), "missing column 'review'", "age")


def test_missing_values_are_answered_for(predict):
    rows = ['{"age": null, "city": null, "minutes": null}', '{"age": 3, "city": "Oslo", "minutes": 1e90}']
    answers = predict("table", "--row", rows[0], "--row", rows[1], "--json").json
    assert [one["answer"] in ("yes", "no") for one in answers] == [True, True]


@pytest.mark.parametrize("kind", ["text", "mixed"])
def test_odd_texts_are_answered_for(predict, tmp_path, kind):
    odd = ["", " ", "\n\n", "🎉" * 500, "a\tb", "[SEP] [CLS] [PAD]", "\x00\x01", "\ud7ff", "ا ل ع ر ب ي ة", "x" * 5000]
    column = "review" if kind == "text" else "note"
    rows = [{column: one, "months": None, "plan": None} for one in odd]
    write(tmp_path, odd_jsonl="\n".join(map(json.dumps, rows)))
    answers = predict(kind, "odd.jsonl", "--json")
    assert answers.code == 0, answers.err
    assert len(answers.json) == len(odd)


def test_a_text_of_ten_megabytes_is_answered(predict, tmp_path):
    """Cut at `max_tokens` like any other; the suite's own time limit catches one that hangs."""
    words = "the parcel never arrived and nobody answers " * 230_000
    write(tmp_path, rows_csv=f'review\n"{words}"\nfine\n')
    outcome = predict("text", "rows.csv", "--json")
    assert outcome.code == 0, outcome.err
    assert len(outcome.json) == 2
    assert len(outcome.out) < 10_000
    assert len(predict("text", "--text", "x" * 10_000_000, "--json").json) == 1


REFERENCES = {
    "unknown name": ("tabel", ["tabel", "did you mean"]),
    "unknown number": ("{name}@99", ["99"]),
    "number zero": ("{name}@0", ["@0"]),
    "unknown alias": ("{name}@production", ["production"]),
    "unknown digest": ("deadbeefdeadbeef", ["deadbeefdeadbeef"]),
    "empty": ("", ["known", "table"]),
    "a path": ("../../etc/passwd", ["passwd"]),
}


@pytest.mark.parametrize("command", ["predict", "evaluate", "report", "inspect", "verify"])
@pytest.mark.parametrize("case", REFERENCES)
def test_an_unknown_version_is_named(tunesmith, trained, tmp_path, command, case):
    text, wanted = REFERENCES[case]
    write(tmp_path, rows_csv=table(9))
    rest = {"predict": ["rows.csv"], "evaluate": ["rows.csv"]}.get(command, [])
    reference = text.format(name="table")
    refused(tunesmith(command, reference, *rest, "--home", trained("table").home), *wanted)


def test_an_empty_home_says_how_to_make_a_version(tunesmith, tmp_path):
    outcome = tunesmith("predict", "reviews", "--text", "fine")
    refused(outcome, ".tunesmith", "no versions yet", "train one")
    assert tunesmith("versions", "--json").json == []
    assert "tunesmith train" in tunesmith("versions").out
    assert not (tmp_path / ".tunesmith").exists(), "looking creates nothing"


def test_places_that_cannot_be_written_are_named(predict, tunesmith, trained, tmp_path):
    version = trained("table")
    refused(predict("table", "--row", GOOD, "-o", "nowhere/answers.csv"), "nowhere/answers.csv", "check the path")
    (tmp_path / "folder.csv").mkdir()
    refused(predict("table", "--row", GOOD, "-o", "folder.csv"), "folder.csv")
    refused(predict("table", "--row", GOOD, "-o", "answers.xlsx"), "answers.xlsx", ".parquet")
    refused(tunesmith("report", version.label, "--home", version.home, "-o", "nowhere/r.html"), "nowhere/r.html")
    refused(tunesmith("check", version.data, "--report", "nowhere/c.html"), "nowhere/c.html")


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_a_place_that_cannot_be_written_is_named_for_every_form(predict, tmp_path, ending):
    refused(predict("table", "--row", GOOD, "-o", f"nowhere/answers.{ending}"), f"nowhere/answers.{ending}")


EVALUATIONS = {
    "no target": ("age,city,minutes\n31,Bern,5\n", [], ["no target column 'churn'"]),
    "no label": ("age,city,minutes,churn\n31,Bern,5,\n3,Chur,6,\n", [], ["rows.csv", "column 'churn'", "label"]),
    "unseen class": (
        "age,city,minutes,churn\n31,Bern,5,yes\n3,Chur,6,perhaps\n",
        [],
        ["'churn'", "'perhaps'", "row 2"],
    ),
    "unknown slice": (table(9), ["--slice", "town"], ["--slice", "no column 'town'", "age, city"]),
    "missing column": ("age,city,churn\n31,Bern,yes\n", [], ["missing column 'minutes'"]),
}


@pytest.mark.parametrize("case", EVALUATIONS)
def test_rows_that_cannot_be_measured_are_refused(tunesmith, trained, tmp_path, case):
    content, options, wanted = EVALUATIONS[case]
    write(tmp_path, rows_csv=content)
    version = trained("table")
    refused(tunesmith("evaluate", version.label, "rows.csv", *options, "--home", version.home), *wanted)


def test_rows_without_a_label_are_counted_and_left_out(tunesmith, trained, tmp_path):
    version = trained("table")
    write(tmp_path, rows_csv=table(9) + "31,Bern,5,\n")
    found = tunesmith("evaluate", version.label, "rows.csv", "--home", version.home, "--json").json
    assert (found["rows"], found["unlabelled"]) == (9, 1)


def test_one_row_can_be_measured_without_nan(tunesmith, trained, tmp_path):
    version = trained("table")
    write(tmp_path, rows_csv="age,city,minutes,churn\n31,Bern,5,no\n")
    found = tunesmith("evaluate", version.label, "rows.csv", "--slice", "city", "--home", version.home, "--json")
    assert found.code == 0, found.err
    assert found.json["metrics"]["roc_auc"]["value"] is None
    assert found.json["metrics"]["roc_auc"]["reason"]


@pytest.mark.parametrize("row", ["0", "999", "no-such-id", "-1"])
def test_trace_names_a_row_that_is_not_there(tunesmith, trained, row):
    refused(tunesmith("trace", trained("table").recipe, f"--row={row}"), f"--row {row}", "rows 1 to 120")


def test_columns_in_another_order_and_beside_others_are_matched_by_name(predict, tmp_path):
    plain = "age,city,minutes\n31,Bern,5\n70,Chur,90\n"
    moved = "minutes,note,city,age\n5,x,Bern,31\n90,y,Chur,70\n"
    write(tmp_path, plain_csv=plain, moved_csv=moved)
    answers = [predict("table", name, "--json").json for name in ("plain.csv", "moved.csv")]
    assert answers[0] == answers[1]


def test_the_sample_rows_differ():
    """The fixtures above mean something only while no two rows are alike."""
    for text in (table(), texts(), mixed()):
        lines = text.splitlines()
        assert len(set(lines)) == len(lines)
