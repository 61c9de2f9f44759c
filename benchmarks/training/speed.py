"""How fast Tunesmith and transformers.Trainer train the same model on the same rows, and how soon they are as good."""

from __future__ import annotations

from argparse import Namespace
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from statistics import median
from typing import Any

from . import machine
from .figures import NONE, proportion, results, spread, table
from .rows import Sizes, write
from .runs import Task, python

NAME = "speed"


@dataclass(frozen=True)
class Contestant:
    """Who trains and how. `frozen` layers above the embeddings (-1: none), kept after their first pass or not."""

    words: str
    worker: str
    job: dict[str, Any]
    environment: dict[str, str] = field(default_factory=dict)
    frozen: int = -1
    is_kept: bool = False


def contestants(rate: float) -> dict[str, Contestant]:
    """Return all by name. `rate` is the learning rate of the Trainer that an expert has set up."""
    best = {
        "bf16": machine_has_bf16(),
        "train_sampling_strategy": "group_by_length",
        "optim": "adamw_torch_fused",
        "dataloader_num_workers": 0,
        "learning_rate": rate,
        "warmup_steps": 0.1,
    }
    half = {"options": best, "frozen": 3}
    bound, tuned = machine.pinned(), machine.pinned() | machine.keeping()

    def ours(layers: int) -> dict[str, Any]:
        return {"strategy": {"kind": "freeze", "layers": layers}}

    return {
        "trainer": Contestant("Trainer, defaults", "work_trainer", {}),
        "trainer-best": Contestant("Trainer, best flags", "work_trainer", {"options": best}),
        "trainer-best-pinned": Contestant(
            "Trainer, best flags, pinned threads", "work_trainer", {"options": best}, bound
        ),
        "trainer-best-tuned": Contestant(
            "Trainer, best flags, pinned threads, memory kept", "work_trainer", {"options": best}, tuned
        ),
        "tunesmith": Contestant("Tunesmith, defaults", "work_tunesmith", {}),
        "trainer-best-half": Contestant("Trainer, best flags, half frozen", "work_trainer", half, bound, 3),
        "tunesmith-half": Contestant("Tunesmith, half frozen", "work_tunesmith", ours(3), {}, 3, True),
        "tunesmith-deep": Contestant("Tunesmith, five of six layers frozen", "work_tunesmith", ours(5), {}, 5, True),
    }


def machine_has_bf16() -> bool:
    """Tell whether the processor has instructions for bf16; without them, bf16 is no flag an expert would set."""
    return bool({"avx512_bf16", "amx_bf16", "bf16"} & machine.flags())


def settings(options: Namespace) -> dict[str, Any]:
    named = ("sets", "train_rows", "validation_rows", "test_rows", "epochs", "batch_size", "max_tokens", "trainer_rate")
    return {name: getattr(options, name) for name in named} | {"shape": options.shape}


def tasks(options: Namespace, folder: Path) -> Iterator[Task]:
    """Yield the peak, then the contestants in turns, seed by seed and data set by data set."""
    peak = {"largest": 512, "rounds": 2} if options.quick else {}
    yield Task({"contestant": "peak"}, python("work_peak"), peak, machine.pinned())
    known = contestants(options.trainer_rate)
    sizes = Sizes(options.train_rows, options.validation_rows, options.test_rows)
    for seed in range(options.seeds):
        for data in options.sets:
            files = write(data, options.assets, sizes, 0, folder / f"{NAME}-{data}")
            for name in options.contestants or known:
                one = known[name]
                job = {**files, "seed": seed, "is_followed": True, "model": options.model}
                job |= _recipe(options, one.job) if one.worker == "work_tunesmith" else _flags(options, one.job)
                what = {"data": data, "contestant": name, "seed": seed}
                yield Task(what, python(one.worker), job, one.environment)


def _flags(options: Namespace, own: dict[str, Any]) -> dict[str, Any]:
    return {"epochs": options.epochs, "batch_size": options.batch_size, "max_tokens": options.max_tokens} | own


def _recipe(options: Namespace, own: dict[str, Any]) -> dict[str, Any]:
    """One validation per epoch is the least there can be; patience never ends a run early."""
    train = {"epochs": options.epochs, "batch_size": options.batch_size, "validations": 1, "patience": 1000}
    return {"recipe": {"base": options.base, "train": train} | own}


def sections(content: dict[str, Any]) -> dict[str, str]:
    """Return the tables by the names that the page has for them."""
    peaks = results(content, contestant="peak")
    parts = [(speeds, "speed"), (reaching, "reached")]
    found = {name: "\n\n".join(make(content, data) for data in content["settings"]["sets"]) for make, name in parts}
    if not peaks:
        return found
    products = ", ".join(f"{rate:,.0f} GFLOP/s in {name}" for name, rate in peaks[0]["peaks"].items())
    used = "\n\n".join(utilisation(content, data, peaks[0]["peaks"]) for data in content["settings"]["sets"])
    return found | {"peak": f"{products}, on {peaks[0]['threads']} threads", "utilisation": used}


