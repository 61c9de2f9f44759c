"""New rows of the smaller classes: how many, where they lie, what is refused, and that nobody else sees them."""

import sys

import numpy as np
import polars as pl
import pytest

from tunesmith.core.errors import DataError, MissingDependencyError, RecipeError
from tunesmith.data import Dataset
from tunesmith.parts.augmentations import Place, Question
from tunesmith.parts.augmentations.smote import Smote
from tunesmith.stages.augment import augment, check

NUMBERS = Question({"age": "number", "minutes": "number"}, "churn", "class")
MIXED = Question({"age": "number", "city": "category"}, "churn", "class")


def rows(target=("no", "yes"), count=60):
    random = np.random.default_rng(0)
    is_small = np.arange(count) % 5 == 0
    frame = pl.DataFrame(
        {
            "age": random.integers(20, 30, count) + 40 * is_small,
            "minutes": random.normal(size=count) * 1000,
            "city": pl.Series(["Bern", "Chur", "Basel"] * (count // 3)),
            "churn": pl.Series([target[int(one)] for one in is_small]),
            "note": ["left out"] * count,
        }
    )
    return Dataset.of(frame, "rows.csv", "train").identified(["age", "minutes"], ["age", "minutes"])


@pytest.fixture
def library():
    pytest.importorskip("imblearn")


@pytest.mark.usefixtures("library")
@pytest.mark.parametrize("question", [NUMBERS, MIXED], ids=["numbers", "mixed"])
@pytest.mark.parametrize("target", [("no", "yes"), (0, 1), (False, True)], ids=str)
def test_small_classes_grow_to_the_largest(tmp_path, question, target):
    data = rows(target)
    made = augment(data, [Smote()], question, 0, Place(tmp_path))
    assert made.added == 36
    assert not made.is_anew
    assert made.rows.frame["churn"].value_counts()["count"].to_list() == [48, 48]
    assert made.rows.frame["churn"].dtype == data.frame["churn"].dtype
    assert made.rows.ids[:60] == data.ids
    new = made.rows.take(np.arange(60, 96))
    assert all(name.startswith("smote-") for name in new.ids)
    assert len(set(made.rows.ids)) == 96
    assert set(new.frame["churn"]) == {target[1]}
    assert new.frame["age"].is_between(60, 70).all(), "between the rows of their own class"
    assert new.frame["note"].is_null().all()
    if question is MIXED:
        assert set(new.frame["city"]) <= {"Bern", "Chur", "Basel"}


@pytest.mark.usefixtures("library")
def test_the_order_of_rows_does_not_matter(tmp_path):
    data = rows()
    order = np.random.default_rng(1).permutation(len(data))
    one, other = (augment(some, [Smote()], MIXED, 3, Place(tmp_path)).rows for some in (data, data.take(order)))
    assert one.ids[60:] == other.ids[60:]
    assert one.frame[60:].equals(other.frame[60:])


@pytest.mark.usefixtures("library")
def test_a_share_of_the_largest_class_is_enough(tmp_path):
    assert augment(rows(), [Smote(share=0.5)], NUMBERS, 0, Place(tmp_path)).added == 12
    assert augment(rows(), [Smote(share=0.2)], NUMBERS, 0, Place(tmp_path)).added == 0


@pytest.mark.usefixtures("library")
def test_rows_with_missing_values_stay_but_take_no_part(tmp_path):
    data = rows()
    holed = pl.when(pl.int_range(pl.len()) % 10 == 0).then(None).otherwise("minutes").alias("minutes")
    data = Dataset(data.frame.with_columns(holed), data.index)
    made = augment(data, [Smote(neighbours=2)], NUMBERS, 0, Place(tmp_path)).rows
    assert made.frame["minutes"][:60].null_count() == 6
    assert made.frame["minutes"][60:].null_count() == 0


def test_a_class_of_too_few_rows_is_refused_by_name(tmp_path):
    with pytest.raises(DataError, match=r"augment\.0 \(smote\): class 'yes' has 3 training.*set `neighbours: 2`"):
        augment(rows(count=15), [Smote()], NUMBERS, 0, Place(tmp_path))


def test_without_the_library_the_extra_is_named(tmp_path, monkeypatch):
    monkeypatch.setitem(sys.modules, "imblearn", None)
    monkeypatch.setitem(sys.modules, "imblearn.over_sampling", None)
    with pytest.raises(MissingDependencyError, match=r"pip install 'tunesmith\[imbalance\]'"):
        augment(rows(), [Smote()], NUMBERS, 0, Place(tmp_path))


@pytest.mark.parametrize(
    ("question", "wanted"),
    [
        (Question({"age": "number", "note": "text"}, "y", "class"), "'note' is of kind text"),
        (Question({"age": "number"}, "y", "value"), "target 'y' has none"),
        (Question({"city": "category"}, "y", "class"), "needs a number"),
    ],
)
def test_rows_that_cannot_be_mixed_are_refused(question, wanted):
    with pytest.raises(RecipeError, match=wanted):
        check([Smote()], question, "tabular_net", False)


def test_twice_is_refused():
    with pytest.raises(RecipeError, match="keep one"):
        check([Smote(), Smote()], NUMBERS, "gbdt", True)
    check([Smote()], NUMBERS, "gbdt", True)
