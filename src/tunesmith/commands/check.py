"""`tunesmith check`: inspects the rows for faults."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path
from typing import Any

from ..core.part import Part
from ..data import Dataset
from ..handover import Understood
from ..opinions import table as looked_at
from ..pages import render_check
from ..parts.checks import Finding
from ..parts.checks._veil import Veil
from ..recipe import Recipe, load, of_rows
from ..stages.check import findings
from ..stages.inspect import Meaning, gathered, loosely
from ..stages.read import read
from ..story import Run
from ..terminal import Screen, remarked
from . import Answer
from ._exhibits import Exhibits


def run(options: Namespace) -> Answer:
    """Check; exit code 1 where a finding is an error."""
    recipe, folder = asked(options)
    screen = Screen()
    try:
        known, found = examine(Run(recipe, folder, options.home, screen.events()))
    finally:
        screen.close()
    data, meaning = known.rows, known.meaning
    value: dict[str, Any] = {
        "rows": len(data),
        "columns": [_column(data, name, meaning) for name in data.columns],
        "target": meaning.target,
        "findings": [one.as_json(data) for one in found],
    }
    veil = Veil.of(known.recipe.checks, value["findings"])
    value = veil.over(value)
    if options.report is not None:
        options.report.write_text(render_check(Exhibits(known, veil).page(found, value)), "utf-8")
    lines = [[one["severity"], one["check"], one["column"] or "", one["count"]] for one in value["findings"]]
    remarks = [one["advice"] for one in value["findings"]]
    summary = remarked(["severity", "check", "column", "rows"], lines, remarks) if found else "nothing found"
    tail = [f"{len(data)} rows, {len(found)} findings", *([f"page: {options.report}"] if options.report else [])]
    return Answer(value, "\n".join([summary, "", *tail]), int(any(one.severity == "error" for one in found)))


def asked(options: Namespace) -> tuple[Recipe, Path]:
    """Return the recipe that is named, or the smallest one over the file of rows, and where its paths start."""
    if "://" in options.what:  # rows in an object store or a database
        recipe, folder = of_rows(options.what), Path()
    else:
        path = Path(options.what)
        folder = path.parent
        recipe = load(path, [])[0] if path.suffix in (".yaml", ".yml") else of_rows(named(path))
    if options.target is not None:
        recipe = recipe.model_copy(update={"target": options.target})
    return recipe, folder


def named(path: Path) -> str:
    """Return the name of a file, or of a folder of images with the stroke that tells it."""
    return f"{path.name}/" if path.is_dir() else path.name


def known_loosely(run: Run) -> Understood:
    """Return the rows with their ids and what they mean; what would stop a training is left for the checks to name."""
    recipe = run.recipe
    data = gathered(read(recipe.data, run.folder, run.events), recipe.target, recipe.task)
    meaning = loosely(data, run.recipe.given())
    data = data.identified(list(meaning.inputs), meaning.numeric, run.recipe.data.id)
    return Understood(data, run.recipe, meaning, {}, run.folder)


def examine(run: Run) -> tuple[Understood, list[Finding]]:
    """Return the rows with their ids and meaning, and what is wrong with them."""
    known = known_loosely(run)
    return known, findings(looked_at(known, run.home, run.events), run.recipe.checks, run.events)


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
