"""Points in time, and where they are cut."""

from datetime import date, datetime

import polars as pl
import pytest

from tunesmith.core.errors import DataError
from tunesmith.data.moments import cut_at, cut_by_share, moments, shown


@pytest.mark.parametrize(
    ("text", "time"),
    [
        ("2024-06-01", datetime(2024, 6, 1)),
        (" 2024/6/1 ", datetime(2024, 6, 1)),
        ("2024-06", datetime(2024, 6, 1)),
        ("2024-06-01T12:30", datetime(2024, 6, 1, 12, 30)),
        ("2024-06-01 12:30:15", datetime(2024, 6, 1, 12, 30, 15)),
        ("2024-06-01T12:30:15.25", datetime(2024, 6, 1, 12, 30, 15, 250_000)),
        ("2024-06-01T12:30:15,123456789Z", datetime(2024, 6, 1, 12, 30, 15, 123_456)),
        ("2024-06-01T12:30:15+02:00", datetime(2024, 6, 1, 10, 30, 15)),
        ("2024-01-01 00:15:00 -0130", datetime(2024, 1, 1, 1, 45)),
        ("0001-01-01", datetime(1, 1, 1)),
        ("2024-02-30", None),
        ("2024-13-01", None),
        ("2024-06-01T25:00", None),
        ("01/06/2024", None),
        ("20240601", None),
        ("yesterday", None),
        ("2024-06-01; DROP", None),
        ("", None),
        (None, None),
    ],
)
def test_times_are_read_as_iso_8601(text, time):
    assert moments(pl.Series([text, "2020-01-01"], dtype=pl.String)).to_list() == [time, datetime(2020, 1, 1)]


def test_numbers_and_dates_are_times():
    assert moments(pl.Series([2024, None])).to_list() == [2024.0, None]
    assert moments(pl.Series([1.5, float("nan")])).to_list() == [1.5, None]
    assert moments(pl.Series([date(2024, 6, 1)])).to_list() == [datetime(2024, 6, 1)]


def test_a_cut_leaves_about_its_share_and_some_rows_before():
    times = pl.Series("day", [float(number) for number in range(100)])
    assert cut_by_share(times, 0.2)[0] == 80.0
    assert cut_by_share(times, 0.999)[0] == 1.0
    assert cut_by_share(times, 0.0001)[0] == 99.0
    assert cut_by_share(pl.Series("day", [1.0] * 90 + [2.0] * 10), 0.5)[0] == 2.0
    with pytest.raises(DataError, match="'day' holds one time only"):
        cut_by_share(pl.Series("day", [1.0, 1.0]), 0.2)


def test_a_cut_is_of_the_columns_own_kind():
    numbers, days = pl.Series("t", [1.0]), moments(pl.Series("t", ["2024-01-01"]))
    assert cut_at(numbers, 5.0, "test_from")[0] == 5.0
    assert cut_at(days, "2024-06", "test_from")[0] == datetime(2024, 6, 1)
    for times, value in ((numbers, "2024-06-01"), (days, 5.0)):
        with pytest.raises(DataError, match=r"test_from: .* cannot be compared with column 't'"):
            cut_at(times, value, "test_from")
    with pytest.raises(DataError, match="'soon' is not a time; write times as"):
        cut_at(days, "soon", "test_from")


@pytest.mark.parametrize("text", ["2024-06-01", "2024-06-01T12:30:00", "2024-06-01T12:30:00.250000"])
def test_a_cut_is_shown_as_a_recipe_would_write_it(text):
    time = moments(pl.Series([text]))
    assert shown(time) == text
    assert cut_at(time, shown(time), "test_from")[0] == time[0]


def test_a_number_is_shown_in_full():
    assert [shown(pl.Series([number])) for number in (2024.0, 0.1, 1717200000.0)] == ["2024", "0.1", "1717200000"]
