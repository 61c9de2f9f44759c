"""The report of one trained version as a page."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from . import augmentation, division, evidence, outcomes, sections, writings
from .document import document
from .headline import header
from .training import training
from .values import plain

# What a report should hold, by key, and what a reader calls it. Only what fits the task is missed.
EXPECTED = {
    "metrics": "metrics",
    "baselines": "baselines",
    "comparisons": "paired comparisons",
    "verdict": "the verdict",
    "rows": "row counts",
    "split": "how the rows were divided",
    "curves": "learning curves",
    "training": "what training was expected to take",
    "worst": "worst errors",
    "findings": "findings in the data",
    "guards": "guards",
    "recipe": "the recipe",
    "environment": "the environment",
}
EXPECTED_BY_TASK = {
    "classification": {
        "per_class": "figures of each class",
        "confusion": "the confusion matrix",
        "calibration": "calibration",
    },
    "multilabel": {"per_class": "figures of each class", "calibration": "calibration"},
    "regression": {"residuals": "residuals"},
    "detection": {"per_class": "figures of each class"},
    "chat": {"samples": "what was written before and after training"},
    "seq2seq": {"samples": "what was written before and after training"},
}
ORDER = (
    sections.baselines,
    sections.metrics,
    writings.judged,
    writings.samples,
    sections.decision,
    division.division,
    training,
    augmentation.augmentation,
    outcomes.classes,
    outcomes.confusion,
    outcomes.calibration,
    outcomes.scatter,
    evidence.worst,
    evidence.findings,
    evidence.guards,
    evidence.recipe,
    evidence.environment,
)


def render(report: Mapping[str, Any]) -> str:
    """Return the report as one HTML page that opens offline; the same report gives the same bytes.

    `report` holds JSON values. A block that is missing or broken is left out and named at the foot of the page.
    Rows and names are untrusted: all of them are escaped.
    """
    title = f"{plain(report.get('version') or report.get('name') or 'Unnamed version')} · Tunesmith report"
    task = report.get("task")
    wanted = EXPECTED | (EXPECTED_BY_TASK.get(task, {}) if isinstance(task, str) else {})
    absent = [words for key, words in wanted.items() if report.get(key) is None]
    return document(title, header(report), [section(report) for section in ORDER], absent)
