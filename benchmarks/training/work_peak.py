"""The fastest matrix product of this machine: `python -m training.work_peak JOB.json`.

Squares and the shapes of a MiniLM layer, in fp32 (torch's own way, and the ways through oneDNN that are as exact) and
in bf16; the best of several rounds counts. Threads are torch's default; the caller binds them to cores.
"""

from __future__ import annotations

import json
import sys
import time
from pathlib import Path
from typing import Any

import torch

SQUARES = (512, 1024, 2048)
MINILM = ((1536, 384, 1152), (1536, 384, 1536), (1536, 1536, 384))  # rows x tokens, width in, width out
EXACT = 1e-5  # of a row's norm: above, a way of fp32 products is no fp32


def main(job: dict[str, Any]) -> dict[str, Any]:
    squares = [one for one in SQUARES if one <= job.get("largest", 2048)]
    shapes = [(one, one, one) for one in squares] + list(MINILM)
    rounds = job.get("rounds", 8)
    found = {}
    for routing in ("ieee", "tf32", "bf16") if torch.backends.mkldnn.is_available() else ("ieee",):
        _route(routing)
        if routing == "ieee" or _error() < EXACT:
            found[f"fp32, {routing}"] = {_name(one): _rate(one, torch.float32, rounds) for one in shapes}
    _route("ieee")
    if torch.ops.mkldnn._is_mkldnn_bf16_supported():
        found["bf16"] = {_name(one): _rate(one, torch.bfloat16, rounds) for one in shapes}
    best = {name: max(rates.values()) for name, rates in found.items()}
    exact = max(rate for name, rate in best.items() if name.startswith("fp32"))
    peaks = {"fp32": exact} | ({"bf16": best["bf16"]} if "bf16" in best else {})
    return {"peaks": peaks, "gflops": found, "threads": torch.get_num_threads()}


def _route(routing: str) -> None:
    if torch.backends.mkldnn.is_available():
        torch.backends.mkldnn.matmul.fp32_precision = routing  # type: ignore[attr-defined]


def _error() -> float:
    left, right = torch.randn(64, 384), torch.randn(384, 1536)
    exact = left.double() @ right.double()
    return float((((left @ right).double() - exact).norm(dim=1) / exact.norm(dim=1)).max())


def _rate(shape: tuple[int, int, int], dtype: torch.dtype, rounds: int) -> float:
    """Return the GFLOP/s of the fastest round."""
    rows, inner, width = shape
    left, right = torch.randn(rows, inner).to(dtype), torch.randn(inner, width).to(dtype)
    out = torch.empty(rows, width, dtype=dtype)
    torch.mm(left, right, out=out)
    least = float("inf")
    for _ in range(rounds):
        begun = time.perf_counter()
        torch.mm(left, right, out=out)
        least = min(least, time.perf_counter() - begun)
    return 2e-9 * rows * inner * width / least


def _name(shape: tuple[int, int, int]) -> str:
    return " x ".join(map(str, shape))


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text("utf-8")))))
