"""Few labels: rows of one class are drawn together, others apart, then a linear head is fitted on the frozen body."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Annotated, ClassVar, Literal

import numpy as np
from pydantic import Field

from ...core.errors import DataError, RecipeError
from ...core.need import lazy
from . import Layers, Scene, Strategy, hold

if TYPE_CHECKING:
    import torch
else:
    torch = lazy("torch")

VISITS = 2  # on Banking77 with 8 rows per class, validation saw no gain from 6 visits instead of 2
LEAST_STEPS, MOST_STEPS = 20, 100


class Contrastive(Strategy):
    """For few labels per class: contrast between the classes first (Tunstall et al. 2022, SetFit), then the head.

    A batch holds as many rows of each class; all pairs inside it are compared, and no list of pairs is ever made, so
    time and memory are linear in the rows. A class with a single row takes part in the head alone.
    """

    forms: ClassVar[frozenset[str]] = frozenset({"class"})
    rate_scale: ClassVar[float] = 10.0
    most_epochs: ClassVar[int] = 400
    warm_scale: ClassVar[float] = 0.5

    loss: Literal["supcon", "cosine"] = "supcon"
    """supcon: a row's likeliest neighbours are those of its class; cosine: similarity 1 inside a class, 0 outside."""
    steps: Annotated[int, Field(ge=1)] | Literal["auto"] = "auto"
    """Steps of contrast; auto: enough that every row is seen twice, between 20 and 100."""
    batch_rows: int = Field(64, ge=4)
    """Most rows per step, an equal number of each class that takes part, at least two."""
    temperature: float = Field(0.1, gt=0.0)
    """Similarities are divided by this; lower looks harder at the nearest rows. Read by `supcon` alone."""

    def prepare(self, body: torch.nn.Module, layers: Layers) -> None:
        """Freeze nothing yet: the contrast moves the whole body."""
        return

    def warm_steps(self, rows: int) -> int:
        """Return `steps`, or what `auto` comes to."""
        if self.steps != "auto":
            return self.steps
        return min(MOST_STEPS, max(LEAST_STEPS, math.ceil(VISITS * rows / self.batch_rows)))

    def warm(self, scene: Scene) -> None:
        """Train the body on contrast.

        Raises RecipeError where rows have no one class each, DataError where no two classes have two rows.
        """
        if scene.form not in self.forms:
            raise RecipeError(
                "strategy: contrastive needs one class per row, to tell which rows belong together; "
                "use `strategy: full`, or `head` where rows are few"
            )
        total = self.warm_steps(len(scene.targets))
        for number, positions in enumerate(self._batches(scene, total), start=1):
            vectors = scene.vectors(positions)
            labels = torch.from_numpy(scene.targets[positions]).to(vectors.device)
            is_same = labels[:, None] == labels[None, :]
            loss = supcon(vectors, is_same, self.temperature) if self.loss == "supcon" else cosine(vectors, is_same)
            scene.move(loss, number, total)
            scene.advance(number, loss=float(loss.detach()))

    def _batches(self, scene: Scene, total: int) -> Iterator[np.ndarray]:
        """Yield positions, int64, of as many rows of each class that takes part; a smaller class gives all it has."""
        classes = [_Rounds(rows, scene.generator) for rows in rows_by_class(scene.targets)]
        turns = _Rounds(np.arange(len(classes)), scene.generator)
        each = max(2, self.batch_rows // len(classes))
        for _ in range(total):
            yield np.concatenate([classes[one].take(each) for one in turns.take(self.batch_rows // each)])

    def settle(self, body: torch.nn.Module, layers: Layers) -> None:
        """Freeze the body: the loop fits the head alone."""
        hold([body])


class _Rounds:
    """Hands out the items of an array a few at a time: each once per round, every round in a new order."""

    def __init__(self, items: np.ndarray, generator: np.random.Generator) -> None:
        self.items = items
        self.generator = generator
        self.given = 0  # items before this one had their turn in this round
        generator.shuffle(items)

    def take(self, count: int) -> np.ndarray:
        """Return `count` items, or all where there are fewer, none of them twice."""
        last = self.items[self.given : self.given + count].copy()
        missing = min(count, len(self.items)) - len(last)
        if not missing:
            self.given += len(last)
            return last
        others = self.generator.permutation(self.items[: self.given])
        first = others[:missing]
        later = self.generator.permutation(np.concatenate([others[missing:], last]))
        self.items[:] = np.concatenate([first, later])
        self.given = missing
        return np.concatenate([last, first])


def rows_by_class(targets: np.ndarray) -> list[np.ndarray]:
    """Return the positions of each class's rows, int64; a class of one row has nobody to be drawn to and is left out.

    Raises DataError where fewer than two classes are left.
    """
    order = np.argsort(targets, kind="stable")
    starts = np.unique(targets[order], return_index=True)[1]
    classes = np.split(order, starts[1:])
    several = [one for one in classes if len(one) >= 2]
    if len(several) < 2:
        raise DataError(
            f"strategy: contrastive compares rows of a class with rows of others, but {len(several)} of "
            f"{len(starts)} classes have two training rows or more; label more rows, or use `strategy: head`"
        )
    return several


def supcon(vectors: torch.Tensor, is_same: torch.Tensor, temperature: float) -> torch.Tensor:
    """Return the supervised contrastive loss, a scalar (Khosla et al., NeurIPS 2020, eq. 2), the mean over the rows.

    `vectors` float (rows, size), brought to length 1 here; `is_same` bool (rows, rows), true for each row with itself
    and with at least one other.
    """
    unit = torch.nn.functional.normalize(vectors.float(), dim=1)
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    similarity = (unit @ unit.T / temperature).masked_fill(itself, -math.inf)
    logs = similarity.log_softmax(dim=1).masked_fill(itself, 0.0)
    partners = is_same & ~itself
    return -((logs * partners).sum(dim=1) / partners.sum(dim=1)).mean()


def cosine(vectors: torch.Tensor, is_same: torch.Tensor) -> torch.Tensor:
    """Return the mean squared error of cosine similarities against 1 inside a class and 0 outside (SetFit's loss).

    Pairs inside and outside classes weigh the same in sum, as SetFit draws as many of both. Arguments as in `supcon`.
    """
    unit = torch.nn.functional.normalize(vectors.float(), dim=1)
    itself = torch.eye(len(unit), dtype=torch.bool, device=unit.device)
    errors = (unit @ unit.T - is_same.float()) ** 2
    return 0.5 * (errors[is_same & ~itself].mean() + errors[~is_same].mean())
