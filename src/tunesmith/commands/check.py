"""`tunesmith check`: inspects the rows for faults."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from ..core.part import Part
from ..data import Dataset
from ..handover import Understood
from ..pages import render_check
from ..parts.checks import Finding
from ..recipe import Recipe, load, of_rows
from ..stages.inspect import Meaning, findings, loosely
from ..stages.read import read
from ..story import Run
from ..terminal import Screen, table
from . import Answer

SHOWN = 20  # rows of a finding that the page shows with their values


def run(options: Namespace) -> Answer:
    """Check; exit code 1 where a finding is an error."""
    recipe, folder = asked(options)
    screen = Screen()
    try:
        known, found = examine(Run(recipe, folder, options.home, screen.events()))
    finally:
        screen.close()
    data, meaning = known.rows, known.meaning
    value = {
        "rows": len(data),
        "columns": [_column(data, name, meaning) for name in data.columns],
        "target": meaning.target,
        "findings": [one.as_json(data) for one in found],
    }
    if options.report is not None:
        options.report.write_text(render_check(_page(data, found, value)), "utf-8")
    lines = [[one.severity, one.check, one.column or "", one.count, one.advice] for one in found]
    summary = table(["severity", "check", "column", "count", "what to do"], lines) if found else "nothing found"
    tail = [f"{len(data)} rows, {len(found)} findings", *([f"page: {options.report}"] if options.report else [])]
    return Answer(value, "\n".join([summary, "", *tail]), int(any(one.severity == "error" for one in found)))


def asked(options: Namespace) -> tuple[Recipe, Path]:
    """Return the recipe that is named, or the smallest one over the file of rows, and where its paths start."""
    is_recipe = options.what.suffix in (".yaml", ".yml")
    recipe = load(options.what, [])[0] if is_recipe else of_rows(str(options.what))
    if options.target is not None:
        recipe = recipe.model_copy(update={"target": options.target})
    return recipe, options.what.parent if is_recipe else Path()


def examine(run: Run) -> tuple[Understood, list[Finding]]:
    """Return the rows with their ids, what they mean, and what is wrong with them."""
    data = read(run.recipe.data, run.folder, run.events)
    meaning = loosely(data, run.recipe.given())
    numeric = [name for name, modality in meaning.inputs.items() if modality.gives == "numbers"]
    data = data.identified(list(meaning.inputs), numeric, run.recipe.data.id)
    known = Understood(data, run.recipe, meaning, {}, run.folder)
    return known, findings(known.table(), run.recipe.checks, run.events)


def _column(data: Dataset, name: str, meaning: Meaning) -> dict[str, Any]:
    column = data.frame[name]
    part: Part | None = meaning.inputs.get(name)
    kind = "target" if name == meaning.target else part.kind if part is not None else "not used"
    return {
        "name": name,
        "kind": kind,
        "missing": column.null_count(),
        "distinct": column.n_unique(),
        "examples": [str(one)[:80] for one in column.drop_nulls().unique(maintain_order=True).head(3)],
    }


def _page(data: Dataset, found: list[Finding], value: dict[str, Any]) -> dict[str, Any]:
    """Return what the page shows: the findings with the values of their first rows."""
    shown = []
    for finding, written in zip(found, value["findings"], strict=True):
        rows = [dict(row) for row in written["rows"][:SHOWN]]
        for row, position in zip(rows, finding.rows, strict=False):
            values = data.example(position)
            row["target"] = values.pop(value["target"], None)
            row["inputs"] = values
        shown.append(written | {"rows": rows})
    return value | {"source": str(data.index["source"][0]), "findings": shown}
