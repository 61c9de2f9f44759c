"""Columns that name the row, told from those that say something about it."""

import random
import uuid

import polars as pl
import pytest

from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks.id_columns import IdColumns

COUNT = 60
DICE = random.Random(0)
SHUFFLED = DICE.sample(range(COUNT), COUNT)
PRICES = DICE.sample(range(100, 100_000), COUNT)
IDENTIFIERS = [str(uuid.UUID(int=DICE.getrandbits(128))) for _ in range(COUNT)]
DAYS = [f"2024-{1 + number // 28:02}-{1 + number % 28:02}" for number in range(COUNT)]


def find(values, name="column", **settings):
    data = Dataset.of(pl.DataFrame({name: values}), "rows.csv")
    return IdColumns(**settings).find(Table(data, (name,), None))


@pytest.mark.parametrize(
    ("values", "reason"),
    [
        (list(range(COUNT)), "number the rows"),
        (SHUFFLED, "number the rows"),
        ([10**15 + number for number in SHUFFLED], "number the rows"),
        ([3 * number + number % 2 for number in range(COUNT)], "running number"),
        ([float(number) for number in range(COUNT)], "number the rows"),
        ([None, *range(COUNT)], "number the rows"),
        (IDENTIFIERS, "unique identifiers"),
        ([one.upper().replace("-", "") for one in IDENTIFIERS], "unique identifiers"),
        ([f"A-{number:05}" for number in SHUFFLED], "codes"),
        ([f"{number:05}" for number in SHUFFLED], "codes"),
        ([f"ann{number}@example.org" for number in SHUFFLED], "codes"),
    ],
)
def test_ids_by_their_values(values, reason):
    (finding,) = find(values)
    assert (finding.column, finding.rows, finding.severity) == ("column", (), "warning")
    assert finding.count == COUNT
    assert reason in finding.advice
    assert "rows.csv, column 'column'" in finding.advice


@pytest.mark.parametrize("name", ["id", "ID", "customer_id", "customerId", "Row Index", "key", "order-uuid"])
def test_ids_by_their_name(name):
    (finding,) = find(PRICES, name)
    assert "its name says" in finding.advice


@pytest.mark.parametrize(
    "values",
    [
        PRICES,
        sorted(PRICES),
        [number / 7 for number in range(COUNT)],
        [f"the {number}th sentence here" for number in range(COUNT)],
        ["価格は" + chr(0x4E00 + number) for number in range(COUNT)],
        ["w" * number for number in range(1, COUNT + 1)],
        DAYS,
        [f"{number}.5kg" for number in range(COUNT)],
        [number % 10 for number in range(COUNT)],
        ["even", "odd"] * 30,
        [["a"]] * COUNT,
        [None] * COUNT,
    ],
)
def test_columns_that_say_something_are_none(values):
    assert find(values) == []


@pytest.mark.parametrize("name", ["valid", "humidity", "keyboard", "idea", "indexed_price"])
def test_words_within_a_name_are_none(name):
    assert find(PRICES, name) == []


def test_free_text_is_none_whatever_its_name():
    assert find([f"the {number}th sentence here" for number in range(COUNT)], "key") == []


def test_few_rows_say_nothing():
    assert find(list(range(19)), "id") == []
    assert find(list(range(20)), "id") != []
    assert find(list(range(19)), "id", rows=10) != []


def test_almost_all_different_is_enough():
    assert find([*range(19), 0], "id") != []
    assert find([*range(18), 0, 0], "id") == []
    assert find([*range(18), 0, 0], "id", share=0.9) != []
