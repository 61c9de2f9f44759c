"""LLaMA-Factory: the YAML of `llamafactory-cli train`."""

from __future__ import annotations

import json
from pathlib import Path, PurePosixPath
from typing import Any

from ..core.errors import RecipeError
from . import Draft, Values, is_on, number, refuse, whole, yes
from ._datasets import JSON, begin, is_file, of_files, of_hub
from ._trainer import REASONS, Usual, training

MARKS = ("stage", "finetuning_type", "cutoff_len", "dataset", "dataset_dir", "lora_rank", "template")
OWN = {
    "template": "`base.template: auto` is the tokenizer's own; another is given there as a Jinja text",
    "eval_dataset": "give one file per split: `data: {kind: chat, path: {train: ..., validation: ...}}`",
    "neat_packing": "packed rows never see one another: `base.packing` says it",
    "freeze": "`strategy: {kind: freeze, layers: N}` counts the layers that stay, from the bottom",
    "pure_bf16": "weights are fp32, products as `train.engine.precision` says",
    "include": "the report says what it needs",
    "enable_liger_kernel": "torch's own kernels are used",
    "adapter_name_or_path": "a training starts from a whole model; merge the adapter into it first",
}
INFO = "dataset_info.json"
FORMS = {"alpaca": "alpaca", "sharegpt": "sharegpt"}


def read(values: Values, folder: Path) -> Draft:
    """Return the draft of a recipe; `dataset_info.json` is read where it is. Raises RecipeError without model or rows.

    `folder` is where the configuration stands.
    """
    draft = Draft(dict(values))
    if str(draft.open.get("stage", "sft")) not in ("sft", "pt"):
        refuse("stage", draft.open["stage"], "this is no supervised fine-tuning")
    if not draft.open.get("model_name_or_path") or not draft.open.get("dataset"):
        raise RecipeError("model_name_or_path, dataset: a recipe needs both; add the one that is missing")
    _begin(draft, folder)
    draft.agree("stage", True, "task", "")
    _strategy(draft)
    draft.carry("cutoff_len", "base.max_tokens", whole)
    draft.assume("base.max_tokens", 2048)
    draft.carry("packing", "base.packing", yes)
    draft.carry("mask_history", "base.turns", lambda value: "last" if is_on(value) else "all")
    learnt = "only answers are learnt here"
    draft.agree("train_on_prompt", not is_on(draft.open.get("train_on_prompt")), "task", learnt)
    draft.carry("val_size", "split.validation", _share)
    training(draft, Usual(5e-5, "linear"))
    draft.finish(OWN | REASONS)
    return draft


def _begin(draft: Draft, folder: Path) -> None:
    place = str(draft.open.get("dataset_dir") or "data")
    given = draft.open["dataset"]
    names = [str(one) for one in given] if isinstance(given, list) else [one.strip() for one in str(given).split(",")]
    if not any(names):
        raise RecipeError("dataset: it names none; add one")
    info = _info(folder, place)
    sources = [_source(name, place, info) for name in names if name]
    files = [one["path"] for one in sources if one["kind"] == "chat"]
    forms = {str(one.get("format", "auto")) for one in sources if one["kind"] == "chat"}
    data = of_files(files, forms.pop() if len(forms) == 1 else "auto") if files else sources[0]
    begin(draft, data, str(draft.open["model_name_or_path"]))
    draft.agree("model_name_or_path", True, "base.path", "")
    is_whole = len(files or sources[:1]) == len(sources)
    draft.agree(
        "dataset", is_whole, "data.path", "a recipe reads files, or one data set of the Hub; the others are left"
    )
    draft.agree("dataset_dir", bool(files), "data.path", "the rows come from the Hub")
    guessed = [name for name in names if name and name not in info and not is_file(name)]
    if guessed:
        named = ", ".join(guessed)
        draft.notes.append(f"{INFO} was not found in '{place}', or does not name {named}: such paths are guesses")
    draft.notes.append("paths start at the recipe's folder")


def _info(folder: Path, place: str) -> Values:
    """Return what LLaMA-Factory knows of its data sets, nothing where that is not there."""
    for path in (folder / place / INFO, Path(place) / INFO):
        if path.is_file():
            try:
                found = json.loads(path.read_text("utf-8"))
            except ValueError as error:
                raise RecipeError(f"{path}: this is no JSON: {error}; correct it") from None
            return found if isinstance(found, dict) else {}
    return {}


def _source(name: str, place: str, info: Values) -> Values:
    entry = info.get(name) if isinstance(info.get(name), dict) else {}
    if isinstance(entry, dict) and entry.get("hf_hub_url"):
        return of_hub(str(entry["hf_hub_url"]), config=entry.get("subset"), split=entry.get("split", "train"))
    file = (entry or {}).get("file_name")
    path = str(file or (name if PurePosixPath(name).suffix in JSON else f"{name}.json"))
    is_placed = is_file(name) and name not in info and "/" in name
    form = (
        FORMS.get(str((entry or {}).get("formatting", "auto")), "auto") if not (entry or {}).get("columns") else "auto"
    )
    return of_files([path if is_placed else str(PurePosixPath(place) / path)], form)


def _strategy(draft: Draft) -> None:
    kind = str(draft.open.get("finetuning_type", "lora"))
    if kind not in ("lora", "full"):
        draft.leave("finetuning_type", f"{OWN['freeze']}; all weights move in this recipe")
        return
    if not draft.carry("finetuning_type", "strategy.kind"):
        draft.assume("strategy.kind", kind)
    if kind == "lora":
        draft.carry("lora_rank", "strategy.rank", whole)
        draft.assume("strategy.rank", 8)
        draft.carry("lora_alpha", "strategy.alpha", whole)
        draft.assume("strategy.alpha", 2 * draft.recipe["strategy"]["rank"])
        draft.carry("lora_dropout", "strategy.dropout", number)
        draft.assume("strategy.dropout", 0.0)
        everywhere = draft.open.get("lora_target", "all") in ("all", "all-linear")
        draft.agree("lora_target", everywhere, "strategy.kind", "adapters stand on all linear layers here")


def _share(value: Any) -> float:
    found = number(value)
    if not 0 < found < 1:
        raise ValueError("`split.validation` is a share of the rows, above 0 and below 1")
    return found
