"""Checks on tables that nobody thought of."""

import polars as pl
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from tunesmith.core.part import kinds, resolve
from tunesmith.data import Dataset
from tunesmith.parts.checks import Table
from tunesmith.testing.checks import check_findings

TEXTS = st.one_of(st.none(), st.sampled_from(["", " ", "a", "A", "b c", "é", "-1", "n/a"]), st.text(max_size=6))
NUMBERS = st.one_of(st.none(), st.floats(allow_nan=True, allow_infinity=True), st.sampled_from([0.0, 1.0]))
LABELS = st.one_of(st.none(), st.sampled_from(["x", "y", "z"]))


@st.composite
def tables(draw):
    rows = draw(st.integers(0, 12))

    def column(values, kind):
        return pl.Series(draw(st.lists(values, min_size=rows, max_size=rows)), dtype=kind)

    frame = pl.DataFrame(
        {"text": column(TEXTS, pl.String), "number": column(NUMBERS, pl.Float64), "label": column(LABELS, pl.String)}
    )
    inputs = draw(st.sampled_from([("text",), ("number",), ("text", "number"), ()]))
    data = Dataset.of(frame, "rows.csv").identified(["text", "number"], ["number"])
    target, task = draw(st.sampled_from([(None, None), ("label", None), ("label", "classification")]))
    return Table(data, inputs, target, task)


@pytest.mark.parametrize("kind", kinds("parts.checks"))
@settings(max_examples=30, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(table=tables())
def test_findings_point_at_rows_that_exist(kind, table):
    check_findings(resolve("parts.checks", kind), table)
