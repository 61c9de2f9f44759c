"""What the three tools have from transformers' own trainer: batches, epochs, rates, precision."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from . import Draft, is_on, number, whole, yes

ADAMW = ("adamw", "adamw_torch", "adamw_torch_fused", "adamw_hf", "adamw_apex_fused")
SCHEDULES = {"linear": "linear", "cosine": "cosine", "constant": "constant", "constant_with_warmup": "constant"}
NAMES = {
    "batch": "per_device_train_batch_size",
    "epochs": "num_train_epochs",
    "schedule": "lr_scheduler_type",
    "optimizer": "optim",
}
"""Our word -> the trainer's own key; a tool may have others."""
KEPT = "versions live in `--home DIR`, each with its weights and report"
TOLD = "progress is told on the screen and in the version's report"
PACE = "validations follow from `train.validations`, checkpoints from `train.checkpoint_seconds`"
REASONS = {
    "output_dir": KEPT,
    "overwrite": "nothing is overwritten: every training makes a new version",
    "logging": TOLD,
    "log": TOLD,
    "plot_loss": TOLD,
    "report_to": TOLD,
    "run_name": "versions are named by `name`",
    "wandb": TOLD,
    "mlflow": TOLD,
    "comet": TOLD,
    "swanlab": TOLD,
    "use_tensorboard": TOLD,
    "save": PACE,
    "saves": PACE,
    "eval": PACE,
    "evals": PACE,
    "evaluation": PACE,
    "per_device_eval_batch_size": "answers are made in batches of like length",
    "load_best_model_at_end": "the best weights are kept in any case",
    "early_stopping": "`train.patience` counts validations without a gain",
    "metric_for_best_model": "the task's own metric decides",
    "max_steps": "`train.epochs` or `train.minutes` end a training here",
    "do": "`tunesmith train` trains, validates and tests",
    "resume_from_checkpoint": "`tunesmith train --resume` goes on",
    "push_to_hub": "nothing is sent anywhere",
    "hub": "nothing is sent anywhere",
    "trust_remote_code": "code that comes with a model is never run",
    "load_in": "weights are not quantized here",
    "quantization": "weights are not quantized here",
    "bnb": "weights are not quantized here",
    "gptq": "weights are not quantized here",
    "deepspeed": "`train.engine: {kind: accelerate, sharding: full}` divides weights among processes",
    "fsdp": "`train.engine: {kind: accelerate, sharding: full}` divides weights among processes",
    "ddp": "`train.engine: accelerate` waits as `timeout_minutes` says",
    "local_rank": "the launcher says it: `torchrun -m tunesmith train`",
    "dataloader": "rows are tokens in memory before training begins",
    "dataset_num_proc": "rows are made into tokens in one go",
    "preprocessing": "rows are made into tokens in one go",
    "group_by_length": "batches are made of rows of like length anyway",
    "pad_to": "rows are padded to the longest of their batch",
    "attn_implementation": "torch's own attention is used",
    "flash": "torch's own attention is used",
    "xformers_attention": "torch's own attention is used",
    "sdp_attention": "torch's own attention is used",
    "s2_attention": "torch's own attention is used",
    "fp16": "there is no fp16 here; `train.engine: {precision: bf16}` where the device has it",
    "tf32": "products are fp32 or bf16, as `train.engine.precision` says",
    "dtype": "weights are fp32, products as `train.engine.precision` says",
    "torch_dtype": "weights are fp32, products as `train.engine.precision` says",
    "packing": "packed rows never see one another: `base.packing` says it",
    "neftune_noise_alpha": "there is no such noise here",
    "special_tokens": "the tokenizer's own tokens are used",
    "tokenizer": "the tokenizer stands beside the model's weights",
    "max_samples": "all rows are used; cut the file to use fewer",
    "lora": "adapters are plain ones on all linear layers: `strategy: {kind: lora, rank, alpha, dropout}`",
    "peft": "adapters are plain ones on all linear layers: `strategy: {kind: lora, rank, alpha, dropout}`",
}
"""Key, or the words it begins with before an underscore -> why it is not carried over."""


@dataclass(frozen=True, slots=True)
class Usual:
    """What a tool does where its configuration says nothing."""

    rate: float | None
    schedule: str
    rows: int = 8
    epochs: int = 3


