"""Encoded rows in the array store, so that the same rows are encoded once."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from itertools import pairwise

import numpy as np

from .encoded import Encoded, Ragged
from .store import ArrayStore

CODING = ("utf-8", "surrogatepass")  # any str comes back, those that no text should hold included


def save_encoded(store: ArrayStore, key: str, encoded: Encoded, omit: Collection[str] = ()) -> None:
    """Keep the rows, without the forms to omit, such as `text`.

    Raises StoreFullError and StoreError as `ArrayStore.create`, ValueError for an array that the store has no form
    for, and TypeError for an object array that holds anything but texts.
    """
    arrays = _texts("ids", encoded.ids)
    for place, (form, array) in enumerate(encoded.inputs.items()):
        if form not in omit:
            arrays |= _input(f"inputs/{place}/{form}", array)
    arrays |= {} if encoded.targets is None else {"targets": encoded.targets}
    arrays |= {} if encoded.weights is None else {"weights": encoded.weights}
    arrays |= {} if encoded.groups is None else {"groups": encoded.groups}
    store.put(key, arrays)


def load_encoded(store: ArrayStore, key: str, omit: Collection[str] = (), verify: bool = True) -> Encoded | None:
    """Return the rows of that key, or None where the store has none that are intact.

    Arrays are read-only maps; ids and texts are made anew, texts only where `text` is not among the forms to omit.
    Every byte is checked unless `verify` is False: reading is much faster than encoding again.
    """
    arrays = store.get(key, verify)
    if arrays is None or "ids/bytes" not in arrays:
        return None
    parts: dict[tuple[int, str], dict[str, np.ndarray]] = {}
    for name, array in arrays.items():
        if name.startswith("inputs/"):
            _, place, rest = name.split("/", 2)
            form, _, part = rest.rpartition("/")
            parts.setdefault((int(place), form), {})[part] = array
    inputs = {form: _output(parts[place, form]) for place, form in sorted(parts) if form not in omit}
    ids = tuple(_strings(arrays["ids/bytes"], arrays["ids/offsets"]))
    return Encoded(ids, inputs, arrays.get("targets"), arrays.get("weights"), arrays.get("groups"))


def _input(name: str, array: np.ndarray | Ragged) -> dict[str, np.ndarray]:
    if isinstance(array, Ragged):
        return {f"{name}/values": array.values, f"{name}/offsets": array.offsets}
    if array.dtype == object:
        return _texts(name, array.ravel().tolist()) | {f"{name}/shape": np.array(array.shape, np.int64)}
    return {f"{name}/array": array}


def _output(parts: Mapping[str, np.ndarray]) -> np.ndarray | Ragged:
    """Return what `_input` was given."""
    if "array" in parts:
        return parts["array"]
    if "values" in parts:
        return Ragged(parts["values"], parts["offsets"])
    texts = np.empty(len(parts["offsets"]) - 1, object)
    texts[:] = list(_strings(parts["bytes"], parts["offsets"]))
    return texts.reshape(parts["shape"])


def _texts(name: str, texts: Iterable[str]) -> dict[str, np.ndarray]:
    """Return texts as their bytes one after another, uint8, and where each begins and the last ends, int64."""
    coded = [str.encode(one, *CODING) for one in texts]
    lengths = np.fromiter(map(len, coded), np.int64, len(coded))
    offsets = np.concatenate([[0], np.cumsum(lengths)]).astype(np.int64)
    return {f"{name}/bytes": np.frombuffer(b"".join(coded), np.uint8), f"{name}/offsets": offsets}


def _strings(coded: np.ndarray, offsets: np.ndarray) -> Iterable[str]:
    view = coded.data
    return (str(view[begin:end], *CODING) for begin, end in pairwise(offsets.tolist()))
