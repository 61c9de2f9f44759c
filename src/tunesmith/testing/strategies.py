"""What a strategy promises: what it freezes stays, what it frees can move, and finishing changes no answer."""

from __future__ import annotations

import numpy as np
import torch

from ..parts.bases._encoder import Encoder
from ..parts.strategies import Strategy
from . import tiny
from .promise import near, promise
from .rows import QUESTIONS, encoded

STEPS = 3
ROWS = 8


def check(strategy: Strategy) -> None:
    """Hold one strategy to its promises, on a very small BERT."""
    body = tiny.encoder()
    names = list(body.state_dict())
    tensors = _tensors(body)
    untouched = _vectors(body, tensors)
    strategy.prepare(body, body.layers())
    promise(near(untouched, _vectors(body, tensors), 1e-5), strategy, "prepare() must leave the outputs as they are")
    _train(strategy, body, tensors)
    trained = _vectors(body, tensors)
    strategy.finish(body)
    left = sorted(set(names) ^ set(body.state_dict()))
    promise(not left, strategy, f"finish() must restore the architecture; too many or missing: {', '.join(left[:4])}")
    promise(near(trained, _vectors(body, tensors), 1e-4), strategy, "finish() must leave the outputs as they are")


def _train(strategy: Strategy, body: Encoder, tensors: dict[str, torch.Tensor]) -> None:
    """Take a few large steps; what is frozen must come out bit for bit as it went in."""
    moving = [one for one in body.parameters() if one.requires_grad]
    before = {name: one.detach().clone() for name, one in body.named_parameters()}
    if moving:
        rule = torch.optim.AdamW(moving, lr=1e-2)
        body.train()
        for _ in range(STEPS):
            rule.zero_grad(set_to_none=True)
            (body(tensors) * torch.linspace(-1.0, 1.0, body.width)).sum().backward()
            rule.step()
        idle = sum(one.grad is None for one in moving)
        promise(not idle, strategy, f"{idle} weights may move but take no part in the output")
    after = dict(body.named_parameters())
    strayed = [name for name, one in before.items() if not after[name].requires_grad and not after[name].equal(one)]
    promise(not strayed, strategy, f"frozen weights moved: {', '.join(strayed[:4])}")
    moved = any(not after[name].equal(one) for name, one in before.items())
    promise(moved or not moving, strategy, "no weight moved although some may")


def _tensors(body: Encoder) -> dict[str, torch.Tensor]:
    rows = encoded(QUESTIONS["two classes"], frozenset({"text"}), ROWS, "strategies")
    return body.collate(body.prepare(rows.inputs), np.arange(ROWS))


def _vectors(body: Encoder, tensors: dict[str, torch.Tensor]) -> np.ndarray:
    body.eval()
    with torch.no_grad():
        return body(tensors).double().numpy()
