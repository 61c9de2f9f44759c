"""Trains a language model on prompts and completions with TRL's SFTTrainer, in the order of the rows it is given.

    ENV/bin/python benchmarks/peers/run_trl_chat.py JOB.json

JOB: {"rows": "rows.jsonl" (prompt, completion; in the order of training, epochs one after another), "model": "FOLDER",
"batch_size", "learning_rate", "max_length", "seed", "out": "trl.json"}. Written are the loss of each step, seconds of
the training loop, peak memory of the process, and the tokens of the first row with those that are learnt.
"""

from __future__ import annotations

import json
import os
import resource
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import torch
from datasets import Dataset
from torch.utils.data import SequentialSampler
from transformers import AutoModelForCausalLM, AutoTokenizer
from trl import SFTConfig, SFTTrainer


class InOrder(SFTTrainer):
    """The trainer as it is, but for the order of its rows."""

    def _get_train_sampler(self, *given: object) -> SequentialSampler:
        return SequentialSampler(self.train_dataset)


def main(job: dict) -> dict:
    rows = [json.loads(line) for line in Path(job["rows"]).read_text("utf-8").splitlines()]
    model = AutoModelForCausalLM.from_pretrained(job["model"], dtype=torch.float32)
    tokenizer = AutoTokenizer.from_pretrained(job["model"])
    if tokenizer.pad_token is None:
        tokenizer.pad_token = tokenizer.unk_token
    with tempfile.TemporaryDirectory() as folder:
        settings = SFTConfig(
            output_dir=folder,
            num_train_epochs=1,
            per_device_train_batch_size=job["batch_size"],
            learning_rate=job["learning_rate"],
            lr_scheduler_type="constant",
            weight_decay=0.0,
            max_grad_norm=1.0,
            max_length=job["max_length"],
            optim="adamw_torch_fused",
            completion_only_loss=True,
            gradient_checkpointing=False,
            packing=False,
            bf16=False,
            seed=job["seed"],
            logging_steps=1,
            save_strategy="no",
            report_to="none",
            dataloader_num_workers=0,
            disable_tqdm=True,
        )
        trainer = InOrder(model, args=settings, train_dataset=Dataset.from_list(rows), processing_class=tokenizer)
        first = trainer.data_collator([trainer.train_dataset[0]])
        before = peak()
        started = time.monotonic()
        trainer.train()
        seconds = time.monotonic() - started
    losses = [one["loss"] for one in trainer.state.log_history if "loss" in one]
    tokens = sum(len(trainer.train_dataset[at]["input_ids"]) for at in range(len(rows)))
    return {
        "peer": "trl",
        "version": version("trl"),
        "losses": losses,
        "seconds": seconds,
        "tokens": tokens,
        "memory_before": before,
        "memory_peak": peak(),
        "first": {"tokens": first["input_ids"][0].tolist(), "labels": first["labels"][0].tolist()},
    }


def peak() -> int:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


if __name__ == "__main__":
    job = json.loads(Path(sys.argv[1]).read_text("utf-8"))
    Path(job["out"]).write_text(json.dumps(main(job)), "utf-8")
