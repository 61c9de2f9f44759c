"""`tunesmith demo`: the main job on embedded data, from raw rows to a prediction."""

from __future__ import annotations

import json
import shutil
import time
from argparse import Namespace
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from ..demo import data_path, write_digits
from ..pages import render
from ..recipe import load
from ..story import Run, tell
from ..terminal import Screen, table
from ..version import stored_report
from . import Answer
from .check import examine
from .train import describe, summary

FOLDER = Path("tunesmith-demo")
MESSAGES = (
    "I was charged twice for the same order, can I have one payment back please?",
    "the parcel says delivered but nothing is here, neighbours have not seen it either",
    "cant log in since yesterday, the reset mail never comes",
)
DIGITS = ("3/0003.png", "7/0007.png", "9/0009.png")


@dataclass(frozen=True, slots=True)
class Example:
    """What a demo shows: rows, their recipe, what is asked of the model, and how all this is called in words."""

    recipe: str
    file: str
    asked: tuple[dict[str, Any], ...]
    called: str
    model: str


def tickets() -> Example:
    """Write the support tickets, and return what is shown with them."""
    shutil.copyfile(data_path(), FOLDER / "tickets.csv")
    asked = tuple({"message": text, "channel": "email", "order_value": None} for text in MESSAGES)
    recipe = "data: tickets.csv\ntarget: team\nname: tickets\n"
    return Example(recipe, "recipe.yaml", asked, "support tickets", "A pre-trained model was fine-tuned")


def digits() -> Example:
    """Write the images of digits, and return what is shown with them."""
    write_digits(FOLDER / "digits")
    asked = tuple({"image": str(FOLDER / "digits" / name)} for name in DIGITS)
    recipe = "data: digits/\ntarget: label\n"
    return Example(recipe, "digits.yaml", asked, "images of digits", "A small network was trained from nothing")


EXAMPLES = {"tickets": tickets, "digits": digits}


def run(options: Namespace) -> Answer:
    """Check, train, judge, register, report and predict, each step as its own command would."""
    started, screen = time.monotonic(), Screen()
    FOLDER.mkdir(exist_ok=True)
    example = EXAMPLES[options.data]()
    path = FOLDER / example.file
    path.write_text(example.recipe, "utf-8")
    recipe, _ = load(path)
    job = Run(recipe, FOLDER, options.home, screen.events())
    try:
        known, found = examine(job)
        version = tell(job)
        assert version is not None  # one process: the recipe above names no other engine
    finally:
        screen.close()
    page = FOLDER / "report.html"
    page.write_text(render(stored_report(version.label, options.home)[1]), "utf-8")
    predictions = version.predict(example.asked)
    value = summary(version) | {
        "findings": [one.as_json(known.rows) for one in found],
        "predictions": [one.as_json() for one in predictions],
        "report": str(page),
        "training_seconds": summary(version)["seconds"],
        "seconds": round(time.monotonic() - started, 3),
    }
    faults = [[one.severity, one.check, one.column or "", one.count] for one in found]
    column = next(iter(example.asked[0]))
    answers = [
        [row[column], one.answer, f"{one.confidence or 0:.0%}"]
        for row, one in zip(example.asked, predictions, strict=True)
    ]
    lines = [
        f"1. {len(known.rows)} {example.called} were checked ({FOLDER / known.rows.index['source'][0]}):\n",
        table(["severity", "check", "column", "count"], faults),
        f"\n2. {example.model}, and measured on rows it had never seen:\n",
        describe(version),
        "\n3. It answers:\n",
        table([column, known.meaning.target, "confidence"], answers),
        f"\nThe report is {page}. The recipe is {path}. All in {value['seconds']:.0f} s.",
        f"Try: tunesmith predict {version.label} --row '{json.dumps(example.asked[0])}'",
    ]
    return Answer(value, "\n".join(lines))
