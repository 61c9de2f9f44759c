"""One column in a table of its own, as checks see it."""

from __future__ import annotations

import polars as pl

from tunesmith.core.part import find
from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Finding, Table


def found(check: str, values: list, kind: str = "text", **settings) -> list[Finding]:
    data = Dataset.of(pl.DataFrame({"column": pl.Series(values, strict=False)}), "rows.csv")
    return find("parts.checks", check)(**settings).find(Table(data, ("column",), kinds={"column": kind}))
