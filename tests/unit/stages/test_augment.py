"""Laws of augmentation: seeded by row, labels and other rows untouched, nothing at probability 0."""

from dataclasses import replace

import numpy as np
import polars as pl
import pytest

from tunesmith.core.errors import NotFoundError, RecipeError
from tunesmith.core.events import Events
from tunesmith.core.part import resolve
from tunesmith.data import Dataset
from tunesmith.parts.augmentations import Place, Question
from tunesmith.stages.augment import Turn, augment, check

QUESTION = Question({"note": "text", "age": "number", "city": "category"}, "label", "class")
LIST = "late: tardy\nparcel: package, box\n"
PARTS = [
    "token_deletion",
    "token_swap",
    {"kind": "synonym", "path": "words.txt"},
    "typo",
    "number_noise",
]


def rows(count=40):
    frame = pl.DataFrame(
        {
            "note": [f"the parcel {at} came very late" if at % 5 else None for at in range(count)],
            "age": [at if at % 7 else None for at in range(count)],
            "city": ["Bern", "Chur"] * (count // 2),
            "label": ["a", "b"] * (count // 2),
            "left out": list(range(count)),
        }
    )
    return Dataset.of(frame, "rows.csv", "train").identified(["note", "age", "city"], ["age"])


@pytest.fixture
def place(tmp_path):
    (tmp_path / "words.txt").write_text(LIST, "utf-8")
    return Place(tmp_path)


def parts(probability, names=PARTS):
    written = [{"kind": one} if isinstance(one, str) else one for one in names]
    return [resolve("parts.augmentations", one | {"probability": probability}) for one in written]


def test_without_augmentation_nothing_is_done(place):
    data = rows()
    made = augment(data, [], QUESTION, 0, place)
    assert made.rows is data
    assert not made.is_anew
    assert made.key == ""


def test_probability_0_is_the_identity(place):
    data = rows()
    made = augment(data, parts(0.0), QUESTION, 0, place)
    turn = made.turn(0)
    assert turn.rows.index.equals(data.index)
    assert turn.rows.frame.equals(made.rows.frame)
    numbers = data.frame.with_columns(pl.col("age").cast(pl.Float64))
    assert turn.rows.frame.equals(numbers)


@pytest.mark.parametrize("at", range(len(PARTS)), ids=str)
def test_a_part_changes_its_columns_and_nothing_else(place, at):
    data = rows()
    turn = augment(data, parts(1.0, [PARTS[at]]), QUESTION, 0, place).turn(0)
    column = "age" if at == 4 else "note"
    before, after = data.frame, turn.rows.frame
    assert before.drop(column).equals(after.drop(column))
    assert turn.rows.ids == data.ids
    assert turn.rows.rows == data.rows
    assert before[column].is_null().equals(after[column].is_null())
    changed = np.flatnonzero((before[column].cast(after[column].dtype) != after[column]).fill_null(False).to_numpy())
    assert len(changed) > 10
    assert np.array_equal(changed, turn.changed[0])
    differ = [place for place in range(len(data)) if data.contents[place] != turn.rows.contents[place]]
    assert differ == changed.tolist(), "what a row is hashed to follows its values"


def test_the_order_of_rows_and_who_stands_beside_them_do_not_matter(place):
    data = rows()
    order = np.random.default_rng(0).permutation(len(data))
    one = augment(data, parts(0.5), QUESTION, 0, place)
    other = augment(data.take(order), parts(0.5), QUESTION, 0, place)
    assert other.turn(3).rows.frame.equals(one.turn(3).rows.frame[order])
    some = one.turn(3, one.rows.take(order[:4])).rows
    assert some.frame.equals(one.turn(3).rows.frame[order[:4]])


def test_chance_follows_from_seed_epoch_and_place_in_the_list(place):
    data = rows()

    def frame(seed=0, epoch=0, names=PARTS):
        return augment(data, parts(0.5, names), QUESTION, seed, place).turn(epoch).rows.frame

    assert frame().equals(frame())
    assert not frame().equals(frame(seed=1))
    assert not frame().equals(frame(epoch=1))
    twice = augment(data, parts(0.5, ["typo", "typo"]), QUESTION, 0, place).turn(0)
    assert set(twice.changed[0]) != set(twice.changed[1])


def test_the_share_of_changed_rows_is_the_probability(place):
    data = rows(4000)
    turn = augment(data, parts(0.25, ["number_noise"]), QUESTION, 0, place).turn(0)
    present = data.frame["age"].is_not_null().sum()
    assert len(turn.changed[0]) / present == pytest.approx(0.25, abs=0.03)


def test_the_account_tells_what_ran_and_shows_rows(place):
    events = Events()
    made = augment(rows(), parts(1.0, ["typo", "number_noise"]), QUESTION, 0, place)
    told = made.account(made.turn(0), events)
    assert [one["kind"] for one in told["parts"]] == ["typo", "number_noise"]
    assert told["parts"][0] == {"kind": "typo", "columns": ["note"], "changed": 32}
    assert len(told["examples"]) == 3
    for example in told["examples"]:
        assert example["before"].keys() == example["after"].keys() != set()
        assert all(example["before"][name] != example["after"][name] for name in example["before"])
    assert all(event.kind == "note" for event in events.seen)


def test_what_changes_nothing_is_warned_of(place):
    events = Events()
    (place.folder / "words.txt").write_text("zebra: horse", "utf-8")
    made = augment(rows(), parts(1.0, [PARTS[2]]), QUESTION, 0, place)
    made.account(made.turn(0), events)
    assert [event.kind for event in events.seen] == ["warning"]
    assert "synonym changes 0 of 40 rows" in events.seen[0].fields["text"]


def test_the_key_follows_the_files(place):
    def key():
        return augment(rows(), parts(1.0, [PARTS[2]]), QUESTION, 0, place).key

    first = key()
    assert key() == first
    (place.folder / "words.txt").write_text(LIST + "came: arrived", "utf-8")
    assert key() != first


def test_a_missing_word_list_is_told_with_its_place_in_the_recipe(place):
    with pytest.raises(NotFoundError, match=r"augment\.1 \(synonym\): .*none\.txt.* no such word list"):
        augment(rows(), parts(1.0, ["typo", {"kind": "synonym", "path": "none.txt"}]), QUESTION, 0, place)


@pytest.mark.parametrize(
    ("part", "wanted"),
    [
        (
            {"kind": "typo", "columns": ["age"]},
            "typo works on text columns, and 'age' is a number; fitting for a number",
        ),
        ({"kind": "number_noise", "columns": ["note"]}, "'note' is a text; fitting for a text: "),
        ({"kind": "typo", "columns": ["nota"]}, "no input column 'nota' (inputs: note, age, city)"),
        ({"kind": "typo", "columns": ["label"]}, "no input column 'label'"),
    ],
)
def test_a_column_that_does_not_fit_is_refused_by_name(part, wanted):
    with pytest.raises(RecipeError) as error:
        check([resolve("parts.augmentations", part)], QUESTION, "minilm", False)
    assert "augment.0" in str(error.value)
    assert wanted in str(error.value)


def test_where_no_column_fits_the_kinds_are_told():
    question = replace(QUESTION, inputs={"age": "number"})
    with pytest.raises(RecipeError, match=r"typo works on text columns, and no input is one \('age' is a number\)"):
        check(parts(1.0, ["typo"]), question, "tabular_net", False)


def test_a_fitted_base_takes_nothing_that_changes_by_epoch():
    with pytest.raises(RecipeError, match="number_noise changes rows anew in each epoch, and base gbdt is fitted"):
        check(parts(1.0, ["number_noise"]), QUESTION, "gbdt", True)


def test_a_turn_holds_as_many_changes_as_there_are_parts(place):
    turn = augment(rows(), parts(1.0), QUESTION, 0, place).turn(0)
    assert isinstance(turn, Turn)
    assert len(turn.changed) == len(PARTS)
