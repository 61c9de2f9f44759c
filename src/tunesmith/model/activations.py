"""What frozen layers make of rows, computed once: kept in the array store where there is one, else in memory.

A key covers everything that the numbers follow from: the weights of the frozen layers, the rows' own arrays, the depth
and the precision. So epochs, runs, seeds and folds share what they have in common, and nothing stale is ever found.
"""

from __future__ import annotations

import hashlib
from collections.abc import Callable, Iterable, Mapping
from contextlib import suppress
from typing import Any

import numpy as np
import torch

from ..core.errors import StoreError
from ..data import Encoded, Ragged, States
from ..data.batching import answer_batches
from ..data.store import ArrayStore, Spec, content_key
from ..parts.bases._encoder import Arrays, Encoder

FORMULA = 1  # counted up whenever the same layers come to other numbers
PARTS = ("values", "offsets")

Advance = Callable[[int], None]


class Kept:
    """Computes and keeps activations of one encoder. `store` None keeps them in memory."""

    def __init__(self, encoder: Encoder, store: ArrayStore | None, device: torch.device) -> None:
        self.encoder, self.store, self.device = encoder, store, device

    def states(self, encoded: Encoded, depth: int, advance: Advance | None = None) -> States:
        """Return the states above the first `depth` layers for every row, in the precision of the context it runs in.

        Raises StoreError where there is a store and it has no room.
        """
        is_bf16 = torch.is_autocast_enabled(self.device.type)
        lengths = self.encoder.lengths(encoded.inputs)
        assert lengths is not None
        offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
        spec = Spec("bfloat16" if is_bf16 else "float32", (int(offsets[-1]), self.encoder.width))

        def fill(out: np.ndarray) -> None:
            for rows, tensors in self._batches(encoded, advance):
                values = self.encoder.lower(tensors, depth)[tensors["mask"]].cpu()
                flat = values.view(torch.uint16).numpy() if is_bf16 else values.numpy()
                ends = np.cumsum(lengths[rows])
                for row, end in zip(rows, ends, strict=True):
                    out[offsets[row] : offsets[row + 1]] = flat[end - lengths[row] : end]

        values = self._kept(self._key(encoded, "states", depth, spec.dtype), spec, fill)
        return States(values, offsets, depth)

    def vectors(self, encoded: Encoded, advance: Advance | None = None) -> np.ndarray:
        """Return the encoder's vectors, float32 (rows, width), in fp32 arithmetic. Raises StoreError as `states`."""

        def fill(out: np.ndarray) -> None:
            with torch.autocast(self.device.type, enabled=False):
                for rows, tensors in self._batches(encoded, advance):
                    out[rows] = self.encoder(tensors).float().cpu().numpy()

        spec = Spec("float32", (len(encoded), self.encoder.width))
        return self._kept(self._key(encoded, "vectors", 0, "float32"), spec, fill)

    def bytes_of(self, encoded: Encoded, is_bf16: bool) -> int:
        """Return how large the states of these rows will be."""
        lengths = self.encoder.lengths(encoded.inputs)
        assert lengths is not None
        return int(lengths.sum()) * self.encoder.width * (2 if is_bf16 else 4)

    def _kept(self, key: str, spec: Spec, fill: Callable[[np.ndarray], None]) -> np.ndarray:
        if self.store is None:
            out = np.zeros(spec.shape, np.uint16 if spec.dtype == "bfloat16" else np.float32)
            fill(out)
            return out
        found = self.store.get(key, verify=True)
        if found is None:
            with self.store.create(key, {"values": spec}) as arrays:
                fill(arrays["values"])
            found = self.store.get(key)
        if found is None:
            raise StoreError(f"{self.store.folder}: an entry vanished right after it was written; is the disk failing?")
        return found["values"]

    def _batches(self, encoded: Encoded, advance: Advance | None) -> Any:
        """Yield rows and their tensors, longest first, without gradient and drop-out."""
        done = 0
        self.encoder.eval()
        with torch.inference_mode():
            for rows in answer_batches(len(encoded), self.encoder.lengths(encoded.inputs)):
                tensors = self.encoder.collate(encoded.inputs, rows)
                yield rows, {name: one.to(self.device) for name, one in tensors.items()}
                done += len(rows)
                if advance is not None:
                    advance(done)

    def _key(self, encoded: Encoded, *what: str | int) -> str:
        depth = what[1] or len(self.encoder.layers())
        weights = digest_of_weights(module for layer in self.encoder.layers()[: int(depth)] for module in layer)
        rows = digest_of({name: one for name, one in encoded.inputs.items() if name in self.encoder.reads})
        places = torch.get_num_threads() if self.device.type == "cpu" else 0
        return content_key(FORMULA, torch.__version__, places, weights, rows, self.encoder.describe(), *what)


