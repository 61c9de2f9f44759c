"""Picture files as strangers hand them in: found within a folder, judged by their header, then decoded."""

from __future__ import annotations

import io
import os
import re
import stat
import struct
import warnings
import zlib
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ...core.need import need

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

USUAL_MODES = ("L", "RGB", "RGBA", "P")
UPRIGHT = (None, 0, 1)
ORIENTATION = 0x0112  # the EXIF tag that says how a camera was held
UNREADABLE = (
    *(OSError, SyntaxError, ValueError, TypeError, LookupError, EOFError, ArithmeticError, AttributeError),
    *(AssertionError, NotImplementedError, MemoryError, RecursionError, struct.error, zlib.error),
)
"""What the decoders raise on bytes they were not made for."""


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture may be: sides of at least `smallest` pixels, at most `pixels` in all."""

    smallest: int
    pixels: int


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


def faults(folder: Path, name: str, limits: Limits) -> list[tuple[str, str]]:
    """Return (fault, detail) of one picture, none where it is sound. Raises MissingDependencyError without Pillow."""
    path, fault = find_file(folder, name)
    if path is None:
        return [(fault, "")]
    try:
        picture = opened(path)
    except _bomb() as error:
        claimed = re.search(r"\d+", str(error))
        return [("oversized", f"{int(claimed[0]):,} pixels" if claimed else "")]
    except UNREADABLE:
        return [("no_image", "")]
    with picture:
        found = list(_of_header(picture, path, limits))
        if not any(fault == "oversized" for fault, _ in found):
            found += _of_pixels(picture)
    return found


def opened(path: Path) -> Image:
    """Return a picture of which only the header was read. Raises one of UNREADABLE, or Pillow's error for bombs."""
    pillow = _pillow()
    formats = [one for one in dict.fromkeys(ENDINGS.values()) if one in pillow.OPEN]
    picture: Image = pillow.open(path, formats=formats)
    return picture


def thumbnail(folder: Path, name: str, side: int, pixels: int) -> bytes | None:
    """Return a small JPEG, drawn anew and without the original's bytes or metadata; None where there is no picture."""
    path, _ = find_file(folder, name)
    if path is None:
        return None
    try:
        with opened(path) as picture:
            if picture.width * picture.height > pixels:
                return None
            picture.draft("RGB", (2 * side, 2 * side))
            picture.thumbnail((side, side))
            upright = need("PIL.ImageOps", "image").exif_transpose(picture)
            small = _on_white(upright)
            out = io.BytesIO()
            small.save(out, "JPEG", quality=80)
            return out.getvalue()
    except (*UNREADABLE, _bomb()):
        return None


@contextmanager
def no_warnings() -> Iterator[None]:
    """Keep Pillow's warnings about large or odd files from the terminal: the findings say the same in words."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        yield


def _on_white(picture: Image) -> Image:
    if "A" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        ground = _pillow().new("RGBA", picture.size, "white")
        picture = _pillow().alpha_composite(ground, picture)
    elif picture.mode.startswith(("I", "F")):  # 16 bits and more: stretched, else all would be white
        low, high = picture.getextrema()
        scale = 255.0 / ((high - low) or 1.0)  # type: ignore[operator]
        picture = picture.convert("F").point(lambda value: value * scale - low * scale)  # type: ignore[operator]
    return picture.convert("L").convert("RGB") if picture.mode == "F" else picture.convert("RGB")


def _of_header(picture: Image, path: Path, limits: Limits) -> Iterator[tuple[str, str]]:
    """Yield what is known without decoding."""
    size = f"{picture.width} x {picture.height} pixels"
    if picture.width * picture.height > limits.pixels:
        yield "oversized", size
    if min(picture.size) < limits.smallest:
        yield "tiny", size
    named = ENDINGS.get(path.suffix.lower())
    held = "JPEG" if picture.format == "MPO" else str(picture.format)
    if named != held:
        yield "mislabelled", f"{held} in {path.suffix or 'a name without ending'}"
    if getattr(picture, "is_animated", False) and picture.format != "MPO":
        yield "animated", f"{getattr(picture, 'n_frames', 2)} frames"
    if picture.mode not in USUAL_MODES:
        yield "unusual", picture.mode
    elif picture.mode == "P" and "transparency" in picture.info:
        yield "unusual", "palette with transparency"


def _of_pixels(picture: Image) -> Iterator[tuple[str, str]]:
    """Yield what only decoding tells; a JPEG at an eighth of its size, which reads every byte all the same."""
    try:
        picture.draft(picture.mode, (picture.width // 8 or 1, picture.height // 8 or 1))
        picture.load()
    except (*UNREADABLE, _bomb()) as error:
        yield ("truncated" if "truncated" in str(error) else "corrupt"), ""
        return
    with suppress(*UNREADABLE):  # broken metadata is no fault of the picture
        if picture.getexif().get(ORIENTATION) not in UPRIGHT:
            yield "rotated", ""


def _pillow() -> Any:
    pillow = need("PIL.Image", "image")
    pillow.init()
    return pillow


def _bomb() -> type[Exception]:
    kind: type[Exception] = need("PIL.Image", "image").DecompressionBombError
    return kind
