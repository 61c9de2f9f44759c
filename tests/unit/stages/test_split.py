"""A row's split is a function of the row."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import ValidationError

from tunesmith.core.errors import DataError
from tunesmith.data import Dataset
from tunesmith.data.dataset import concatenate
from tunesmith.stages.split import Split, split


def rows(texts, labels=None, **more):
    frame = pl.DataFrame({"text": texts, "label": labels or ["a"] * len(texts), **more})
    return Dataset.of(frame, "rows.csv").identified(["text"])


def sides(data):
    return dict(zip(data.frame["text"], data.index["split"], strict=True))


@settings(max_examples=20)
@given(some.integers(20, 200), some.integers(1, 100))
def test_new_rows_never_move_old_ones(old, new):
    texts = [f"row {number}" for number in range(old + new)]
    before, after = sides(split(rows(texts[:old]), Split(), None)), sides(split(rows(texts), Split(), None))
    assert all(after[text] == side for text, side in before.items())


def test_shares_are_about_right_and_order_does_not_matter():
    texts = [f"row {number}" for number in range(3000)]
    one = sides(split(rows(texts), Split(validation=0.1, test=0.2), None))
    assert one == sides(split(rows(texts[::-1]), Split(), None))
    share = sum(side == "test" for side in one.values()) / 3000
    assert abs(share - 0.2) < 0.03


def test_duplicates_fall_on_one_side():
    texts = [f"row {number % 50}" for number in range(200)]
    data = split(rows(texts), Split(), None)
    by_text = data.frame.with_columns(data.index["split"]).group_by("text").agg(pl.col("split").n_unique())
    assert by_text["split"].max() == 1


def test_keys_of_ones_own_do_not_decide():
    frame = pl.DataFrame({"key": [f"T-{n}" for n in range(300)], "text": [f"row {n}" for n in range(300)]})
    done = split(Dataset.of(frame, "rows.csv").identified(["text"], key="key"), Split(), None)
    assert 180 < len(done.in_split("train")) < 240


def test_groups_stay_together():
    data = rows([f"row {number}" for number in range(300)], customer=[number % 30 for number in range(300)])
    done = split(data, Split(group="customer"), None)
    by_group = done.frame.with_columns(done.index["split"]).group_by("customer").agg(pl.col("split").n_unique())
    assert by_group["split"].max() == 1
    assert done.index["split"].n_unique() == 3
    with pytest.raises(DataError, match="no column 'client'"):
        split(data, Split(group="client"), None)


def test_a_rare_class_gets_a_training_row():
    texts = [f"row {number}" for number in range(400)]
    for lucky in range(0, 390, 13):
        labels = ["rare" if lucky <= number < lucky + 2 else "often" for number in range(400)]
        done = split(rows(texts, labels), Split(validation=0.3, test=0.4), "label")
        assert "rare" in done.in_split("train").frame["label"].to_list()


def given_splits(**texts):
    parts = [Dataset.of(pl.DataFrame({"text": one}), f"{name}.csv", name) for name, one in texts.items()]
    return concatenate(parts).identified(["text"])


def test_given_splits_are_kept_and_validation_is_taken_from_train():
    data = given_splits(train=[f"row {n}" for n in range(200)], test=["x", "y", "z"])
    done = split(data, Split(), None)
    assert done.in_split("test").frame["text"].to_list() == ["x", "y", "z"]
    assert 5 < len(done.in_split("validation")) < 40


def test_leaks_are_dropped_from_train_where_asked():
    data = given_splits(train=["a", "b", "c"], test=["b"])
    done = split(data, Split(leaks="drop", validation=0.01), None)
    assert done.in_split("train").frame["text"].to_list() == ["a", "c"]
    assert len(done.in_split("test")) == 1


def test_shares_must_leave_rows_to_train_on():
    with pytest.raises(ValidationError, match="below 1"):
        Split(validation=0.5, test=0.5)
