"""One stream of events from a run: the console's progress, the JSON lines and the audit all listen to it."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any

Listener = Callable[["Event"], None]


@dataclass(frozen=True, slots=True)
class Event:
    """One thing that happened. `kind` is start, progress, end, note or warning; `stage` says where."""

    kind: str
    stage: str
    time: float
    fields: dict[str, Any] = field(default_factory=dict)


@dataclass(slots=True)
class Events:
    """The stream. Without listeners it is silent; the events of a run are kept in order in `seen`."""

    listeners: list[Listener] = field(default_factory=list)
    seen: list[Event] = field(default_factory=list)

    def emit(self, kind: str, stage: str, **fields: Any) -> None:
        """Tell every listener; progress events are not kept."""
        event = Event(kind, stage, time.time(), fields)
        if kind != "progress":
            self.seen.append(event)
        for listener in self.listeners:
            listener(event)

    def note(self, stage: str, text: str, **fields: Any) -> None:
        """Emit a sentence a person should see."""
        self.emit("note", stage, text=text, **fields)

    def warn(self, stage: str, text: str, **fields: Any) -> None:
        """Emit a sentence a person should not miss."""
        self.emit("warning", stage, text=text, **fields)

    @contextmanager
    def stage(self, name: str, total: int | None = None) -> Iterator[Callable[..., None]]:
        """Bracket a stage; yields `advance(done, **fields)`, which reports `done` out of `total` units."""
        started = time.monotonic()
        self.emit("start", name, total=total)

        def advance(done: int, **fields: Any) -> None:
            self.emit("progress", name, done=done, total=total, **fields)

        yield advance
        self.emit("end", name, seconds=time.monotonic() - started)
