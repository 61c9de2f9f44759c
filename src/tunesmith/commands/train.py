"""`tunesmith train`: the whole story."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ..core.errors import RecipeError
from ..core.events import Events
from ..pages import forgetting, sentence
from ..parts.engines._launch import launched
from ..recipe import load
from ..story import Run, tell
from ..terminal import Screen, figure, table
from ..version import Version
from . import Answer


def run(options: Namespace) -> Answer:
    """Train, judge and register."""
    recipe, text = load(options.recipe, options.set)
    engine = recipe.train.engine
    if engine.world != launched().world:
        raise RecipeError(
            f"train.engine: {engine.kind} is one process, but {launched().world} were started: each would train the "
            "whole; add --set train.engine.kind=accelerate"
        )
    screen = Screen()
    events = screen.events() if engine.is_first else Events()
    try:
        version = tell(Run(recipe, options.recipe.parent, options.home, events, text, options.resume))
    finally:
        screen.close()
    return Answer(None, "", is_silent=True) if version is None else Answer(summary(version), describe(version))


def summary(version: Version) -> dict[str, Any]:
    """Return what the contract promises of a training."""
    report = version.report.values
    return {
        "version": version.label,
        "digest": version.stored.digest,
        "weights": version.stored.manifest["weights"],
        "task": report["task"],
        "base": report["base"],
        "primary": report["primary"],
        "metrics": report["metrics"],
        "baselines": report["baselines"],
        "comparisons": report["comparisons"],
        "verdict": report["verdict"]["decision"],
        "because": report["verdict"]["because"],
        "note": report["verdict"].get("note"),
        "decision": report["decision"],
        "test_rows": report["rows"]["test"],
        "training": report.get("training") or None,
        "seconds": report["seconds"],
    }


def describe(version: Version) -> str:
    """Return the figures beside the baselines, and the verdict, as text."""
    report = version.report.values
    baselines = report["baselines"]
    rows = [
        [name, figure(metric), *(_short(baselines[one][name]) for one in baselines)]
        for name, metric in report["metrics"].items()
    ]
    counts = ", ".join(f"{name} {count}" for name, count in report["rows"].items())
    trained, forgot = sentence(report), forgetting(report)
    return "\n".join(
        [
            table(["metric", f"{report['base']} (this version)", *baselines], rows),
            "",
            f"rows      {counts}",
            *([f"trained   {trained}"] if trained else []),
            *([f"forgot    {forgot}"] if forgot else []),
            f"verdict   {report['verdict']['decision']}: {report['verdict']['because']}",
            *([f"note      {report['verdict']['note']}"] if "note" in report["verdict"] else []),
            f"version   {version.label}  {version.stored.digest[:12]}  ({report['seconds']:.0f} s)",
            f"next      tunesmith report {version.label}",
        ]
    )


def _short(metric: dict[str, Any]) -> str:
    return "-" if metric["value"] is None else f"{metric['value']:.4g}"
