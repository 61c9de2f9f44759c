"""Batch norm whose statistics move only as the recipe says, and that is folded into its convolution while they rest.

A batch norm has two faces: in training mode it normalises by the batch it is given, otherwise by stored statistics. The
usual code changes the face with `train()`, so that a few small batches of a new kind overwrite what a whole data set
taught. Here the policy decides (Ioffe & Szegedy, ICML 2015, for the layer; Li et al. 2016, AdaBN, for re-estimation).
"""

from __future__ import annotations

from collections.abc import Callable, Iterable
from contextlib import contextmanager
from typing import TYPE_CHECKING, Literal

import torch
from torch import nn
from torch.nn import functional

if TYPE_CHECKING:
    from collections.abc import Iterator

Policy = Literal["frozen", "re_estimated", "trained"]


class Moments:
    """Mean and variance of each channel over all batches it is shown, float64, by the law of total variance."""

    def __init__(self) -> None:
        self.count = 0
        self.mean = torch.zeros(())
        self.squares = torch.zeros(())

    def add(self, values_NCHW: torch.Tensor) -> None:
        """Take in a batch (Chan et al. 1979, equations 2.1)."""
        variance, mean = torch.var_mean(values_NCHW.float(), dim=(0, 2, 3), correction=0)
        count = values_NCHW.numel() // len(mean)
        total = self.count + count
        difference = mean.double() - self.mean
        self.squares = self.squares + variance.double() * count + difference**2 * (self.count * count / total)
        self.mean = self.mean + difference * (count / total)
        self.count = total

    @property
    def variance(self) -> torch.Tensor:
        """The variance of the population, as the layer divides by it."""
        return self.squares / self.count


class Norm(nn.BatchNorm2d):
    """A batch norm that stays with its stored statistics in training, too, unless `is_moving` says otherwise."""

    is_moving = False
    moments: Moments | None = None

    @classmethod
    def of(cls, norm: nn.BatchNorm2d) -> Norm:
        """Return a norm with the weights and statistics of a plain one."""
        made = cls(norm.num_features, norm.eps, norm.momentum, norm.affine)
        made.load_state_dict(norm.state_dict())
        return made.train(norm.training)

    def train(self, mode: bool = True) -> Norm:
        """Normalise by the batch only where the policy wants it."""
        return super().train(mode and self.is_moving)

    @property
    def is_folded(self) -> bool:
        """Whether its statistics never were any: somebody folded them into the weights, or it was never trained."""
        assert self.running_mean is not None
        assert self.running_var is not None
        return not self.running_mean.any() and bool((self.running_var == 1).all())

    def forward(self, values_NCHW: torch.Tensor) -> torch.Tensor:
        """Return the normalised values; while `moments` are taken, by the batch where there were statistics before."""
        if self.moments is None:
            return super().forward(values_NCHW)
        self.moments.add(values_NCHW)
        if self.is_folded:
            return super().forward(values_NCHW)
        return functional.batch_norm(values_NCHW, None, None, self.weight, self.bias, training=True, eps=self.eps)

    def settle(self) -> None:
        """Let the moments be the statistics from now on.

        Where the statistics were folded away, weight and bias change with them so that the layer's function stays.
        """
        assert self.moments is not None
        assert self.running_mean is not None
        assert self.running_var is not None
        mean, variance = self.moments.mean, self.moments.variance
        with torch.no_grad():
            if self.is_folded:
                self.bias.add_(self.weight * (mean / (1.0 + self.eps) ** 0.5).to(self.bias.dtype))
                self.weight.mul_(((variance + self.eps) / (1.0 + self.eps)).sqrt().to(self.weight.dtype))
            self.running_mean.copy_(mean)
            self.running_var.copy_(variance)
        self.moments = None


def convolved(convolution: nn.Module, norm: nn.Module, values_NCHW: torch.Tensor) -> torch.Tensor:
    """Return norm(convolution(values)).

    While the statistics rest, the norm is a factor and a summand per channel: they are multiplied into the kernel,
    so that no pass over the values is left of it, forward or back. Gradients reach every weight all the same.
    """
    is_plain = type(convolution) is nn.Conv2d and type(norm) is Norm
    if not is_plain or norm.training or norm.moments is not None:  # an adapter, say, has to be called
        return norm(convolution(values_NCHW))
    with torch.autocast(values_NCHW.device.type, enabled=False):
        scale = norm.weight * (norm.running_var + norm.eps).rsqrt()
        kernel = convolution.weight * scale[:, None, None, None]
        shift = norm.bias - norm.running_mean * scale
        if convolution.bias is not None:
            shift = shift + convolution.bias * scale
    shape = convolution.stride, convolution.padding, convolution.dilation, convolution.groups
    return functional.conv2d(values_NCHW, kernel, shift, *shape)


def norms(body: nn.Module) -> list[Norm]:
    """Return the body's batch norms, bottom to top."""
    return [one for one in body.modules() if isinstance(one, Norm)]


def install(body: nn.Module, policy: Policy) -> int:
    """Let the policy rule over every batch norm of the body; return how many there are."""
    for name, one in list(body.named_modules()):
        if isinstance(one, nn.BatchNorm2d) and not isinstance(one, Norm):
            body.set_submodule(name, Norm.of(one))
    found = norms(body)
    for norm in found:
        norm.is_moving = policy == "trained"
    return len(found)


def estimate(found: list[Norm], batches: Iterable[torch.Tensor], run: Callable[[torch.Tensor], object]) -> None:
    """Set the statistics of these batch norms to those of the batches, each of them passed to `run` once.

    Where real statistics are replaced, lower layers normalise by the batch meanwhile, as those above have to see what
    they will see later (Wu & Johnson 2021, section 3: precise statistics).
    """
    for norm in found:
        norm.moments = Moments()
    with _settled(found), torch.no_grad():
        for batch in batches:
            run(batch)


@contextmanager
def _settled(found: list[Norm]) -> Iterator[None]:
    """Settle the moments at the end, or drop them where something went wrong."""
    try:
        yield
        for norm in found:
            norm.settle()
    finally:
        for norm in found:
            norm.moments = None
