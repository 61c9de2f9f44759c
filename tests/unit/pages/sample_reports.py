"""Reports and a check as the pages receive them, one per shape of task, and a reader that holds markup to account."""

from __future__ import annotations

from html.parser import HTMLParser
from typing import Any

EMPTY = {"meta", "img"}


def metric(value: float, width: float = 0.02) -> dict[str, float]:
    return {"value": value, "low": value - width, "high": value + width}


def classification(classes: int = 2) -> dict[str, Any]:
    labels = [f"class_{number}" for number in range(classes)]
    counts = [
        [40 if truth == answer else (truth + answer) % 3 for answer in range(classes)] for truth in range(classes)
    ]
    return {
        "version": "reviews@3",
        "name": "reviews",
        "digest": "a3f9" * 16,
        "created": "2026-03-04T10:22:31+00:00",
        "seconds": 93.1,
        "seed": 0,
        "task": "classification",
        "target": "label",
        "base": "minilm",
        "strategy": "full",
        "classes": labels,
        "primary": "accuracy",
        "rows": {"train": 4210, "validation": 602, "test": 1204},
        "split": {
            "rule": "All rows of one 'customer' stand on one side, where a hash of it puts them.",
            "asked": {"validation": 0.1, "test": 0.2},
            "rows": {"train": 4217, "validation": 602, "test": 1204, "aside": 3},
            "notes": ["set aside: 3 rows (reviews.csv row 7, ...)"],
        },
        "metrics": {
            "accuracy": {"value": 0.912, "low": 0.890, "high": 0.931},
            "auroc": {"value": None, "low": None, "high": None, "reason": "one class has no rows"},
        },
        "per_class": {
            label: {"precision": metric(0.9), "recall": metric(0.8), "f1": metric(0.5 + at / 200), "rows": 40 + at}
            for at, label in enumerate(labels)
        },
        "baselines": {"majority": {"accuracy": metric(0.51)}, "linear_probe": {"accuracy": metric(0.845)}},
        "comparisons": {
            "linear_probe": {
                "metric": "accuracy",
                "difference": {"value": 0.067, "low": 0.049, "high": 0.085},
                "p_value": 0.0002,
                "test": "paired bootstrap",
            }
        },
        "verdict": {"decision": "ship", "because": "It beats every baseline."},
        "decision": {
            "metric": "f1_macro",
            "rows": 602,
            "classes": {
                "class_1": {
                    "threshold": 0.31,
                    "value": 0.812,
                    "value_at_half": 0.755,
                    "curve": [{"threshold": at / 20, "value": 0.7 + at / 200} for at in range(20)],
                },
                "class_0": {"threshold": 0.5, "reason": "0 of the 602 validation rows are of it"},
            },
            "baselines": {"linear_probe": {"class_1": 0.4}},
        },
        "confusion": {"labels": labels, "counts": counts},
        "calibration": {
            "bins": [{"low": 0.8, "high": 0.9, "rows": 90, "confidence": 0.85, "accuracy": 0.81}],
            "error": 0.031,
        },
        "curves": {
            "steps": [{"step": step, "loss": 1 / step, "learning_rate": 1e-4} for step in range(1, 41)],
            "validations": [
                {"step": 20, "epoch": 0.5, "loss": 0.4, "accuracy": 0.88, "is_best": False},
                {"step": 40, "epoch": 1.0, "loss": 0.3, "accuracy": 0.914, "is_best": True},
            ],
        },
        "training": account(),
        "worst": [
            {
                "row": 812,
                "id": "ab12cd34ef567890",
                "source": "reviews.csv",
                "inputs": {"text": "It broke. " * 60, "price": 3},
                "target": "class_0",
                "answer": "class_1",
                "confidence": 0.99,
                "loss": 4.2,
            }
        ],
        "findings": [
            {
                "check": "label_errors",
                "severity": "warning",
                "column": "label",
                "count": 31,
                "rows": [{"row": 812, "id": "ab12cd34ef567890", "score": 0.991}],
                "advice": "Read these rows and correct the label.",
            }
        ],
        "recipe": {"target": "label", "train": {"epochs": 3, "batch_rows": 32}},
        "origins": {"target": "recipe.yaml:2", "train.epochs": "--set", "train.batch_rows": "default"},
        "guards": [
            {"guard": "loss_is_finite", "station": "train", "passed": True, "detail": "300 steps"},
            {"guard": "disjoint_splits", "station": "split", "passed": True, "detail": "no rows are on both sides"},
            {"guard": "train_before_test", "station": "split", "passed": True, "detail": "no time is kept in order"},
        ],
        "environment": {"python": "3.11.9", "libraries": {"torch": "2.13.0"}},
    }


