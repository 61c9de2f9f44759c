"""The fitted shape: a base that learns in one go and keeps arrays."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from safetensors import SafetensorError
from safetensors.numpy import load as load_arrays
from safetensors.numpy import save as save_arrays

from ..core.errors import VerificationError
from ..core.threads import fitting_threads
from ..data import Encoded
from ..parts.bases import Ask, FittedBase, Shape
from . import Advance, Model


class Fitted(Model):
    """A fitted base with its state."""

    def __init__(self, base: FittedBase, shape: Shape, width: int) -> None:
        self.base = base
        self.shape = shape
        self.width = width
        self.state: dict[str, np.ndarray] = {}

    def fit(self, train: Encoded, validation: Encoded, ask: Ask) -> None:
        """Learn from the training rows."""
        with fitting_threads(train.size):
            self.state = self.base.fit(train, validation, ask)

    def outputs(self, encoded: Encoded, advance: Advance | None = None) -> np.ndarray:
        """Return raw outputs, float64 (rows, width)."""
        result = self.base.outputs(self.state, encoded)
        if advance is not None:
            advance(len(encoded))
        return result

    def files(self) -> dict[str, bytes]:
        """Return the state as `weights.safetensors`."""
        return {"weights.safetensors": save_arrays({k: np.ascontiguousarray(v) for k, v in self.state.items()})}

    def load(self, files: Mapping[str, bytes]) -> None:
        """Take the state."""
        try:
            self.state = load_arrays(files["weights.safetensors"])
        except (KeyError, SafetensorError) as error:
            raise VerificationError(f"the stored weights cannot be read: {error}") from error
