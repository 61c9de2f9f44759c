"""What is worth a look, and labels that come back."""

import json

import numpy as np
import polars as pl
import pytest

from tunesmith.core.errors import DataError
from tunesmith.data import Dataset
from tunesmith.data.label_studio import answers, configuration, tasks
from tunesmith.parts.checks import Finding, Opinion
from tunesmith.stages.label import Given, sheet, taken, worth_a_look


def rows(labels, **columns):
    frame = pl.DataFrame({"words": [f"row {at}" for at in range(len(labels))], **columns, "label": labels})
    return Dataset.of(frame, "rows.csv").identified(["words"])


DATA = rows(["a", "b", None, "a", "b"])
SAID = Opinion(np.array([0, 1, 3, 4]), ("a", "b"), np.array([[0.9, 0.1], [0.4, 0.6], [0.45, 0.55], [0, 1]]), "judges")
FOUND = [
    Finding("contradictions", "warning", (0, 3), (0.5, 0.5), "look", "label"),
    Finding("label_errors", "warning", (3,), (0.8,), "look", "label", suggestions=("b",)),
    Finding("outliers", "info", (4,), (1.0,), "look", "words"),
]


def test_label_errors_come_first_then_contradictions_then_rows_without_a_label_then_doubt():
    looks = worth_a_look(DATA, "label", FOUND, SAID, 10)
    told = [(one.row, one.reason, one.suggestion) for one in looks]
    assert told == [
        (3, "label errors", "b"),
        (0, "contradictions", None),
        (2, "no label", None),
        (1, "the judges are unsure", "b"),
        (4, "the judges are unsure", "b"),
    ]
    assert worth_a_look(DATA, "label", FOUND, SAID, 2) == looks[:2]
    assert [one.row for one in worth_a_look(DATA, "label", [], None, 10)] == [2]


def test_the_sheet_shows_the_row_and_waits_for_a_label():
    made = sheet(DATA, "label", ["words"], worth_a_look(DATA, "label", FOUND, SAID, 1))
    assert made.row(0, named=True) == {
        "id": DATA.ids[3],
        "place": "rows.csv row 4",
        "reason": "label errors",
        "score": 0.8,
        "words": "row 3",
        "label": "a",
        "suggestion": "b",
        "new_label": None,
    }


def test_an_input_named_like_a_column_of_the_sheet_is_kept_apart():
    data = rows(["a", "b"], reason=["x", "y"])
    made = sheet(data, "label", ["reason"], worth_a_look(data, "label", FOUND[:1], None, 1)[:1])
    assert made["input reason"].to_list() == ["x"]


def given(labels, shown=None, **more):
    return Given({DATA.ids[at]: one for at, one in labels.items()}, shown or {}, "look.csv", **more)


def test_given_labels_become_changes_and_equal_ones_none():
    changes = taken(DATA, "label", given({0: "b", 1: "b", 2: "a"}))
    assert [(one.row, one.before, one.after) for one in changes] == [(0, "a", "b"), (2, None, "a")]


@pytest.mark.parametrize(
    ("labels", "words"),
    [
        (Given({"nobody": "a"}, {}, "look.csv"), "no row has the id 'nobody'"),
        (given({0: "c"}), "'c' is no class ('a', 'b')"),
        (given({0: "b"}, {DATA.ids[0]: "b"}), "changed since they were shown: 'rows.csv row 1'"),
    ],
)
def test_labels_that_do_not_fit_are_refused(labels, words):
    with pytest.raises(DataError) as error:
        taken(DATA, "label", labels)
    assert words in str(error.value)


def test_a_new_class_is_taken_where_it_is_wanted():
    assert taken(DATA, "label", given({0: "c"}, may_be_new=True))[0].after == "c"


def test_numbers_and_lists_of_labels_come_back_as_such():
    numbers = rows([1.5, 2.0])
    assert taken(numbers, "label", Given({numbers.ids[0]: "3"}, {}, "look.csv"))[0].after == 3.0
    with pytest.raises(DataError, match="'many' is no number"):
        taken(numbers, "label", Given({numbers.ids[0]: "many"}, {}, "look.csv"))
    lists = rows([["x"], ["y", "x"]])
    assert taken(lists, "label", Given({lists.ids[0]: "x|y"}, {}, "look.csv"))[0].after == ["x", "y"]
    with pytest.raises(DataError, match="'z' is no class"):
        taken(lists, "label", Given({lists.ids[0]: "z"}, {}, "look.csv"))


def annotation(choice, **more):
    return {"result": [{"type": "choices", "from_name": "label", "value": {"choices": [choice]}}], **more}


def export(*annotations, label="a", name="r1"):
    return {"id": 7, "data": {"tunesmith_id": name, "label": label}, "annotations": list(annotations)}


def read(*exported):
    return answers(json.dumps(exported).encode(), "export.json")


def test_label_studio_gets_tasks_with_predictions_and_a_configuration():
    made = sheet(DATA, "label", ["words"], worth_a_look(DATA, "label", FOUND, SAID, 2))
    first, second = json.loads(tasks(made))
    assert first["data"]["tunesmith_id"] == DATA.ids[3]
    assert first["data"]["words"] == "row 3"
    assert first["predictions"][0]["result"][0]["value"] == {"choices": ["b"]}
    assert "predictions" not in second
    setup = configuration(made, ["a", "<b>"], [], False).decode()
    assert '<Text name="row" value="$words"/>' in setup
    assert '<Choice value="&lt;b&gt;"/>' in setup


def test_of_several_annotators_the_majority_decides_and_an_even_split_is_told():
    labels, shown, split = read(
        export(annotation("b"), annotation("b"), annotation("a")),
        export(annotation("b"), annotation("a"), name="r2"),
        export(annotation("b", was_cancelled=True), name="r3"),
        export({"result": []}, name="r4"),
    )
    assert labels == {"r1": "b"}
    assert shown["r1"] == "a"
    assert split == ["r2"]


def test_the_short_export_is_understood():
    labels, _, _ = read(
        {"id": 3, "tunesmith_id": "r1", "label": "b"}, {"tunesmith_id": "r2", "label": {"choices": ["a", "b"]}}
    )
    assert labels == {"r1": "b", "r2": "a|b"}


@pytest.mark.parametrize(
    ("data", "words"), [(b"{", "not JSON"), (b"{}", "no list of tasks"), (b'[{"data": {}}]', "task 1 has no")]
)
def test_what_is_no_export_is_refused(data, words):
    with pytest.raises(DataError, match=words):
        answers(data, "export.json")
