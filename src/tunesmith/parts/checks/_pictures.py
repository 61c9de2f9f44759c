"""What is wrong with a picture, told by its header first and then by its pixels, and a small copy of it."""

from __future__ import annotations

import io
import re
import warnings
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.need import need
from ...data.pictures import ENDINGS, UNREADABLE, bomb, find_file, opened, pillow

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


def faults(folder: Path, name: str, limits: Limits) -> list[tuple[str, str]]:
    """Return (fault, detail) of one picture, none where it is sound. Raises MissingDependencyError without Pillow."""
    path, fault = find_file(folder, name)
    if path is None:
        return [(fault, "")]
    try:
        picture = opened(path)
    except bomb() as error:
        claimed = re.search(r"\d+", str(error))
        return [("oversized", f"{int(claimed[0]):,} pixels" if claimed else "")]
    except UNREADABLE:
        return [("no_image", "")]
    with picture:
        found = list(_of_header(picture, path, limits))
        if not any(fault == "oversized" for fault, _ in found):
            found += _of_pixels(picture)
    return found


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
    except (*UNREADABLE, bomb()):
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
        ground = pillow().new("RGBA", picture.size, "white")
        picture = pillow().alpha_composite(ground, picture)
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
    except (*UNREADABLE, bomb()) as error:
        yield ("truncated" if "truncated" in str(error) else "corrupt"), ""
        return
    with suppress(*UNREADABLE):  # broken metadata is no fault of the picture
        if picture.getexif().get(ORIENTATION) not in UPRIGHT:
            yield "rotated", ""
