"""Files to rows, with a word on how they were read where that may surprise."""

from __future__ import annotations

from pathlib import Path

from ..core.events import Events
from ..data import Dataset
from ..data.sources import Source


def read(source: Source, folder: Path, events: Events) -> Dataset:
    """Return every row of the source; paths start at `folder`. Raises DataError or NotFoundError with the place."""
    return source.read(folder, lambda text: events.note("read", text))
