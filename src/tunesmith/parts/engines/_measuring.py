"""What the probe measures: fp32 products under each routing, and a training step in each precision and thread count."""

from __future__ import annotations

import math
import os
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING

from ...core.need import lazy
from ...core.threads import spread_workers

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")

ROWS, TOKENS, WIDTH, WIDE, HEADS = 16, 24, 384, 1536, 12  # a small batch in one layer of a small encoder
FEW_ROWS = 4  # enough to see an error, which float64 takes long to tell
SHAPES = ((ROWS * TOKENS, WIDTH, WIDE), (FEW_ROWS * TOKENS, WIDE, WIDTH), (TOKENS, WIDTH, WIDTH), (1, WIDTH, 8))
DTYPES = {"fp32": "float32", "bf16": "bfloat16"}
ROUNDS = 6
LIMIT_SECONDS = 0.3  # of one comparison, a round longer at most
HOPELESS = 2.0  # times the fastest; what is slower is measured no further
STATISTICS = Path("/proc/stat")
IDLE, WAITING = 3, 4  # columns of a core's line there
WAKING = 1 << 20  # numbers in an operation that is large enough for the pool of workers to start


def others_seconds(cores: Sequence[int]) -> float:
    """Return for how long other processes have computed on the cores since the start; 0 where the kernel tells not."""
    try:
        lines = STATISTICS.read_text().splitlines()
    except OSError:
        return 0.0
    names = {f"cpu{core}" for core in cores}
    spent = [line.split()[1:9] for line in lines if line.partition(" ")[0] in names]
    ticks = sum(int(one) for row in spent for at, one in enumerate(row) if at not in (IDLE, WAITING))
    return ticks / os.sysconf("SC_CLK_TCK") - time.process_time()


def set_threads(count: int, are_pinned: bool) -> None:
    """Let torch compute on so many threads, each worker on a core of its own where asked."""
    torch.set_num_threads(count)
    if are_pinned:
        spread_workers(lambda: torch.ones(WAKING, device="cpu").add_(1))


def can_route() -> bool:
    """Tell whether this torch has oneDNN, to which fp32 products could go."""
    return bool(torch.backends.mkldnn.is_available())


def has_bf16() -> bool:
    """Tell whether oneDNN computes bf16 here; without, a bf16 product takes seconds and needs no measuring."""
    return can_route() and bool(torch.ops.mkldnn._is_mkldnn_bf16_supported())


def set_routing(routing: str) -> None:
    """Choose the way of fp32 products: `ieee` (torch's own), or one of the modes that lead to oneDNN."""
    if can_route():
        torch.backends.mkldnn.matmul.fp32_precision = routing  # type: ignore[attr-defined]


@contextmanager
def undisturbed() -> Iterator[None]:
    """Begin with torch's own fp32 and no mode of the caller's, and put threads and routing back afterwards.

    The state of random generators is not touched: everything measured draws from a generator of its own.
    """
    threads = torch.get_num_threads()
    routing = torch.backends.mkldnn.matmul.fp32_precision if can_route() else ""  # type: ignore[attr-defined]
    try:
        set_routing("ieee")
        with torch.inference_mode(False), torch.enable_grad(), torch.autocast("cpu", enabled=False):
            yield
    finally:
        torch.set_num_threads(threads)
        set_routing(routing)


