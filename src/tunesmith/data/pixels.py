"""Images as arrays of pixels: upright, in RGB, on white, in the size that a net sees."""

from __future__ import annotations

import base64
import hashlib
import io
from collections.abc import Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Literal

import numpy as np

from ..core.errors import DataError
from ..core.need import need
from .parallel import in_threads
from .pictures import UNREADABLE, bomb, find_file, no_warnings, opened, pillow

if TYPE_CHECKING:
    from PIL.Image import Image

FORMULA = 1  # counted up whenever the same file comes to other pixels
SPARE = 2  # a JPEG is decoded at a fraction of its size, but at this many times the size it is brought to
ORIENTATION, LYING = 0x0112, 5  # the EXIF tag of how a camera was held, from which number on on its side
SIXTEEN_BITS = ("I;16", "I;16B", "I;16L", "I;16N")
REMEDY = "replace the image or remove the row; `clean: {images: drop}` does so before training"


@dataclass(frozen=True, slots=True)
class View:
    """What a net sees of an image: `height` x `width` pixels, and how their numbers are scaled.

    The shorter side is resized to `short_side`, and what sticks out of the middle is cut off; None resizes straight to
    height x width, whatever becomes of the proportions. A pixel's number is `(value / 255 - mean) / deviation`, by
    colour: red, green, blue.
    """

    height: int
    width: int
    short_side: int | None
    mean: tuple[float, ...]
    deviation: tuple[float, ...]
    interpolation: Literal["bilinear", "bicubic"] = "bilinear"


@dataclass(frozen=True, slots=True)
class Picture:
    """A row's image: a file or its bytes, the sha256 of its content, and its place for messages.

    As text it is the digest, so that what is kept under the text of a row's inputs follows from what the file holds.
    `source` is a fact in words where there is no such file. `pixels` is the size (width times height) above which it is
    not decoded.
    """

    source: Path | bytes | str
    digest: str
    place: str = field(compare=False)
    pixels: int

    @classmethod
    def of(cls, cell: str | bytes | None, folder: Path, place: str, pixels: int) -> Picture:
        """Return the picture that a cell names by its path from a folder, or holds."""
        source = cell if isinstance(cell, bytes) and cell else _found(cell, folder)
        try:
            return cls(source, _digest(source), place, pixels)
        except OSError as error:
            return cls(f"'{cell!s}' cannot be read ({error.strerror})", "", place, pixels)

    def __str__(self) -> str:
        return self.digest

    def open(self) -> Image:
        """Return the image, of which only the header was read. Raises what `pictures.opened` raises, and ValueError."""
        if isinstance(self.source, str):
            raise ValueError(self.source)
        return opened(self.source if isinstance(self.source, Path) else io.BytesIO(self.source))


def _found(cell: str | bytes | None, folder: Path) -> Path | str:
    """Return the file of a path, or in words why there is none."""
    if not cell or not isinstance(cell, str):
        return "there is no image"
    path, fault = find_file(folder, cell.strip())
    facts = {
        "outside": f"'{cell}' leads out of the folder {folder}",
        "missing": f"there is no file '{cell}' in {folder.absolute()}",
        "empty": f"'{cell}' is an empty file (0 bytes)",
    }
    return facts[fault] if path is None else path


def _digest(source: Path | bytes | str) -> str:
    """Return the sha256 of a file's content or of bytes; empty where there is neither."""
    if isinstance(source, str):
        return ""
    if isinstance(source, bytes):
        return hashlib.sha256(source).hexdigest()
    with source.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


def thumbnail(picture: Picture, side: int = 96) -> str | None:
    """Return a `data:` address of the image at most `side` pixels wide and high, None where it cannot be read.

    It is drawn anew, without the original's bytes or metadata; small images keep their pixels.
    """
    try:
        with no_warnings(), picture.open() as image:
            if image.width * image.height > picture.pixels:
                return None
            image.draft("RGB", (SPARE * side, SPARE * side))
            small = in_rgb(upright(image))
            small.thumbnail((side, side))
            out = io.BytesIO()
            small.save(out, "PNG" if max(small.size) < side else "JPEG", quality=80)
    except (*UNREADABLE, bomb()):
        return None
    kind = "png" if max(small.size) < side else "jpeg"
    return f"data:image/{kind};base64,{base64.b64encode(out.getvalue()).decode()}"


