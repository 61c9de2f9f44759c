"""Bad rows: exit code 2, the place and the remedy, nothing on stdout, nothing registered."""

from __future__ import annotations

import pytest

from journeys.checks import HOME, refused
from journeys.rows import prices, table, write

TABLE = table(40)
HEADER = "age,city,minutes,churn"
FEW = ["31,Bern,5,no", "32,Bern,6,yes", "33,Chur,7,no", "34,Chur,8,yes"]
RECIPE = "data: rows.csv\ntarget: churn\nbase: {kind: gbdt, iterations: 5}\n"
PRICES = "data: rows.csv\ntarget: price\ntask: regression\nbase: {kind: gbdt, iterations: 5}\n"


def with_line(text: str, line: int, cells: str) -> str:
    lines = text.splitlines()
    lines[line - 1] = cells
    return "\n".join(lines) + "\n"


def recoded(column: int, value: str) -> str:
    lines = [line.split(",") for line in TABLE.splitlines()]
    return "\n".join([",".join(lines[0])] + [",".join([*one[:column], value, *one[column + 1 :]]) for one in lines[1:]])


BAD_ROWS = {
    "empty file": (b"", ["rows.csv", "empty (0 bytes)", "give a file with rows"]),
    "blank lines only": ("\n\n\n", ["rows.csv", "nothing but blank lines", "give a file"]),
    "header only": (f"{HEADER}\n", ["rows.csv", "no rows", "give a file with rows"]),
    "too few cells": (with_line(TABLE, 7, "31,Bern,yes"), ["rows.csv line 7", "3 cells", "the header has 4"]),
    "too many cells": (with_line(TABLE, 9, "31,Bern,5,no,x"), ["rows.csv line 9", "5 cells", "quotes around a cell"]),
    "open quote": (with_line(TABLE, 5, '31,"Bern,5,no'), ["rows.csv line 5", "never closed", "double the quotes"]),
    "binary": (b"\x89PNG\x0d\x0a\x1a\x0a\x00\x00", ["rows.csv", "not text", "UTF-8"]),
    "zero byte": (f"{HEADER}\n31,Be\0rn,5,no\n", ["rows.csv line 2", "zero byte", "UTF-8"]),
    "two columns of a name": (TABLE.replace("minutes", "age", 1), ["rows.csv line 1", "'age'", "rename"]),
    "all missing column": (recoded(1, ""), ["rows.csv, column 'city'", "all 40 values are missing", "remove"]),
    "no label at all": (recoded(3, ""), ["rows.csv, column 'churn'", "label", "name another"]),
    "one class": (recoded(3, "no"), ["rows.csv, column 'churn'", "'no'", "add rows of another value"]),
    "class of one row": (
        with_line(TABLE, 12, "31,Bern,5,perhaps"),
        ["rows.csv row 11, column 'churn'", "only row of class 'perhaps'", "add rows of that class"],
    ),
    "three rows": ("\n".join([HEADER, *FEW[:3]]), ["rows.csv", "add rows"]),
    "four rows": ("\n".join([HEADER, *FEW]), ["split", "of 4 rows", "add rows"]),
    "single column": ("churn\nyes\nno\nyes\nno\n", ["rows.csv", "'churn' leaves no column", "add a column"]),
}


@pytest.mark.parametrize("case", BAD_ROWS)
def test_bad_rows_are_refused(tunesmith, tmp_path, case):
    content, wanted = BAD_ROWS[case]
    write(tmp_path, rows_csv=content, recipe_yaml=RECIPE)
    refused(tunesmith("train", "recipe.yaml"), *wanted)
    assert not HOME.exists()


BAD_TARGETS = {
    "nan": ("nan", ["rows.csv row 3, column 'price'", "'nan' is not a finite number", "correct or remove the row"]),
    "infinite": ("inf", ["rows.csv row 3, column 'price'", "'inf' is not a finite number", "correct or remove"]),
    "minus infinite": ("-Infinity", ["rows.csv row 3, column 'price'", "'-inf' is not a finite number"]),
    "too large for a float": ("1e999", ["rows.csv row 3, column 'price'", "not a finite number"]),
    "a word": ("cheap", ["rows.csv row 3, column 'price'", "'cheap' is not a finite number"]),
}


