"""What a run leaves behind: its report, the files that make the version, and the manifest over them."""

from __future__ import annotations

import json
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from .core.events import Events
from .core.ids import digest, set_digest, value_digest
from .core.libraries import libraries
from .core.statistics import Comparison
from .data import Codec, Dataset, Encoded
from .data.ledger import counts, lines
from .data.metrics import HIGHER_IS_BETTER
from .data.pixels import thumbnail
from .model import Curve
from .parts.checks._veil import Veil
from .recipe import Recipe
from .samples import Sides, side_by_side
from .stages import evaluate
from .stages.clean import Cleaned
from .stages.decide import System
from .stages.judge import Judge

ROWS_SHOWN = (
    "split",
    "findings",
    "worst",
    "samples",
    "judged",
    "augment",
    "guards",
)  # what in a report tells of single rows

SMALL, LARGE = 96, 256  # pixels of the longer side of a thumbnail: to be recognised, and with boxes drawn upon it


@dataclass(frozen=True, slots=True)
class Chapter:
    """One run's material: everything that was decided before and during training."""

    recipe: Recipe
    origins: Mapping[str, str]
    parts: Mapping[str, Dataset]
    codec: Codec
    findings: Sequence[dict[str, Any]]
    """As JSON values, each row with its number and id."""
    cleaned: Cleaned
    division: Mapping[str, Any]
    """How the rows were divided, as JSON values."""


def account(
    chapter: Chapter,
    test: Encoded,
    systems: Mapping[str, System],
    curve: Curve,
    events: Events,
    judge: Judge | None = None,
) -> dict[str, Any]:
    """Return the report as JSON values. `systems` are the `model` and every baseline; `judge` compares texts."""
    assert test.targets is not None
    rows = evaluate.Rows(chapter.parts["test"], chapter.codec, test.targets, chapter.recipe.seed, test.groups)
    scores = {name: rows.task.scores(one.outputs, chapter.codec.target_state) for name, one in systems.items()}
    ours = scores.pop("model")
    with events.stage("evaluate", 2 + 2 * len(scores)) as advance:
        metrics = {name: one.as_json() for name, one in evaluate.figures(rows, ours).items()}
        advance(1)
        baselines, comparisons = {}, {}
        for done, (name, one) in enumerate(scores.items()):
            others = replace(rows, codec=systems[name].codec)
            baselines[name] = {key: metric.as_json() for key, metric in evaluate.figures(others, one).items()}
            advance(2 + 2 * done)
            if _is_comparable(metrics, baselines[name], rows.task.primary):
                comparisons[name] = evaluate.compare(rows, ours, one, others)
            advance(3 + 2 * done)
        by_class = evaluate.class_figures(rows, ours)
    primary = rows.task.primary
    return {
        **_identity(chapter),
        "primary": primary,
        "metrics": metrics,
        "per_class": by_class,
        "baselines": baselines,
        "comparisons": {name: _comparison(one, primary) for name, one in comparisons.items()},
        "verdict": evaluate.verdict(comparisons, primary) | evaluate.remark(metrics, baselines),
        "decision": _decision(systems),
        **_pictured(evaluate.pictures(rows, ours), test),
        **side_by_side(Sides.of(rows.data, rows.codec, systems), judge, test.groups, rows.seed, events),
        "curves": {"steps": _thinned(curve.steps), "validations": [_shown(one) for one in curve.validations]},
    }


def _is_comparable(ours: Mapping[str, Any], theirs: Mapping[str, Any], primary: str) -> bool:
    """Return whether a baseline can be compared: not where it alone has no figure, as it gives no probabilities."""
    return theirs.get(primary, {}).get("value") is not None or ours[primary]["value"] is None


def _pictured(shown: Mapping[str, Any], test: Encoded) -> dict[str, Any]:
    """Return what the report draws, the worst rows with thumbnails of their images, and their size where it counts."""
    images, worst = test.inputs.get("image"), shown.get("worst")
    if not isinstance(images, np.ndarray) or worst is None:
        return dict(shown)
    at = {name: position for position, name in enumerate(test.ids)}
    sizes = test.inputs.get("sizes")
    pictured = []
    for one in worst:
        position = at[one["id"]]
        size = {"size": sizes[position].tolist()} if isinstance(sizes, np.ndarray) else {}
        side = LARGE if size else SMALL
        pictured.append(one | size | {"pictures": [thumbnail(picture, side) for picture in images[position]]})
    return dict(shown) | {"worst": pictured}


