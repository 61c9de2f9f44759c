"""Reads a file of weights without running what is in it: safetensors, or torch's own format as tensors alone."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import torch
from safetensors.torch import load_file

from ...core.errors import DataError, first_line

WRAPPERS = ("state_dict", "model_state_dict", "model", "net", "weights")
"""Where training scripts put the weights beside an epoch's number and an optimiser's state."""
PREFIXES = ("module.", "_orig_mod.")
"""What torch's wrappers for several devices and for compiling put before each name."""
COUNTER = "num_batches_tracked"
SHOWN = 3
Tensors = dict[str, torch.Tensor]


def read(path: Path) -> Tensors:
    """Return the weights in a file by name, fp32, without what wrapped them.

    Raises DataError where there is no such file, or it is damaged, holds something else, or would run code.
    """
    if not path.is_file():
        fact = "is a folder" if path.is_dir() else "does not exist"
        raise DataError(f"base.path {path}: {fact}; name a file of weights such as weights.pt or model.safetensors")
    tensors = _unprefixed(_unwrapped(_content(path), path))
    sound = {name: one.float() if one.is_floating_point() else one for name, one in tensors.items()}
    broken = next((name for name, one in sound.items() if one.is_floating_point() and not one.isfinite().all()), None)
    if broken is not None:
        raise DataError(f"base.path {path}: the weights of '{broken}' are not finite; get a sound copy of the file")
    return sound


def _content(path: Path) -> Any:
    """Return what the file holds; torch's format is read as tensors and plain containers, never as code."""
    try:
        if path.suffix == ".safetensors":
            return load_file(path)
        return torch.load(path, map_location="cpu", weights_only=True)
    except Exception as error:  # in a damaged file the readers trip over anything
        reason = first_line(error)
        if type(error).__name__ == "UnpicklingError":
            raise DataError(
                f"base.path {path}: holds more than tensors and would run code when opened, or is no file of torch "
                f"({reason}); save the weights alone: torch.save(model.state_dict(), path)"
            ) from error
        raise DataError(
            f"base.path {path}: cannot be read as weights ({reason}); it has {path.stat().st_size:,} bytes: was it cut "
            "short? copy it anew, or save the weights again: torch.save(model.state_dict(), path)"
        ) from error


def _unwrapped(content: Any, path: Path) -> Tensors:
    """Return the first dictionary of tensors among the content and what usually wraps one."""
    inside = [content[name] for name in WRAPPERS if name in content] if isinstance(content, dict) else []
    for one in (content, *inside):
        if isinstance(one, dict) and one and all(isinstance(value, torch.Tensor) for value in one.values()):
            return {str(name): value.detach() for name, value in one.items()}
    found = type(content).__name__
    if isinstance(content, dict):
        found += f" with {', '.join(repr(name) for name in list(content)[:SHOWN]) or 'nothing in it'}"
    raise DataError(
        f"base.path {path}: holds no weights by name but a {found}; save torch.save(model.state_dict(), path)"
    )


def _unprefixed(tensors: Tensors) -> Tensors:
    for prefix in PREFIXES:
        if all(name.startswith(prefix) for name in tensors):
            tensors = {name.removeprefix(prefix): one for name, one in tensors.items()}
    return tensors


def differences(found: Tensors, expected: Tensors) -> list[str]:
    """Return in words how weights differ from those that are expected: names first, then shapes; few of each.

    How many batches a norm has seen is not looked at: old files do not have it, and nothing follows from it.
    """
    missing = [name for name in expected if name not in found and not name.endswith(COUNTER)]
    foreign = [name for name in found if name not in expected]
    told = [_some("missing", missing)] if missing else []
    told += [_some("unexpected", foreign)] if foreign else []
    for name, one in expected.items():
        if name in found and found[name].shape != one.shape:
            told.append(f"'{name}' has shape {tuple(found[name].shape)} instead of {tuple(one.shape)}")
    return told[: SHOWN + 2]


def _some(word: str, names: list[str]) -> str:
    more = f" and {len(names) - SHOWN} more" if len(names) > SHOWN else ""
    return f"{word} {', '.join(names[:SHOWN])}{more}"