def training(draft: Draft, usual: Usual, names: Mapping[str, str] | None = None) -> None:
    """Carry over what says how training goes; `names` are a tool's own for those of `NAMES`."""
    key = NAMES | dict(names or {})
    _optimizer(draft, key["optimizer"])
    draft.carry("learning_rate", "train.optimizer.learning_rate", number)
    draft.carry("weight_decay", "train.optimizer.weight_decay", number)
    for ours, theirs in (("beta1", "adam_beta1"), ("beta2", "adam_beta2"), ("epsilon", "adam_epsilon")):
        draft.carry(theirs, f"train.optimizer.{ours}", number)
    _schedule(draft, key["schedule"])
    _batches(draft, key["batch"], usual.rows)
    _epochs(draft, key["epochs"], usual.epochs)
    draft.carry("max_grad_norm", "train.clip", number)
    draft.carry("gradient_checkpointing", "train.gradient_checkpointing", yes)
    _precision(draft)
    draft.carry("seed", "seed", whole)
    if usual.rate is not None:
        draft.assume("train.optimizer.learning_rate", usual.rate)
    draft.assume("train.optimizer.weight_decay", 0.0)
    draft.assume("train.optimizer.layer_decay", 1.0)
    draft.assume("train.optimizer.warmup", 0.0)
    draft.assume("train.optimizer.schedule", usual.schedule)
    draft.assume("train.average", "none")


def _optimizer(draft: Draft, key: str) -> None:
    def kind(value: Any) -> str:
        name = str(value).lower()
        if name not in (*ADAMW, "sgd"):
            raise ValueError("the optimizers here are adamw and sgd; adamw stands in the recipe")
        return "sgd" if name == "sgd" else "adamw"

    draft.put("train.optimizer.kind", "adamw")
    draft.carry(key, "train.optimizer.kind", kind)


def _schedule(draft: Draft, key: str) -> None:
    is_constant = draft.open.get(key) == "constant"

    def known(value: Any) -> str:
        if str(value) not in SCHEDULES:
            raise ValueError(f"the schedules here are {', '.join(dict.fromkeys(SCHEDULES.values()))}")
        return SCHEDULES[str(value)]

    def share(value: Any) -> float:
        found = number(value)
        if is_constant and found:
            raise ValueError("the schedule `constant` heeds no warm-up")
        return found

    def steps(value: Any) -> float:
        found = share(value)
        if found >= 1:
            raise ValueError("warm-up is a share of the steps here: `train.optimizer: {warmup: 0.1}`")
        return found

    draft.carry(key, "train.optimizer.schedule", known)
    draft.carry("warmup_ratio", "train.optimizer.warmup", share)
    if "warmup_ratio" in draft.carried and draft.open.get("warmup_steps") == 0:
        draft.leave("warmup_steps", "`warmup_ratio` says it")
    draft.carry("warmup_steps", "train.optimizer.warmup", steps)


def _batches(draft: Draft, key: str, usual: int) -> None:
    """Carry over the rows of a step: those of a pass times the passes."""
    try:
        rows, passes = whole(draft.open.get(key) or usual), whole(draft.open.get("gradient_accumulation_steps") or 1)
    except ValueError:
        rows, passes = usual, 1
    rows, passes = max(1, rows), max(1, passes)
    if not draft.carry(key, "train.micro_batch", whole):
        draft.assume("train.micro_batch", rows)
    if not draft.carry("gradient_accumulation_steps", "train.batch_size", lambda value: whole(value) and rows * passes):
        draft.put("train.batch_size", rows * passes)
    draft.notes.append(
        f"train.batch_size: {rows * passes} rows are those of one device ({passes} times {rows}); with more, multiply"
    )


def _epochs(draft: Draft, key: str, usual: int) -> None:
    value = draft.open.get(key)
    try:
        found = number(value) if value is not None else float(usual)
    except ValueError:
        found = float(usual)
    if not draft.carry(key, "train.epochs", whole) and math.isfinite(found):
        draft.assume("train.epochs", max(1, math.ceil(found)))


def _precision(draft: Draft) -> None:
    is_half = is_on(draft.open.get("fp16"))

    def precision(value: Any) -> str:
        if str(value).lower() in ("auto", "full"):
            return "auto" if str(value).lower() == "auto" else "bf16"
        if not yes(value) and is_half:
            raise ValueError("and fp16 is not known here; `train.engine.precision: auto` stands")
        return "bf16" if yes(value) else "fp32"

    draft.carry("bf16", "train.engine.precision", precision)