def _identity(chapter: Chapter) -> dict[str, Any]:
    recipe, codec = chapter.recipe, chapter.codec
    engine = recipe.train.engine.describe()
    return {
        "name": recipe.title(),
        "seed": recipe.seed,
        "task": codec.task.kind,
        "target": codec.target,
        "base": recipe.body().kind,
        "strategy": recipe.strategy.kind if recipe.body().form == "differentiable" else None,
        "classes": codec.target_state.get("classes"),
        "inputs": {column.name: column.modality.kind for column in codec.columns},
        "rows": {name: len(rows) for name, rows in chapter.parts.items()},
        "split": dict(chapter.division),
        "findings": list(chapter.findings),
        "cleaning": counts(chapter.cleaned.changes),
        "recipe": recipe.model_dump(mode="json"),
        "origins": dict(chapter.origins),
        "environment": {"python": platform.python_version(), "system": platform.platform(), **engine, **libraries()},
    }


def _decision(systems: Mapping[str, System]) -> dict[str, Any] | None:
    """Return what the model's thresholds are and how they were chosen, and those of the baselines; None where plain."""
    choices = {name: one.choice for name, one in systems.items() if one.choice}
    if "model" not in choices:
        return None
    own = choices.pop("model")
    thresholds = {
        name: {label: found["threshold"] for label, found in one["classes"].items()} for name, one in choices.items()
    }
    return own | {"baselines": thresholds}


def stored_files(chapter: Chapter, report: Mapping[str, Any]) -> dict[str, bytes]:
    """Return the files that stand beside the model's own: codec, recipe, report, row ids by split, what was cleaned."""
    ids = {name: rows.ids for name, rows in chapter.parts.items()}
    texts = {
        "codec.json": chapter.codec.as_json(),
        "recipe.json": chapter.recipe.model_dump(mode="json"),
        "report.json": _veiled(report, Veil.of(chapter.recipe.checks, chapter.findings)),
        "rows.json": ids,
    }
    ledger = {"ledger.jsonl": lines(chapter.cleaned.changes)} if chapter.cleaned.changes else {}
    return {name: _json(value) for name, value in texts.items()} | ledger


def _veiled(report: Mapping[str, Any], veil: Veil) -> dict[str, Any]:
    """Return the report with what is personal masked in the rows that it shows.

    Augmented rows that held any are left out: with one letter changed, an account number is none to a pattern.
    """
    told: dict[str, Any] = veil.over({name: report[name] for name in ROWS_SHOWN if name in report})
    examples = report.get("augment", {}).get("examples")
    if examples:
        told["augment"]["examples"] = [one for one in examples if veil.over(one["before"]) == one["before"]]
    return {**report, **told}


def manifest_of(chapter: Chapter, files: Mapping[str, bytes], report: Mapping[str, Any]) -> dict[str, Any]:
    """Return what the registry keeps in view; `weights` is one digest over all tensor files."""
    tensors = {name: digest(data) for name, data in files.items() if name.endswith(".safetensors")}
    return {
        "weights": value_digest(tensors),
        "recipe": chapter.recipe.digest(),
        "rows": {name: {"count": len(rows), "ids": set_digest(rows.ids)} for name, rows in chapter.parts.items()},
        "task": report["task"],
        "target": report["target"],
        "base": report["base"],
        "seed": report["seed"],
        "primary": report["primary"],
        "metrics": report["metrics"],
        "verdict": report["verdict"],
        "decision": chapter.codec.target_state.get("decision"),
        "environment": report["environment"],
    }


def _comparison(one: Comparison, primary: str) -> dict[str, Any]:
    """As JSON values, the difference as model minus baseline in the metric's own direction."""
    difference = {"value": one.difference, "low": one.low, "high": one.high}
    if not HIGHER_IS_BETTER[primary]:
        difference = {"value": _minus(one.difference), "low": _minus(one.high), "high": _minus(one.low)}
    return {"metric": primary, "difference": difference, "p_value": one.p_value, "test": "paired bootstrap"}


def _minus(value: float | None) -> float | None:
    return None if value is None else -value


def _thinned(steps: list[dict[str, float]], most: int = 400) -> list[dict[str, float]]:
    """Return at most that many points, each the mean of its neighbours' loss."""
    size = max(1, -(-len(steps) // most))
    groups = [steps[at : at + size] for at in range(0, len(steps), size)]
    return [one[-1] | {"loss": sum(step["loss"] for step in one) / len(one)} for one in groups]


def _shown(validation: Mapping[str, Any]) -> dict[str, Any]:
    """Return a validation without the key it was ranked by, which is infinite where its metric is undefined."""
    return {name: value for name, value in validation.items() if name != "key"}


def _json(value: Any) -> bytes:
    return json.dumps(value, indent=1, ensure_ascii=False, allow_nan=False).encode()
