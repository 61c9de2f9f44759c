"""Many columns at once give what each gives alone, and are not asked one by one."""

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.core.part import find
from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table, _wide, scripts
from tunesmith.parts.checks._wide import having, stacked

ENGLISH = "the parcel that I got is broken and it was late"
ODD = ["das Paket ist nicht da und ich bin nicht froh", "Привет, где посылка", "n/a", "-", None, ""]
ODD += ["cafÃ© au lait", "lost \ufffd sign", "pаypal account", "1900-01-01", "2024-05-01", "fine"]
CELLS = st.one_of(st.just(ENGLISH), st.sampled_from(ODD))
NUMBERS = st.sampled_from([1, 2, 3, 4, 5, -999, None])


def finds(check, frame):
    kinds = {name: "number" if frame[name].dtype.is_numeric() else "text" for name in frame.columns}
    return find("parts.checks", check)().find(Table(Dataset.of(frame, "rows.csv"), tuple(frame.columns), kinds=kinds))


@pytest.mark.parametrize("check", ["scripts", "placeholders"])
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_a_wide_table_is_its_columns(check, data):
    rows = data.draw(st.integers(1, 12))
    columns = data.draw(
        st.lists(
            st.one_of(st.lists(CELLS, min_size=rows, max_size=rows), st.lists(NUMBERS, min_size=rows, max_size=rows))
        )
    )
    numbers = {at for at, one in enumerate(columns) if any(isinstance(cell, int) for cell in one)}
    series = [pl.Series(f"^c{at}$", one, pl.Int64 if at in numbers else pl.String) for at, one in enumerate(columns)]
    frame = pl.DataFrame(series)
    alone = [one for each in series for one in finds(check, each.to_frame())]
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(_wide, "CELLS", 3 * rows)
        together = finds(check, frame) if columns else []
    assert together == sorted(alone, key=lambda one: one.severity != "warning")


def test_columns_are_stacked_some_at_a_time(monkeypatch):
    monkeypatch.setattr(_wide, "CELLS", 7)
    frame = pl.DataFrame({f"c{at}": [at, at + 1, at + 2] for at in range(5)})
    parts = [(list(names), values.to_list()) for names, values in stacked(frame, frame.columns, pl.Float64)]
    assert [names for names, _ in parts] == [["c0", "c1"], ["c2", "c3"], ["c4"]]
    assert parts[1][1] == [2.0, 3.0, 4.0, 3.0, 4.0, 5.0]
    assert having(frame, frame.columns, lambda values: values == 2, pl.Float64) == {"c0", "c1", "c2"}
    assert having(frame.clear(), frame.columns, lambda values: values == 2, pl.Float64) == set()
    assert having(frame, [], lambda values: values == 2) == set()


def test_a_thousand_columns_are_not_asked_one_by_one(monkeypatch):
    asked = []
    monkeypatch.setattr(scripts, "languages", lambda texts: asked.append(len(texts)) or pl.Series([None] * len(texts)))
    frame = pl.DataFrame([pl.Series(f"c{at}", [ENGLISH, ENGLISH]) for at in range(1000)])
    assert finds("scripts", frame) == []
    assert asked == [2000]
