"""What cannot be written out, said before anything is."""

from __future__ import annotations

import json
from typing import Any

from ..core.errors import RecipeError
from ..core.part import Section
from ..parts.bases.hf_causal import HfCausal
from ..parts.optimizers.adamw import Adamw
from ..training.settings import Train
from ..version import Version

ALONE = "--model-only writes the model alone"
# the settings that the script says, or that do not matter to it; any other must be as it is by default
BASE = {"kind", "path", "template", "max_tokens", "turns", "writing", "probe"}
RULE = {"kind", "learning_rate", "weight_decay", "layer_decay", "warmup", "schedule", "beta1", "beta2", "epsilon"}
TRAIN = {
    *(
        "epochs",
        "batch_size",
        "micro_batch",
        "gradient_checkpointing",
        "optimizer",
        "loss",
        "dropout",
        "clip",
        "engine",
    ),
    *("validations", "patience", "average", "ema_decay", "checkpoint_seconds", "cache_gigabytes"),
}


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
        f"train.loss {loss and loss['kind']}": loss is not None and loss["kind"] != "token_cross_entropy",
        "augment": bool(recipe["augment"]),
        "balance": recipe["balance"] is not None,
    }
    odd = [name for name, is_odd in found.items() if is_odd]
    odd += _unsaid("base", recipe["base"], HfCausal, BASE) + _unsaid("train", how, Train, TRAIN)
    rule = how["optimizer"]
    return odd + (_unsaid("train.optimizer", rule, Adamw, RULE) if rule["kind"] == "adamw" else [])


def _unsaid(place: str, values: dict[str, Any], kind: type[Section], said: set[str]) -> list[str]:
    """Return the settings that the script does not say and that are not as by default, such as `base.packing`."""
    fields = kind.model_fields
    return [
        f"{place}.{name}"
        for name, value in values.items()
        if name not in said and (name not in fields or value != fields[name].get_default(call_default_factory=True))
    ]


def _befallen(training: dict[str, Any]) -> list[str]:
    """Return what happened to the run that no setting tells."""
    expected, happened = training["expected"], training["happened"]
    if happened.get("micro_batch", expected["micro_batch"]) != expected["micro_batch"]:
        return ["that memory ended in the midst of it (set train.micro_batch, and train again)"]
    return []
