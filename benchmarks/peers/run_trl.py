"""What TRL's trainers say to a classification job: each is offered it, and its answer is recorded.

    python benchmarks/peers/run_trl.py JOB.json

TRL has no trainer for the classification of text, so there is no accuracy and no time: see README.md. This script is
the evidence; the day one of TRL's trainers takes the job, its `answers` say so.
"""

from __future__ import annotations

import csv
import json
import os
import sys
import tempfile
from collections.abc import Callable
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from datasets import Dataset
from transformers import AutoModelForSequenceClassification, AutoTokenizer, DataCollatorWithPadding, GenerationConfig
from trl import RewardConfig, RewardTrainer, SFTConfig, SFTTrainer


def answer(train: Callable[[], None]) -> str:
    try:
        train()
    except Exception as error:  # noqa: BLE001 - whatever it says is the finding
        return f"{type(error).__name__}: {error}"
    return "trained"


def main(job: dict) -> dict:
    with Path(job["train"]).open(newline="", encoding="utf-8") as file:
        read = list(csv.DictReader(file))
    classes = sorted({row["label"] for row in read})
    rows = Dataset.from_list([{"text": row["text"], "label": classes.index(row["label"])} for row in read])
    others = {label: classes[index - 1] for index, label in enumerate(classes)}
    pairs = Dataset.from_list(
        [
            {"chosen": f"{row['text']} : {row['label']}", "rejected": f"{row['text']} : {others[row['label']]}"}
            for row in read
        ]
    )
    tokenizer = AutoTokenizer.from_pretrained(job["model"])

    def classifier(outputs: int) -> torch.nn.Module:
        return AutoModelForSequenceClassification.from_pretrained(job["model"], num_labels=outputs)

    with tempfile.TemporaryDirectory() as folder:
        settings = {"output_dir": folder, "report_to": "none", "max_steps": 1, "seed": job["seed"], "bf16": False}

        def sft(model: object) -> None:
            SFTTrainer(model, args=SFTConfig(**settings), train_dataset=rows, processing_class=tokenizer).train()

        def sft_on_prepared_rows() -> None:
            model = classifier(len(classes))
            model.generation_config = GenerationConfig()
            encoded = rows.map(lambda row: tokenizer(row["text"], truncation=True), remove_columns=["text"])
            prepared = SFTConfig(**settings, dataset_kwargs={"skip_prepare_dataset": True}, remove_unused_columns=False)
            collator = DataCollatorWithPadding(tokenizer)
            SFTTrainer(
                model, args=prepared, train_dataset=encoded, processing_class=tokenizer, data_collator=collator
            ).train()

        def reward(outputs: int, dataset: Dataset) -> None:
            ending = RewardConfig(**settings, eos_token=tokenizer.sep_token)
            RewardTrainer(classifier(outputs), args=ending, train_dataset=dataset, processing_class=tokenizer).train()

        answers = {
            "SFTTrainer, the encoder": answer(lambda: sft(job["model"])),
            "SFTTrainer, a classifier": answer(lambda: sft(classifier(len(classes)))),
            "SFTTrainer, a classifier, rows made ready, a generation config forced on": answer(sft_on_prepared_rows),
            "RewardTrainer, a classifier, rows": answer(lambda: reward(len(classes), rows)),
            "RewardTrainer, one score, rows": answer(lambda: reward(1, rows)),
            "RewardTrainer, one score, pairs of a right and a wrong label": answer(lambda: reward(1, pairs)),
        }
    return {
        "peer": "trl",
        "version": version("trl"),
        "accuracy": None,
        "train_seconds": None,
        "cpu_seconds": None,
        "predict_seconds": None,
        "rows_seen": None,
        "settings": {"torch": torch.__version__, "transformers": version("transformers")},
        "answers": answers,
    }


if __name__ == "__main__":
    outcome = main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print(json.dumps(outcome, default=str))
