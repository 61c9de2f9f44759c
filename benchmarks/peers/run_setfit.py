"""SetFit on one job: contrastive fine-tuning of the encoder, then logistic regression on its embeddings.

    python benchmarks/peers/run_setfit.py JOB.json

The job's `options` are fields of `setfit.TrainingArguments`; what is not given stays at SetFit's own default. Instead,
`{"same_budget": true}` gives the encoder as many texts as the job's epochs over its rows would, in batches of as many.
SetFit counts pairs of rows, so the job's `epochs` and `batch_size` are not used without `same_budget`.
"""

from __future__ import annotations

import csv
import json
import math
import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import psutil
import torch
from datasets import Dataset
from setfit import SetFitModel, Trainer, TrainingArguments

# SetFit lists every pair of rows before it draws any: two int64 arrays, their stack and a permutation.
INDEX_BYTES_PER_PAIR = 40
HELD_BYTES_PER_PAIR = 400  # without a limit on the steps: as a dict, and in an Arrow table


def read(path: str) -> tuple[list[str], list[str]]:
    with Path(path).open(newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    return [row["text"] for row in rows], [row["label"] for row in rows]


def process_seconds() -> float:
    """CPU seconds of this process and of its ended children."""
    return sum(os.times()[:4])


def arguments(job: dict, rows: int, folder: str) -> TrainingArguments:
    options = dict(job.get("options") or {})
    if options.pop("same_budget", False):
        pairs_per_step = max(job["batch_size"] // 2, 1)
        options = {
            "batch_size": pairs_per_step,
            "max_steps": math.ceil(job["epochs"] * rows / (2 * pairs_per_step)),
            **options,
        }
    return TrainingArguments(output_dir=folder, seed=job["seed"], report_to="none", show_progress_bar=False, **options)


def stop_if_the_pairs_do_not_fit(rows: int, settings: TrainingArguments) -> None:
    pairs = rows * (rows + 1) // 2
    needed = pairs * (INDEX_BYTES_PER_PAIR + (HELD_BYTES_PER_PAIR if settings.max_steps == -1 else 0))
    free = psutil.virtual_memory().available
    if needed > free:
        sys.exit(
            f"SetFit lists all {pairs:,} pairs of {rows:,} rows, about {needed / 2**30:.0f} GiB, and "
            f"{free / 2**30:.0f} GiB are free; set options.max_steps, or train on fewer rows"
        )


def main(job: dict) -> dict:
    if threads := os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(int(threads))
    texts, labels = read(job["train"])
    test_texts, test_labels = read(job["test"])
    classes = sorted(set(labels))
    rows = Dataset.from_dict({"text": texts, "label": [classes.index(label) for label in labels]})
    with tempfile.TemporaryDirectory() as folder:
        settings = arguments(job, len(texts), folder)
        stop_if_the_pairs_do_not_fit(len(texts), settings)
        started, used = time.perf_counter(), process_seconds()
        model = SetFitModel.from_pretrained(job["model"])
        trainer = Trainer(model=model, args=settings, train_dataset=rows)
        trainer.train()
        train_seconds, cpu_seconds = time.perf_counter() - started, process_seconds() - used
    started = time.perf_counter()
    predicted = [classes[index] for index in model.predict(test_texts, use_labels=False).tolist()]
    predict_seconds = time.perf_counter() - started
    steps = trainer.st_trainer.state.global_step
    pairs_in_set = len(trainer.st_trainer.train_dataset)
    pairs = (
        pairs_in_set * settings.embedding_num_epochs
        if settings.max_steps == -1
        else steps * settings.embedding_batch_size
    )
    return {
        "peer": "setfit",
        "version": version("setfit"),
        "accuracy": sum(map(str.__eq__, predicted, test_labels)) / len(test_labels),
        "train_seconds": train_seconds,
        "cpu_seconds": cpu_seconds,
        "predict_seconds": predict_seconds,
        "rows_seen": 2 * pairs,
        "settings": {
            **settings.to_dict(),
            "output_dir": None,
            "loss": settings.loss.__name__,
            "distance_metric": settings.distance_metric.__name__,
            "pairs_in_set": pairs_in_set,
            "pairs_seen": pairs,
            "optimizer_steps": steps,
            "max_tokens": model.model_body.max_seq_length,
            "head": type(model.model_head).__name__,
            "threads": torch.get_num_threads(),
            "device": str(model.device),
            "torch": torch.__version__,
        },
    }


if __name__ == "__main__":
    outcome = main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print(json.dumps(outcome, default=str))
