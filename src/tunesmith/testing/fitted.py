"""What a fitted base promises: it learns, it learns the same twice, and plain arrays hold all that it learnt."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
from safetensors.numpy import load, save

from ..data import Encoded
from ..parts.bases import Ask, FittedBase
from .promise import near, promise, same
from .rows import QUESTIONS, Asked, constant_error, encoded, error

TRAIN, REST = 240, 80
HEAVY = 20.0  # weight of the rows of one class


def check(base: FittedBase) -> None:
    """Hold one fitted base to its promises, for every kind of question."""
    promise(base.form == "fitted", base, f"`form` must be 'fitted', not '{base.form}'")
    for name, asked in QUESTIONS.items():
        train, validation, test = (
            encoded(asked, base.takes, rows, part)
            for part, rows in (("train", TRAIN), ("validation", REST), ("test", REST))
        )
        ask = Ask(asked.form, asked.width, 0)
        state = base.fit(train, validation, ask)
        outputs = _outputs(base, state, test, name)
        _learnt(base, outputs, test, asked)
        _kept(base, state, outputs, test)
        again = base.fit(train, validation, ask)
        alike = state.keys() == again.keys() and all(same(state[key], again[key]) for key in state)
        promise(alike, base, f"fit() twice on the same rows and seed must learn the same ({name})")
        if base.takes_weights and asked.form == "class":
            _heeds(base, train, validation, ask)


def _outputs(base: FittedBase, state: dict[str, np.ndarray], test: Encoded, name: str) -> np.ndarray:
    outputs, shape = base.outputs(state, test), (REST, QUESTIONS[name].width)
    promise(outputs.shape == shape, base, f"outputs() gave shape {outputs.shape} for {name}, not {shape}")
    promise(outputs.dtype == np.float64, base, f"outputs() must be float64, not {outputs.dtype}")
    promise(bool(np.isfinite(outputs).all()), base, f"outputs() must be finite ({name})")
    order = np.arange(REST)[::-7]
    some = base.outputs(state, test.take(order))
    promise(near(outputs[order], some, 1e-12), base, f"a row's output must not depend on the rows beside it ({name})")
    return outputs


def _learnt(base: FittedBase, outputs: np.ndarray, test: Encoded, asked: Asked) -> None:
    assert test.targets is not None
    ours, constant = error(asked, outputs, test.targets), constant_error(asked, test.targets)
    what = f"its error on new rows is {ours:.2f}, a constant answer's is {constant:.2f}"
    promise(ours < 0.7 * constant, base, f"it must learn what can plainly be told from the inputs; {what}")


def _heeds(base: FittedBase, train: Encoded, validation: Encoded, ask: Ask) -> None:
    """Weights on the rows of one class move the answers towards it."""
    first = [np.where(one.targets == 0, HEAVY, 1.0) for one in (train, validation)]
    weighed = [replace(one, weights=weights) for one, weights in zip((train, validation), first, strict=True)]
    plain, heavy = (
        base.outputs(base.fit(*some, ask), validation) for some in ((train, validation), (weighed[0], weighed[1]))
    )
    lead = [float((one[:, 0] - one[:, 1:].max(axis=1)).mean()) for one in (plain, heavy)]
    promise(lead[1] > lead[0], base, "fit() must heed the rows' weights: `takes_weights` says so")


def _kept(base: FittedBase, state: dict[str, np.ndarray], outputs: np.ndarray, test: Encoded) -> None:
    arrays = all(isinstance(one, np.ndarray) and one.dtype != object for one in state.values())
    promise(bool(state) and arrays, base, "fit() must give arrays by name, and no objects in them")
    loaded = load(save({name: np.ascontiguousarray(one) for name, one in state.items()}))
    promise(same(base.outputs(loaded, test), outputs), base, "outputs must be the same after saving and loading")
