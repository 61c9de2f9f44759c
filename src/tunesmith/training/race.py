"""Several starts of one training: all run a while, the worse half is dropped, twice; the best by validation stays.

Seeds alone move small data sets by several points, and the bad ones show early (Dodge et al. 2020, section 5).
"""

from __future__ import annotations

import math
from collections.abc import Sequence

from .best import Key
from .course import Course

RUNGS = (0.25, 0.5)  # shares of the steps after which the worse half is dropped


def race(courses: Sequence[Course]) -> Course:
    """Run the courses and return the one whose weights are best by validation."""
    left = list(courses)
    total = courses[0].loop.plan.total
    for rung in RUNGS:
        if len(left) == 1:
            break
        step = max(1, round(rung * total))
        for course in left:
            course.run_until(step)
        left = sorted(left, key=lambda course: best_until(course, step), reverse=True)[: math.ceil(len(left) / 2)]
    for course in left:
        course.run_until(total)
    return max(left, key=lambda course: course.loop.best.key)


def best_until(course: Course, step: int) -> Key:
    """Return the best key of the validations up to a step, so that a resumed race drops the same ones."""
    keys: list[Key] = [
        (one["key"][0], one["key"][1]) for one in course.loop.progress.curve.validations if one["step"] <= step
    ]
    return max(keys, default=(-math.inf, -math.inf))
