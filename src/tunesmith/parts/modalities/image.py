"""Image: a picture, named by its path or held as bytes; the base says in which size it is seen."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, ClassVar

import numpy as np
import polars as pl
from pydantic import Field, PrivateAttr

from ...data import Dataset
from ...data.parallel import in_threads
from ...data.pictures import PIXELS
from ...data.pixels import Picture, upright_size
from . import Form, Modality

PATH = r"(?i)^[^\r\n]{1,1000}\.(?:jpe?g|jfif|png|gif|webp|bmp|tiff?|ppm|pgm|pbm|avif)\s*$"
SHARE = 0.8  # of a column's texts that end like an image, from which it is one of images
MEASURED = 256  # images whose size is looked at
USUAL = 224  # pixels, where no image tells


class Image(Modality):
    """A picture per row: a path from the folder of the data, or the bytes of a file (Parquet). None may be missing."""

    gives: ClassVar[Form] = "image"

    pixels: int = Field(PIXELS, ge=1)
    """The pixels (width times height) above which an image is not decoded but refused."""

    _rows: Dataset | None = PrivateAttr(None)

    @classmethod
    def suits(cls, column: pl.Series) -> float:
        """Return 0.95 for bytes, and for texts of which most end like the name of an image."""
        if column.dtype == pl.Binary:
            return 0.95
        if column.dtype != pl.String:
            return 0.0
        share: Any = column.drop_nulls().str.contains(PATH).mean()
        return 0.95 if (share or 0.0) >= SHARE else 0.0

    def within(self, rows: Dataset) -> Image:
        """Return this kind as it finds the files of these rows, and names their places."""
        located = self.model_copy()
        located._rows = rows
        return located

    def refuse(self, column: pl.Series) -> tuple[int, str] | None:
        """Name the first value that is neither text nor bytes; whether there is an image is told by decoding it."""
        if column.dtype in (pl.String, pl.Binary, pl.Null):
            return None
        present = column.is_not_null()
        position = int(present.arg_true()[0]) if present.any() else 0
        return (
            (position, f"{column[position]!r:.60} is neither a path nor the bytes of an image") if len(column) else None
        )

    def fit(self, column: pl.Series) -> dict[str, Any]:
        """Return the usual size of the training images in pixels: the medians of their heights and widths."""
        evenly = np.unique(np.linspace(0, max(len(column) - 1, 0), MEASURED).astype(np.int64))
        some = self._pictures(column, evenly.tolist() if len(column) else [])
        sizes = [size for size in in_threads(upright_size, some) if size is not None] or [(USUAL, USUAL)]
        height, width = np.median(np.array(sizes), axis=0).astype(int).tolist()
        return {"height": max(height, 1), "width": max(width, 1)}

    def encode(self, column: pl.Series, state: Mapping[str, Any]) -> np.ndarray:
        """Return a `Picture` per row, objects (rows,); those that cannot be read are refused where they are decoded."""
        pictures = np.empty(len(column), object)
        pictures[:] = self._pictures(column, range(len(column)))
        return pictures

    def _pictures(self, column: pl.Series, positions: Sequence[int]) -> list[Picture]:
        rows = self._rows
        folder = Path() if rows is None or rows.folder is None else rows.folder

        def picture(at: int) -> Picture:
            place = f"row {at + 1}" if rows is None else rows.place(at)
            return Picture.of(column[at], folder, f"{place}, column '{column.name}'", self.pixels)

        return list(in_threads(picture, positions))
