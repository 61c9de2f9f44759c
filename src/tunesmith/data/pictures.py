"""Picture files as strangers hand them in: found within a folder, and only the header read until more is asked for."""

from __future__ import annotations

import os
import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any, BinaryIO

from ..core.need import need

if TYPE_CHECKING:
    from PIL.Image import Image

ENDINGS = {
    ".jpg": "JPEG",
    ".jpeg": "JPEG",
    ".jfif": "JPEG",
    ".png": "PNG",
    ".gif": "GIF",
    ".webp": "WEBP",
    ".bmp": "BMP",
    ".tif": "TIFF",
    ".tiff": "TIFF",
    ".ppm": "PPM",
    ".pgm": "PPM",
    ".pbm": "PPM",
    ".avif": "AVIF",
}
"""Ending -> the format that a file of this name holds; others are never opened (some would start programs)."""

PIXELS = 50_000_000
"""The pixels (width times height) above which an image is not decoded where nothing else is said."""

UNREADABLE = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, ArithmeticError, AttributeError),
    *(AssertionError, NotImplementedError, MemoryError, RecursionError, struct.error, zlib.error),
)
"""What the decoders raise on bytes they were not made for."""


def find_file(folder: Path, name: str) -> tuple[Path | None, str]:
    """Return the file a table names and an empty text, or None and the fault: `outside`, `missing` or `empty`.

    A path that leads out of the folder, by `..`, from the root or over a link, is never opened; nor is anything but
    a regular file, for a pipe would never end.
    """
    try:
        path = Path(os.path.realpath(folder / name))
        if not path.is_relative_to(os.path.realpath(folder)):
            return None, "outside"
        status = path.stat()
    except (OSError, ValueError):  # ValueError: a zero byte in the name
        return None, "missing"
    if not stat.S_ISREG(status.st_mode):
        return None, "missing"
    return (path, "") if status.st_size else (None, "empty")


def opened(path: Path | BinaryIO) -> Image:
    """Return a picture, of a file or of what is read from one, of which only the header was read.

    Raises one of UNREADABLE, Pillow's error for bombs, or MissingDependencyError without Pillow.
    """
    library = pillow()
    formats = [one for one in dict.fromkeys(ENDINGS.values()) if one in library.OPEN]
    picture: Image = library.open(path, formats=formats)
    return picture


@contextmanager
def no_warnings() -> Iterator[None]:
    """Keep Pillow's warnings about large or odd files from the terminal: findings and errors say the same in words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def pillow() -> Any:
    """Return the module PIL.Image with every format known. Raises MissingDependencyError without Pillow."""
    library = need("PIL.Image", extra="image")
    library.init()
    return library


def bomb() -> type[Exception]:
    """Return the error of a file that claims more pixels than Pillow opens."""
    kind: type[Exception] = pillow().DecompressionBombError
    return kind
