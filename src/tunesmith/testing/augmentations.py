"""What an augmentation promises: seeded row by row, nothing at probability 0, no row lost, no missing value filled."""

from __future__ import annotations

import tempfile
from functools import partial
from pathlib import Path
from typing import get_args

import numpy as np
import polars as pl

from ..core.draws import Draws
from ..core.seed import stream
from ..parts.augmentations import (
    Augmentation,
    Change,
    ColumnAugmentation,
    ImageAugmentation,
    Kind,
    MixingAugmentation,
    Place,
    Question,
)
from . import tiny
from .columns import ROWS, plain, strange
from .promise import promise, same

SAMPLES: dict[Kind, tuple[str, ...]] = {"text": ("sentences", "words"), "number": ("fractions", "counts", "constant")}
WORDS = "answer: reply, response\ncharm: dream\nparcel: package, box\nred: scarlet\ngreen: lime\nblue: navy\n"
SHAPES = ((ROWS, 12, 10, 3), (5, 7, 7, 1), (3, 1, 1, 4))


def check(part: Augmentation) -> None:
    """Hold one augmentation to its promises; the files that it needs are written for it."""
    known = get_args(Kind)
    promise(bool(part.works_on) and part.works_on <= set(known), part, f"`works_on` must be of {', '.join(known)}")
    _refuses(part)
    if isinstance(part, ColumnAugmentation):
        promise(part.is_anew, part, "what changes values is asked anew in each epoch")
        with tempfile.TemporaryDirectory() as folder:
            for name in part.files():
                _provide(Path(folder, name))
            for kind in part.works_on:
                for name in SAMPLES[kind]:
                    _column(part, kind, name, Place(Path(folder)))
    if isinstance(part, ImageAugmentation):
        for shape in SHAPES:
            _images(part, shape)
    if isinstance(part, MixingAugmentation):
        for shape in SHAPES:
            _mixes(part, shape)


def _provide(path: Path) -> None:
    """Write a word list where a file is named, a tiny model that gives texts for texts where a folder is."""
    if path.suffix:
        path.write_text(WORDS, "utf-8")
    else:
        tiny.save_translator(path, seed=len(path.name))


def _refuses(part: Augmentation) -> None:
    """A column of another kind is refused with its name."""
    for kind in get_args(Kind):
        fact = part.refuse(Question({"age": kind}, "label", "class"))
        if kind not in part.works_on:
            promise(bool(fact) and "'age'" in str(fact), part, f"refuse() must name a lone {kind} column: {fact}")


def draws(seed: int, rows: int = ROWS) -> Draws:
    """Return the draws of some rows."""
    return Draws.of([f"row-{at}" for at in range(rows)]).named(seed, "kit")


def _column(part: ColumnAugmentation, kind: Kind, name: str, place: Place) -> None:
    kept = pl.Float64 if kind == "number" else pl.String
    train, other = (column[name].cast(kept).drop_nulls() for column in (plain(), strange()))
    before = train.clone()
    change = part.build(train, place)
    for column in (train, other, train[:1], train.clear()):
        result = _seeded(part, change, column)
        promise(result.dtype == kept, part, f"the change must give {kept} for a {kind} column, not {result.dtype}")
        promise(not result.has_nulls(), part, f"the change must leave no value of '{name}' missing")
        emptied = kept == pl.String and bool(((result == "") & (column != "")).any())
        promise(not emptied, part, "the change must not empty a text: that would count as missing")
    promise(train.equals(before), part, "build() and the change must leave the column they are given as it is")


def _seeded(part: ColumnAugmentation, change: Change, column: pl.Series) -> pl.Series:
    """Same draws, same values, in whichever order the rows come and whichever stand beside them."""
    own = draws(0, len(column))
    result = change(column, own)
    promise(len(result) == len(column), part, f"the change gave {len(result)} values for {len(column)} rows")
    promise(change(column, own).equals(result), part, "the same draws must give the same values")
    order = np.arange(len(column))[::-2]
    some = change(column[order], own.take(order))
    promise(some.equals(result[order]), part, "a row must be changed alike whatever rows stand beside it")
    return result


def _pictures(shape: tuple[int, ...]) -> np.ndarray:
    return stream(0, "images").integers(0, 256, shape).astype(np.uint8)


def _images(part: ImageAugmentation, shape: tuple[int, ...]) -> None:
    images, own = _pictures(shape), draws(0, shape[0])
    before = images.copy()
    result = part.apply(images, own)
    promise(result.shape == shape and result.dtype == np.uint8, part, f"images must stay uint8 {shape}")
    promise(same(images, before), part, "apply() must leave the images it is given as they are")
    promise(same(part.apply(images, own), result), part, "the same draws must give the same images")
    order = np.arange(shape[0])[::-2]
    some = part.apply(images[order], own.take(order))
    promise(same(some, result[order]), part, "an image must be changed alike whatever images stand beside it")
    never = part.model_copy(update={"probability": 0.0})
    promise(same(never.apply(images, own), images), part, "probability 0 must change nothing")
    empty = part.apply(images[:0], own.take(order[:0]))
    promise(empty.shape == (0, *shape[1:]), part, "no image in, no image out")


def _mixes(part: MixingAugmentation, shape: tuple[int, ...]) -> None:
    images, own = _pictures(shape), draws(0, shape[0])
    targets = np.eye(3)[np.arange(shape[0]) % 3]
    mixed = partial(part.mix, images, targets)
    (result, labels), (again, same_labels) = mixed(own), mixed(own)
    promise(result.shape == shape and result.dtype == np.uint8, part, f"images must stay uint8 {shape}")
    promise(same(result, again) and same(labels, same_labels), part, "the same draws must give the same rows")
    promise(np.allclose(labels.sum(axis=1), 1.0), part, "shares of the labels must sum to 1")
    order = np.arange(shape[0])[::-1]
    turned, turned_labels = part.mix(images[order], targets[order], own.take(order))
    promise(
        same(turned, result[order]) and same(turned_labels, labels[order]), part, "the order of rows must not count"
    )
    never = part.model_copy(update={"probability": 0.0}).mix(images, targets, own)
    promise(same(never[0], images) and same(never[1], targets), part, "probability 0 must change nothing")
