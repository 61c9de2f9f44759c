"""`tunesmith demo`: the main job on embedded data, from raw rows to a prediction."""

from __future__ import annotations

import shutil
import time
from argparse import Namespace
from pathlib import Path

from ..demo import data_path
from ..pages import render
from ..recipe import Recipe
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


def run(options: Namespace) -> Answer:
    """Check, train, judge, register, report and predict, each step as its own command would."""
    started, screen = time.monotonic(), Screen()
    FOLDER.mkdir(exist_ok=True)
    shutil.copyfile(data_path(), FOLDER / "tickets.csv")
    recipe = Recipe.model_validate({"data": "tickets.csv", "target": "team", "name": "tickets"})
    (FOLDER / "recipe.yaml").write_text("data: tickets.csv\ntarget: team\nname: tickets\n", "utf-8")
    job = Run(recipe, FOLDER, options.home, screen.events())
    try:
        known, found = examine(job)
        version = tell(job)
        assert version is not None  # one process: the recipe above names no other engine
    finally:
        screen.close()
    page = FOLDER / "report.html"
    page.write_text(render(stored_report(version.label, options.home)[1]), "utf-8")
    predictions = version.predict([{"message": text, "channel": "email", "order_value": None} for text in MESSAGES])
    value = summary(version) | {
        "findings": [one.as_json(known.rows) for one in found],
        "predictions": [one.as_json() for one in predictions],
        "report": str(page),
        "training_seconds": summary(version)["seconds"],
        "seconds": round(time.monotonic() - started, 3),
    }
    faults = [[one.severity, one.check, one.column or "", one.count] for one in found]
    answers = [
        [text, one.answer, f"{one.confidence or 0:.0%}"] for text, one in zip(MESSAGES, predictions, strict=True)
    ]
    lines = [
        f"1. {len(known.rows)} support tickets were checked ({FOLDER / 'tickets.csv'}):\n",
        table(["severity", "check", "column", "count"], faults),
        "\n2. A pre-trained model was fine-tuned, and measured on rows it had never seen:\n",
        describe(version),
        "\n3. It answers:\n",
        table(["message", "team", "confidence"], answers),
        f"\nThe report is {page}. The recipe is {FOLDER / 'recipe.yaml'}. All in {value['seconds']:.0f} s.",
        f'Try: tunesmith predict {version.label} --row \'{{"message": "...", "channel": "email", "order_value": 20}}\'',
    ]
    return Answer(value, "\n".join(lines))
