"""TRL: the YAML of `trl sft --config`."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import RecipeError
from . import Draft, Values, is_on, number, whole, yes
from ._datasets import begin, is_file, listed, of_files, of_hub
from ._trainer import REASONS, Usual, training

MARKS = (
    "dataset_name",
    "dataset_config",
    "dataset_train_split",
    "dataset_text_field",
    "use_peft",
    "lora_r",
    "lora_target_modules",
    "max_length",
    "max_seq_length",
    "assistant_only_loss",
    "completion_only_loss",
    "packing",
)
OWN = {
    "model_revision": "the base is a folder or an id; fetch that revision into a folder",
    "chat_template_path": "`base.template` is a Jinja text; put the file's content there",
    "dataset_text_field": "a text to be learnt by heart stands under `text`: docs/chat-data.md",
    "dataset_test_split": "name it under `data: {split: {train: ..., test: ...}}`",
    "datasets": "the keys tell how conversations are written: docs/chat-data.md",
    "truncation_mode": "a question too long is cut at its beginning, an answer is not cut",
    "eos_token": "the tokenizer's own end token is used",
    "pad_token": "the tokenizer's own tokens are used",
    "padding_free": "rows are padded to the longest of their batch",
    "loss_type": "`train.loss: token_cross_entropy` is the mean over the tokens learnt",
    "streaming": "rows are read whole",
    "env": "set variables where you start the command",
}


def read(values: Values, folder: Path) -> Draft:
    """Return the draft of a recipe. Raises RecipeError without model or rows."""
    draft = Draft(dict(values))
    if not draft.open.get("model_name_or_path") or not (draft.open.get("dataset_name") or draft.open.get("datasets")):
        raise RecipeError("model_name_or_path, dataset_name: a recipe needs both; add the one that is missing")
    _begin(draft)
    _adapters(draft)
    length = "max_length" if "max_length" in draft.open else "max_seq_length"
    draft.carry(length, "base.max_tokens", whole)
    draft.assume("base.max_tokens", 1024)
    draft.carry("packing", "base.packing", yes)
    for name in ("assistant_only_loss", "completion_only_loss"):
        draft.agree(name, is_on(draft.open.get(name)), "task", "only answers are learnt here, never what is asked")
    training(draft, Usual(2e-5, "linear"))
    draft.finish(OWN | REASONS)
    return draft


def _begin(draft: Draft) -> None:
    key, entries = "dataset_name", [{"path": draft.open.get("dataset_name"), "name": draft.open.get("dataset_config")}]
    if draft.open.get("datasets"):
        entries, key = listed(draft, "datasets"), "datasets.0.path"
    first = entries[0]
    split = first.get("split") or draft.open.get("dataset_train_split") or "train"
    path = str(first.get("path"))
    data = of_files([path]) if is_file(path) else of_hub(path, config=first.get("name"), split=split)
    begin(draft, data, str(draft.open["model_name_or_path"]))
    draft.agree("model_name_or_path", True, "base.path", "")
    draft.agree(key, True, "data.path", "")
    is_hub, why = data["kind"] == "hub", "the rows are in a file"
    for name, place in (("dataset_config", "config"), ("dataset_train_split", "split")):
        draft.agree(name, is_hub and key == "dataset_name", f"data.{place}", why)
    draft.agree("datasets.0.name", is_hub, "data.config", why)
    draft.agree("datasets.0.split", is_hub, "data.split", why)
    for name in [name for name in draft.open if name.startswith("datasets.")]:
        known = name.startswith("datasets.0.")
        draft.leave(name, OWN["datasets"] if known else "a recipe reads one data set of the Hub; this one is left")


def _adapters(draft: Draft) -> None:
    if not is_on(draft.open.get("use_peft")):
        draft.carry("use_peft", "strategy.kind", lambda value: "full")
        draft.assume("strategy.kind", "full")
        return
    draft.carry("use_peft", "strategy.kind", lambda value: "lora")
    draft.carry("lora_r", "strategy.rank", whole)
    draft.carry("lora_alpha", "strategy.alpha", whole)
    draft.carry("lora_dropout", "strategy.dropout", number)
    targets = draft.open.get("lora_target_modules")
    everywhere = targets == "all-linear" or targets == ["all-linear"]
    draft.agree("lora_target_modules", everywhere, "strategy.kind", "adapters stand on all linear layers here")
