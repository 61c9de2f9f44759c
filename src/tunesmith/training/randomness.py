"""The global random generators, as values that JSON can hold: taken out before a stop, put back at the resume."""

from __future__ import annotations

import random
from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ..core.errors import CheckpointError
from ..core.seed import derive


def random_state() -> dict[str, Any]:
    """Return the states of Python's, numpy's legacy and torch's global generators; of CUDA's too once it is in use.

    Words are lists of integers, bytes are hexadecimal texts: the result reads back from JSON as it was.
    """
    version, words, gauss = random.getstate()
    kind, keys, position, has_gauss, cached = np.random.get_state(legacy=True)
    state: dict[str, Any] = {
        "python": [version, list(words), gauss],
        "numpy": [kind, np.asarray(keys).tolist(), int(position), int(has_gauss), float(cached)],
        "torch": _text(torch.get_rng_state()),
    }
    if torch.cuda.is_initialized():
        state["cuda"] = [_text(one) for one in torch.cuda.get_rng_state_all()]
    return state


def restore_random(state: Mapping[str, Any]) -> None:
    """Put the generators back to where `random_state` found them.

    Raises CheckpointError, with nothing changed, where the state is of another number of GPUs than are here.
    """
    devices = state.get("cuda")
    if devices is not None and len(devices) != torch.cuda.device_count():
        fact = f"the stored random states are of {len(devices)} GPUs, and {torch.cuda.device_count()} are here"
        raise CheckpointError(f"{fact}; resume on the machine of before, or start the run anew")
    version, words, gauss = state["python"]
    random.setstate((version, tuple(words), gauss))
    kind, keys, *rest = state["numpy"]
    np.random.set_state((kind, np.array(keys, dtype=np.uint32), *rest))
    torch.set_rng_state(_bytes(state["torch"]))
    if devices is not None:
        torch.cuda.set_rng_state_all([_bytes(one) for one in devices])


def manual_seed(seed: int, *names: int) -> None:
    """Start torch's own stream, which drop-out draws from."""
    torch.manual_seed(derive(seed, "train", *names) % 2**63)


def _text(words: torch.Tensor) -> str:
    return words.numpy().tobytes().hex()


def _bytes(text: str) -> torch.Tensor:
    return torch.frombuffer(bytearray.fromhex(text), dtype=torch.uint8)
