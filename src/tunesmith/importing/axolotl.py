"""Axolotl: the YAML of `axolotl train`."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from ..core.errors import RecipeError
from . import Draft, Values, is_on, number, refuse, whole, yes
from ._datasets import begin, is_file, listed, of_files, of_hub
from ._trainer import REASONS, Usual, training

MARKS = ("base_model", "micro_batch_size", "sequence_len", "adapter", "datasets", "num_epochs", "val_set_size")
NAMES = {"batch": "micro_batch_size", "epochs": "num_epochs", "schedule": "lr_scheduler", "optimizer": "optimizer"}
USUAL = Usual(None, "cosine", rows=1, epochs=1)
FORMS = {"alpaca": "alpaca", "sharegpt": "sharegpt", "completion": "text"}
ANSWERING = {"assistant", "gpt", "model"}
OWN = {
    "model_type": "the model's configuration names its class",
    "chat_template": "`base.template: auto` is the tokenizer's own; another is given there as a Jinja text",
    "default_system_message": "write the system's message into the rows",
    "dataset": "rows are made into tokens when they are read",
    "shuffle": "rows are shuffled anew in each epoch",
    "test_datasets": "give one file per split: `data: {kind: chat, path: {train: ..., validation: ...}}`",
    "strict": "a recipe refuses keys that it does not know",
    "plugins": "parts of one's own are files: CONTRIBUTING.md",
    "liger": "torch's own kernels are used",
    "loss_watchdog": "the monitor tells of a loss that breaks away",
    "debug": "`tunesmith trace` shows a row at each station",
    "datasets": "the keys tell how conversations are written: docs/chat-data.md",
}


def read(values: Values, folder: Path) -> Draft:
    """Return the draft of a recipe. Raises RecipeError without model or rows, or for another kind of training."""
    draft = Draft(dict(values))
    if draft.open.get("rl"):
        refuse("rl", draft.open["rl"], "this learns from preferences or rewards")
    if not draft.open.get("base_model") or not draft.open.get("datasets"):
        raise RecipeError("base_model, datasets: a recipe needs both; add the one that is missing")
    _begin(draft)
    _adapter(draft)
    draft.carry("sequence_len", "base.max_tokens", whole)
    draft.assume("base.max_tokens", 512)
    draft.carry("sample_packing", "base.packing", yes)
    if draft.open.get("chat_template") in ("jinja", "tokenizer_default"):
        has_text = bool(draft.open.get("chat_template_jinja"))
        draft.agree("chat_template", True, "base.template", "")
        if not has_text:
            draft.put("base.template", "auto")
    draft.carry("chat_template_jinja", "base.template", str)
    learnt = "only answers are learnt here"
    draft.agree("train_on_inputs", not is_on(draft.open.get("train_on_inputs")), "task", learnt)
    draft.carry("val_set_size", "split.validation", _share)
    training(draft, USUAL, NAMES)
    draft.finish(OWN | REASONS)
    return draft


def _begin(draft: Draft) -> None:
    entries = listed(draft, "datasets")
    sources = [_source(one) for one in entries]
    kind = sources[0]["kind"]
    alike = [at for at, one in enumerate(sources) if one["kind"] == kind and (kind != "hub" or not at)]
    data = sources[0]
    if kind != "hub":
        paths = [path for at in alike for path in _several(sources[at]["path"])]
        forms = {str(sources[at].get("format", "auto")) for at in alike}
        data = of_files(paths, forms.pop() if len(forms) == 1 else "auto")
    begin(draft, data, str(draft.open["base_model"]))
    draft.agree("base_model", True, "base.path", "")
    for at, entry in enumerate(entries):
        why = "a recipe reads files of one kind, or one data set of the Hub; this one is left"
        for name, path in (("path", "data.path"), ("data_files", "data.path"), ("name", "data.config")):
            draft.agree(f"datasets.{at}.{name}", at in alike, path, why)
        for name in ("split", "revision"):
            draft.agree(f"datasets.{at}.{name}", at in alike and kind == "hub", f"data.{name}", why)
        form = "data.format" if at in alike and "format" in data else "data.kind"
        is_read = at in alike and kind != "hub" and _form(entry) is not None
        draft.agree(f"datasets.{at}.type", is_read, form, "the columns `prompt` and `answer` are read")
        roles = entry.get("roles_to_train")
        is_usual = isinstance(roles, list) and set(map(str, roles)) <= ANSWERING
        draft.agree(f"datasets.{at}.roles_to_train", is_usual, "task", "the assistant's messages are learnt")
        for name in list(draft.open):
            if name.startswith(f"datasets.{at}."):
                draft.leave(name, OWN["datasets"])


def _source(entry: Values) -> Values:
    path, files = str(entry.get("path") or ""), entry.get("data_files")
    if not path:
        raise RecipeError("datasets: an entry has no path; add it")
    if files and (is_file(path) or path in ("json", "csv", "parquet")):
        return of_files([str(one) for one in _several(files)], _form(entry) or "auto")
    if is_file(path) or entry.get("ds_type"):
        return of_files([path], _form(entry) or "auto")
    split = entry.get("split", "train")
    return of_hub(path, config=entry.get("name"), split=split, revision=entry.get("revision"))


def _form(entry: Values) -> str | None:
    """Return how the conversations of an entry are written; None where they are written in no way known here."""
    kind = entry.get("type")
    if kind in (None, "chat_template"):
        fields = {"messages": "messages", "conversations": "sharegpt", None: "auto"}
        return fields.get(entry.get("field_messages"))
    return FORMS.get(str(kind).partition(":")[0].partition(".")[0]) if isinstance(kind, str) else None


def _adapter(draft: Draft) -> None:
    kind = draft.open.get("adapter")
    if kind is None:
        draft.has("adapter")
        draft.assume("strategy.kind", "full")
        return
    if str(kind) not in ("lora", "qlora"):
        draft.leave("adapter", "the strategies here are in docs/training.md; all weights move in this recipe")
        return
    draft.put("strategy.kind", "lora")
    if kind == "qlora":
        draft.leave("adapter", "weights are not quantized here; `strategy: lora` stands in the recipe")
    draft.agree("adapter", True, "strategy.kind", "")
    draft.carry("lora_r", "strategy.rank", whole)
    draft.carry("lora_alpha", "strategy.alpha", whole)
    draft.carry("lora_dropout", "strategy.dropout", number)
    draft.assume("strategy.dropout", 0.0)
    linear = is_on(draft.open.get("lora_target_linear"))
    draft.agree("lora_target_linear", linear, "strategy.kind", "adapters stand on all linear layers here")


def _several(value: Any) -> list[Any]:
    return value if isinstance(value, list) else [value]


def _share(value: Any) -> float:
    found = number(value)
    if not 0 < found < 1:
        raise ValueError("`split.validation` is a share of the rows, above 0 and below 1")
    return found