def products(routings: Sequence[str]) -> list[tuple[float, float]]:
    """Return (seconds, error) of fp32 products under each routing, on one thread: no barrier blurs the times.

    Forward products and both of their transposes in the backward pass, wide and narrow, large and of a single row,
    and the batched ones of attention. The error is the largest of all rows, see `row_error`.
    """
    draw = _source()
    pairs: list[tuple[torch.Tensor, torch.Tensor]] = []
    for rows, inner, width in SHAPES:
        inputs, weight, gradient = draw(rows, inner), draw(width, inner), draw(rows, width)
        pairs += [(inputs, weight.t()), (gradient, weight), (gradient.t(), inputs)]
    query, key = draw(ROWS * HEADS, TOKENS, WIDTH // HEADS), draw(ROWS * HEADS, TOKENS, WIDTH // HEADS)
    pairs += [(query, key.transpose(1, 2)), (query.transpose(1, 2), key)]
    exact = [left.double() @ right.double() for left, right in pairs]
    torch.set_num_threads(1)

    def work(routing: str) -> list[torch.Tensor]:
        set_routing(routing)
        return [left @ right for left, right in pairs]

    errors = [max(map(row_error, work(one), exact)) for one in routings]
    seconds = least_seconds([partial(work, one) for one in routings], LIMIT_SECONDS)
    set_routing("ieee")
    return list(zip(seconds, errors, strict=True))


def step_seconds(precisions: Sequence[str], threads: int) -> list[float]:
    """Return the seconds of one step, forward and backward, in each precision on so many threads."""
    tensors = _layer(ROWS)
    torch.set_num_threads(threads)
    return least_seconds([partial(_step, tensors, DTYPES[one]) for one in precisions], LIMIT_SECONDS)


def step_error(precision: str) -> float:
    """Return the largest error of a row of one step's outputs and weight gradients against float64."""
    tensors = _layer(FEW_ROWS)
    return max(map(row_error, _step(tensors, DTYPES[precision]), _step(tensors, "float64")))


def row_error(found: torch.Tensor, exact: torch.Tensor) -> float:
    """Return the largest |found - exact| / |exact| over the rows, with Euclidean norms over the last axis.

    A row that holds no finite number counts as wholly wrong, 1.
    """
    off = (found.double() - exact).norm(dim=-1) / exact.norm(dim=-1)
    return float(off.nan_to_num(nan=1.0, posinf=1.0).max())


def least_seconds(works: Sequence[Callable[[], object]], limit_seconds: float) -> list[float]:
    """Return each work's least time of some rounds. They take turns, so that a busy moment hits them alike.

    After the first round the hopeless are left out, and no round begins after the limit.
    """
    for work in works:
        work()
    least = [math.inf] * len(works)
    started = time.perf_counter()
    for turn in range(ROUNDS):
        hopeless = HOPELESS * min(least)
        for at, work in enumerate(works):
            if turn and least[at] > hopeless:
                continue
            began = time.perf_counter()
            work()
            least[at] = min(least[at], time.perf_counter() - began)
        if time.perf_counter() - started > limit_seconds:
            break
    return least


def _source() -> Callable[..., torch.Tensor]:
    """Return a function that draws fp32 normal numbers of a shape, the same ones in every call of the probe."""
    generator = torch.Generator("cpu").manual_seed(0)
    return lambda *shape: torch.randn(*shape, generator=generator, dtype=torch.float32, device="cpu")


def _layer(rows: int) -> list[torch.Tensor]:
    """Return states and the gradient above the layer, both (rows x tokens, width), and the layer's four weights."""
    draw = _source()
    shapes = ((3 * WIDTH, WIDTH), (WIDTH, WIDTH), (WIDE, WIDTH), (WIDTH, WIDE))
    weights = [(draw(*shape) / math.sqrt(shape[1])).requires_grad_() for shape in shapes]
    return [draw(rows * TOKENS, WIDTH), draw(rows * TOKENS, WIDTH), *weights]


def _step(tensors: Sequence[torch.Tensor], precision: str) -> list[torch.Tensor]:
    """Return a transformer layer's outputs (Vaswani et al., NeurIPS 2017, section 3.1) and its weights' gradients.

    The weights are cast at each step, states stay in the precision and attention is of batched products, as the
    encoders run on processors. Axis suffixes: N rows x tokens, D width, B rows x heads, T tokens, K width of a head.
    """
    dtype, functional = getattr(torch, precision), torch.nn.functional
    states_ND, gradient_ND = tensors[0].to(dtype), tensors[1].to(dtype)
    inward, outward, up, down = (one.to(dtype) for one in tensors[2:])
    heads = functional.linear(states_ND, inward).view(-1, TOKENS, 3, HEADS, WIDTH // HEADS).permute(2, 0, 3, 1, 4)
    query_BTK, key_BTK, value_BTK = heads.reshape(3, -1, TOKENS, WIDTH // HEADS)
    chances_BTT = torch.softmax(torch.bmm(query_BTK, key_BTK.transpose(1, 2)) / math.sqrt(WIDTH // HEADS), -1)
    mixed = torch.bmm(chances_BTT, value_BTK).view(-1, HEADS, TOKENS, WIDTH // HEADS).transpose(1, 2)
    seen_ND = functional.layer_norm(states_ND + functional.linear(mixed.reshape(-1, WIDTH), outward), (WIDTH,))
    inner = functional.gelu(functional.linear(seen_ND, up))
    outputs_ND = functional.layer_norm(seen_ND + functional.linear(inner, down), (WIDTH,))
    return [outputs_ND.detach(), *torch.autograd.grad(outputs_ND, tensors[2:], gradient_ND)]
