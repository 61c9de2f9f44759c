"""What every differentiable body promises: arrays in, one vector per row out, its layers named bottom to top."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable, Iterable, Mapping
from typing import Any, ClassVar

import numpy as np
import torch

from ...core.errors import DataError
from ...data import Ragged, Rows
from ...data.array_file import Spec
from ...data.prompts import Marks
from ...data.spans import Places

Arrays = Mapping[str, Rows]
Advance = Callable[[int], None]


class Encoder(torch.nn.Module):
    """A body. `width` is the length of its vectors, `is_pretrained` whether its starting weights are worth keeping."""

    width: int
    is_pretrained: ClassVar[bool] = False
    reads: ClassVar[frozenset[str]] = frozenset()
    """The prepared forms that its vectors follow from."""
    is_whole: ClassVar[bool] = False
    """Whether its vectors are the outputs already, so that no head is put over them."""

    def prepare(self, inputs: Arrays) -> dict[str, np.ndarray | Ragged]:
        """Add what depends on the rows alone, such as tokens; computed once per split."""
        return dict(inputs)

    def with_labels(self, inputs: Arrays, targets: Any) -> Arrays:
        """Return the inputs with what `prepare` has to see of the labels, None where there are none."""
        return inputs

    def labels(self, inputs: Arrays, targets: Any) -> Rows:
        """Return the labels as a loss compares them with outputs, from prepared inputs."""
        return targets

    def plan(self, inputs: Arrays) -> dict[str, Spec] | None:
        """Return the size of what `prepare` adds, where `fill` can write it in its place; None where it cannot."""
        return None

    def fill(self, inputs: Arrays, arrays: Mapping[str, np.ndarray]) -> None:
        """Write what `plan` announced into these arrays, which may be larger than memory: maps of a file."""
        raise NotImplementedError(f"{type(self).__name__} plans nothing")

    def preparation(self) -> str | None:
        """Return all that `prepare` follows from beside the rows, as text; None where it is not worth keeping."""
        return None

    def describe(self) -> str:
        """Return all that the vectors follow from beside weights and rows, as text."""
        return type(self).__name__

    def adapt(self, inputs: Arrays) -> None:
        """Take from prepared training rows what is no weight, such as statistics; called before any weight moves."""
        return

    @property
    def moves_statistics(self) -> bool:
        """Whether a pass in training mode moves buffers, so that a batch must not be taken in parts."""
        return False

    def narrow(self, inputs: Iterable[Arrays]) -> None:
        """Leave out of training what none of these rows can reach, such as words that do not occur."""
        return

    def widen(self) -> None:
        """Put back what `narrow` left out, as if it had been there."""
        return

    def lengths(self, inputs: Arrays) -> np.ndarray | None:
        """Return how much work each row is, int64 (rows,), or None where all rows are alike."""
        return None

    def units(self, inputs: Arrays) -> np.ndarray | None:
        """Return how many vectors `forward` gives for each row, int64 (rows,), or None where it is one for each."""
        return None

    def places(self, inputs: Arrays) -> Places | None:
        """Return what each of those vectors stands for, where a row's text is read in windows, else None."""
        return None

    def begin(self, head: torch.nn.Linear) -> None:
        """Give a new head over this body's vectors (width of the outputs, width) what the body knows already."""
        return

    def finished(self, outputs: Rows, inputs: Arrays) -> Rows:
        """Return a model's answer in the rows' own measure, such as pixels of the picture; training never sees it."""
        return outputs

    def written(self, outputs: Rows, inputs: Arrays, advance: Advance | None = None) -> Rows:
        """Return outputs with what the model writes for each row, where it is one that writes."""
        return outputs

    def writing(self, changes: Mapping[str, Any]) -> Encoder:
        """Return a body that shares this one's weights and writes otherwise. Raises DataError where that cannot be."""
        raise DataError("writing: the model writes no texts, so nothing can be said of how; leave these options out")

    def tell(self, inputs: Arrays, hear: Callable[[str], None]) -> str:
        """Return what the model writes for the only row; `hear` is given each piece as soon as it stands."""
        raise NotImplementedError(f"{type(self).__name__} writes no texts")

    def marks(self) -> Marks | None:
        """Return the tokens that begin what is read and end what is written, None where nothing is written."""
        return None

    def probe(self) -> Arrays | None:
        """Return rows that have nothing to do with the task, on which forgetting is measured; None: it is not."""
        return None

    def words(self, inputs: Arrays, position: int) -> list[str] | None:
        """Return the tokens of a row in letters, or None where there are no tokens."""
        return None

    @abstractmethod
    def collate(self, inputs: Arrays, positions: np.ndarray) -> dict[str, torch.Tensor]:
        """Return the tensors of the rows at these positions."""

    @abstractmethod
    def forward(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return vectors, float (rows, width); where there are `units`, those of all rows one after another."""

    @property
    def can_split(self) -> bool:
        """Whether `lower` works, and `forward` takes `states` and `depth` in place of what `collate` gives."""
        return False

    def lower(self, tensors: Mapping[str, torch.Tensor], depth: int) -> torch.Tensor:
        """Return the states above the first `depth` entries of `layers()`, float (rows, tokens, size)."""
        raise NotImplementedError(f"{type(self).__name__} cannot run its lower layers apart")

    def save_memory(self) -> None:
        """Keep only each layer's input for the backward pass and compute the rest again."""
        return

    def run_modules(self) -> None:
        """Run every layer by calling its module from now on: whoever divides weights among processes hangs on that."""
        return

    def layers(self) -> list[list[torch.nn.Module]]:
        """Return the modules by depth, bottom to top; together they hold every parameter."""
        return [[self]]

    def assets(self) -> dict[str, bytes]:
        """Return the files that rebuild the architecture, by name."""
        return {}
