"""The state of a training run as two files: the tensors, and a JSON of all else with their digest and its own."""

from __future__ import annotations

import json
import os
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import torch
from safetensors import SafetensorError
from safetensors.torch import load_file, save_file

from ..core.disk import sync_file, sync_folder
from ..core.errors import VerificationError
from ..core.ids import digest, file_digest

TENSORS = "tensors.safetensors"
STATE = "state.json"


@dataclass(frozen=True, slots=True, eq=False)
class State:
    """What a run needs to go on after `step` optimiser steps: tensors by name, and values that JSON can hold."""

    step: int
    tensors: Mapping[str, torch.Tensor]
    values: dict[str, Any]

    def __post_init__(self) -> None:
        if self.step < 0:
            raise ValueError(f"step {self.step} is before the first one; count from 0")


def write_state(folder: Path, state: State, key: str) -> None:
    """Write the state of a run into a new folder, durably. Raises OSError or SafetensorError where the disk refuses."""
    folder.mkdir()
    path = folder / TENSORS
    save_file(_separate(state.tensors), path)
    sync_file(path)
    tensors = {"sha256": file_digest(path), "bytes": path.stat().st_size}
    content = {"key": key, "step": state.step, "values": state.values, "tensors": tensors}
    with (folder / STATE).open("wb") as file:
        file.write(_serialised({"sha256": digest(_serialised(content)), "content": content}))
        file.flush()
        os.fsync(file.fileno())
    sync_folder(folder)


def _separate(tensors: Mapping[str, torch.Tensor]) -> dict[str, torch.Tensor]:
    """Return tensors as the format wants them, contiguous and sharing nothing: copied only where they are not."""
    separate, seen = {}, set()
    for name, tensor in tensors.items():
        is_ready = tensor.is_contiguous() and tensor.data_ptr() not in seen
        separate[name] = tensor.detach() if is_ready else tensor.detach().clone(memory_format=torch.contiguous_format)
        seen.add(tensor.data_ptr())
    return separate


def read_state(folder: Path, key: str) -> State:
    """Return the state in a folder, its tensors mapped from the file. Raises VerificationError where not whole."""
    content, path = _content(folder, key), folder / TENSORS
    with _reading(path):
        expected, found = content["tensors"]["sha256"], file_digest(path)
        if found != expected:
            raise _refusal(path, f"was altered (expected sha256 {expected}, found {found})")
        return State(content["step"], load_file(path), content["values"])


def is_whole(folder: Path, key: str) -> bool:
    """Return whether a folder holds a state of that run, by all but the bytes of its tensors."""
    try:
        _content(folder, key)
    except VerificationError:
        return False
    return True


def _content(folder: Path, key: str) -> dict[str, Any]:
    """Return what a checkpoint's JSON holds, checked, with the size of the tensors but not yet their bytes."""
    path = folder / STATE
    with _reading(path):
        try:
            document = json.loads(path.read_bytes())
            content: dict[str, Any] = document["content"]
            owner, size = content["key"], content["tensors"]["bytes"]
            is_intact = digest(_serialised(content)) == document["sha256"]
        except (ValueError, LookupError, TypeError):
            is_intact = False
        if not is_intact:
            raise _refusal(path, "was altered or cut short: its content is not what its own sha256 says")
    if owner != key:
        remedy = "give every run a folder of its own"
        raise VerificationError(f"{path}: is of another run (key {owner}, this run's is {key}); {remedy}")
    tensors = folder / TENSORS
    with _reading(tensors):
        found = tensors.stat().st_size
        if found != size:
            raise _refusal(tensors, f"is cut short or was altered: {found} bytes instead of {size}")
    return content


@contextmanager
def _reading(path: Path) -> Iterator[None]:
    try:
        yield
    except FileNotFoundError as error:
        raise _refusal(path, "is gone") from error
    except OSError as error:
        raise _refusal(path, f"cannot be read ({error.strerror})") from error
    except SafetensorError as error:
        raise _refusal(path, f"is not a safetensors file ({error})") from error


def _refusal(path: Path, fact: str) -> VerificationError:
    return VerificationError(f"{path}: {fact}; this checkpoint is not used, check the disk and delete {path.parent}")


def _serialised(value: Any) -> bytes:
    """Return the JSON of a value, in the order it has; infinity is allowed, as the best score of no steps."""
    return json.dumps(value, separators=(",", ":")).encode()


def check_plain(value: Any, where: str) -> None:
    """Raise TypeError for what JSON cannot hold, and for what it holds but hands back as something else."""
    if isinstance(value, dict):
        for name, inner in value.items():
            if not isinstance(name, str):
                raise TypeError(f"{where}: the name {name!r} would come back as a text; make it one")
            check_plain(inner, f"{where}[{name!r}]")
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            check_plain(inner, f"{where}[{index}]")
    elif value is not None and not isinstance(value, bool | int | float | str):
        raise TypeError(f"{where}: a {type(value).__name__} has no JSON form; give lists, texts and numbers")
