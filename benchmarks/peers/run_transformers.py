"""transformers.Trainer on one job: a classification head on the encoder, all of it fine-tuned.

    python benchmarks/peers/run_transformers.py JOB.json

TRL's authors send classification here ("you can use the `transformers.Trainer` for these tasks"), and every trainer of
TRL extends it. The job's epochs and batch size are used; learning rate and weight decay are those of the library's own
guide to text classification. The job's `options` are fields of `transformers.TrainingArguments`, laid over these.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from datasets import Dataset
from transformers import (
    AutoModelForSequenceClassification,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainingArguments,
    set_seed,
)


def read(path: str) -> tuple[list[str], list[str]]:
    with Path(path).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def process_seconds() -> float:
    """CPU seconds of this process and of its ended children."""
    return sum(os.times()[:4])


def main(job: dict) -> dict:
    if threads := os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(int(threads))
    parts = {part: read(job[part]) for part in ("train", "validation", "test")}
    classes = sorted(set(parts["train"][1]))
    tokenizer = AutoTokenizer.from_pretrained(job["model"])

    def encoded(part: str) -> Dataset:
        texts, labels = parts[part]
        tokens = tokenizer(texts, truncation=True)
        return Dataset.from_dict({**tokens, "label": [classes.index(label) for label in labels]})

    with tempfile.TemporaryDirectory() as folder:
        chosen = {
            "num_train_epochs": job["epochs"],
            "per_device_train_batch_size": job["batch_size"],
            "per_device_eval_batch_size": job["batch_size"],
            "learning_rate": 2e-5,
            "weight_decay": 0.01,
            "eval_strategy": "epoch",
            "save_strategy": "epoch",
            "save_total_limit": 1,
            "load_best_model_at_end": True,
            "metric_for_best_model": "accuracy",
        } | (job.get("options") or {})
        settings = TrainingArguments(output_dir=folder, seed=job["seed"], report_to="none", disable_tqdm=True, **chosen)
        started, used = time.perf_counter(), process_seconds()
        set_seed(job["seed"])
        trainer = Trainer(
            model=AutoModelForSequenceClassification.from_pretrained(job["model"], num_labels=len(classes)),
            args=settings,
            train_dataset=encoded("train"),
            eval_dataset=encoded("validation"),
            processing_class=tokenizer,
            data_collator=DataCollatorWithPadding(tokenizer),
            compute_metrics=lambda outputs: {
                "accuracy": float((outputs.predictions.argmax(-1) == outputs.label_ids).mean())
            },
        )
        trainer.train()
        train_seconds, cpu_seconds = time.perf_counter() - started, process_seconds() - used
        started = time.perf_counter()
        predicted = trainer.predict(encoded("test"))
        predict_seconds = time.perf_counter() - started
    return {
        "peer": "transformers",
        "version": version("transformers"),
        "accuracy": predicted.metrics["test_accuracy"],
        "train_seconds": train_seconds,
        "cpu_seconds": cpu_seconds,
        "predict_seconds": predict_seconds,
        "rows_seen": round(trainer.state.epoch * len(parts["train"][0])),
        "settings": {
            **chosen,
            "optimizer": str(settings.optim.value),
            "schedule": str(settings.lr_scheduler_type.value),
            "optimizer_steps": trainer.state.global_step,
            "best_validation_accuracy": trainer.state.best_metric,
            "max_tokens": tokenizer.model_max_length,
            "threads": torch.get_num_threads(),
            "device": str(settings.device),
            "torch": torch.__version__,
        },
    }


if __name__ == "__main__":
    outcome = main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print(json.dumps(outcome, default=str))
