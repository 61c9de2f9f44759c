"""What means missing without being it, and what only looks so."""

import pytest

from unit.parts.checks.tables import found

CITIES = ["Bern", "Chur", "Genf"] * 10
AGES = list(range(18, 68))


def rows_of(values, kind="category", **settings):
    return {row for one in found("placeholders", values, kind, **settings) for row in one.rows}


@pytest.mark.parametrize(
    "value", ["n/a", "N.A.", "none", "NULL", " - ", "?", "unknown", "TBD", "xxx", "<NA>", "#N/A", " ", "\u200b", "\xa0"]
)
def test_a_word_for_missing_is_found_and_made_missing(value):
    (finding,) = found("placeholders", [*CITIES * 3, value], "category")
    assert (finding.rows, finding.suggestions, finding.severity) == ((90,), (None,), "warning")
    assert "rows.csv row 91" in finding.advice


@pytest.mark.parametrize("value", ["Nancy", "none of these", "Unknown Pleasures", "x", "", "0"])
def test_other_values_are_left_alone(value):
    assert rows_of([*CITIES, value]) == set()


def test_none_among_categories_may_be_an_answer():
    (finding,) = found("placeholders", ["none"] * 10 + ["brick", "steel"] * 20, "category")
    assert (finding.severity, finding.count, set(finding.scores)) == ("info", 10, {0.5})
    (finding,) = found("placeholders", ["none"] * 10 + ["brick", "steel"] * 20, "category", frequent=0.5)
    assert finding.severity == "warning"


def test_a_question_mark_is_none_however_frequent():
    (finding,) = found("placeholders", ["?"] * 10 + CITIES, "category")
    assert finding.severity == "warning"


@pytest.mark.parametrize("values", [["+", "-"] * 9, ["S", "XL", "xxx", "xl"] * 9])
def test_words_that_belong_to_the_column(values):
    assert rows_of(values) == set()


def test_na_among_codes_of_two_letters_is_noted_only():
    (finding,) = found("placeholders", ["DE", "FR", "IT", "NA"] * 9, "category")
    assert finding.severity == "info"


@pytest.mark.parametrize(
    ("values", "odd"),
    [
        ([*AGES, -999, -999], {50, 51}),
        ([*AGES, 999.0, 999.0], {50, 51}),
        ([-1, -1, *AGES], {0, 1}),
        ([1000.5 + at for at in AGES] + [-1.0, -1.0], {50, 51}),
        ([-1] * 30 + list(range(40)), set(range(30))),
        ([-30, 40, *AGES, -9999, -9999, None], {52, 53}),
    ],
)
def test_numbers_far_from_all_others_that_repeat(values, odd):
    assert rows_of(values, "number") == odd


@pytest.mark.parametrize(
    "values",
    [
        [-1, 0, 1] * 20,
        [-1, 1] * 20,
        [*AGES, -999],
        [-1, -1, -1, -2, 0, 3, 5, 8, 9, 11, 12, 13, 14, 15],
        [-1, -1, *range(30)],
        [*list(range(900, 1000)), 999, 999],
        [99, 99, *range(110)],
        [None, None],
        [float("nan"), float("inf"), -1.0, -1.0],
    ],
)
def test_ordinary_numbers_are_silent(values):
    assert rows_of(values, "number") == set()


def test_dates_that_do_not_exist_or_lie_alone():
    days = [f"20{year}-05-06" for year in range(10, 24)]
    assert rows_of([*days, "1900-01-01", "1900-01-01 00:00:00", "0000-00-00", "9999-12-31"]) == {14, 16} | {15}
    assert rows_of(["1900-01-01", "1900-01-01", "1895-02-03", *days]) == set()
    assert rows_of(["1970-01-01", *days]) == set()


def test_words_and_numbers_are_settings():
    assert rows_of([*CITIES, "k.A."], words=("k.a.",)) == {30}
    assert rows_of([*AGES, 500, 500], "number", numbers=(500,)) == {50, 51}
    assert rows_of([*AGES, -999, -999], "number", repeats=3) == set()
