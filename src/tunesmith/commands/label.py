"""`tunesmith label`: gives out the rows most worth a person's look, and takes their labels back."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

import polars as pl

from ..core.errors import DataError
from ..data.label_studio import answers, configuration, tasks
from ..data.sources import Source
from ..data.writing import SPREADSHEETS, refuse_unknown, shielded, unshielded, write_bytes, write_frame
from ..handover import Understood
from ..opinions import table as looked_at
from ..stages.check import findings
from ..stages.label import ANSWER, Given, sheet, taken, worth_a_look
from ..story import Run
from ..terminal import Screen, table
from . import Answer
from .check import asked, known_loosely
from .clean import written


def run(options: Namespace) -> Answer:
    """Export rows to label, or take labels back."""
    if options.output is None:
        raise DataError("label: say where the rows go, with -o FILE")
    if options.take is None and options.to == "label-studio":
        if options.output.suffix != ".json":
            raise DataError(f"{options.output}: Label Studio imports .json; name such a file")
    else:
        refuse_unknown(options.output)
    recipe, folder = asked(options)
    screen = Screen()
    try:
        run = Run(recipe, folder, options.home, screen.events())
        known = known_loosely(run)
        return _take(options, known) if options.take is not None else _give(options, known, run)
    finally:
        screen.close()


def _give(options: Namespace, known: Understood, run: Run) -> Answer:
    seen = looked_at(known, run.home, run.events)
    found = findings(seen, known.recipe.checks, run.events)
    target, inputs = known.meaning.target, list(known.meaning.inputs)
    opinion = seen.opinion() if seen.opinion is not None else None
    looks = worth_a_look(known.rows, target, found, opinion, options.count)
    rows = sheet(known.rows, target, inputs, looks)
    if options.to == "label-studio":
        column = known.rows.frame[target]
        is_multiple = column.dtype == pl.List
        labels = (column.explode() if is_multiple else column).drop_nulls().cast(pl.String).unique().sort().to_list()
        images = [name for name, kind in known.meaning.kinds.items() if kind == "image"]
        setup = options.output.with_suffix(".xml")
        write_bytes(configuration(rows, labels, images, is_multiple), setup)
        write_bytes(tasks(rows), options.output)
        tail = f"; the labelling configuration is {setup}"
    else:
        write_frame(shielded(rows) if options.output.suffix.lower() in SPREADSHEETS else rows, options.output)
        tail = f"; fill in `{ANSWER}`, then `tunesmith label {options.what} --take {options.output} -o FILE`"
    reasons = rows["reason"].value_counts(sort=True).rows()
    value = {"rows": rows.height, "path": str(options.output), "reasons": dict(reasons)}
    lines = [[reason, count] for reason, count in reasons]
    return Answer(value, f"{table(['why', 'rows'], lines)}\n\n{rows.height} rows to look at: {options.output}{tail}")


def _take(options: Namespace, known: Understood) -> Answer:
    given, split = _given(options.take, options.new_classes)
    changes = taken(known.rows, known.meaning.target, given)
    kept, ledger, to = written(known.recipe.data.raw(known.folder), changes, options)
    value = {
        "given": len(given.labels),
        "changed": len(ledger.changes),
        "undecided": split,
        "ledger": str(to),
        "rows": str(options.output),
    }
    undecided = f"; annotators disagree on {len(split)}, which stay as they were" if split else ""
    words = f"{len(given.labels)} labels given, {len(changes)} differ from those in the rows{undecided}"
    return Answer(value, f"{words}\n{kept.height} rows: {options.output}; ledger: {to}")


def _given(path: Path, may_be_new: bool) -> tuple[Given, list[str]]:
    """Return the labels that were filled in, and the rows on which annotators disagree evenly."""
    if path.suffix == ".json":
        labels, shown, split = answers(path.read_bytes(), path.name)
        return Given(labels, shown, path.name, may_be_new), split
    rows = Source.model_validate(str(path)).raw(Path())
    absent = [name for name in ("id", ANSWER) if name not in rows.columns]
    if absent:
        raise DataError(f"{path.name}: no column '{absent[0]}'; give a file that `tunesmith label` wrote, filled in")
    rows = unshielded(rows) if path.suffix.lower() in SPREADSHEETS else rows
    rows = rows.filter(pl.col(ANSWER).cast(pl.String).str.strip_chars().fill_null("") != "")
    repeated = rows["id"].filter(rows["id"].is_duplicated()).unique().to_list()
    if repeated:
        raise DataError(f"{path.name}: the row '{repeated[0]}' is labelled more than once; keep one line of it")
    labels = dict(zip(rows["id"], rows[ANSWER].cast(pl.String).str.strip_chars(), strict=True))
    shown = dict(zip(rows["id"], rows["label"], strict=True)) if "label" in rows.columns else {}
    return Given(labels, shown, path.name, may_be_new), []
