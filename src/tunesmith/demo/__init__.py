"""The rows of `tunesmith demo`: support messages with faults planted in them, and small images of digits."""

from __future__ import annotations

from importlib import resources
from pathlib import Path
from typing import Any

import numpy as np

from ..core.need import need


def data_path() -> Path:
    """Return where `tickets.csv` lies: columns `ticket_id message channel order_value team`, `team` to be learnt."""
    return Path(str(resources.files(__name__) / "tickets.csv"))


def write_digits(folder: Path) -> None:
    """Write scikit-learn's 1,797 handwritten digits as images of 8 x 8 pixels, a folder for each digit.

    The data are those of the UCI repository's Optical Recognition of Handwritten Digits, which scikit-learn carries.
    Raises MissingDependencyError without Pillow.
    """
    image: Any = need("PIL.Image", extra="image")
    digits = need("sklearn.datasets").load_digits()
    pixels = np.rint(digits.images * (255 / 16)).astype(np.uint8)
    for number, (one, label) in enumerate(zip(pixels, digits.target, strict=True)):
        place = folder / str(label)
        place.mkdir(parents=True, exist_ok=True)
        image.fromarray(one).save(place / f"{number:04}.png")
