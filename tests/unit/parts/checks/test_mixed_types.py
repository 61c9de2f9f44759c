"""Cells of another type than their column, and the one thing they can mean."""

import pytest

from unit.parts.checks.tables import found

NUMBERS = [f"{at / 4}" for at in range(40)]
DAYS = [f"2024-01-{day:02}" for day in range(1, 29)]


def right(values, **settings):
    """Return cell -> suggestion, None where there is none."""
    return {
        values[row]: better
        for one in found("mixed_types", values, **settings)
        for row, better in zip(one.rows, one.suggestions or (None,) * len(one.rows), strict=True)
    }


@pytest.mark.parametrize(
    ("cell", "number"),
    [
        ("12,5", "12.5"),
        ("1.234,56", "1234.56"),
        ("1,234.56", "1234.56"),
        ("1,234,567", "1234567"),
        ("1 234", "1234"),
        ("1'234.5", "1234.5"),
        ("$5", "5"),
        ("5 kg", "5"),
        ("-7 °C", "-7"),
        ("−3", "-3"),
        ("EUR 12.50", "12.5"),
        ("abc", None),
        ("5k", None),
        ("<5", None),
        ("5-10", None),
        ("(5)", None),
        ("1.2.3", None),
        ("1,23,4", None),
    ],
)
def test_a_cell_among_numbers(cell, number):
    assert right([*NUMBERS, cell]) == {cell: number}


def test_what_a_comma_means_is_told_by_the_others():
    assert right(["7", "8"] * 9 + ["1,234"]) == {"1,234": None}
    assert right([*NUMBERS, "1,234"]) == {"1,234": "1234"}
    assert right(["7"] * 18 + ["12,5", "1,234"]) == {"12,5": "12.5", "1,234": "1.234"}
    assert right([*NUMBERS, "12,5", "1,234"])["1,234"] is None


def test_a_point_among_decimal_commas_is_no_decimal_point():
    assert right(["12,5", "0,75", "1.234"] * 6) == {"12,5": "12.5", "0,75": "0.75", "1.234": "1234"}


def test_per_cent_is_a_share_among_shares():
    assert right(["0.1", "0.5"] * 9 + ["12%"]) == {"12%": "0.12"}
    assert right(["10", "50"] * 9 + ["12 %"]) == {"12 %": "12"}


def test_two_units_have_no_single_reading():
    assert right(["5", "6"] * 9 + ["5 kg", "11 lb"]) == {"5 kg": None, "11 lb": None}


@pytest.mark.parametrize(
    "values",
    [
        NUMBERS,
        ["12345", "55111"] * 10 + ["01234", "abc"],
        ["A1", "B2"] * 10,
        [f"the parcel of {at} pounds came late again" for at in range(20)],
        ["red", "blue", "3"] * 9,
        ["yes", "no"] * 9,
        ["no", "n"] * 9,
        ["M", "F", "T"] * 9,
        DAYS,
        [*NUMBERS, "n/a", "?", None, " "],
        [None],
    ],
)
def test_columns_of_one_type_are_silent(values):
    assert right(values) == {}


@pytest.mark.parametrize(
    ("cell", "day"),
    [
        ("31.12.2023", "2023-12-31"),
        ("12/31/2023", "2023-12-31"),
        ("31/12/2023", "2023-12-31"),
        ("Jan 5, 2024", "2024-01-05"),
        ("5 January 2024", "2024-01-05"),
        ("2024/01/05", "2024-01-05"),
        ("01/02/2024", None),
        ("31.02.2024", None),
        ("soon", None),
    ],
)
def test_a_date_in_another_form(cell, day):
    assert right([*DAYS, cell]) == {cell: day}


def test_dates_are_suggested_as_most_are_written():
    assert right(["31.12.2023", "01.02.2023"] * 9 + ["2023-12-01"]) == {"2023-12-01": "01.12.2023"}


def test_truth_in_several_words():
    values = ["yes", "no"] * 9 + ["Y", "1", "TRUE", "0"]
    assert right(values) == {"Y": "yes", "1": "yes", "TRUE": "yes", "0": "no"}
    assert right(["True", "False"] * 9 + ["0"]) == {"0": "False"}


def test_the_share_is_a_setting():
    values = ["7"] * 6 + ["abc"] * 4
    assert right(values) == {}
    assert right(values, share=0.6) == {"abc": None}


def test_rows_without_a_reading_stand_apart():
    certain, open_ = found("mixed_types", [*NUMBERS, "abc", "12,5"])
    assert (certain.rows, certain.suggestions) == ((41,), ("12.5",))
    assert (open_.rows, open_.suggestions) == ((40,), ())
    assert "no single reading" in open_.advice
    assert "rows.csv row 41" in open_.advice
