"""What cannot be written out, said before anything is."""

from __future__ import annotations

import json
from typing import Any

from ..core.errors import RecipeError
from ..version import Version

ALONE = "--model-only writes the model alone"


def refuse_model(version: Version) -> None:
    """Raise RecipeError where a version is no language model."""
    base = version.report.values["base"]
    if base != "hf_causal":
        raise RecipeError(
            f"{version.label}: its base is {base}, and only language models (base hf_causal) have a form that others "
            "read; keep it here and use tunesmith predict"
        )


def refuse_training(version: Version) -> None:
    """Raise RecipeError naming every setting of the run that the script cannot say."""
    recipe = json.loads(version.stored.read("recipe.json"))
    odd = [*_beyond(recipe), *_befallen(version.report.values["training"])]
    if odd:
        raise RecipeError(f"{version.label}: the script train.py cannot say {', '.join(odd)}; {ALONE}")


def _beyond(recipe: dict[str, Any]) -> list[str]:
    """Return the settings beyond the script."""
    how, strategy = recipe["train"], recipe["strategy"]
    loss = how["loss"]
    found = {
        f"strategy {strategy['kind']}": strategy["kind"] != "full",
        "strategy.reinitialise": bool(strategy.get("reinitialise")),
        f"train.engine {how['engine']['kind']}": how["engine"]["kind"] != "local",
        f"train.optimizer {how['optimizer']['kind']}": how["optimizer"]["kind"] != "adamw",
        "train.minutes": how["minutes"] is not None,
        "train.seeds": how["seeds"] != 1,
        "train.regularizers": how["regularizers"] != [],
        f"train.loss {loss and loss['kind']}": loss is not None and loss["kind"] != "token_cross_entropy",
        "augment": bool(recipe["augment"]),
        "balance": recipe["balance"] is not None,
    }
    return [name for name, is_odd in found.items() if is_odd]


def _befallen(training: dict[str, Any]) -> list[str]:
    """Return what happened to the run that no setting tells."""
    expected, happened = training["expected"], training["happened"]
    if happened.get("micro_batch", expected["micro_batch"]) != expected["micro_batch"]:
        return ["that memory ended in the midst of it (set train.micro_batch, and train again)"]
    return []
