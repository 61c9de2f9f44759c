"""The training as a script of its own, with the numbers of the run filled in, and its rows beside it."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

import numpy as np

from ..core.errors import RecipeError
from ..data import Ragged
from ..model.network import Network
from ..parts.bases._generation import pad_token
from ..parts.bases.hf_causal import HfCausal
from ..training.groups import parameter_groups
from ..training.settings import Plan
from ..version import Version
from .model import encoder_of
from .rows import SPLITS, Rows

TEMPLATE = "train.py.txt"


def write_script(version: Version, rows: Rows, folder: Path) -> None:
    """Write `train.py` and `rows.npz`. Raises RecipeError where the plan of the run was another than its recipe's."""
    arrays: dict[str, np.ndarray] = {}
    usual = 1.0
    for split in SPLITS:
        encoded = version.model.prepare(rows.encoded(version.codec, split))
        tokens, weights = (encoded.inputs[name] for name in ("tokens", "weights"))
        assert isinstance(tokens, Ragged)
        assert isinstance(weights, Ragged)
        if split == "train":
            usual = max(float(weights.values[weights.values > 0].sum()) / max(len(encoded), 1), 1e-6)
        arrays |= {f"{split}_tokens": tokens.values, f"{split}_weights": weights.values}
        arrays |= {f"{split}_offsets": tokens.offsets, f"{split}_ids": np.array(encoded.ids)}
    np.savez(folder / "rows.npz", **arrays)  # type: ignore[arg-type]
    text = files(__package__).joinpath(TEMPLATE).read_text("utf-8")
    numbers = {name: _literal(one) for name, one in _numbers(version, rows).items()}
    plain = {"label": version.label, "expected": version.stored.manifest["weights"], "rates": _rates(version, rows)}
    filled = Template(text).substitute(numbers | plain | {"usual": repr(usual)})
    (folder / "train.py").write_text(filled, "utf-8")


def base_of(rows: Rows) -> str:
    """Return where training started from: a folder from the root on, or a name on the Hub."""
    base = rows.recipe.body()
    assert isinstance(base, HfCausal)
    return str(Path(base.path).resolve()) if Path(base.path).is_dir() else base.path


def base_remarks(rows: Rows) -> list[str]:
    """Return what a person should know of the place where training starts."""
    base = base_of(rows)
    if Path(base).is_dir():
        return []
    return [
        f"train.py: '{base}' is no folder here; if it is no name on the Hub either, put its path into BASE at the top"
    ]


def plan_of(version: Version, rows: Rows) -> Plan:
    """Return how many steps there were. Raises RecipeError where the report tells of another number."""
    recipe = rows.recipe
    plan = Plan.over(len(rows.parts["train"]), recipe.train, recipe.strategy.most_epochs)
    told = version.report.values["training"]["expected"]["steps"]
    if plan.total != told:
        raise RecipeError(
            f"{version.label}: its recipe now makes {plan.total} steps, and {told} were planned; another release "
            "of tunesmith planned it: train again, or use --model-only"
        )
    return plan


def _numbers(version: Version, rows: Rows) -> dict[str, Any]:
    """Return the values at the script's top."""
    recipe, how, rule = rows.recipe, rows.recipe.train, rows.recipe.train.optimizer
    report = version.report.values
    plan, machine = plan_of(version, rows), report["environment"]
    return {
        "base": base_of(rows),
        "seed": recipe.seed,
        "device": machine["device"],
        "precision": first_word(machine["precision"]),
        "threads": int(first_word(machine["threads"])),
        "routing": first_word(machine.get("fp32_routing", "ieee")),
        "batch": plan.batch,
        "micro_batch": report["training"]["expected"]["micro_batch"],
        "steps": plan.total,
        "every": plan.every,
        "patience": how.patience,
        "clip": how.clip,
        "betas": (rule.beta1, rule.beta2),  # type: ignore[attr-defined]
        "epsilon": rule.epsilon,  # type: ignore[attr-defined]
        "weight_decay": rule.weight_decay,
        "warmup": rule.warmup,
        "schedule": rule.schedule,
        "average": how.average,
        "ema_decay": how.ema_decay,
        "checkpointing": how.gradient_checkpointing,
        "pad": pad_token(encoder_of(version).tokenizer),
    }


def first_word(reason: str) -> str:
    """Return what was chosen, of a report's `bf16 (3.0x as fast as fp32 here)`."""
    return reason.split()[0]


def rates_of(version: Version, rows: Rows) -> dict[str, float]:
    """Return the peak learning rate of each weight, by the beginning of its name; the first that fits counts."""
    encoder, network = encoder_of(version), version.model
    assert isinstance(network, Network)
    rate = version.report.values["training"]["happened"]["learning_rate"]
    own = dict(encoder.body.named_parameters())
    made = parameter_groups(network, rows.recipe.train.optimizer, rate, {id(one) for one in own.values()})
    rates = {id(one): float(group["lr"]) for group in made for one in group["params"]}
    each = {name: rates[id(one)] for name, one in own.items()}
    inside = {id(module) for depth in encoder.layers() for module in depth}
    begins = [f"{name}." for name, module in encoder.body.named_modules() if id(module) in inside]
    found: dict[str, float] = {}
    for name, peak in each.items():
        found.setdefault(next((one for one in begins if name.startswith(one)), name), peak)
    is_right = all(next(found[one] for one in found if name.startswith(one)) == each[name] for name in each)
    return found if is_right else each


def _rates(version: Version, rows: Rows) -> str:
    return "\n".join(f"    {_literal(name)}: {rate!r}," for name, rate in rates_of(version, rows).items())


def _literal(value: Any) -> str:
    """Return a value as Python is written here."""
    return json.dumps(value) if isinstance(value, str) else repr(value)
