"""Places, blocks and folds."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tunesmith.core.errors import DataError
from tunesmith.core.ids import digest, unit_interval
from tunesmith.data import Dataset
from tunesmith.data.division import ASIDE, LARGEST_BLOCK, Rule, block_size, dealt, folds, hashed, units
from tunesmith.data.near import Pairs


def rows(texts, **more):
    return Dataset.of(pl.DataFrame({"text": texts, **more}, strict=False), "rows.csv").identified(["text"])


def many(count, **more):
    return rows([digest(f"row {number}") for number in range(count)], **more)


def pairs(*linked):
    first, second = (np.array(one, np.int64) for one in zip(*linked, strict=True))
    return Pairs(first, second, np.full(len(first), 0.9, np.float32))


def test_units_are_numbered_as_they_appear():
    whole = units(rows(["x", "y", "x", "z"]))
    assert whole.of.tolist() == [0, 1, 0, 2]
    assert whole.first.tolist() == [0, 1, 3]
    grouped = units(rows(["x", "y", "z"], who=["b", None, "b"]), "who")
    assert grouped.of.tolist() == [0, 1, 0]
    assert grouped.keys.to_list() == ["b", ""]
    with pytest.raises(DataError, match="no column 'whom'"):
        units(rows(["x"]), "whom")


def test_there_may_be_no_rows():
    for by in ("hash", "stratified"):
        assert folds(rows([], label=[]), 3, Rule(by=by, target="label")).shape == (0,)


@pytest.mark.parametrize(
    ("shares", "size"), [((0.1, 0.2), 10), ((0.15, 0.25), 20), ((1 / 3, 0.5), 6), ((0.0, 0.125), 8), ((0.12345,), 1000)]
)
def test_the_smallest_block_that_holds_the_shares_is_taken(shares, size):
    assert block_size(*shares) == size <= LARGEST_BLOCK


@settings(max_examples=25, deadline=None)
@given(some.lists(some.integers(0, 5), max_size=200), some.integers(2, 40), some.booleans())
def test_every_full_block_of_a_class_holds_every_slot_once(classes, block, is_first_kept):
    names = pl.Series([f"class {one}" for one in classes], dtype=pl.String)
    slots = (dealt(names, block, "", is_first_kept) * block).astype(int)
    assert ((slots >= 0) & (slots < block)).all()
    for name in set(classes):
        mine = slots[np.array(classes) == name]
        assert not is_first_kept or mine[0] == block - 1
        for start in range(0, len(mine), block):
            one = mine[start : start + block].tolist()
            assert len(set(one)) == len(one)


def test_orders_of_slots_differ_between_blocks_classes_and_salts():
    names = pl.Series(["a"] * 40 + ["b"] * 40)
    slots = dealt(names, 20).reshape(4, 20)
    assert len({tuple(one) for one in slots.tolist()}) == 4
    assert dealt(names, 20, "other").tolist() != dealt(names, 20).tolist()
    assert dealt(names, 20).tolist() == dealt(names, 20).tolist()


def test_a_slot_is_as_likely_in_each_place_of_a_block():
    slots = (dealt(pl.Series(["a"] * 60_000), 6).reshape(-1, 6) * 6).astype(int)
    counts = np.stack([np.bincount(slots[:, at], minlength=6) for at in range(6)])
    expected = 10_000 / 6
    assert ((counts - expected) ** 2 / expected).sum() < 55  # chi-squared with 25 degrees of freedom, p < 0.0005


def test_blocks_are_permuted_in_portions_as_at_once(monkeypatch):
    names = pl.Series([f"class {number % 7}" for number in range(500)])
    at_once = dealt(names, 10).tolist()
    monkeypatch.setattr("tunesmith.data.division.SLOTS", 30)
    assert dealt(names, 10).tolist() == at_once


def test_hashes_spread_over_the_line(monkeypatch):
    keys = [f"{number} ü" for number in range(5000)]
    place = hashed(pl.Series(keys), "salt")
    assert place[:100].tolist() == [unit_interval(key, "salt") for key in keys[:100]]
    monkeypatch.setattr("tunesmith.data.division.PORTION", 999)
    assert hashed(pl.Series(keys), "salt").tolist() == place.tolist()
    assert np.histogram(place, 10, (0.0, 1.0))[0] == pytest.approx([500] * 10, abs=100)


def test_stratified_folds_are_as_equal_as_can_be():
    label = [f"class {number % 3}" for number in range(301)]
    fold = folds(many(301, label=label), 5, Rule("stratified", target="label"))
    for name in set(label):
        counts = np.bincount(fold[np.array(label) == name], minlength=5)
        assert counts.max() - counts.min() <= 1


def test_folds_by_group_keep_groups_whole():
    who = [f"c{number % 50}" for number in range(400)]
    label = ["a" if number % 50 < 20 else "b" for number in range(400)]
    for rule in (Rule(group="who"), Rule("stratified", group="who", target="label")):
        fold = folds(many(400, who=who, label=label), 5, rule)
        assert set(fold) == set(range(5))
        assert len(set(zip(who, fold.tolist(), strict=True))) == 50
    assert np.bincount(fold).tolist() == [80] * 5


def test_near_rows_share_a_fold_or_are_set_aside():
    data = many(200)
    alone = folds(data, 4, Rule())
    first, other = 0, int(np.flatnonzero(alone != alone[0])[0])
    near = pairs((first, 150), (first, 151), (other, 151), (other, 152))
    together = folds(data, 4, Rule(), near)
    assert together[150] == alone[first]
    assert together[152] == alone[other]
    assert together[151] == ASIDE
    untouched = np.delete(np.arange(200), [150, 151, 152])
    assert (together[untouched] == alone[untouched]).all()


def test_groups_overrule_near_rows():
    data = many(100, who=[f"c{number}" for number in range(100)])
    rule = Rule(group="who")
    assert (folds(data, 4, rule, pairs((0, 1), (0, 2), (0, 3))) == folds(data, 4, rule)).all()


def test_near_rows_take_no_slot_of_their_class():
    near = pairs(*((number, number + 1) for number in range(0, 100, 2)))
    fold = folds(many(100, label=["a"] * 100), 5, Rule("stratified", target="label"), near)
    assert (fold[::2] == fold[1::2]).all()
    assert np.bincount(fold).tolist() == [20] * 5


def test_stratified_folds_need_a_target():
    with pytest.raises(DataError, match="stratified needs a `target`"):
        folds(many(5), 2, Rule("stratified"))