def account() -> dict[str, Any]:
    return {
        "expected": {
            "steps": 60,
            "step_seconds": 0.2,
            "validation_seconds": 1.0,
            "seconds": 63.0,
            "memory_bytes": 1_500_000_000,
            "micro_batch": 32,
        },
        "happened": {
            "steps": 40,
            "seconds": 125.3,
            "memory_bytes": 2_500_000_000,
            "skipped_steps": 1,
            "averaged_weights": 2,
            "seed": 7,
            "learning_rate": 2e-5,
        },
        "remarks": [
            {
                "kind": "loss_spike",
                "step": 31,
                "text": "the loss jumped to 2.1; the median of the steps before was 0.4",
                "advice": "lower the learning rate (here 2e-05), or look at this step's rows",
            }
        ],
    }


def regression() -> dict[str, Any]:
    return classification() | {
        "task": "regression",
        "target": "price",
        "classes": None,
        "primary": "mae",
        "metrics": {"mae": metric(14350.0, 700.0), "r2": metric(0.94)},
        "per_class": None,
        "baselines": {"mean": {"mae": metric(71200.0, 900.0)}, "classical": {"mae": metric(19800.0, 900.0)}},
        "comparisons": {
            "classical": {
                "metric": "mae",
                "difference": {"value": -5450.0, "low": -6300.0, "high": -4700.0},
                "p_value": 0.0001,
                "test": "paired bootstrap",
            }
        },
        "confusion": None,
        "calibration": None,
        "residuals": {"points": [{"truth": 100.0 * at, "answer": 101.0 * at} for at in range(50)]},
    }


def check() -> dict[str, Any]:
    return {
        "source": "reviews.csv",
        "rows": 6016,
        "target": "label",
        "columns": [
            {"name": "text", "kind": "text", "missing": 3, "distinct": 5900, "examples": ["Great", "x" * 500]},
            {"name": "label", "kind": "category", "missing": 0, "distinct": 2, "examples": ["pos", "neg"]},
        ],
        "findings": [
            {
                "check": "contradictions",
                "severity": "error",
                "column": "label",
                "count": 44,
                "rows": [{"row": 12, "id": "ab", "score": 1.0, "inputs": {"text": "Fine, I guess."}, "target": "pos"}],
                "advice": "Keep the label that is right.",
            }
        ],
    }


class Page(HTMLParser):
    """A page as its reader sees it; raises AssertionError where a tag is not closed in its place."""

    def __init__(self, markup: str) -> None:
        super().__init__(convert_charrefs=True)
        self.open: list[str] = []
        self.tags: list[tuple[str, dict[str, str | None]]] = []
        self.texts: list[str] = []
        self.feed(markup)
        self.close()
        assert not self.open, f"never closed: {self.open}"

    @property
    def text(self) -> str:
        return " ".join("".join(self.texts).split())

    @property
    def anchors(self) -> set[str]:
        return {attributes["id"] or "" for tag, attributes in self.tags if tag == "section"}

    def labels(self) -> list[str]:
        return [attributes["aria-label"] or "" for tag, attributes in self.tags if tag == "svg"]

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.append((tag, dict(attrs)))
        if tag not in EMPTY:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open, f"</{tag}> closes nothing"
        assert self.open.pop() == tag, f"</{tag}> is out of place"

    def handle_data(self, data: str) -> None:
        if self.open and self.open[-1] != "style":
            self.texts.append(data + " ")
