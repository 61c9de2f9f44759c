"""A row's split is a function of the row and of those before it."""

import numpy as np
import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as some
from pydantic import ValidationError

from tunesmith.core.errors import DataError
from tunesmith.core.events import Events
from tunesmith.core.ids import digest
from tunesmith.data import Dataset
from tunesmith.data.dataset import concatenate
from tunesmith.recipe import load
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


# what a recipe may say


@pytest.mark.parametrize(
    ("said", "fact"),
    [
        ({"validation": 0.5, "test": 0.5}, "below 1"),
        ({"folds": 2, "validation": 0.5}, "below 1"),
        ({"folds": 3, "fold": 3}, "numbered 0 to 2"),
        ({"fold": 1}, "say how many"),
        ({"folds": 1}, "greater than or equal to 2"),
        ({"test_from": "2024-01-01"}, "name its column"),
        ({"time": "day", "folds": 3}, "leave out `folds`"),
        ({"time": "day", "by": "stratified"}, "leave out `by`"),
        ({"given": "part", "folds": 3}, "leave out `folds`"),
        ({"similarity": 0.5}, "greater than or equal to 0.6"),
        ({"by": "chance"}, "'hash' or 'stratified'"),
    ],
)
def test_what_cannot_be_meant_is_refused(said, fact):
    with pytest.raises(ValidationError, match=fact):
        Split(**said)


def test_a_date_of_a_recipe_is_a_cut(tmp_path):
    (tmp_path / "recipe.yaml").write_text(
        "data: rows.csv\nsplit: {time: day, test_from: 2024-06-01, validation_from: 7}"
    )
    how = load(tmp_path / "recipe.yaml")[0].split
    assert (how.test_from, how.validation_from) == ("2024-06-01", 7.0)
    assert Split.model_validate(how.model_dump(mode="json")) == how


@pytest.mark.parametrize("key", ["group", "time", "given"])
def test_a_column_that_is_not_there_is_named(key):
    with pytest.raises(DataError, match=f"split.{key}: there is no column 'client' .columns: text, label"):
        divided(rows(["x", "y"]), Split(**{key: "client"}))


# groups, times and given splits


def test_groups_fill_every_split():
    data = rows([f"row {number}" for number in range(300)], customer=[number % 30 for number in range(300)])
    assert set(divided(data, Split(group="customer")).index["split"]) == set(NAMES)


def test_rows_without_a_group_are_told_of():
    data = rows(["x", "y", "z"], customer=["c", None, None])
    assert (
        "without a 'customer', kept together as one: 2 rows (rows.csv row 2, rows.csv row 3)"
        in division(data, Split(group="customer")).notes[0]
    )


