"""A version's files of its base as a folder, as long as transformers reads them."""

from __future__ import annotations

import contextlib
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path

PREFIX = "base/"


@contextlib.contextmanager
def stored_folder(assets: Mapping[str, bytes]) -> Iterator[Path]:
    """Give the files below `base/` as a folder that is gone afterwards."""
    with tempfile.TemporaryDirectory() as name:
        for path, content in assets.items():
            if path.startswith(PREFIX):
                (Path(name) / path.removeprefix(PREFIX)).write_bytes(content)
        yield Path(name)
