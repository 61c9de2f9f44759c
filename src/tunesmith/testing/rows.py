"""Encoded rows with a signal in them: what bases and baselines are held against."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from ..core.seed import stream
from ..data import Encoded
from ..data.forms import Form
from ..parts.bases import Shape
from . import images

CODES = 4  # of each category column, the unknown one among them
GOOD, BAD = ("fine", "great", "works"), ("broken", "late", "poor")


@dataclass(frozen=True, slots=True)
class Asked:
    """A kind of question: the target's form and how many numbers a model gives per row."""

    form: Form
    width: int


QUESTIONS = {
    "two classes": Asked("class", 2),
    "three classes": Asked("class", 3),
    "labels": Asked("classes", 2),
    "value": Asked("value", 1),
}


def encoded(asked: Asked, forms: frozenset[str], count: int, part: str) -> Encoded:
    """Return `count` rows of the split `part`, from which targets can be told: an image, two columns of any other form.

    About one number in twenty is NaN and one category in ten unknown, so nobody can be right on every row.
    """
    random = stream(0, "rows", part)
    numbers = random.normal(size=(count, 2)).astype(np.float32)
    codes = random.integers(0, CODES, size=(count, 2))
    signal = numbers[:, 0] + codes[:, 0] - (CODES - 1) / 2
    texts = np.array([_texts(one, at) for at, one in enumerate(signal)], dtype=object).reshape(count, 2)
    targets = _targets(asked, signal.astype(np.float32), numbers[:, 1])
    numbers[random.random(size=numbers.shape) < 0.05] = np.nan
    codes[random.random(size=codes.shape) < 0.1] = 0
    inputs: dict[str, Any] = {"text": texts, "numbers": numbers, "categories": codes.astype(np.int64)}
    if "words" in forms:
        inputs["words"] = np.empty((count, 1), object)
        inputs["words"][:, 0] = [row[0].split() for row in texts]
    if "chat" in forms:
        inputs["chat"] = np.empty((count, 1), object)
        inputs["chat"][:, 0] = [[{"role": "user", "content": row[1]}] for row in texts]
    if forms & {"image", "pixels"}:
        inputs |= {"image": images.pictures(signal, part), "pixels": images.pixels(signal, part)}
    ids = tuple(f"{part}-{at}" for at in range(count))
    return Encoded(ids, {form: inputs[form] for form in sorted(forms)}, targets)


def shape_of(forms: frozenset[str]) -> Shape:
    """Return how large such rows are."""
    categories = (CODES, CODES) if "categories" in forms else ()
    sizes = ((images.HEIGHT, images.WIDTH),) if "image" in forms else ()
    words = int("words" in forms)
    texts, numbers, chats = 2 * ("text" in forms), 2 * ("numbers" in forms), int("chat" in forms)
    return Shape(texts, numbers, categories, words=words, images=sizes, chats=chats)


def _texts(signal: float, at: int) -> list[str]:
    words = GOOD if signal > 0 else BAD
    return [f"it is {words[at % 3]}", f"order {at % 7} {words[(at + 1) % 3]}"]


def _targets(asked: Asked, signal: np.ndarray, other: np.ndarray) -> np.ndarray:
    if asked.form == "value":
        return signal / np.float32(1.5)
    if asked.form == "classes":
        return np.stack([signal > 0, other > 0], axis=1).astype(np.float32)
    edges = [0.0] if asked.width == 2 else [-0.7, 0.7]
    return np.digitize(signal, edges).astype(np.int64)


def error(asked: Asked, outputs: np.ndarray, targets: np.ndarray) -> float:
    """Return the share of wrong classes or labels, or the mean squared error."""
    if asked.form == "class":
        return float((outputs.argmax(axis=1) != targets).mean())
    if asked.form == "classes":
        return float(((outputs > 0) != (targets > 0.5)).mean())
    return float(((outputs[:, 0] - targets) ** 2).mean())


def constant_error(asked: Asked, targets: np.ndarray) -> float:
    """Return the error of the best constant answer."""
    if asked.form == "class":
        return 1.0 - float(np.bincount(targets).max()) / len(targets)
    if asked.form == "classes":
        share = targets.mean(axis=0)
        return float(np.minimum(share, 1 - share).mean())
    return float(targets.var())
