"""Spellings of one category, told from categories that only look alike."""

import polars as pl
import pytest

from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks.inconsistent_categories import InconsistentCategories
from unit.parts.checks.tables import found


def right(values, **settings):
    return {
        values[row]: better
        for one in found("inconsistent_categories", values, "category", **settings)
        for row, better in zip(one.rows, one.suggestions, strict=True)
    }


@pytest.mark.parametrize(
    "odd",
    ["MALE", " male", "male ", "ｍａｌｅ", "ma\u200ble", "male."],
)
def test_the_same_after_folding(odd):
    assert right(["male"] * 9 + ["female"] * 9 + [odd]) == {odd: "male"}


def test_the_most_frequent_spelling_wins_and_a_tie_goes_by_name():
    assert right(["e-mail"] * 3 + ["E-Mail", "Email", "email"]) == dict.fromkeys(("E-Mail", "Email", "email"), "e-mail")
    assert right(["b c", "B c"]) == {"b c": "B c"}


def test_composed_and_decomposed_letters_are_one():
    assert right(["Zu\u0308rich"] + ["Zürich"] * 2) == {"Zu\u0308rich": "Zürich"}


@pytest.mark.parametrize("odd", ["Swizerland", "Swittzerland", "Switxerland", "Swtizerland", "SWIZERLAND"])
def test_a_rare_slip_of_a_frequent_word(odd):
    assert right(["Switzerland"] * 20 + ["Sweden"] * 20 + [odd]) == {odd: "Switzerland"}


def test_a_slip_in_one_of_several_words():
    assert right(["New Zealand"] * 20 + ["New Zealnd"]) == {"New Zealnd": "New Zealand"}


def test_spellings_of_a_slip_go_to_what_was_meant():
    assert right(["electronics"] * 50 + ["electronis", "Electronis"]) == dict.fromkeys(
        ("electronis", "Electronis"), "electronics"
    )


@pytest.mark.parametrize(
    "values",
    [
        ["A1"] * 20 + ["A2"],
        ["room 11"] * 20 + ["room 12"],
        ["group a"] * 20 + ["group b"],
        ["C"] * 20 + ["C++", "C#"],
        ["typical"] * 20 + ["atypical"],
        ["white"] * 20 + ["write"] * 3,
        ["male"] * 20 + ["mole"],
        ["a", "A"] * 20,
        ["1.5"] * 20 + ["15", "1,5"],
        ["<5"] * 9 + [">5"],
        ["onion"] * 20 + ["union"],
        [None, None],
    ],
)
def test_other_categories_are_left_alone(values):
    assert right(values) == {}


def test_how_rare_and_how_long_are_settings():
    assert right(["white"] * 20 + ["write"] * 3, ratio=5) == {"write": "white"}
    assert right(["Bern"] * 20 + ["Bren"], letters=4) == {"Bren": "Bern"}


def test_scores_rows_and_advice():
    (finding,) = found("inconsistent_categories", ["blue"] * 5 + ["Blue", None, "Blue"], "category")
    assert (finding.rows, finding.scores, finding.suggestions) == ((5, 7), (1.0, 1.0), ("blue", "blue"))
    assert "2 rows in 1 spelling" in finding.advice
    assert "'Blue (2) for blue' (first: rows.csv row 6)" in finding.advice


def test_classes_are_categories_and_texts_are_not():
    data = Dataset.of(pl.DataFrame({"text": ["a b", "A b"] * 3, "label": ["spam"] * 5 + ["Spam"]}), "rows.csv")
    for task, columns in (("classification", ["label"]), ("regression", [])):
        table = Table(data, ("text",), "label", task, kinds={"text": "text"})
        assert [one.column for one in InconsistentCategories().find(table)] == columns