@pytest.mark.parametrize("case", BAD_TARGETS)
def test_a_regression_refuses_targets_that_are_no_finite_numbers(tunesmith, tmp_path, case):
    value, wanted = BAD_TARGETS[case]
    lines = prices(40)
    lines[3] = f"3,80,{value}"
    write(tmp_path, rows_csv="\n".join(lines), recipe_yaml=PRICES)
    refused(tunesmith("train", "recipe.yaml"), *wanted)
    assert not HOME.exists()


@pytest.mark.parametrize("value", ["inf", "-inf", "1e999"])
def test_an_infinite_input_is_refused_by_row(tunesmith, tmp_path, value):
    lines = prices(40)
    lines[5] = f"3,{value},100.5"
    write(tmp_path, rows_csv="\n".join(lines), recipe_yaml=PRICES)
    refused(tunesmith("train", "recipe.yaml"), "rows.csv row 5, column 'area'", "is not a number", "correct the row")
    assert not HOME.exists()


@pytest.mark.parametrize("task", ["", "task: classification\n"])
def test_a_nan_label_is_no_class(tunesmith, tmp_path, task):
    lines = ["size,label", *(f"{at * 1.5},{at % 2}" for at in range(40))]
    lines[4] = "4.5,nan"
    write(tmp_path, rows_csv="\n".join(lines), recipe_yaml=f"data: rows.csv\ntarget: label\n{task}base: gbdt\n")
    refused(tunesmith("train", "recipe.yaml"), "rows.csv row 4, column 'label'")
    assert not HOME.exists()


ENCODINGS = ["utf-8", "utf-8-sig", "latin-1", "cp1252", "utf-16", "utf-32"]


@pytest.mark.parametrize("encoding", ENCODINGS)
def test_other_encodings_are_read_correctly(tunesmith, tmp_path, encoding):
    text = TABLE.replace("Chur", "Zürich").replace("city", "ciudá")
    write(tmp_path, rows_csv=text.encode(encoding))
    columns = tunesmith("check", "rows.csv", "--target", "churn", "--json").json["columns"]
    city = next(one for one in columns if one["name"] == "ciudá")
    assert "Zürich" in city["examples"]


def test_rows_in_latin_1_train_and_answer(tunesmith, tmp_path):
    write(tmp_path, rows_csv=TABLE.replace("Chur", "Zürich").encode("latin-1"), recipe_yaml=RECIPE)
    outcome = tunesmith("train", "recipe.yaml", "--json")
    assert outcome.code == 0, outcome.err
    assert "cp1252" in outcome.err, "how the file was read is said"
    assert tunesmith("verify", "--json").json["ok"]


def test_a_cell_of_ten_megabytes_is_answered_for(tunesmith, tmp_path):
    huge = "x" * 10_000_000
    write(tmp_path, rows_csv=with_line(TABLE, 4, f"31,{huge},5,no"), recipe_yaml=RECIPE)
    checked = tunesmith("check", "rows.csv", "--target", "churn", "--json", "--report", "page.html")
    assert checked.code in (0, 1)
    assert checked.json["rows"] == 40
    assert len(checked.out) < 100_000
    assert (tmp_path / "page.html").stat().st_size < 1_000_000
    trained = tunesmith("train", "recipe.yaml", "--json")
    assert trained.code == 0, trained.err[:2000]
    assert len(trained.err) < 100_000


SPLITS = {"train": TABLE, "test": "\n".join([HEADER, *TABLE.splitlines()[3:6], "77,Bern,1.25,no", "78,Chur,99,yes"])}
GIVEN = "data: {path: {train: train.csv, test: test.csv}}\ntarget: churn\nbase: {kind: gbdt, iterations: 5}\n"


def test_rows_on_both_sides_of_given_splits_are_refused_by_name(tunesmith, tmp_path):
    write(tmp_path, train_csv=SPLITS["train"], test_csv=SPLITS["test"], recipe_yaml=GIVEN)
    wanted = ["3 rows are on both sides", "train.csv row 3", "test.csv row 1", "leaks: drop", "leaks: allow"]
    refused(tunesmith("train", "recipe.yaml"), *wanted)
    assert not HOME.exists()