def upright_size(picture: Picture) -> tuple[int, int] | None:
    """Return height and width as the image is looked at, from its header; None where it cannot be read."""
    try:
        with picture.open() as image:
            is_lying = image.getexif().get(ORIENTATION, 1) >= LYING
            return (image.width, image.height) if is_lying else (image.height, image.width)
    except (*UNREADABLE, bomb()):
        return None


def decoder() -> str:
    """Return what pixels follow from beside the files and the view, as text."""
    return f"{FORMULA} Pillow {need('PIL', extra='image').__version__}"


def fill(pictures: Sequence[Picture], view: View, out: np.ndarray) -> None:
    """Write the images into `out`, uint8 (rows, height, width, 3).

    Raises DataError that names the first image that cannot be read, and says how many there are.
    """
    faults: list[str] = []
    with no_warnings():
        for at, found in enumerate(in_threads(lambda one: _decoded_or_fault(one, view), pictures)):
            if isinstance(found, str):
                faults.append(f"{pictures[at].place}: {found}")
            else:
                out[at] = found
    if faults:
        more = f" (and {len(faults) - 1} more)" if len(faults) > 1 else ""
        raise DataError(f"{faults[0]}{more}; {REMEDY}")


def decoded(picture: Image, view: View) -> np.ndarray:
    """Return an image in RGB as the net sees it, uint8 (height, width, 3).

    It is turned as its EXIF entry says; what is transparent shows white; of an animation the first frame counts; of
    16 bits the upper 8. Raises ValueError for numbers without a fixed range, and what the decoder raises.
    """
    least = view.short_side or max(view.height, view.width)
    picture.draft("RGB", (SPARE * least, SPARE * least))
    whole = in_rgb(upright(picture))
    resample = pillow().Resampling[view.interpolation.upper()]
    if view.short_side is None:
        small = whole.resize((view.width, view.height), resample)
    else:
        scale = view.short_side / min(whole.size)
        size = [max(round(side * scale), view.short_side) for side in whole.size]
        left, top = (size[0] - view.width) // 2, (size[1] - view.height) // 2
        small = whole.resize((size[0], size[1]), resample).crop((left, top, left + view.width, top + view.height))
    return np.asarray(small)


def _decoded_or_fault(picture: Picture, view: View) -> np.ndarray | str:
    """Return the pixels, or in words why there are none."""
    if isinstance(picture.source, str):
        return picture.source
    name = "the image" if isinstance(picture.source, bytes) else f"'{picture.source.name}'"
    try:
        image = picture.open()
    except bomb():
        return f"{name} claims more pixels than are decoded"
    except UNREADABLE:
        return f"{name} is no image in a known format"
    with image:
        if image.width * image.height > picture.pixels:
            size = f"{image.width:,} x {image.height:,}"
            return (
                f"{name} has {size} pixels, more than the {picture.pixels:,} that `{{kind: image, pixels: ...}}` allows"
            )
        try:
            return decoded(image, view)
        except bomb():
            return f"{name} claims more pixels than are decoded"
        except UNREADABLE as error:
            return f"{name} is broken: {error}"


def upright(picture: Image) -> Image:
    """Return the image turned as its EXIF entry says; an entry that cannot be read says nothing."""
    with suppress(*UNREADABLE):
        turned = need("PIL.ImageOps", extra="image").exif_transpose(picture)
        return picture if turned is None else turned
    return picture


def in_rgb(picture: Image) -> Image:
    """Return the image in RGB, what is transparent on white, of 16 bits the upper 8.

    Raises ValueError where its numbers have no fixed range, or are no colours.
    """
    if picture.mode in SIXTEEN_BITS or picture.mode == "I":
        values = np.asarray(picture)
        if values.min() < 0 or values.max() > 0xFFFF:
            raise ValueError("its 32-bit numbers have no fixed range; save it with 8 or 16 bits")
        return pillow().fromarray((values >> 8).astype(np.uint8)).convert("RGB")
    if picture.mode == "F":
        raise ValueError("its numbers are fractions without a fixed range; save it with 8 or 16 bits")
    if "A" in picture.getbands() or "a" in picture.getbands() or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        ground = pillow().new("RGBA", picture.size, "white")
        picture = pillow().alpha_composite(ground, picture)
    return picture.convert("RGB")
