"""Rows keep their identity; arrays keep their rows."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tunesmith.core.errors import DataError
from tunesmith.data import Dataset, Encoded, Ragged
from tunesmith.data.batching import batches
from tunesmith.data.dataset import concatenate
from tunesmith.data.encoded import gather


def dataset(**columns):
    return Dataset.of(pl.DataFrame(columns, strict=False), "rows.csv")


def test_ids_are_made_from_inputs_alone():
    first = dataset(text=["a", "b"], label=["x", "y"]).identified(["text"])
    relabelled = dataset(text=["b", "c"], label=["z", "z"]).identified(["text"])
    assert first.ids[1] == relabelled.ids[0] != relabelled.ids[1]


def test_equal_inputs_share_the_hash_and_are_counted():
    data = dataset(text=["a", "a", "a"]).identified(["text"])
    ids = data.ids
    assert ids[1] == f"{ids[0]}-2"
    assert ids[2] == f"{ids[0]}-3"
    assert data.contents == [ids[0]] * 3


def test_numbers_are_hashed_by_value():
    whole, fraction = dataset(price=[1, 2]).identified(["price"], ["price"]), dataset(price=[1.0, 2.5])
    assert whole.ids[0] == fraction.identified(["price"], ["price"]).ids[0]


def test_a_key_column_gives_the_ids_and_must_be_unique():
    assert dataset(key=[7, 8], text=["a", "b"]).identified(["text"], key="key").ids == ["7", "8"]
    with pytest.raises(DataError, match=r"rows.csv row 2, column 'key': the id repeats '7'"):
        dataset(key=[7, 7]).identified([], key="key")
    with pytest.raises(DataError, match="is empty"):
        dataset(key=["a", None]).identified([], key="key")


def test_rows_of_equal_inputs_share_their_content_whatever_their_key():
    data = dataset(key=["T-1", "T-2", "T-3"], text=["a", "b", "a"]).identified(["text"], key="key")
    assert data.contents[0] == data.contents[2] != data.contents[1]


def test_rows_and_places_survive_selection():
    data = dataset(text=list("abcd")).where(np.array([False, True, False, True]))
    assert data.rows == [2, 4]
    assert data.take([1]).place(0) == "rows.csv row 4"
    assert data.example(0) == {"text": "b"}


def test_files_of_different_columns_do_not_join():
    with pytest.raises(DataError, match="'other'"):
        concatenate([dataset(text=["a"]), dataset(other=["b"])])


@given(some.lists(some.lists(some.integers(0, 9), max_size=6), min_size=1, max_size=8))
def test_ragged_rows_come_back(rows):
    ragged = Ragged.of(rows)
    assert [ragged[at].tolist() for at in range(len(ragged))] == rows
    positions = np.arange(len(rows))[::-1]
    tokens, mask = ragged.padded(positions, pad=99)
    assert [row[keep].tolist() for row, keep in zip(tokens, mask, strict=True)] == rows[::-1]
    assert (tokens[~mask] == 99).all()


@given(some.lists(some.lists(some.integers(0, 9), max_size=6), max_size=8), some.data())
def test_ragged_rows_are_taken_as_one_by_one(rows, data):
    ragged = Ragged.of(rows)
    drawn = data.draw(some.lists(some.sampled_from(range(len(rows))), max_size=9)) if rows else []
    positions = np.array(drawn, np.int64)
    taken, slow = ragged.take(positions), Ragged.of([ragged[at] for at in drawn])
    for fast_array, slow_array in [(taken.values, slow.values), (taken.offsets, slow.offsets)]:
        assert fast_array.dtype == slow_array.dtype
        assert fast_array.tolist() == slow_array.tolist()
    tokens, mask = ragged.padded(positions, pad=-1)
    longest = max([1, *(len(rows[at]) for at in drawn)])
    assert tokens.tolist() == [rows[at] + [-1] * (longest - len(rows[at])) for at in drawn]
    assert mask.tolist() == [[place < len(rows[at]) for place in range(longest)] for at in drawn]
    assert (tokens.dtype, mask.dtype) == (np.int64, np.bool_)


def test_states_are_gathered_by_rows():
    states, offsets = np.arange(12, dtype=np.float32).reshape(6, 2), np.array([0, 2, 2, 5, 6])
    flat, lengths = gather(states, offsets, np.array([2, 1, 0, -1]))
    assert flat.tolist() == states[[2, 3, 4, 0, 1, 5]].tolist()
    assert lengths.tolist() == [3, 0, 2, 1]
    assert flat.flags.c_contiguous
    assert not np.shares_memory(flat, states)
    with pytest.raises(IndexError):
        gather(states, offsets, np.array([4]))


def test_no_rows_are_gathered_from_no_rows():
    flat, lengths = gather(np.zeros((0, 3), np.uint16), np.zeros(1, np.int64), np.zeros(0, np.int64))
    assert (flat.shape, flat.dtype, lengths.tolist()) == ((0, 3), np.uint16, [])


@given(some.integers(1, 400), some.integers(1, 33), some.booleans())
def test_an_epoch_holds_every_row_once(rows, size, has_lengths):
    lengths = np.arange(rows) % 17 if has_lengths else None
    order = list(batches(rows, size, np.random.default_rng(0), lengths))
    assert sorted(np.concatenate(order).tolist()) == list(range(rows))
    assert all(len(one) <= size for one in order)
    assert sum(len(one) < size for one in order) <= 1


def test_batches_hold_rows_of_like_length():
    lengths = np.random.default_rng(0).integers(1, 100, 3200)
    spread = [np.ptp(lengths[one]) for one in batches(3200, 32, np.random.default_rng(1), lengths)]
    assert np.mean(spread) < 10


def test_encoded_rows_are_taken_with_their_ids():
    encoded = Encoded(("a", "b"), {"numbers": np.eye(2), "tokens": Ragged.of([[1], [2, 3]])}, np.array([0, 1]))
    one = encoded.take(np.array([1]))
    assert one.ids == ("b",)
    assert one.inputs["tokens"][0].tolist() == [2, 3]
    assert one.targets.tolist() == [1]
