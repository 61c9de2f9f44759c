"""What a person sees: a live bar with the time left on a terminal, plain lines elsewhere; tables as text."""

from __future__ import annotations

import textwrap
import time
from collections.abc import Sequence
from io import StringIO
from typing import Any

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TaskID, TextColumn, TimeRemainingColumn
from rich.table import Table

from .core.events import Event, Events

WIDTH = 120  # characters of a table where the terminal is narrower or there is none
NARROWEST = 40  # characters that text is still wrapped to
LONGEST_NAME = 28  # characters of a cell above a remark
QUIET_SECONDS = 5.0  # between plain lines of one stage


class Screen:
    """Listens to a run and shows it on stderr."""

    def __init__(self) -> None:
        self.console = Console(stderr=True, highlight=False)
        self.progress: Progress | None = None
        self.task: TaskID | None = None
        self.started = self.spoken = 0.0

    def events(self) -> Events:
        """Return an event stream that this screen shows."""
        return Events([self.hear])

    def hear(self, event: Event) -> None:
        """Show one event."""
        if event.kind in ("note", "warning"):
            style = "yellow" if event.kind == "warning" else "dim"
            self.console.print(f"{event.stage}: {event.fields['text']}", style=style, markup=False, soft_wrap=True)
        elif event.kind == "start":
            self._begin(event)
        elif event.kind == "progress":
            self._advance(event)
        elif event.kind == "end":
            self._finish(event)

    def _begin(self, event: Event) -> None:
        self.started = self.spoken = time.monotonic()
        if not self.console.is_terminal:
            return
        self.close()  # a stage may begin within another
        columns = (TextColumn("{task.description:<16}"), BarColumn(), MofNCompleteColumn(), TimeRemainingColumn())
        self.progress = Progress(*columns, TextColumn("{task.fields[said]}"), console=self.console, transient=True)
        self.task = self.progress.add_task(event.stage, total=event.fields["total"], said="")
        self.progress.start()

    def _advance(self, event: Event) -> None:
        done, total, loss = event.fields["done"], event.fields["total"], event.fields.get("loss")
        shown = event.fields.get("doing", "") if loss is None else f"loss {loss:.3f}"
        if self.progress is not None and self.task is not None:
            self.progress.update(self.task, completed=done, said=shown)
        elif total and done < total and time.monotonic() - self.spoken > QUIET_SECONDS:
            self.spoken = time.monotonic()
            left = (self.spoken - self.started) * (total - done) / max(done, 1)
            self._say(f"{event.stage}: {done} of {total}, about {left:.0f} s left {shown}".rstrip())

    def _finish(self, event: Event) -> None:
        if self.progress is not None:
            self.progress.stop()
            self.progress = None
        self._say(f"{event.stage}: done in {event.fields['seconds']:.1f} s")

    def _say(self, line: str) -> None:
        self.console.print(line, markup=False, soft_wrap=True)

    def close(self) -> None:
        """Leave the terminal as it was, also after an error."""
        if self.progress is not None:
            self.progress.stop()
            self.progress = None


def table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    """Return a plain text table; numbers stand right."""
    grid = Table(box=None, pad_edge=False, header_style="bold")
    for at, name in enumerate(columns):
        is_number = all(isinstance(row[at], (int, float)) for row in rows) and bool(rows)
        grid.add_column(name, justify="right" if is_number else "left", overflow="fold")
    for row in rows:
        grid.add_row(*(str(cell) for cell in row))
    out = StringIO()
    Console(file=out, width=max(WIDTH, Console().width), no_color=True, highlight=False, markup=False).print(grid)
    return "\n".join(line.rstrip() for line in out.getvalue().splitlines())


def remarked(columns: Sequence[str], rows: Sequence[Sequence[Any]], remarks: Sequence[str]) -> str:
    """Return a table with a remark below every row, wrapped within the terminal and set in."""
    width = min(max(Console().width, NARROWEST), WIDTH) - 1
    head, *lines = table(columns, [[_line(cell) for cell in row] for row in rows]).splitlines()
    wrap = textwrap.TextWrapper(width, initial_indent="  ", subsequent_indent="  ", break_on_hyphens=False)
    blocks = [wrap.fill(_line(remark, None)) for remark in remarks]
    return "\n".join([head, *(f"{line}\n{block}\n" for line, block in zip(lines, blocks, strict=True))]).rstrip()


def _line(cell: Any, longest: int | None = LONGEST_NAME) -> Any:
    """Return a text as one line without signs that a terminal would obey; a number as it is."""
    if not isinstance(cell, str):
        return cell
    seen = "".join(sign if sign.isprintable() else " " for sign in cell)
    return seen if longest is None or len(seen) <= longest else f"{seen[: longest - 1]}…"


def figure(metric: dict[str, Any]) -> str:
    """Return a metric with its interval in words: `0.912 [0.890, 0.931]`."""
    if metric["value"] is None:
        return f"- ({metric.get('reason', 'undefined')})"
    text = f"{metric['value']:.4g}"
    return text if metric["low"] is None else f"{text} [{metric['low']:.4g}, {metric['high']:.4g}]"
