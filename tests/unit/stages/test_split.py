"""A row's split is a function of the row and of those before it."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some

from tunesmith.core.errors import DataError
from tunesmith.core.events import Events
from tunesmith.core.ids import digest
from tunesmith.data import Dataset
from tunesmith.data.dataset import concatenate
from tunesmith.stages.split import NAMES, Roles, Split, split

LETTERS = {"train": ".", "validation": "v", "test": "T", "aside": "a", "dropped": "d"}


def division(data, how, target=None, form="class", kinds=None):
    return split(data, how, Roles(target, form, kinds or {}), Events())


def divided(*asked, **more):
    return division(*asked, **more).rows


def rows(texts, labels=None, **more):
    frame = pl.DataFrame({"text": texts, "label": labels or ["a"] * len(texts), **more})
    return Dataset.of(frame, "rows.csv").identified(["text"])


def sides(data):
    return set(zip(data.frame["text"], data.frame["customer"], data.index["split"], strict=True))


def letters(data):
    return "".join(LETTERS[name] for name in data.index["split"])


# what every division has had since the first version: whoever changes a figure here moves the rows of every user


def hashes(count, source="rows.csv", name=None, start=0):
    numbers = range(start, start + count)
    frame = {
        "text": [digest(f"row {number}") for number in numbers],
        "label": [f"class {number % 7}" if number % 50 else "rare" for number in numbers],
        "customer": [f"c{number * number % 41}" for number in numbers],
    }
    return Dataset.of(pl.DataFrame(frame), source, name)


@pytest.mark.parametrize(
    ("how", "counts", "identity"),
    [
        (Split(), (211, 32, 57), "c5112fa95f927c7f"),
        (Split(validation=0.3, test=0.6), (39, 86, 175), "cc3fe4193934d452"),
        (Split(group="customer"), (226, 15, 59), "5c50248205419c5d"),
        (Split(salt="other"), (210, 28, 62), "7d9554e702f623a2"),
    ],
    ids=["default", "shares", "group", "salt"],
)
def test_rows_stand_where_they_always_stood(how, counts, identity):
    done = divided(hashes(300).identified(["text"]), how, "label", kinds={"text": "text"})
    assert tuple(len(done.in_split(name)) for name in NAMES) == counts
    assert digest(letters(done))[:16] == identity


def test_given_files_stand_where_they_always_stood():
    two = concatenate([hashes(200, "a.csv", "train"), hashes(50, "b.csv", "test", 200)]).identified(["text"])
    assert digest(letters(divided(two, Split(), "label")))[:16] == "107f532799551162"


def test_the_first_rows_are_where_they_always_were():
    assert (
        letters(divided(hashes(300).identified(["text"]), Split(), "label"))[:40]
        == "..........T..v..v....v......TT.....TT..T"
    )


# the laws


RULES = {
    "hash": Split(),
    "salted": Split(salt="other"),
    "stratified": Split(by="stratified"),
    "odd shares": Split(by="stratified", validation=0.07, test=1 / 3),
    "group": Split(group="customer"),
    "stratified group": Split(by="stratified", group="customer"),
    "time": Split(time="day", validation_from="2024-02-01", test_from="2024-03-01"),
    "given": Split(given="part"),
    "given, the rest stratified": Split(given="tested", by="stratified"),
    "folds": Split(folds=5, fold=2),
    "stratified folds": Split(by="stratified", folds=3, fold=1),
    "group folds": Split(group="customer", folds=4),
    "stratified group folds": Split(by="stratified", group="customer", folds=4, fold=3),
}


@some.composite
def tables(draw):
    """Rows of which some repeat an earlier one, and some are near to it."""
    count = draw(some.integers(30, 160))
    source = draw(some.lists(some.integers(0, 200), min_size=count, max_size=count))
    edit = draw(some.lists(some.sampled_from(["", "", "", ".", "!?"]), min_size=count, max_size=count))
    random = np.random.default_rng(draw(some.integers(0, 99)))
    month, day, part = random.integers(1, 5, count), random.integers(1, 29, count), random.integers(0, 10, count)
    return rows(
        [digest(f"row {number}") + end for number, end in zip(source, edit, strict=True)],
        [f"class {number}" for number in random.integers(0, 4, count)],
        customer=[f"c{number}" for number in random.integers(0, 25, count)],
        day=[f"2024-{one:02}-{two:02}" for one, two in zip(month, day, strict=True)],
        part=["test", "dev", *(("test", "dev")[number] if number < 2 else "train" for number in part[2:])],
        tested=["test", *("test" if number == 0 else "train" for number in part[1:])],
    )


TEXT = {"text": "text"}
LAW = settings(max_examples=15, deadline=None)


@pytest.mark.parametrize("rule", RULES)
@LAW
@given(data=tables(), share=some.floats(0.2, 0.95))
def test_new_rows_never_move_old_ones(rule, data, share):
    old = data.take(np.arange(int(len(data) * share)))
    target = None if rule in ("hash", "salted", "given") else "label"  # hashing gives a lost class its row back
    before = divided(old, RULES[rule], target, kinds=TEXT)
    after = divided(data, RULES[rule], target, kinds=TEXT)
    assert letters(after).startswith(letters(before))


@pytest.mark.parametrize("rule", RULES)
@LAW
@given(data=tables())
def test_no_row_is_lost_and_none_stands_twice(rule, data):
    done = division(data, RULES[rule], "label", kinds=TEXT)
    assert done.rows.ids == data.ids
    told = done.account()["rows"]
    assert sum(told.values()) == len(data)
    assert {name: len(part) for name, part in done.parts.items()} == {name: told.get(name, 0) for name in NAMES}
    assert all(done.why(at) for at in range(len(data)))


CHANCE = [name for name, rule in RULES.items() if rule.time is None and rule.given is None and rule.group is None]


@pytest.mark.parametrize("rule", CHANCE)
@LAW
@given(data=tables())
def test_equal_and_near_rows_stand_together(rule, data):
    done = divided(data, RULES[rule], "label", kinds=TEXT)
    stem = pl.DataFrame({"stem": done.frame["text"].str.slice(0, 64), "split": done.index["split"]})
    assert stem.group_by("stem").agg(pl.col("split").n_unique())["split"].max() == 1


GROUPED = [name for name, rule in RULES.items() if rule.group is not None]


@pytest.mark.parametrize("rule", GROUPED)
@LAW
@given(data=tables())
def test_groups_are_never_divided(rule, data):
    done = divided(data, RULES[rule], "label", kinds=TEXT)
    by_group = done.frame.with_columns(done.index["split"]).group_by("customer").agg(pl.col("split").n_unique())
    assert by_group["split"].max() == 1


@LAW
@given(data=tables(), seed=some.integers(0, 99))
def test_by_hash_the_order_of_rows_does_not_matter(data, seed):
    mixed = data.take(np.random.default_rng(seed).permutation(len(data)))
    for how in (Split(near_duplicates="ignore"), Split(group="customer"), Split(folds=5, near_duplicates="ignore")):
        one, other = (divided(each, how, kinds=TEXT) for each in (data, mixed))
        assert sides(one) == sides(other)


@LAW
@given(data=tables())
def test_every_row_is_tested_in_one_fold(data):
    for by in ("hash", "stratified"):
        tested = [divided(data, Split(folds=4, fold=fold, by=by), "label", kinds=TEXT) for fold in range(4)]
        times = sum((one.index["split"] == "test").cast(pl.Int64) for one in tested)
        assert set(times) == {1}


# shares


@pytest.mark.parametrize("how", [Split(), Split(by="stratified"), Split(validation=0.25, test=0.4, by="stratified")])
def test_shares_are_about_right(how):
    done = divided(hashes(2000).identified(["text"]), how, "label")
    for name, share in (("validation", how.validation), ("test", how.test)):
        assert len(done.in_split(name)) / 2000 == pytest.approx(share, abs=0.02)


def test_stratified_gives_every_class_its_share():
    done = divided(hashes(2000).identified(["text"]), Split(by="stratified"), "label")
    counts = done.frame.with_columns(done.index["split"]).group_by("label", "split").len()
    for label, total in done.frame["label"].value_counts().iter_rows():
        for name, share in (("train", 0.7), ("validation", 0.1), ("test", 0.2)):
            got = counts.filter(label=label, split=name)["len"].sum()
            assert abs(got - share * total) <= 2, (label, name)


def test_stratified_trains_on_every_class_there_is():
    data = rows([digest(f"row {n}") for n in range(60)], [f"class {n // 2}" for n in range(60)])
    done = divided(data, Split(by="stratified", validation=0.3, test=0.4), "label")
    assert done.in_split("train").frame["label"].n_unique() == 30


def test_stratified_needs_a_target():
    with pytest.raises(DataError, match="name one"):
        divided(rows(["x", "y"]), Split(by="stratified"))