def prepared(encoder: Encoder, inputs: Arrays, store: ArrayStore | None) -> dict[str, np.ndarray | Ragged]:
    """Return the inputs with what the encoder adds to them, from the store where the same rows came before."""
    how = encoder.preparation()
    if store is None or how is None:
        return encoder.prepare(inputs)
    key = content_key(FORMULA, "prepared", how, digest_of(inputs))
    found = store.get(key, verify=True)
    if found is None:
        found = _planned(encoder, inputs, store, key)
    if found is not None:
        return dict(inputs) | _joined(found)
    whole = encoder.prepare(inputs)
    added = {name: one for name, one in whole.items() if name not in inputs}
    with suppress(StoreError):
        store.put(key, _parted(added))
    return whole


def _planned(encoder: Encoder, inputs: Arrays, store: ArrayStore, key: str) -> Mapping[str, np.ndarray] | None:
    """Return arrays that were written straight into the store, however large; None where none can be."""
    plan = encoder.plan(inputs)
    if plan is None:
        return None
    with suppress(StoreError):
        with store.create(key, plan) as arrays:
            encoder.fill(inputs, arrays)
        return store.get(key)
    return None


def _parted(forms: Mapping[str, np.ndarray | Ragged]) -> dict[str, np.ndarray]:
    """Return forms as the plain arrays that the store keeps."""
    arrays: dict[str, np.ndarray] = {}
    for name, one in forms.items():
        arrays |= {f"{name}/{part}": getattr(one, part) for part in PARTS} if isinstance(one, Ragged) else {name: one}
    return arrays


def _joined(arrays: Mapping[str, np.ndarray]) -> dict[str, np.ndarray | Ragged]:
    """Return the forms that plain arrays were made of."""
    ragged = sorted({name.partition("/")[0] for name in arrays if "/" in name})
    plain = {name: array for name, array in arrays.items() if "/" not in name}
    return plain | {one: Ragged(*(arrays[f"{one}/{part}"] for part in PARTS)) for one in ragged}


def digest_of_weights(modules: Iterable[torch.nn.Module]) -> str:
    """Return the digest of all weights and buffers of some modules, in their order, by name and content."""
    whole = hashlib.sha256()
    for module in modules:
        for name, one in sorted(module.state_dict().items()):
            whole.update(name.encode())
            whole.update(one.detach().cpu().contiguous().reshape(-1).view(torch.uint8).numpy().data)
    return whole.hexdigest()


def digest_of(inputs: Mapping[str, np.ndarray | Ragged]) -> str:
    """Return the digest of rows' arrays by content."""
    whole = hashlib.sha256()
    for name, one in sorted(inputs.items()):
        whole.update(f"\x1e{name}".encode())
        for array in (one.values, one.offsets) if isinstance(one, Ragged) else (one,):
            if array.dtype == object:
                for text in array.ravel():
                    data = str(text).encode("utf-8", "surrogatepass")
                    whole.update(f"{len(data)}\x1f".encode() + data)
            else:
                whole.update(f"{array.dtype}{array.shape}".encode())
                whole.update(np.ascontiguousarray(array).view(np.uint8).data)
    return whole.hexdigest()
