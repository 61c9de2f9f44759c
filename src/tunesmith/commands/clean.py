"""`tunesmith clean`: applies the recipe's remedies, writes the rows that are left and a ledger of every change."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Sequence
from pathlib import Path
from typing import Any, NamedTuple

import polars as pl

from ..core.errors import DataError
from ..data.ledger import Change, Ledger, counts
from ..data.sources import Source
from ..data.writing import refuse_unknown, shielded, unshielded, warning_of, write_bytes, write_frame
from ..stages.watch import Watch
from ..story import Run, divide
from ..terminal import Screen, table
from . import Answer
from .check import asked, examine


class Written(NamedTuple):
    """The rows left, the ledger, and where that was written."""

    kept: pl.DataFrame
    ledger: Ledger
    path: Path


def run(options: Namespace) -> Answer:
    """Clean, or undo a cleaning."""
    if options.output is None:
        raise DataError("clean: say where the rows go, with -o FILE")
    refuse_unknown(options.output)
    return _undo(options) if options.undo is not None else _clean(options)


def _clean(options: Namespace) -> Answer:
    recipe, folder = asked(options)
    screen = Screen()
    try:
        run = Run(recipe, folder, options.home, screen.events())
        known, found = examine(run)
        done = divide(known, found, Watch(()), run.events).cleaned  # no guard: what leaks is to be cleaned
    finally:
        screen.close()
    kept, ledger, to = written(recipe.data.raw(folder), done.changes, options, options.for_spreadsheets)
    summary = counts(ledger.changes)
    changed = len({one.row for one in ledger.changes if one.action == "changed"})
    value = {
        "kept": kept.height,
        "dropped": ledger.rows - kept.height,
        "changed": changed,
        "ledger": str(to),
        "rows": str(options.output),
        "remedies": summary,
    }
    return Answer(value, _words(value, summary, "" if options.for_spreadsheets else warning_of(kept)))


def written(raw: pl.DataFrame, changes: Sequence[Change], options: Namespace, is_shielded: bool = False) -> Written:
    """Make the changes in a table and write the rows left and the ledger where the options say."""
    kept, ledger = Ledger.of(raw, changes)
    to = options.ledger or options.output.with_name(f"{options.output.stem}.ledger.jsonl")
    write_bytes(ledger.to_bytes(), to)  # first, so that no rows are without the way back
    write_frame(shielded(kept) if is_shielded else kept, options.output)
    return Written(kept, ledger, to)


def _words(value: dict[str, Any], summary: list[dict[str, Any]], risk: str) -> str:
    lines = [[one["check"], one["remedy"], one["action"], one["rows"]] for one in summary]
    said = [table(["check", "remedy", "rows were", "count"], lines), ""] if lines else ["nothing to mend", ""]
    said.append(f"{value['kept']} rows kept ({value['rows']}), {value['dropped']} dropped, {value['changed']} changed")
    said.append(
        f"ledger: {value['ledger']}; back with `tunesmith clean --undo {value['ledger']} {value['rows']} -o FILE`"
    )
    return "\n".join([*said, *([risk] if risk else [])])


def _undo(options: Namespace) -> Answer:
    ledger = Ledger.from_bytes(options.undo.read_bytes(), str(options.undo))
    source = Source.model_validate(options.what)
    kept: pl.DataFrame = source.raw(Path())
    if options.for_spreadsheets:
        kept = unshielded(kept)
    whole = ledger.undo(kept, options.what)
    write_frame(whole, options.output)
    value = {"restored": whole.height, "rows": str(options.output)}
    return Answer(value, f"{whole.height} rows restored: {options.output}")
