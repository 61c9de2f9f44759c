"""What a base promises: vectors for rows, each by itself, and the same vectors when put together anew."""

from __future__ import annotations

import tempfile
from dataclasses import replace
from itertools import combinations
from pathlib import Path

import numpy as np
import torch

from ..parts.bases import Base, FittedBase, Shape
from ..parts.bases._encoder import Arrays, Encoder
from . import fitted, tiny
from .promise import near, promise
from .rows import QUESTIONS, encoded, shape_of

ROWS = 6
INPUT_FORMS = frozenset({"text", "chat", "words", "numbers", "categories", "image"})
ANSWERS = ("it is fine", "late", "", "great works", "order 7", "it is poor")


def check(base: Base) -> None:
    """Hold one base to its promises; one that loads a `path` is given a very small model of its own form there."""
    promise(bool(base.takes) and base.takes <= INPUT_FORMS, base, f"`takes` must be some of {sorted(INPUT_FORMS)}")
    if isinstance(base, FittedBase):
        fitted.check(base)
    elif "path" in type(base).model_fields:
        with tempfile.TemporaryDirectory() as folder:
            _differentiable(base.model_copy(update={"path": str(_saved(base, Path(folder)))}))
    else:
        _differentiable(base)


def _saved(base: Base, folder: Path) -> Path:
    """Write what the base can load, and return where: for a sample's path with an ending, a file of weights."""
    if base.is_translator:
        tiny.save_translator(folder)
    elif "answer" in base.gives:
        tiny.save_language(folder)
    elif "image" not in base.takes:
        tiny.save(folder)
    elif "object" in base.gives:
        tiny.save_detector(folder)
    elif Path(getattr(base, "path", "")).suffix:
        tiny.save_weights(folder / "weights.pt")
        return folder / "weights.pt"
    else:
        tiny.save_network(folder)
    return folder


def _differentiable(base: Base) -> None:
    promise(base.form == "differentiable", base, f"`form` is '{base.form}', but it is no FittedBase")
    for forms in _choices(base.takes):
        inputs = encoded(QUESTIONS["two classes"], forms, ROWS, "bases").inputs
        shape = replace(shape_of(forms), reads="row" if "row" in base.gives else sorted(base.gives)[0])
        body = base.build(shape, 1)
        prepared = body.prepare(body.with_labels(inputs, np.array(ANSWERS, object)))
        vectors = _vectors(base, body, prepared)
        _layers(base, body)
        _restored(base, body, shape, vectors, prepared)
        if not base.is_pretrained:
            _seeded(base, body, shape)


def _choices(takes: frozenset[str]) -> list[frozenset[str]]:
    """Return every selection of input forms a base may be given."""
    ordered = sorted(takes)
    sizes = range(1, len(ordered) + 1)
    return [frozenset(some) for size in sizes for some in combinations(ordered, size)]


def _vectors(base: Base, body: Encoder, inputs: Arrays) -> np.ndarray:
    """Return the vectors of all rows, having seen that a row's own do not depend on the batch."""
    whole = _run(body, inputs, np.arange(ROWS))
    units = body.units(inputs)
    lines = ROWS if units is None else int(units.sum())
    promise(whole.shape == (lines, body.width), base, f"vectors have shape {whole.shape}, not ({lines}, {body.width})")
    promise(bool(np.isfinite(whole).all()), base, "vectors must be finite")
    alone = np.concatenate([_run(body, inputs, np.array([row])) for row in range(ROWS)])
    promise(near(whole, alone, 1e-5), base, "a row's vector must not depend on the rows beside it")
    lengths = body.lengths(inputs)
    promise(lengths is None or len(lengths) == ROWS, base, "lengths() must give one number per row, or None")
    return whole


def _run(body: Encoder, inputs: Arrays, positions: np.ndarray) -> np.ndarray:
    body.eval()
    with torch.no_grad():
        return body(body.collate(inputs, positions)).double().numpy()


def _layers(base: Base, body: Encoder) -> None:
    held = {id(one) for layer in body.layers() for module in layer for one in module.parameters()}
    missed = [name for name, one in body.named_parameters() if id(one) not in held]
    promise(not missed, base, f"layers() must hold every weight; missing: {', '.join(missed[:4])}")


def _restored(base: Base, body: Encoder, shape: Shape, vectors: np.ndarray, inputs: Arrays) -> None:
    assets = body.assets()
    are_bytes = all(isinstance(one, bytes) for one in assets.values())
    promise(are_bytes, base, "assets() must be bytes by file name")
    again = base.restore(shape, assets)
    again.load_state_dict(body.state_dict())
    texts = {form: array for form, array in inputs.items() if form in INPUT_FORMS}
    labelled = again.with_labels(texts, np.array(ANSWERS, object))
    found = _run(again, again.prepare(labelled), np.arange(ROWS))
    promise(near(vectors, found, 1e-6), base, "restore() with the same weights must give the same vectors")


def _seeded(base: Base, body: Encoder, shape: Shape) -> None:
    state = torch.random.get_rng_state()
    weights, again = body.state_dict(), base.build(shape, 1).state_dict()
    promise(torch.random.get_rng_state().equal(state), base, "build() must not touch torch's global random numbers")
    alike = all(again[name].equal(one) for name, one in weights.items())
    promise(alike, base, "build() with the same seed must give the same weights")
    other = base.build(shape, 2).state_dict()
    promise(any(not other[name].equal(one) for name, one in weights.items()), base, "build() must read its seed")
