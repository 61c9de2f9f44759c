"""Which weights are kept: the best by validation, their greedy average, and a running average."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from itertools import chain

import torch

Key = tuple[float, float]
Weights = dict[str, torch.Tensor]
SOUP = 3  # validations whose weights are kept for the average


def copies(tensors: Mapping[str, torch.Tensor]) -> Weights:
    """Return a copy of these weights."""
    return {name: one.detach().clone() for name, one in tensors.items()}


def put(net: torch.nn.Module, weights: Mapping[str, torch.Tensor]) -> None:
    """Set the weights and buffers of these names."""
    with torch.no_grad():
        for name, one in chain(net.named_parameters(), net.named_buffers()):
            if name in weights:
                one.copy_(weights[name])


@dataclass(slots=True)
class Best:
    """The best weights so far, best first, each with its key (metric, then minus loss), and how long ago they were."""

    size: int = 1
    kept: list[tuple[Key, Weights]] = field(default_factory=list)
    waited: int = 0

    @property
    def key(self) -> Key:
        """The best key."""
        return self.kept[0][0] if self.kept else (-math.inf, -math.inf)

    def offer(self, key: Key, weights: Callable[[], Weights]) -> bool:
        """Keep the weights if they are among the best, copied only then; return whether they are the very best."""
        is_best = key > self.key or not self.kept
        self.waited = 0 if is_best else self.waited + 1
        if len(self.kept) < self.size or key > self.kept[-1][0]:
            self.kept = sorted([*self.kept, (key, weights())], key=lambda one: one[0], reverse=True)[: self.size]
        return is_best

    def soup(self, measure: Callable[[Weights], Key]) -> tuple[Key, Weights, int]:
        """Return key, weights and number of members of the greedy soup.

        Members are added best first and stay where validation does not lose by them (Wortsman et al., ICML 2022,
        algorithm 1).
        """
        key, mean = self.kept[0]
        members = [mean]
        for _, candidate in self.kept[1:]:
            together = [*members, candidate]
            trial = {name: torch.stack([one[name] for one in together]).mean(0) for name in candidate}
            found = measure(trial)
            if found >= key:
                key, mean, members = found, trial, together
        return key, mean, len(members)


@dataclass(slots=True)
class Average:
    """An exponential running average of the weights, its start corrected as Adam corrects its moments."""

    decay: float
    sums: Weights = field(default_factory=dict)
    steps: int = 0

    def add(self, tensors: Mapping[str, torch.Tensor]) -> None:
        """Take in the weights after a step."""
        for name, one in tensors.items():
            self.sums.setdefault(name, torch.zeros_like(one))
        self.steps += 1
        now = [one.detach() for one in tensors.values()]
        torch._foreach_lerp_([self.sums[name] for name in tensors], now, 1.0 - self.decay)

    def weights(self) -> Weights:
        """Return the average."""
        scale = 1.0 / (1.0 - self.decay**self.steps)
        return {name: one * scale for name, one in self.sums.items()}