def test_a_group_counts_for_the_class_of_its_first_row():
    group = [number // 4 for number in range(4000)]
    labels = ["rare" if number % 10 == 0 else "often" for number in group]
    data = rows([digest(f"row {number}") for number in range(4000)], labels, customer=group)
    done = divided(data, Split(by="stratified", group="customer"), "label")
    assert done.in_split("test").frame["label"].value_counts(sort=True).rows() == [("often", 720), ("rare", 80)]


DAYS = [f"2024-01-{day:02}" for day in range(1, 11)]


def test_the_latest_rows_are_test():
    done = division(rows([f"row {day}" for day in DAYS], day=DAYS), Split(time="day"))
    assert letters(done.rows) == ".......vTT"
    assert (
        "validation_from: 2024-01-08, test_from: 2024-01-09" in done.notes[0]
        or "test_from: 2024-01-09" in done.notes[0]
    )
    assert done.why(9) == "day 2024-01-10: validation from 2024-01-08 on, test from 2024-01-09 on"


def test_times_need_no_order_and_equal_ones_stay_together():
    days = ["2024-01-05"] * 3 + ["2024-01-01"] * 6 + ["2024-01-03"]
    assert letters(divided(rows([f"row {at}" for at in range(10)], day=days), Split(time="day"))) == "TTT......v"


def test_given_cuts_are_kept():
    how = Split(time="day", validation_from="2024-01-03", test_from="2024-01-04T00:00:00+00:00")
    done = division(rows([f"row {day}" for day in DAYS], day=DAYS), how)
    assert letters(done.rows) == "..vTTTTTTT"
    assert done.notes == ()


def test_one_given_cut_leaves_the_other_to_the_share():
    data = rows([f"row {day}" for day in DAYS], day=DAYS)
    assert letters(divided(data, Split(time="day", test_from="2024-01-05", validation=0.2))) == "..vvTTTTTT"
    assert letters(divided(data, Split(time="day", validation_from="2024-01-02"))) == ".vvvvvvvTT"


def test_numbers_are_times():
    data = rows([f"row {at}" for at in range(10)], day=[2000 + at for at in range(10)])
    assert letters(divided(data, Split(time="day", validation_from=2005, test_from=2008.0))) == ".....vvvTT"


@pytest.mark.parametrize(
    ("days", "how", "fact"),
    [
        (["2024-01-01", "soon"], {}, "rows.csv row 2, column 'day': 'soon' is not a time; write"),
        (["2024-01-01", None], {}, "rows.csv row 2, column 'day': the time is missing; write"),
        (["2024-02-30", "2024-01-01", "x"], {}, "row 1, column 'day': '2024-02-30' is not a time (2 such rows)"),
        (["2024-01-01"] * 3, {}, "column 'day' holds one time only"),
        (DAYS[:3], {"test_from": "June"}, "split.test_from: 'June' is not a time"),
        (
            DAYS[:3],
            {"test_from": 2024.0},
            "split.test_from: '2024.0' cannot be compared with column 'day', which holds",
        ),
        (
            DAYS[:3],
            {"test_from": DAYS[1], "validation_from": DAYS[1]},
            "2024-01-02 is not before the test, which begins",
        ),
    ],
)
def test_times_that_cannot_cut_are_refused(days, how, fact):
    data = rows([f"row {at}" for at in range(len(days))], day=days)
    with pytest.raises(DataError) as error:
        divided(data, Split(time="day", **how))
    assert fact in str(error.value)


def test_a_column_names_the_splits():
    part = ["Train", " dev ", "VAL", "testing", "valid", "training"]
    done = division(rows([f"row {at}" for at in range(6)], part=part), Split(given="part"))
    assert letters(done.rows) == ".vvTv."
    assert done.why(1) == "given by column 'part'"


@pytest.mark.parametrize(("value", "fact"), [("tset", "'tset' names no split"), (None, "the split is missing")])
def test_other_names_of_splits_are_refused(value, fact):
    data = rows(["x", "y", "z"], part=["train", value, "test"])
    with pytest.raises(DataError, match=f"rows.csv row 2, column 'part': {fact} .known: train, training"):
        divided(data, Split(given="part"))


def test_a_split_that_is_not_given_is_taken_from_train():
    data = rows([digest(f"row {at}") for at in range(300)], part=["test" if at < 50 else "train" for at in range(300)])
    done = divided(data, Split(given="part"))
    assert letters(done)[:50] == "T" * 50
    assert letters(done)[50:].count("v") == pytest.approx(25, abs=12)
    assert "T" not in letters(done)[50:]


def given_splits(**texts):
    parts = [Dataset.of(pl.DataFrame({"text": one}), f"{name}.csv", name) for name, one in texts.items()]
    return concatenate(parts).identified(["text"])


def test_given_files_are_kept_and_validation_is_taken_from_train():
    data = given_splits(train=[f"row {n}" for n in range(200)], test=["x", "y", "z"])
    done = divided(data, Split())
    assert done.in_split("test").frame["text"].to_list() == ["x", "y", "z"]
    assert 5 < len(done.in_split("validation")) < 40


@pytest.mark.parametrize("how", [Split(folds=3), Split(given="text")])
def test_files_that_name_the_splits_leave_no_other_word(how):
    with pytest.raises(DataError, match="one file per split already; leave out"):
        divided(given_splits(train=["x", "y"], test=["z"]), how)


def test_a_rare_class_gets_a_training_row():
    texts = [f"row {number}" for number in range(400)]
    for lucky in range(0, 390, 13):
        labels = ["rare" if lucky <= number < lucky + 2 else "often" for number in range(400)]
        done = divided(rows(texts, labels), Split(validation=0.3, test=0.4), "label")
        assert "rare" in done.in_split("train").frame["label"].to_list()


def test_a_rare_class_of_copies_is_moved_as_one():
    texts = [digest(f"row {number}") for number in range(100)]
    for lucky in texts[:30]:
        done = division(
            rows([*texts, lucky[::-1], lucky[::-1]], ["often"] * 100 + ["rare"] * 2), Split(test=0.8), "label"
        )
        assert letters(done.rows)[100:] == ".."
        assert done.why(100)[:4] in ("hash", "its ")


# near rows


def placed(side, *, but=(), **how):
    """Return a text that hashing puts on a side."""
    for number in range(1000):
        text = digest(f"seek {number}")
        if text not in but and divided(rows([text]), Split(near_duplicates="ignore", **how)).index["split"][0] == side:
            return text
    raise AssertionError(side)


def test_a_near_row_takes_the_side_of_the_earlier_one():
    trained, tested = placed("train"), placed("test")
    done = division(rows([trained, tested, tested + "!", trained + "!"]), Split(), kinds=TEXT)
    assert letters(done.rows) == ".TT."
    assert done.why(3) == "near to rows.csv row 1 (0.98)"
    assert division(rows([trained, tested + "!"]), Split(), kinds=TEXT).why(1).startswith("hash 0.")


def test_a_row_near_to_two_sides_is_set_aside():
    trained, tested = placed("train")[:36], placed("test")[:36]
    trained, tested = next(
        (one, other)
        for one, other in (
            (f"{trained} and then {tested} {n}", f"{trained} and then {tested} {n} or not") for n in range(200)
        )
        if letters(divided(rows([one, other]), Split(near_duplicates="ignore"))) == ".T"
    )
    middle = trained + " or"
    how = Split(similarity=0.94)
    done = division(rows([trained, tested, middle, middle]), how, kinds=TEXT)
    assert letters(done.rows) == ".Taa"
    assert done.why(2) == "near to rows of two sides: rows.csv row 1 (train), rows.csv row 2 (test)"
    assert "for being near to rows of two sides: 2 rows (rows.csv row 3, rows.csv row 4)" in done.notes[0]
    assert done.account()["rows"] == {"train": 1, "test": 1, "aside": 2}


def test_the_search_for_near_rows_tells_how_far_it_is():
    heard = []
    data = rows([f"the parcel number {at} came late" for at in range(30)])
    split(data, Split(), Roles(kinds=TEXT), Events([heard.append]))
    own = [one for one in heard if one.stage == "near rows"]
    assert [one.kind for one in own if one.kind != "progress"] == ["start", "end"]
    done = [one.fields["done"] for one in own if one.kind == "progress"]
    assert done == sorted(done)
    assert done[-1] == own[0].fields["total"] == 30
    silent = Events([heard.append])
    split(data, Split(near_duplicates="ignore"), Roles(kinds=TEXT), silent)
    assert silent.seen == []


def test_near_rows_may_be_ignored():
    tested = placed("test")
    edits = [tested + "!" * number for number in range(1, 30)]
    assert set(letters(divided(rows([tested, *edits]), Split(), kinds=TEXT))) == {"T"}
    done = division(rows([tested, *edits]), Split(near_duplicates="ignore"), kinds=TEXT)
    assert set(letters(done.rows)) > {"T"}
    assert done.apart.near is None


def test_how_alike_near_rows_are_can_be_said():
    text = "the quick brown fox jumps over the lazy dog again and again"
    pair = rows([text, text.replace("lazy", "old")])
    assert len(division(pair, Split(similarity=0.95), kinds=TEXT).apart.near) == 0
    assert len(division(pair, Split(similarity=0.6), kinds=TEXT).apart.near) == 1


# leaks


def test_leaks_are_dropped_from_train_where_asked():
    done = division(given_splits(train=["a", "b", "c"], test=["b"]), Split(leaks="drop", validation=0.01))
    assert letters(done.rows) == ".d.T"
    assert done.why(1) == "repeats test.csv row 1, test"
    assert "for giving away validation or test: 1 row (train.csv row 2)" in done.notes[0]


def test_near_leaks_are_dropped_too():
    text = digest("a row")
    data = given_splits(train=[text, "b", "c"], validation=[text + "?", "d"], test=[text + "!", "e"])
    assert letters(divided(data, Split(leaks="drop"), kinds=TEXT)) == "d..dvTT"
    assert letters(divided(data, Split(leaks="drop", near_duplicates="ignore"), kinds=TEXT)) == "...vvTT"


def test_groups_and_times_that_leak_are_dropped_too():
    part, who = ["train", "train", "validation", "test"], ["a", "b", "c", "a"]
    data = rows(["w", "x", "y", "z"], part=part, who=who, day=[1, 9, 5, 7])
    done = division(data, Split(given="part", group="who", time="day", leaks="drop"))
    assert letters(done.rows) == "ddvT"
    assert done.why(0) == "has the who of rows.csv row 4, test"
    assert done.why(1) == "is later than rows.csv row 4, test"


@pytest.mark.parametrize("leaks", ["refuse", "allow"])
def test_leaks_stay_where_dropping_was_not_asked(leaks):
    assert letters(divided(given_splits(train=["a", "b"], test=["b"]), Split(leaks=leaks, validation=0.01))) == "..T"
