"""The training as a configuration for TRL, as far as TRL can say it, and its rows as messages."""

from __future__ import annotations

import json
from importlib.resources import files
from pathlib import Path
from string import Template
from typing import Any

from ..data.chats import Message, answer_of
from ..parts.bases._template import DEFAULT, PLAIN, SAID, TURN
from ..parts.bases.hf_causal import HfCausal
from ..version import Version
from .model import BEGUN, Spoken, encoder_of
from .rows import Rows
from .script import base_of, first_word, plan_of, rates_of

TEMPLATE, MARKED_FILE = "trl.yaml.txt", "trl.jinja"
SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant_with_warmup"}
MARKED = (
    "{% if message['role'] == 'assistant' %}{% generation %}" + SAID + "{{ eos_token }}{% endgeneration %}"
    "{% else %}" + SAID + "{% endif %}"
)
AVERAGES = {
    "soup": "the run kept the average of its best three validations",
    "ema": "the run kept the best of its running averages",
    "none": "the run kept those of its best validation",
}


def write_trl(version: Version, rows: Rows, spoken: Spoken, folder: Path) -> None:
    """Write `rows.jsonl`, `trl.yaml`, and the template with its answers marked where it is one of ours."""
    lines = [json.dumps({"messages": one}, ensure_ascii=False) for one in talks(version, rows)]
    (folder / "rows.jsonl").write_text("\n".join(lines) + "\n", "utf-8")
    own = spoken.template.removeprefix(BEGUN)
    is_ours = own in (DEFAULT, PLAIN)
    if is_ours:
        (folder / MARKED_FILE).write_text(spoken.template.replace(TURN, MARKED), "utf-8")
    said = {"template": MARKED_FILE if is_ours else "model", "template_remark": _template_remark(is_ours, own)}
    values = _values(version, rows) | _machine(version, rows) | said
    text = files(__package__).joinpath(TEMPLATE).read_text("utf-8")
    (folder / "trl.yaml").write_text(Template(text).substitute(values), "utf-8")


def talks(version: Version, rows: Rows) -> list[list[Message]]:
    """Return each training row as its messages, the answer last, with what TRL reads of them."""
    answers = rows.encoded(version.codec, "train").targets
    asked = rows.chats(version.codec, "train")
    whole = ([*row, answer_of(str(answer))] for row, answer in zip(asked, answers, strict=True))
    return [[{name: one for name, one in turn.items() if name != "weight"} for turn in row] for row in whole]


def _template_remark(is_ours: bool, own: str) -> str:
    if not is_ours:
        return (
            "# TRL marks the answers in the templates of families that it knows; in another one, put {% generation %}\n"
            "# and {% endgeneration %} around them in model/tokenizer_config.json"
        )
    told = "# the model's own template, with marks around the answers, which assistant_only_loss asks for"
    joined = "# nothing stands between question and answer: TRL may make one token of both, the run never does"
    return f"{told}\n{joined}" if own == PLAIN else told


def _values(version: Version, rows: Rows) -> dict[str, Any]:
    """Return what the recipe says."""
    recipe, how, rule = rows.recipe, rows.recipe.train, rows.recipe.train.optimizer
    base, plan = recipe.body(), plan_of(version, rows)
    assert isinstance(base, HfCausal)
    rates = rates_of(version, rows).values()
    several = any(turn["role"] == "assistant" for row in rows.chats(version.codec, "train") for turn in row)
    last = "# the run learnt each conversation's last answer alone; TRL learns them all"
    return {
        "label": version.label,
        "base": json.dumps(base_of(rows), ensure_ascii=False),
        "turns_remark": last if several and base.turns == "last" else "# messages' weights are not known to TRL",
        "max_length": encoder_of(version).max_tokens,
        "epochs": plan.total // plan.per_epoch,
        "steps": plan.total,
        "taken": version.report.values["training"]["happened"]["steps"],
        "seed": recipe.seed,
        "rate": _number(max(rates)),
        "rate_remark": f"# one rate for all weights; in the run from {min(rates):.3g} (lowest) to {max(rates):.3g}",
        "schedule": SCHEDULES[rule.schedule],
        "warmup": max(1, round(rule.warmup * plan.total)) if rule.warmup else 0,
        "weight_decay": _number(rule.weight_decay),
        "beta1": rule.beta1,  # type: ignore[attr-defined]
        "beta2": rule.beta2,  # type: ignore[attr-defined]
        "epsilon": _number(rule.epsilon),  # type: ignore[attr-defined]
        "clip": _number(how.clip),
        "average_remark": AVERAGES[how.average],
    }


def _machine(version: Version, rows: Rows) -> dict[str, Any]:
    """Return what follows from where the run took place."""
    report, batch = version.report.values, plan_of(version, rows).batch
    micro = report["training"]["expected"]["micro_batch"]
    micro = batch if batch % micro else micro
    environment = report["environment"]
    is_cpu = environment["device"] == "cpu"
    return {
        "micro_batch": micro,
        "accumulation": batch // micro,
        "checkpointing": _word(rows.recipe.train.gradient_checkpointing),
        "bf16": _word(first_word(environment["precision"]) == "bf16"),
        "use_cpu": "use_cpu: true" if is_cpu else "# the run took one device; TRL takes all that it finds",
    }


def _word(value: bool) -> str:
    return "true" if value else "false"


def _number(value: float) -> str:
    """Return a number as YAML reads it: 1e-08 without a point would be a text."""
    text = f"{value:.10g}"
    return text if "." in text else text.replace("e", ".0e")
