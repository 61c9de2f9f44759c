"""One run of transformers.Trainer, in a process of its own: `python -m training.work_trainer JOB.json`.

The job names `train`, `validation` and `test` files, the `model` folder, `seed`, `epochs`, `batch_size`, `max_tokens`,
`frozen` layers (-1: none, else the embeddings and so many layers), and `options`, fields of TrainingArguments.

The head is that of Tunesmith, the mean of the tokens' states and one linear layer: a BERT classifier of transformers
has a pooler of its own in between, and would be another model.
"""

from __future__ import annotations

import json
import sys
import tempfile
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
import torch
from transformers import (
    AutoModel,
    AutoTokenizer,
    DataCollatorWithPadding,
    Trainer,
    TrainerCallback,
    TrainingArguments,
    set_seed,
)

from .clock import Clock, Course, half_epochs
from .rows import read

ANSWER_ROWS = 64


class Classifier(torch.nn.Module):
    """An encoder, the mean over each row's tokens, and a linear head that starts as Tunesmith's does."""

    def __init__(self, folder: str, classes: int, frozen: int) -> None:
        super().__init__()
        self.encoder = AutoModel.from_pretrained(folder, dtype=torch.float32, add_pooling_layer=False)
        self.head = torch.nn.Linear(self.encoder.config.hidden_size, classes)
        torch.nn.init.normal_(self.head.weight, std=0.02)
        torch.nn.init.zeros_(self.head.bias)
        if frozen >= 0:
            for part in (self.encoder.embeddings, *self.encoder.encoder.layer[:frozen]):
                part.requires_grad_(False)

    def logits(self, input_ids: torch.Tensor, attention_mask: torch.Tensor) -> torch.Tensor:
        states_BTD = self.encoder(input_ids=input_ids, attention_mask=attention_mask).last_hidden_state
        weights_BT1 = attention_mask[:, :, None].to(states_BTD.dtype)
        return self.head((states_BTD * weights_BT1).sum(1) / weights_BT1.sum(1))

    def forward(self, input_ids: Any, attention_mask: Any, labels: Any = None) -> dict[str, torch.Tensor]:
        logits = self.logits(input_ids, attention_mask)
        return {"loss": torch.nn.functional.cross_entropy(logits.float(), labels), "logits": logits}


class Follow(TrainerCallback):
    """Tells the course of every step."""

    def __init__(self, course: Course) -> None:
        self.course = course

    def on_step_end(self, args: Any, state: Any, control: Any, **rest: Any) -> None:
        self.course.step(state.global_step)


def accuracy(model: Classifier, rows: list[dict[str, Any]], collate: DataCollatorWithPadding) -> float:
    """Return the share of rows answered rightly, in fp32; the longest rows first, side by side."""
    order = sorted(range(len(rows)), key=lambda at: -len(rows[at]["input_ids"]))
    was_training, right = model.training, 0
    model.eval()
    with torch.no_grad():
        for start in range(0, len(order), ANSWER_ROWS):
            batch = collate([rows[at] for at in order[start : start + ANSWER_ROWS]])
            answers = model.logits(batch["input_ids"], batch["attention_mask"]).argmax(-1)
            right += int((answers == batch["labels"]).sum())
    model.train(was_training)
    return right / len(rows)


def main(job: dict[str, Any]) -> dict[str, Any]:
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    classes = sorted(set(read(job["train"])[1]))

    def encoded(part: str) -> list[dict[str, Any]]:
        texts, labels = read(job[part])
        rows = tokenizer(texts, truncation=True, max_length=job["max_tokens"], return_token_type_ids=False)["input_ids"]
        ones = zip(rows, labels, strict=True)
        return [{"input_ids": row, "attention_mask": [1] * len(row), "labels": classes.index(one)} for row, one in ones]

    parts = {part: encoded(part) for part in ("train", "validation", "test")}
    collate = DataCollatorWithPadding(tokenizer)
    set_seed(job["seed"])
    model = Classifier(job["model"], len(classes), job.get("frozen", -1))
    with tempfile.TemporaryDirectory() as folder:
        settings = TrainingArguments(
            output_dir=folder,
            seed=job["seed"],
            num_train_epochs=job["epochs"],
            per_device_train_batch_size=job["batch_size"],
            use_cpu=True,
            save_strategy="no",
            report_to="none",
            disable_tqdm=True,
            **(job.get("options") or {}),
        )
        trainer = Trainer(model=model, args=settings, train_dataset=parts["train"], data_collator=collate)  # type: ignore[arg-type]
        marks = half_epochs(len(parts["train"]), job["batch_size"], job["epochs"])
        follow = (lambda: accuracy(model, parts["validation"], collate)) if job.get("is_followed") else None
        course = Course(Clock(), marks, follow)
        trainer.add_callback(Follow(course))
        trainer.train()
        account = course.account()
    tokens = np.array([len(row["input_ids"]) for row in parts["train"]])
    return account | {
        "test_accuracy": accuracy(model, parts["test"], collate),
        "test_rows": len(parts["test"]),
        "rows": len(tokens),
        "steps": trainer.state.global_step,
        "tokens": int(tokens.sum()),
        "squared_tokens": int((tokens**2).sum()),
        "precision": "bf16" if settings.bf16 else "fp32",
        "threads": torch.get_num_threads(),
        "version": version("transformers"),
        "settings": {
            "learning_rate": settings.learning_rate,
            "optimizer": str(settings.optim.value),
            "schedule": str(settings.lr_scheduler_type.value),
            "warmup_steps": settings.warmup_steps,
            "sampling": str(settings.train_sampling_strategy),
            "dropout": model.encoder.config.hidden_dropout_prob,
        },
    }


if __name__ == "__main__":
    print(json.dumps(main(json.loads(Path(sys.argv[1]).read_text("utf-8")))))
