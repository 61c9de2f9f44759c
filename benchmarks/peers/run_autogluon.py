"""AutoGluon-MultiModal on one job: its `high_quality` preset for text, with the job's encoder in place of ELECTRA.

    python benchmarks/peers/run_autogluon.py JOB.json

The job's `options`: `time_limit` (seconds), `presets`, `hyperparameters` (AutoGluon's own dotted keys, laid over all
else) and `same_budget`. Without `same_budget` the preset decides epochs (20, with early stopping) and batch size (128);
with it the job does.
"""

from __future__ import annotations

import json
import os
import sys
import tempfile
import time
from importlib.metadata import version
from pathlib import Path

os.environ.setdefault("HF_HUB_OFFLINE", "1")

import autogluon_patches
import lightning.pytorch
import pandas
import torch
from omegaconf import OmegaConf


def settings_of(job: dict) -> dict:
    """The hyperparameters laid over the preset's."""
    options = job.get("options") or {}
    chosen = {
        "model.hf_text.checkpoint_name": job["model"],
        # AutoGluon's own presets pool all-MiniLM checkpoints by their mean.
        "model.hf_text.pooling_mode": "mean",
        # The preset's augmentations less synonyms, whose dictionary (WordNet) it would fetch from the network: without
        # it AutoGluon takes another row's text in silence. The strengths are those its own configuration names.
        "model.hf_text.text_train_augment_types": ["random_swap(0.05)", "random_delete(0.05)", "insert_punc(0.05)"],
    }
    if options.get("same_budget"):
        chosen |= {
            "optim.max_epochs": job["epochs"],
            "env.batch_size": job["batch_size"],
            "env.per_gpu_batch_size": job["batch_size"],
        }
    return chosen | (options.get("hyperparameters") or {})


def process_seconds() -> float:
    """CPU seconds of this process and of its ended children: the loaders are processes of their own."""
    return sum(os.times()[:4])


def rows_seen(trainer: lightning.pytorch.Trainer, rows: int, batch_size: int) -> int:
    epochs, batches = divmod(trainer.fit_loop.epoch_loop.total_batch_idx + 1, trainer.num_training_batches)
    return epochs * rows + min(batches * batch_size, rows)


def main(job: dict) -> dict:
    if threads := os.environ.get("OMP_NUM_THREADS"):
        torch.set_num_threads(int(threads))
    autogluon_patches.stand_in_for_pictures()
    from autogluon.multimodal import MultiModalPredictor

    autogluon_patches.skip_word_lists()
    trainers = autogluon_patches.watch_trainers()
    train, validation, test = (
        pandas.read_csv(job[part], dtype=str, keep_default_na=False)[["text", "label"]]
        for part in ("train", "validation", "test")
    )
    options = job.get("options") or {}
    with tempfile.TemporaryDirectory() as folder:
        started, used = time.perf_counter(), process_seconds()
        predictor = MultiModalPredictor(
            label="label",
            problem_type="multiclass" if train["label"].nunique() > 2 else "binary",
            eval_metric="accuracy",
            presets=options.get("presets", "high_quality"),
            path=f"{folder}/run",
            verbosity=1,
            enable_progress_bar=False,
        )
        predictor.fit(
            train,
            tuning_data=validation,
            time_limit=options.get("time_limit"),
            hyperparameters=settings_of(job),
            column_types={"text": "text"},
            seed=job["seed"],
        )
        train_seconds, cpu_seconds = time.perf_counter() - started, process_seconds() - used
        started = time.perf_counter()
        predicted = predictor.predict(test[["text"]], as_pandas=False)
        predict_seconds = time.perf_counter() - started
    trainer, settings = trainers[0], OmegaConf.to_container(predictor._learner._config)
    settings["model"]["hf_text"]["checkpoint_name"] = Path(job["model"]).name
    return {
        "peer": "autogluon",
        "version": version("autogluon.multimodal"),
        "accuracy": float((predicted == test["label"].to_numpy()).mean()),
        "train_seconds": train_seconds,
        "cpu_seconds": cpu_seconds,
        "predict_seconds": predict_seconds,
        "rows_seen": rows_seen(trainer, len(train), settings["env"]["per_gpu_batch_size"]),
        "settings": {
            **{part: settings[part] for part in ("model", "optim", "env")},
            "presets": options.get("presets", "high_quality"),
            "time_limit": options.get("time_limit"),
            "optimizer_steps": trainer.global_step,
            "best_validation_score": predictor._learner._best_score,
            "threads": torch.get_num_threads(),
            "torch": torch.__version__,
        },
    }


if __name__ == "__main__":
    outcome = main(json.loads(Path(sys.argv[1]).read_text(encoding="utf-8")))
    print(json.dumps(outcome, default=str))
