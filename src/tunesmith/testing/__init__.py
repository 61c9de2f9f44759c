"""The contract kit: promises that every part keeps, for our own parts and for yours.

    from tunesmith.testing import check_part

    def test_my_loss():
        check_part(Tilted)

A family's promises stand in the file of its name, as `check(part)`; what every part promises is in `every.py`.
"""

from __future__ import annotations

import importlib
import importlib.util

from ..core.part import Part
from . import every


def check_part(part_class: type[Part]) -> None:
    """Hold a part to the promises of every part and to those of its family.

    Raises AssertionError with one sentence: which part, which promise, what was seen instead.
    """
    every.check(part_class)
    where = f"{__name__}.{part_class.family.rpartition('.')[2]}"
    if importlib.util.find_spec(where) is not None:
        family = importlib.import_module(where)
        for sample in part_class.samples():
            family.check(sample)
