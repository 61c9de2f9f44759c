"""A part of another image pasted in, and of its label (CutMix: Yun et al., ICCV 2019)."""

from __future__ import annotations

import numpy as np
from pydantic import Field

from ...core.draws import Draws
from ...core.need import lazy
from . import MixingAugmentation, chosen
from ._images import boxes

special = lazy("scipy.special")


class Cutmix(MixingAugmentation):
    """A box of the partner's image stands in the row's; the target is mixed by the share of pixels that each has.

    The box's sides are the image's times the root of 1 - lambda, lambda from Beta(alpha, alpha) (equation 2), drawn for
    each row by itself. Where the box sticks out it is cut off, and the target's share follows the pixels that are left.
    """

    alpha: float = Field(1.0, gt=0.0)
    """1 draws every size alike; below, boxes are tiny or nearly the whole."""

    def mix(self, images_NHWC: np.ndarray, targets: np.ndarray, draws: Draws) -> tuple[np.ndarray, np.ndarray]:
        """Return the images and targets mixed; a row's partner is drawn among all rows, by their ids."""
        rows = chosen(draws, self.probability)
        pair, share, *middle = draws.take(rows).uniform(4).T
        partners = np.argsort(draws.states, kind="stable")[np.floor(pair * len(draws)).astype(np.int64)]
        root = np.sqrt(1 - special.betaincinv(self.alpha, self.alpha, share))
        sides = root[:, None] * np.array(images_NHWC.shape[1:3])
        pasted = boxes(np.stack(middle, axis=1), sides, images_NHWC.shape)
        images, mixed = images_NHWC.copy(), np.array(targets, np.float64)
        images[rows] = np.where(pasted[..., None], images_NHWC[partners], images_NHWC[rows])
        theirs = pasted.mean(axis=(1, 2))[:, None]
        mixed[rows] = (1 - theirs) * mixed[rows] + theirs * np.asarray(targets, np.float64)[partners]
        return images, mixed
