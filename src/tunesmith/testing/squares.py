"""Pictures of coloured squares on noise with their boxes: a detection that a small net learns in seconds."""

from __future__ import annotations

from typing import Any

import numpy as np

from ..core.seed import stream

COLOURS = {"blue": (60, 90, 240), "red": (230, 60, 60)}


def squares(count: int, side: int = 48, most: int = 2) -> tuple[list[np.ndarray], list[list[dict[str, Any]]]]:
    """Return pictures, uint8 (side, side, 3), and the boxes of each, of which there are 0 to `most`, none overlapping.

    A box is `{x, y, width, height, label}` in pixels, its label the colour.
    """
    random = stream(0, "squares")
    pictures, rows = [], []
    for at in range(count):
        pixels = random.integers(0, 90, (side, side, 3)).astype(np.uint8)
        boxes: list[dict[str, Any]] = []
        for _ in range(at % (most + 1)):
            width, height = (int(one) for one in random.integers(side // 4, side // 2, 2))
            x, y = int(random.integers(0, side - width)), int(random.integers(0, side - height))
            label = sorted(COLOURS)[int(random.integers(0, len(COLOURS)))]
            box = {"x": float(x), "y": float(y), "width": float(width), "height": float(height), "label": label}
            if not any(_meet(box, other) for other in boxes):
                pixels[y : y + height, x : x + width] = COLOURS[label]
                boxes.append(box)
        pictures.append(pixels)
        rows.append(boxes)
    return pictures, rows


def _meet(one: dict[str, Any], other: dict[str, Any]) -> bool:
    across = one["x"] < other["x"] + other["width"] and other["x"] < one["x"] + one["width"]
    return across and one["y"] < other["y"] + other["height"] and other["y"] < one["y"] + one["height"]
