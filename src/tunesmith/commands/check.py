"""`tunesmith check`: inspects the rows for faults."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ..core.part import Part
from ..data import Dataset
from ..handover import Understood
from ..pages import render_check
from ..parts.checks import Finding
from ..recipe import load, of_rows
from ..stages.inspect import Meaning, findings, loosely
from ..stages.read import read
from ..story import Run
from ..terminal import Screen, remarked
from . import Answer
from ._exhibits import Exhibits


def run(options: Namespace) -> Answer:
    """Check; exit code 1 where a finding is an error."""
    is_recipe = options.what.suffix in (".yaml", ".yml")
    recipe = load(options.what, [])[0] if is_recipe else of_rows(options.what.name)
    if options.target is not None:
        recipe = recipe.model_copy(update={"target": options.target})
    screen = Screen()
    try:
        known, found = examine(Run(recipe, options.what.parent, options.home, screen.events()))
    finally:
        screen.close()
    data, meaning = known.rows, known.meaning
    value = {
        "rows": len(data),
        "columns": [_column(data, name, meaning) for name in data.columns],
        "target": meaning.target,
        "findings": [one.as_json(data) for one in found],
    }
    exhibits = Exhibits(known)
    value = exhibits.veiled(value)
    if options.report is not None:
        options.report.write_text(render_check(exhibits.page(found, value)), "utf-8")
    lines = [[one["severity"], one["check"], one["column"] or "", one["count"]] for one in value["findings"]]
    remarks = [one["advice"] for one in value["findings"]]
    summary = remarked(["severity", "check", "column", "rows"], lines, remarks) if found else "nothing found"
    tail = [f"{len(data)} rows, {len(found)} findings", *([f"page: {options.report}"] if options.report else [])]
    return Answer(value, "\n".join([summary, "", *tail]), int(any(one.severity == "error" for one in found)))


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
    kind = "image" if name in meaning.images else kind
    return {
        "name": name,
        "kind": kind,
        "missing": column.null_count(),
        "distinct": column.n_unique(),
        "examples": [str(one)[:80] for one in column.drop_nulls().unique(maintain_order=True).head(3)],
    }
