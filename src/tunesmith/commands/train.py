"""`tunesmith train`: the whole story."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from ..core.errors import RecipeError
from ..core.events import Events
from ..pages import DASHES, forgetting, meanings, sentence
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
        "judged": report.get("judged"),
        "test_rows": report["rows"]["test"],
        "training": report.get("training") or None,
        "seconds": report["seconds"],
    }


def describe(version: Version) -> str:
    """Return the figures beside the baselines, and the verdict, as text."""
    report = version.report.values
    baselines = report["baselines"]
    rows = [
        [name, figure(metric), *(_short(baselines[one].get(name)) for one in baselines)]
        for name, metric in report["metrics"].items()
    ]
    counts = ", ".join(f"{name} {count}" for name, count in report["rows"].items())
    trained, forgot = sentence(report), forgetting(report)
    return "\n".join(
        [
            table(["metric", f"{report['base']} (this version)", *baselines], rows),
            *_explained(report["metrics"]),
            "",
            f"rows      {counts}",
            *([f"trained   {trained}"] if trained else []),
            *([f"forgot    {forgot}"] if forgot else []),
            *([f"judge     {_judged(report['judged'])}"] if report.get("judged") else []),
            f"verdict   {report['verdict']['decision']}: {report['verdict']['because']}",
            *([f"note      {report['verdict']['note']}"] if "note" in report["verdict"] else []),
            f"version   {version.label}  {version.stored.digest[:12]}  ({report['seconds']:.0f} s)",
            f"next      tunesmith report {version.label}",
        ]
    )


def _short(metric: dict[str, Any] | None) -> str:
    return "-" if metric is None or metric["value"] is None else f"{metric['value']:.4g}"


def _explained(metrics: dict[str, Any]) -> list[str]:
    """Return a line for each metric that does not speak for itself."""
    found = meanings(metrics)
    if not found:
        return []
    width = max(map(len, found))
    return ["", *(f"{name:<{width}}  {words}" for name, words in found.items()), f"{'-':<{width}}  {DASHES}"]


def _judged(judged: dict[str, Any]) -> str:
    """Return what a judge said of this version's texts beside the base's, in one line."""
    if "failed" in judged:
        return f"none, as it failed: {judged['failed']}"
    rows = f"{judged['rows']} of {judged['test_rows']} test rows"
    counts = f"{judged['wins']} won, {judged['losses']} lost, {judged['ties']} tied against the untouched base"
    return f"win rate {figure(judged['win_rate'])} on {rows}: {counts}"
