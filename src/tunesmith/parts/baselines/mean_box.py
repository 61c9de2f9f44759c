"""The same boxes in every picture: where the things of each class usually are."""

from __future__ import annotations

from typing import ClassVar

import numpy as np
from pydantic import Field

from ...core.need import lazy
from ...core.seed import derive
from ...data import Ragged
from ...data.forms import Form
from . import Baseline, Question

cluster = lazy("sklearn.cluster")

SURE = 0.99  # no box is more certain
FLOOR = 1e-9  # no class is less probable


class MeanBox(Baseline):
    """Means of the training boxes, relative to their pictures: the usual places and sizes of each class, by k-means."""

    forms: ClassVar[frozenset[Form]] = frozenset({"boxes"})

    boxes: int = Field(5, ge=1)
    """Boxes of each class that every picture is answered with."""

    def applies(self, question: Question) -> bool:
        """Return whether there is a box to learn from."""
        return bool(len(question.train.targets.values))

    def outputs(self, question: Question) -> Ragged:
        """Return the same lines for each row, Ragged of float64 (boxes, width), in pixels of its picture.

        A box is as sure as there are training boxes of its kind per picture.
        """
        targets, classes = question.train.targets, question.width - 5
        sizes = np.tile(targets.values[:, 5:7], 2)
        shares, lines, places = targets.values[:, 1:5] / sizes, [], []
        for number in range(classes):
            own = shares[targets.values[:, 0] == number]
            for middle, count in self._means(own, question.seed):
                sure = min(count / len(question.train), SURE)
                line = np.full(classes + 1, np.log(FLOOR))
                line[[number, -1]] = np.log(sure), np.log1p(-sure)
                lines.append(line)
                places.append(middle)
        pictures = np.tile(np.asarray(question.test.inputs["sizes"], np.float64), 2)
        boxes = (pictures[:, None, :] * np.stack(places)[None]).reshape(-1, 4)
        values = np.concatenate([np.tile(np.stack(lines), (len(pictures), 1)), boxes], axis=1)
        return Ragged.cut(values, np.full(len(pictures), len(lines), np.int64))

    def _means(self, boxes: np.ndarray, seed: int) -> list[tuple[np.ndarray, int]]:
        """Return the middles of so many groups of boxes, each with how many it holds."""
        groups = min(self.boxes, len(np.unique(boxes, axis=0)))
        if not groups:
            return []
        state = derive(seed, "mean_box") % 2**32
        found = cluster.KMeans(groups, n_init=4, random_state=state).fit(boxes)
        counts = np.bincount(found.labels_, minlength=groups)
        return list(zip(found.cluster_centers_, counts.tolist(), strict=True))
