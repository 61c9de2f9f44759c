"""What a strategy promises: what it freezes stays, what it frees can move, and finishing changes no answer."""

from __future__ import annotations

import numpy as np
import torch

from ..core.errors import RecipeError
from ..core.seed import stream
from ..data import Encoded
from ..parts.bases._encoder import Encoder
from ..parts.strategies import Scene, Strategy
from . import tiny
from .promise import near, promise
from .rows import QUESTIONS, encoded

STEPS = 8  # of the loop: `release` is called before each
ROWS = 8
TARGETS: dict[str, np.ndarray] = {
    "class": np.arange(ROWS) % 2,
    "classes": np.eye(2, dtype=np.float32)[np.arange(ROWS) % 2],
    "value": np.linspace(-1.0, 1.0, ROWS, dtype=np.float32),
}


def check(strategy: Strategy) -> None:
    """Hold one strategy to its promises, on a very small BERT, in the order of a training."""
    body = tiny.encoder()
    names = list(body.state_dict())
    tensors = _tensors(body)
    untouched = _vectors(body, tensors)
    strategy.prepare(body, body.layers())
    promise(near(untouched, _vectors(body, tensors), 1e-5), strategy, "prepare() must leave the outputs as they are")
    _refused(strategy, body)
    _warm(strategy, body)
    warmed = _vectors(body, tensors)
    strategy.settle(body, body.layers())
    promise(near(warmed, _vectors(body, tensors), 1e-5), strategy, "settle() must leave the outputs as they are")
    _train(strategy, body, tensors)
    trained = _vectors(body, tensors)
    strategy.finish(body)
    left = sorted(set(names) ^ set(body.state_dict()))
    promise(not left, strategy, f"finish() must restore the architecture; too many or missing: {', '.join(left[:4])}")
    promise(near(trained, _vectors(body, tensors), 1e-4), strategy, "finish() must leave the outputs as they are")


def _refused(strategy: Strategy, body: Encoder) -> None:
    """See that a form of target that the strategy does not name is refused before anything moves."""
    forms = TARGETS.keys() if strategy.forms is None else strategy.forms
    promise(forms <= TARGETS.keys(), strategy, f"`forms` must be some of {', '.join(TARGETS)}")
    for form in sorted(TARGETS.keys() - forms):
        taken: list[int] = []
        try:
            _scene(strategy, body, form, taken)
        except RecipeError:
            promise(not taken, strategy, f"warm() must refuse the form '{form}' before its first step")
        else:
            promise(False, strategy, f"warm() must refuse the form '{form}' with a RecipeError")


def _warm(strategy: Strategy, body: Encoder) -> None:
    """Let the strategy train on its own aim, where it has one, for each form it names."""
    total = strategy.warm_steps(ROWS)
    for form in sorted((strategy.forms or TARGETS) if total else ()):
        before, taken = _weights(body), list[int]()
        told = _scene(strategy, body, form, taken)
        expected = list(range(1, total + 1))
        promise(taken == expected, strategy, f"warm() must take the {total} steps of warm_steps(), numbered from 1")
        promise(told == expected, strategy, "warm() must report every step")
        moved = any(not one.equal(before[name]) for name, one in _weights(body).items())
        promise(moved, strategy, "warm() moved no weight")


def _scene(strategy: Strategy, body: Encoder, form: str, taken: list[int]) -> list[int]:
    """Call `warm` with rows of that form; note the numbers of the steps, and return those that were reported."""
    told: list[int] = []
    inputs = body.prepare(_rows().inputs)
    rule = torch.optim.AdamW(strategy.ever_moves(body, body.layers()) or [torch.zeros(1)], lr=1e-3)

    def move(loss: torch.Tensor, number: int, total: int) -> None:
        is_sound = loss.shape == () and loss.requires_grad and bool(loss.isfinite())
        promise(is_sound, strategy, f"warm() must move with a finite scalar that has a gradient, not {loss}")
        promise(total == strategy.warm_steps(ROWS), strategy, f"warm() tells of {total} steps, warm_steps() of others")
        taken.append(number)
        rule.zero_grad(set_to_none=True)
        loss.backward()
        rule.step()

    body.train()
    strategy.warm(
        Scene(
            targets=TARGETS[form],
            form=form,
            vectors=lambda positions: body(body.collate(inputs, positions)),
            move=move,
            advance=lambda number, **fields: told.append(number),
            generator=stream(0, "strategies"),
        )
    )
    return told


def _train(strategy: Strategy, body: Encoder, tensors: dict[str, torch.Tensor]) -> None:
    """Take a few large steps; what is frozen must come out bit for bit as it went in."""
    ever = strategy.ever_moves(body, body.layers())
    promise(len({id(one) for one in ever}) == len(ever), strategy, "ever_moves() must give each weight once")
    before = _weights(body)
    rule = torch.optim.AdamW(ever, lr=1e-2) if ever else None
    for step in range(STEPS):
        _release(strategy, body, step / STEPS)
        body.train()
        if rule is not None and any(one.requires_grad for one in ever):
            rule.zero_grad(set_to_none=True)
            (body(tensors) * torch.linspace(-1.0, 1.0, body.width)).sum().backward()
            rule.step()
    moving = {name: one for name, one in body.named_parameters() if one.requires_grad}
    idle = sum(one.grad is None for one in moving.values())
    promise(not idle, strategy, f"{idle} weights may move but take no part in the output")
    held = {id(one) for one in ever}
    missed = [name for name, one in moving.items() if id(one) not in held]
    promise(not missed, strategy, f"weights that move are not in ever_moves(): {', '.join(missed[:4])}")
    stuck = len(ever) - len(moving)
    promise(not stuck, strategy, f"{stuck} weights of ever_moves() are not free even in the last step")
    after = _weights(body)
    strayed = [name for name, one in before.items() if name not in moving and not after[name].equal(one)]
    promise(not strayed, strategy, f"frozen weights moved: {', '.join(strayed[:4])}")
    moved = any(not after[name].equal(one) for name, one in before.items())
    promise(moved or not moving, strategy, "no weight moved although some may")


def _release(strategy: Strategy, body: Encoder, done: float) -> None:
    """See that `release` frees and never freezes, tells whether it did, and does it once."""
    before = _free(body)
    has_changed = strategy.release(body.layers(), done)
    after = _free(body)
    promise(before <= after, strategy, f"release() must not freeze what was free (at {done:.2f} of the steps)")
    promise(has_changed == (before != after), strategy, f"release() returned {has_changed} at {done:.2f} of the steps")
    promise(not strategy.release(body.layers(), done), strategy, "release() twice must free nothing more")


def _free(body: Encoder) -> set[str]:
    return {name for name, one in body.named_parameters() if one.requires_grad}


def _weights(body: Encoder) -> dict[str, torch.Tensor]:
    return {name: one.detach().clone() for name, one in body.named_parameters()}


def _rows() -> Encoded:
    return encoded(QUESTIONS["two classes"], frozenset({"text"}), ROWS, "strategies")


def _tensors(body: Encoder) -> dict[str, torch.Tensor]:
    return body.collate(body.prepare(_rows().inputs), np.arange(ROWS))


def _vectors(body: Encoder, tensors: dict[str, torch.Tensor]) -> np.ndarray:
    body.eval()
    with torch.no_grad():
        return body(tensors).double().numpy()
