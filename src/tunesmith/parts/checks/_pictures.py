"""What is wrong with a picture, told by its header first and then by its pixels, and a small copy of it."""

from __future__ import annotations

import io
import re
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, BinaryIO

from ...data.pictures import ENDINGS, UNREADABLE, bomb, find_file, opened
from ...data.pixels import in_rgb

if TYPE_CHECKING:
    from PIL.Image import Image

USUAL_MODES = ("L", "RGB", "RGBA", "P")
UPRIGHT = (None, 0, 1)
ORIENTATION = 0x0112  # the EXIF tag that says how a camera was held


@dataclass(frozen=True, slots=True)
class Limits:
    """What a picture may be: sides of at least `smallest` pixels, at most `pixels` in all."""

    smallest: int
    pixels: int


def faults(folder: Path, cell: str | bytes, limits: Limits) -> list[tuple[str, str]]:
    """Return (fault, detail) of a picture, named by its path or given as bytes; none where it is sound.

    Raises MissingDependencyError without Pillow.
    """
    if isinstance(cell, bytes):
        return _of_file(io.BytesIO(cell), None, limits) if cell else [("empty", "")]
    path, fault = find_file(folder, cell)
    return [(fault, "")] if path is None else _of_file(path, path.suffix, limits)


def _of_file(file: Path | BinaryIO, ending: str | None, limits: Limits) -> list[tuple[str, str]]:
    try:
        picture = opened(file)
    except bomb() as error:
        claimed = re.search(r"\d+", str(error))
        return [("oversized", f"{int(claimed[0]):,} pixels" if claimed else "")]
    except UNREADABLE:
        return [("no_image", "")]
    with picture:
        found = list(_of_header(picture, ending, limits))
        if not any(fault == "oversized" for fault, _ in found):
            found += _of_pixels(picture)
    return found


def _of_header(picture: Image, ending: str | None, limits: Limits) -> Iterator[tuple[str, str]]:
    """Yield what is known without decoding; bytes have no name and so no ending, None."""
    size = f"{picture.width} x {picture.height} pixels"
    if picture.width * picture.height > limits.pixels:
        yield "oversized", size
    if min(picture.size) < limits.smallest:
        yield "tiny", size
    held = "JPEG" if picture.format == "MPO" else str(picture.format)
    if ending is not None and ENDINGS.get(ending.lower()) != held:
        yield "mislabelled", f"{held} in {ending or 'a name without ending'}"
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
    except (*UNREADABLE, bomb()) as error:
        yield ("truncated" if "truncated" in str(error) else "corrupt"), ""
        return
    try:
        in_rgb(picture)
    except UNREADABLE:
        yield "unconvertible", picture.mode
    with suppress(*UNREADABLE):  # broken metadata is no fault of the picture
        if picture.getexif().get(ORIENTATION) not in UPRIGHT:
            yield "rotated", ""