def speeds(content: dict[str, Any], data: str) -> str:
    epochs, trainer = content["settings"]["epochs"], results(content, data=data, contestant="trainer")
    base = median(_rate(one, epochs) for one in trainer) if trainer else None
    lines = []
    for name, one, runs in _each(content, data):
        rates = [_rate(run, epochs) for run in runs]
        later = [_later_rate(run) for run in runs]
        lines.append(
            [
                f"{one.words} (`{name}`)",
                runs[0]["precision"],
                spread(rates),
                NONE if base is None else f"{median(rates) / base:.1f}",
                spread(later),
                spread([run["seconds"] for run in runs]),
                spread([run["first_step_seconds"] for run in runs]),
                spread([run["cpu_seconds"] for run in runs]),
                spread([run["apart"].get("validation", 0.0) for run in runs]),
                proportion([run["test_accuracy"] for run in runs], runs[0]["test_rows"]),
                len(runs),
            ]
        )
    head = f"{data} | precision | rows/s | times the Trainer | rows/s from the second epoch | seconds"
    head += " | of these until the first step's end | CPU seconds | validation, seconds more | test accuracy | runs"
    return table(head.split(" | "), lines)


def reaching(content: dict[str, Any], data: str) -> str:
    """Seconds until validation accuracy is what the two Trainers end with, seed by seed."""
    targets = ("trainer", "trainer-best")
    final = {
        name: {one["seed"]: _final(one) for one in results(content, data=data, contestant=name)} for name in targets
    }
    lines = []
    for name, one, runs in _each(content, data):
        cells = []
        for target in targets:
            seconds = [_first(run, final[target][run["seed"]]) for run in runs if run["seed"] in final[target]]
            missed = seconds.count(None)
            cells.append(spread(seconds) + (f", not reached in {missed} of {len(seconds)}" if missed else ""))
        lines.append([f"{one.words} (`{name}`)", *cells, spread([_final(run) for run in runs], ".3f")])
    head = [data, *(f"seconds to the accuracy of `{one}`" for one in targets), "validation accuracy at the end"]
    return table(head, lines)


def utilisation(content: dict[str, Any], data: str, peaks: dict[str, float]) -> str:
    """Share of the measured peaks that goes into arithmetic which the model needs."""
    epochs, shape, most = content["settings"]["epochs"], content["settings"]["shape"], max(peaks.values())
    lines = []
    for name, one, runs in _each(content, data):
        rates = [1e-9 * needed(run, shape, epochs, one) / run["seconds"] for run in runs]
        own = peaks.get(runs[0]["precision"], most)
        tokens = [run["tokens"] * epochs / run["seconds"] for run in runs]
        shares = [f"{100 * median(rates) / peak:.1f} %" for peak in (own, most)]
        lines.append([f"{one.words} (`{name}`)", spread(tokens, ",.0f"), spread(rates, ",.0f"), *shares])
    head = f"{data} | useful tokens/s | GFLOP/s needed | of the peak of its precision | of the highest peak"
    return table(head.split(" | "), lines)


def needed(run: dict[str, Any], shape: dict[str, int], epochs: int, one: Contestant) -> float:
    """Return the floating-point operations that a training needs: padding and anything computed twice do not count.

    Forward, a layer takes 2 operations per weight of its six matrices and token, and 4 x width per pair of tokens of
    one row (scores, and the mixing of values); backward takes twice that. Frozen layers are run forward only, and
    once where their outputs are kept.
    """
    width, inner, layers = shape["hidden_size"], shape["intermediate_size"], shape["num_hidden_layers"]
    weights = 4 * width * width + 2 * width * inner
    forward = 2.0 * weights * run["tokens"] + 4.0 * width * run["squared_tokens"]
    still = max(0, one.frozen)
    return forward * (3 * (layers - still) * epochs + still * (1 if one.is_kept else epochs))


def _each(content: dict[str, Any], data: str) -> Iterator[tuple[str, Contestant, list[dict[str, Any]]]]:
    for name, one in contestants(content["settings"]["trainer_rate"]).items():
        runs = results(content, data=data, contestant=name)
        if runs:
            yield name, one, runs


def _rate(run: dict[str, Any], epochs: int) -> float:
    return run["rows"] * epochs / run["seconds"]


def _later_rate(run: dict[str, Any]) -> float | None:
    ends = run["epoch_seconds"]
    return run["rows"] * (len(ends) - 1) / (ends[-1] - ends[0]) if len(ends) > 1 else None


def _final(run: dict[str, Any]) -> float:
    return run["reached"][-1]["accuracy"]


def _first(run: dict[str, Any], accuracy: float) -> float | None:
    return next((one["seconds"] for one in run["reached"] if one["accuracy"] >= accuracy), None)