@pytest.mark.parametrize(("leaks", "test_rows"), [("drop", 5), ("allow", 5)])
def test_leaks_may_be_dropped_or_allowed_in_writing(tunesmith, tmp_path, leaks, test_rows):
    recipe = f"{GIVEN}split: {{leaks: {leaks}}}\n"
    write(tmp_path, train_csv=SPLITS["train"], test_csv=SPLITS["test"], recipe_yaml=recipe)
    outcome = tunesmith("train", "recipe.yaml", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["test_rows"] == test_rows
    report = tunesmith("inspect", outcome.json["version"], "--json").json["manifest"]
    kept = report["rows"]["train"]["count"] + report["rows"]["validation"]["count"]
    assert kept == (37 if leaks == "drop" else 40)


def test_splits_of_other_columns_are_refused_by_name(tunesmith, tmp_path):
    write(tmp_path, train_csv=TABLE, test_csv=SPLITS["test"].replace("city", "town"), recipe_yaml=GIVEN)
    refused(tunesmith("train", "recipe.yaml"), "test.csv", "train.csv", "'city'", "'town'")
    assert not HOME.exists()


def test_a_class_that_only_test_holds_is_refused_by_name(tunesmith, tmp_path):
    odd = SPLITS["test"].replace("yes", "perhaps") + "\n79,Chur,98,perhaps\n"
    write(tmp_path, train_csv=TABLE, test_csv=odd, recipe_yaml=f"{GIVEN}split: {{leaks: drop}}\n")
    refused(tunesmith("train", "recipe.yaml"), "test.csv", "column 'churn'", "'perhaps'", "training rows")
    assert not HOME.exists()


MISSING = {
    "data": ("data: row.csv\ntarget: churn\n", ["row.csv", "no such file", "did you mean 'rows.csv'"]),
    "data far from any": ("data: elsewhere/x.csv\n", ["elsewhere/x.csv", "no such file", "check the path"]),
    "folder": ("data: {kind: csv, path: .}\n", ["is a folder", "give the path of one file"]),
    "target": ("data: rows.csv\ntarget: chrun\n", ["rows.csv", "no column 'chrun'", "did you mean 'churn'?"]),
    "input": ("data: {path: rows.csv, inputs: [aeg, city]}\ntarget: churn\n", ["no column 'aeg'", "mean 'age'?"]),
    "id": ("data: {path: rows.csv, id: citty}\ntarget: churn\n", ["no column 'citty'", "`id`", "mean 'city'?"]),
    "id that repeats": ("data: {path: rows.csv, id: city}\ntarget: churn\n", ["column 'city'", "repeats", "unique"]),
    "group": (f"{RECIPE}split: {{group: towm}}\n", ["split.group", "no column 'towm'", "columns: age"]),
    "target as input": (
        "data: {path: rows.csv, inputs: [age, churn]}\ntarget: churn\n",
        ["'churn' is the target", "leave it out"],
    ),
}


@pytest.mark.parametrize("case", MISSING)
def test_what_is_not_there_is_named(tunesmith, tmp_path, case):
    text, wanted = MISSING[case]
    write(tmp_path, rows_csv=TABLE, recipe_yaml=text)
    refused(tunesmith("train", "recipe.yaml"), *wanted)
    assert not HOME.exists()


@pytest.mark.parametrize("command", ["check", "init"])
@pytest.mark.parametrize("case", ["empty file", "header only", "too few cells", "binary", "two columns of a name"])
def test_commands_on_data_refuse_alike(tunesmith, tmp_path, command, case):
    content, wanted = BAD_ROWS[case]
    write(tmp_path, rows_csv=content)
    refused(tunesmith(command, "rows.csv"), *wanted)
    assert sorted(one.name for one in tmp_path.iterdir()) == ["rows.csv"]


@pytest.mark.parametrize("command", ["check", "init"])
def test_commands_on_data_name_what_is_missing(tunesmith, tmp_path, command):
    write(tmp_path, rows_csv=TABLE)
    refused(tunesmith(command, "row.csv"), "row.csv", "no such file", "did you mean 'rows.csv'?")
    refused(tunesmith(command, "rows.csv", "--target", "chrun"), "rows.csv", "'chrun'", "did you mean 'churn'?")
    refused(tunesmith(command, "rows.docx"), "rows.docx", "'.docx' is not known", ".csv")


@pytest.mark.parametrize(
    "case", ["one class", "class of one row", "three rows", "all missing column", "no label at all"]
)
def test_check_looks_at_rows_that_training_refuses(tunesmith, tmp_path, case):
    write(tmp_path, rows_csv=BAD_ROWS[case][0])
    outcome = tunesmith("check", "rows.csv", "--target", "churn", "--json")
    assert outcome.code in (0, 1), outcome.err
    assert outcome.json["rows"] > 0


LISTS = "\n".join(
    f'{{"tags": ["a", "t{at % 5}"], "size": {at * 1.5}, "label": "{"yes" if at % 2 else "no"}"}}' for at in range(40)
)


def test_a_column_of_lists_is_no_input(tunesmith, tmp_path):
    write(tmp_path, rows_jsonl=LISTS, recipe_yaml="data: rows.jsonl\ntarget: label\nbase: gbdt\n")
    outcome = tunesmith("train", "recipe.yaml", "--set", "base.iterations=3")
    assert outcome.code == 0, outcome.err
    assert "column 'tags' is no input: its values are lists" in outcome.err, "what is left out is said"
    wanted = "data: {path: rows.jsonl, inputs: {tags: category, size: number}}\ntarget: label\nbase: gbdt\n"
    write(tmp_path, recipe_yaml=wanted)
    refused(tunesmith("train", "recipe.yaml"), "rows.jsonl row 1, column 'tags'", "several values")
    outcome = tunesmith("check", "rows.jsonl", "--target", "label", "--json")
    assert outcome.code in (0, 1), outcome.err
    text = "data: {path: rows.jsonl, inputs: [size]}\ntarget: label\nbase: {kind: gbdt, iterations: 3}\n"
    write(tmp_path, recipe_yaml=text)
    assert tunesmith("train", "recipe.yaml").code == 0, "beside the inputs it is welcome"


ODD_NAMES = ["tokens", "text", "id", "row", "split", "label-2", "a.b", "größe", "with space", "__index__", "count"]


@pytest.mark.parametrize("name", ODD_NAMES)
def test_a_column_may_have_any_name(tunesmith, tmp_path, name):
    write(tmp_path, rows_csv=TABLE.replace("minutes", name, 1), recipe_yaml=RECIPE)
    outcome = tunesmith("train", "recipe.yaml", "--json")
    assert outcome.code == 0, outcome.err
    answers = tunesmith("predict", "rows", "rows.csv", "--json")
    assert len(answers.json) == 40
    assert tunesmith("trace", "recipe.yaml", "--row", "1").code == 0
    assert tunesmith("evaluate", "rows", "rows.csv", "--slice", name, "--json").code == 0


@pytest.mark.parametrize("name", ["target", "count", "score", "a.b", "größe"])
def test_the_target_may_have_any_name(tunesmith, tmp_path, name):
    write(tmp_path, rows_csv=TABLE.replace("churn", name, 1), recipe_yaml=RECIPE.replace("churn", name))
    assert tunesmith("train", "recipe.yaml", "--json").code == 0
    assert tunesmith("evaluate", "rows", "rows.csv", "--json").json["rows"] == 40


@pytest.mark.parametrize(
    "labels", [("0", "1"), ("true", "false"), ("1.0", "2.0"), ("ja", "né 🎉"), ("a|b", "c|d"), ("x", "X")]
)
def test_labels_come_back_as_they_were_written(tunesmith, tmp_path, labels):
    rows = TABLE.replace("yes", labels[1]).replace("no\n", f"{labels[0]}\n")
    write(tmp_path, rows_csv=rows, recipe_yaml=f"{RECIPE}task: classification\n")
    outcome = tunesmith("train", "recipe.yaml", "--json")
    assert outcome.code == 0, outcome.err
    answers = {str(one["answer"]) for one in tunesmith("predict", "rows", "rows.csv", "--json").json}
    assert answers <= set(labels) or labels == ("1.0", "2.0")
    assert answers


def test_a_path_may_hold_spaces_and_letters_of_any_kind(tunesmith, tmp_path):
    folder = tmp_path / "my data ü"
    folder.mkdir()
    write(folder, rows_csv=TABLE, recipe_yaml=RECIPE)
    assert tunesmith("train", folder / "recipe.yaml", "--json").json["version"] == "rows@1"
    assert tunesmith("init", folder / "rows.csv", "-o", folder / "made.yaml").code == 0
    assert tunesmith("show", folder / "made.yaml").code == 0


@pytest.mark.parametrize("name", ["Ünï cödé.csv", "..rows.csv", "rows.2024.01.csv", "-rows.csv", "a" * 150 + ".csv"])
def test_a_file_of_any_name_names_a_version(tunesmith, tmp_path, name):
    (tmp_path / name).write_text(TABLE)
    write(tmp_path, recipe_yaml=RECIPE.replace("rows.csv", f"'{name}'"))
    outcome = tunesmith("train", "recipe.yaml", "--json")
    assert outcome.code == 0, outcome.err
    assert tunesmith("inspect", outcome.json["version"], "--json").json["digest"] == outcome.json["digest"]
