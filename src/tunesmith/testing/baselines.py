"""What a baseline promises: finite outputs for the test rows, of the model's own shape, the same each time."""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from ..data.forms import PLAIN
from ..parts.baselines import Baseline, Question
from . import boxes, texts, windows
from .promise import promise, same
from .rows import QUESTIONS, Asked, encoded

SIZES = {"train": 60, "validation": 20, "test": 12}
INPUTS = (
    {"numbers"},
    {"categories"},
    {"numbers", "categories"},
    {"text"},
    {"text", "numbers", "categories"},
    {"pixels"},
    {"pixels", "numbers"},
)


def check(baseline: Baseline) -> None:
    """Hold one baseline to its promises, for every kind of question and of inputs."""
    if baseline.forms & PLAIN:
        _check_plain(baseline)
    for form, kit in {"spans": windows, "boxes": boxes, "text": texts}.items():
        if form in baseline.forms:
            kit.check_baseline(baseline)


def _check_plain(baseline: Baseline) -> None:
    answered = 0
    for name, asked in QUESTIONS.items():
        for forms in INPUTS:
            for question in _questions(asked, frozenset(forms)):
                if baseline.applies(question):
                    answered += 1
                    _answers(baseline, question, f"{name} from {' and '.join(sorted(forms))}")
    promise(answered > 0, baseline, "applies() says no to every question")


def _questions(asked: Asked, forms: frozenset[str]) -> list[Question]:
    """Return the question with vectors of a pre-trained body where the rows have text or images, and without."""
    splits = {name: encoded(asked, forms, rows, name) for name, rows in SIZES.items()}
    three = (splits["train"], splits["validation"], splits["test"])
    plain = Question(*three, form=asked.form, width=asked.width, seed=0, base="tiny")
    if not forms & {"text", "pixels"}:
        return [plain]
    waves = {name: np.sin(np.outer(np.arange(rows), np.arange(1, 6))) for name, rows in SIZES.items()}
    both = {name: np.stack([one, one[::-1]], axis=1) for name, one in waves.items()}
    return [plain, replace(plain, features=waves), replace(plain, features=waves, texts=both)]


def _answers(baseline: Baseline, question: Question, what: str) -> None:
    outputs, shape = np.asarray(baseline.outputs(question)), (SIZES["test"], question.width)
    promise(outputs.shape == shape, baseline, f"outputs() gave shape {outputs.shape} for {what}, not {shape}")
    promise(bool(np.isfinite(outputs).all()), baseline, f"outputs() must be finite ({what})")
    again = np.asarray(baseline.outputs(question))
    promise(same(outputs, again), baseline, f"outputs() twice must be the same ({what})")
