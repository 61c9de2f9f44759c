"""Cleaning: what each remedy does, to which rows, and that the ledger tells all of it."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from pydantic import ValidationError

from tunesmith.core.errors import DataError
from tunesmith.data import Dataset
from tunesmith.data.codec import replaced
from tunesmith.data.ledger import Change, counts, lines
from tunesmith.parts.checks import Finding, Table
from tunesmith.parts.checks.duplicates import Duplicates
from tunesmith.recipe import Recipe
from tunesmith.stages.clean import Mending, Shape, clean

KINDS = {"words": "text", "colour": "category", "size": "number"}


def rows(words, label=None, split=None, **columns):
    frame = pl.DataFrame({"words": words, **columns, "label": label or ["a"] * len(words)})
    data = Dataset.of(frame, "rows.csv").identified([name for name in frame.columns if name != "label"], ["size"])
    return data.with_splits(split or ["train"] * len(words))


def mended(data, found, how=None, kinds=KINDS):
    labelled = data.where(data.frame["label"].is_not_null())
    remedies = {
        kind: Mending.model_validate({"remedy": one} if isinstance(one, str) else one)
        for kind, one in (how or {}).items()
    }
    return clean(data, labelled, found, remedies, Shape("label", kinds))


def repeats(data):
    return Duplicates().find(Table(data, ("words",), "label", "classification"))


def finding(check, at, column=None, suggestions=(), origins=()):
    return Finding(check, "warning", at, (0.5,) * len(at), "mend it", column, suggestions=suggestions, origins=origins)


def test_without_a_word_only_repeated_training_rows_and_rows_without_a_label_go():
    data = rows(["x", "y", "x", "z", "x"], ["a", "a", "a", None, "a"], ["train", "train", "train", "train", "test"])
    done = mended(data, [*repeats(data), finding("missing", (1,), "words")])
    assert done.rows.frame["words"].to_list() == ["x", "y", "x"]
    assert done.rows.index["split"].to_list() == ["train", "train", "test"], "what is measured stays as it is"
    assert [(one.action, one.row, one.check) for one in done.changes] == [
        ("dropped", 2, "duplicates"),
        ("dropped", 3, "missing"),
    ]
    assert done.changes[0].why == "repeats rows.csv row 1"
    assert done.changes[1].cells == {"words": "z", "label": None}


def test_even_that_can_be_turned_off():
    data = rows(["x", "x"])
    assert len(mended(data, repeats(data), {"duplicates": "keep"}).rows) == 2


def test_a_copy_whose_first_row_is_tested_on_is_left_to_the_guard():
    data = rows(["x", "x"], split=["test", "train"])
    assert len(mended(data, repeats(data)).rows) == 2


def test_review_sets_training_rows_aside():
    data = rows(["x", "y", "z"], split=["train", "test", "train"])
    done = mended(data, [finding("label_errors", (0, 1), "label", ("b", "b"))], {"label_errors": "review"})
    assert done.aside.frame["words"].to_list() == ["x"]
    assert done.rows.frame["words"].to_list() == ["y", "z"]
    assert counts(done.changes) == [{"check": "label_errors", "remedy": "review", "action": "aside", "rows": 1}]


def test_relabelling_touches_training_rows_alone():
    data = rows(["x", "y", "z"], split=["train", "test", "train"])
    done = mended(data, [finding("label_errors", (0, 1), "label", ("b", "b"))], {"label_errors": "relabel"})
    assert done.rows.frame["label"].to_list() == ["b", "a", "a"]
    assert [(one.before, one.after, one.column) for one in done.changes] == [("a", "b", "label")]
    assert not done.replacements


def test_spellings_are_made_one_in_every_split_and_in_rows_to_come():
    data = rows(["x", "y", "z"], split=["train", "test", "train"], colour=["red", "Red", "RED"])
    found = finding("inconsistent_categories", (1, 2), "colour", ("red", "red"))
    done = mended(data, [found], {"inconsistent_categories": "normalise"})
    assert done.rows.frame["colour"].to_list() == ["red"] * 3
    assert done.replacements == {"colour": (("Red", "red"), ("RED", "red"))}
    assert replaced(pl.Series(["RED", "blue", None]), done.replacements["colour"]).to_list() == ["red", "blue", None]


def test_a_text_is_repaired_for_training_only_since_rows_to_come_are_not():
    data = rows(["cafÃ©", "cafÃ© noir"], split=["train", "test"])
    found = finding("scripts", (0, 1), "words", ("café", "café noir"))
    done = mended(data, [found], {"scripts": "normalise"})
    assert done.rows.frame["words"].to_list() == ["café", "cafÃ© noir"]
    assert not done.replacements


def test_imputing_looks_at_sound_training_cells_alone():
    data = rows(list("abcd"), split=["train", "train", "train", "test"], size=[1.0, 3.0, -999.0, 50.0])
    done = mended(data, [finding("placeholders", (2,), "size", (None,))], {"placeholders": "impute"})
    assert done.rows.frame["size"].to_list() == [1.0, 3.0, 2.0, 50.0]
    assert done.replacements == {"size": ((-999.0, 2.0),)}
    assert replaced(pl.Series([-999, 7]), done.replacements["size"]).to_list() == [2, 7]


def test_imputing_leaves_texts_and_columns_that_are_not_named():
    data = rows(["a", None], colour=["red", None], size=[1.0, None])
    found = [finding("missing", (1,), name) for name in ("words", "colour", "size")]
    done = mended(data, found, {"missing": "impute"})
    assert done.rows.frame.row(1) == (None, "red", 1.0, "a")
    done = mended(data, found, {"missing": {"remedy": "impute", "columns": ["size"]}})
    assert done.rows.frame.row(1) == (None, None, 1.0, "a")


def test_mapping_follows_the_given_values():
    data = rows(list("abc"), colour=["n/a", "rot", "red"])
    how = {"missing": {"remedy": "map", "values": {"n/a": None, "rot": "red"}}}
    done = mended(data, [finding("missing", (0,), "colour")], how)
    assert done.rows.frame["colour"].to_list() == [None, "red", "red"]
    assert done.replacements == {"colour": (("n/a", None), ("rot", "red"))}


@pytest.mark.parametrize(
    ("how", "words"),
    [
        ({"duplicats": "drop"}, "did you mean 'duplicates'"),
        ({"duplicates": "relabel"}, "cannot be mended by 'relabel'; fitting are drop"),
        ({"duplicates": "burn"}, "Input should be"),
        ({"missing": "map"}, "`values` belongs to `remedy: map`"),
        ({"missing": {"remedy": "map", "values": {"a": "b", "b": "c"}}}, "'b' is both replaced and a replacement"),
        (["duplicates"], "needs names of checks"),
    ],
)
def test_a_remedy_that_cannot_be_is_refused_when_the_recipe_is_read(how, words):
    with pytest.raises(ValidationError, match=words):
        Recipe.model_validate({"data": "rows.csv", "clean": how})


@pytest.mark.parametrize(
    ("found", "how", "words"),
    [
        (finding("missing", (0,)), "impute", "of no column"),
        (finding("missing", (0,), "words"), {"remedy": "impute", "columns": ["words"]}, "neither number nor category"),
        (finding("missing", (0, 1), "size"), "impute", "no training row has a value"),
    ],
)
def test_a_remedy_without_what_it_needs_says_so(found, how, words):
    data = rows(["x", "y"], size=[None, None])
    with pytest.raises(DataError, match=words):
        mended(data, [found], {"missing": how})


ANY_ROWS = st.lists(
    st.tuples(st.sampled_from("abc"), st.sampled_from(["x", "y", None]), st.sampled_from(["train", "test"])),
    min_size=1,
    max_size=12,
)


@settings(max_examples=60, deadline=None)
@given(ANY_ROWS, st.randoms())
def test_laws_of_the_ledger(given_rows, random):
    """Rows are conserved, what went can be put back, cleaning twice is cleaning once, order does not matter."""
    words, labels, splits = (list(one) for one in zip(*given_rows, strict=True))
    data = rows(words, labels, splits)
    done = mended(data, repeats(data))
    gone = [one for one in done.changes if one.action != "changed"]
    assert len(done.rows) + len(gone) == len(data)
    put_back = {one.row: (one.cells["words"], one.cells["label"]) for one in gone}
    left = iter(done.rows.frame.select("words", "label").rows())
    assert [put_back.get(at) or next(left) for at in range(len(data))] == list(zip(words, labels, strict=True))
    again = clean(done.rows, done.rows, repeats(done.rows), {}, Shape("label", KINDS))
    assert again.rows.frame.equals(done.rows.frame)
    assert not again.changes
    mixed = random.sample(given_rows, len(given_rows))
    other = rows(*(list(one) for one in zip(*mixed, strict=True)))
    found = mended(other, repeats(other)).rows
    assert sorted(_contents(found)) == sorted(_contents(done.rows))
    assert [Change.from_json(one.as_json(), "ledger") for one in done.changes] == list(done.changes)
    assert lines(done.changes).count(b"\n") == len(done.changes)


def _contents(data):
    return zip(data.frame["words"], data.frame["label"], data.index["split"], strict=True)


def test_dropping_wrong_labels_leaves_every_class_its_least_suspect_row():
    data = rows(list("uvwxyz"), ["rare", "rare", "a", "a", "b", "rare"], ["train"] * 5 + ["test"])
    suspect = Finding("label_errors", "warning", (0, 1, 2), (0.9, 0.6, 0.8), "look at them", "label")
    done = mended(data, [suspect], {"label_errors": "drop"})
    assert done.rows.frame["words"].to_list() == ["v", "x", "y", "z"], "a class that is tested has to be learnt"
    assert [one.row for one in done.changes] == [0, 2]
    values = Shape("label", KINDS, form="value")
    gone = clean(data, data, [suspect], {"label_errors": Mending(remedy="drop")}, values)
    assert gone.rows.frame["words"].to_list() == ["x", "y", "z"], "values are no classes"
