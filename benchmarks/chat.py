"""Language models on a real small one: a skill it did not have, what it forgets by it, and TRL beside it.

    python benchmarks/chat.py ASSETS skill              # about 25 minutes on one core
    python benchmarks/chat.py ASSETS instruct           # about 10 minutes
    python benchmarks/chat.py ASSETS trl ENV/bin/python # ENV from peers/requirements-trl.txt; about 5 minutes
    python benchmarks/chat.py --table                   # the tables again, from what was kept

ASSETS is a folder with the public data and weights named in docs/results.md. The model is stories260K, a Llama of 260
thousand parameters that was trained on small children's stories and knows 512 tokens.
"""

from __future__ import annotations

import json
import os
import random
import subprocess
import sys
from pathlib import Path

import numpy as np
from results import train

sys.path.insert(0, str(Path(__file__).resolve().parents[1] / "tests"))

RUNS = Path("runs/chat")
KEPT = Path(__file__).parent / "kept" / "chat.json"
KEYS, DIGITS = "abdefghkmnprstuwxyz", "0123456789"
ROWS = {"train": 6000, "validation": 200, "test": 400}
SHORT = "writing: {max_new_tokens: 8}"
REPLAYS = (0.0, 0.01, 0.05)  # shares of the training rows that are stories
STORIES, PROBES = 300, 60


def model(assets: Path) -> Path:
    """The weights as a folder of transformers."""
    from stories import convert

    folder = RUNS / "stories260K"
    if not (folder / "config.json").exists():
        folder.mkdir(parents=True, exist_ok=True)
        convert(assets / "weights/stories260K", folder)
    return folder.resolve()


def recall(count: int, seed: int) -> list[dict[str, str]]:
    """Three keys with a number each, and one of them is asked for: answers have as many tokens all."""
    draw, rows = random.Random(seed), {}
    while len(rows) < count:
        keys = draw.sample(KEYS, 3)
        values = ["".join(draw.choices(DIGITS, k=3)) for _ in keys]
        at = draw.randrange(3)
        asked = ", ".join(f"{key} is {value}" for key, value in zip(keys, values, strict=True))
        rows[f"{asked}. What is {keys[at]}?\n"] = values[at]
    return [{"prompt": prompt, "completion": answer} for prompt, answer in rows.items()]


def stories(folder: Path, count: int, seed: int) -> list[str]:
    """What the model tells by itself, drawn token by token: its own training data is not at hand."""
    import torch
    import transformers

    path = RUNS / f"stories-{count}-{seed}.json"
    if not path.exists():
        body = transformers.AutoModelForCausalLM.from_pretrained(folder).eval()
        tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
        torch.manual_seed(seed)
        begun = torch.full((count, 1), tokenizer.bos_token_id)
        with torch.inference_mode():
            told = body.generate(begun, do_sample=True, temperature=0.8, top_k=0, max_new_tokens=200, pad_token_id=0)
        texts = [tokenizer.decode(one, skip_special_tokens=True).strip() for one in told]
        path.write_text(json.dumps([" ".join(one.split()) for one in texts]), "utf-8")
    return json.loads(path.read_text("utf-8"))


def write(folder: Path, rows: dict[str, list[dict[str, str]]]) -> str:
    folder.mkdir(parents=True, exist_ok=True)
    for name, some in rows.items():
        lines = "".join(json.dumps(one) + "\n" for one in some)
        (folder / f"{name}.jsonl").write_text(lines, "utf-8")
    return ", ".join(f"{name}: {(folder / name).resolve()}.jsonl" for name in rows)


def recipe(paths: str, base: str, training: str) -> str:
    return (
        f"data: {{kind: chat, path: {{{paths}}}}}\ntarget: answer\ntask: {{kind: chat, metric: exact_match}}\n"
        "split: {near_duplicates: ignore, leaks: allow}\nclean: {duplicates: keep}\n"
        "checks: {near_duplicates: off, label_errors: off, conversations: off}\n"
        f"base: {{kind: hf_causal, {base}}}\ntrain: {{{training}}}\n"
    )


def skill(assets: Path) -> None:
    """Teach key-value recall, with and without stories among the rows, and keep figures and forgetting."""
    folder = model(assets)
    probe = RUNS / "probe.txt"
    probe.write_text("\n\n".join(stories(folder, PROBES, 1)), "utf-8")
    old = [{"prompt": "", "completion": one} for one in stories(folder, STORIES, 2)]
    rows = recall(sum(ROWS.values()), 0)
    parts, start = {}, 0
    for name, count in ROWS.items():
        parts[name], start = rows[start : start + count], start + count
    found = []
    for share in REPLAYS:
        count = round(share * ROWS["train"] / (1 - share))
        paths = write(RUNS / f"skill-{share}", parts | {"train": parts["train"] + old[:count]})
        base = f"path: {folder}, template: plain, max_tokens: 256, probe: {probe.resolve()}, {SHORT}"
        how = "epochs: 12, patience: 12, optimizer: {kind: adamw, learning_rate: 2e-3, layer_decay: 1.0}"
        result = train(RUNS / f"skill-{share}", recipe(paths, base, how))
        found.append({"replay": share, "rows": count} | figures(result))
        print(found[-1], flush=True)
    keep("skill", found)


def figures(result: dict) -> dict:
    forgotten = result["training"]["forgetting"]
    return {
        "exact_match": result["metrics"]["exact_match"],
        "token_loss": result["metrics"]["token_loss"]["value"],
        "baselines": {name: one["exact_match"]["value"] for name, one in result["baselines"].items()},
        "before": forgotten["before"],
        "after": forgotten["after"],
        "seconds": round(result["seconds"]),
        "verdict": result["verdict"],
    }


def instruct(assets: Path) -> None:
    """Real instructions: loss per token of the answers, far beyond what such a model can do."""
    folder = model(assets)
    path = (assets / "instruct/rasbt_instructions/instruction-data.json").resolve()
    base = f"path: {folder}, max_tokens: 384, writing: {{max_new_tokens: 64}}"
    body = (
        f"data: {{kind: chat, path: {path}}}\ntarget: answer\ntask: chat\nsplit: {{leaks: drop}}\n"
        f"base: {{kind: hf_causal, {base}}}\ntrain: {{epochs: 8}}\n"
    )
    result = train(RUNS / "instruct", body)
    told = {name: one["value"] for name, one in result["metrics"].items()}
    others = {name: one["token_loss"]["value"] for name, one in result["baselines"].items()}
    keep("instruct", figures(result) | {"metrics": told, "token_losses": others, "test_rows": result["test_rows"]})


def trl(assets: Path, python: str) -> None:
    """The same rows, weights, order, steps and arithmetic in both; what is left is noise or explained."""
    from tunesmith.core.seed import stream
    from tunesmith.data.batching import batches

    folder, batch, epochs, rate = model(assets), 16, 2, 1e-3
    rows = recall(2400, 7)
    parts = {"train": rows[:2000], "validation": rows[2000:2200], "test": rows[2200:]}
    paths = write(RUNS / "trl", parts)
    base = f"path: {folder}, template: plain, max_tokens: 128, {SHORT}"
    how = (
        f"epochs: {epochs}, patience: 99, validations: 1, average: none, batch_size: {batch}, "
        "checkpoint_seconds: 9999, engine: {precision: fp32}, optimizer: {kind: adamw, "
        f"learning_rate: {rate}, layer_decay: 1.0, weight_decay: 0, warmup: 0, schedule: constant}}"
    )
    result = train(RUNS / "trl", recipe(paths, base, how))
    train(RUNS / "trl-halves", recipe(paths, base, f"{how}, micro_batch: {batch // 2}"))  # what rounding alone does
    lengths = tokens_of(RUNS / "home", "trl", parts["train"])
    per_epoch = len(parts["train"]) // batch
    order = np.concatenate(
        [
            one
            for epoch in range(epochs)
            for one in batches(len(parts["train"]), batch, stream(0, "batches", epoch * per_epoch), lengths)
        ]
    )
    ordered = [parts["train"][at] for at in order]
    write(RUNS / "trl", {"ordered": ordered})
    job = {
        "rows": str(RUNS / "trl/ordered.jsonl"),
        "model": str(folder),
        "batch_size": batch,
        "learning_rate": rate,
        "max_length": 128,
        "seed": 0,
        "out": str(RUNS / "trl/trl.json"),
    }
    (RUNS / "trl/job.json").write_text(json.dumps(job), "utf-8")
    script = Path(__file__).parent / "peers/run_trl_chat.py"
    outside = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    subprocess.run([python, str(script), str(RUNS / "trl/job.json")], check=True, env=outside)
    theirs = json.loads((RUNS / "trl/trl.json").read_text("utf-8"))
    ours, halves = (np.array(curve(RUNS / "home", name)) for name in ("trl", "trl-halves"))
    gaps, own_gaps = np.abs(ours - theirs["losses"]), np.abs(ours - halves)
    happened = result["training"]["happened"]
    keep(
        "trl",
        {
            "steps": len(ours),
            "tokens": theirs["tokens"],
            "first": [float(ours[0]), theirs["losses"][0]],
            "last": [float(ours[-1]), theirs["losses"][-1]],
            "largest_gap": float(gaps.max()),
            "median_gap": float(np.median(gaps)),
            "gap_of_first_100": float(gaps[:100].max()),
            "own_gap_in_halves": float(own_gaps.max()),
            "own_gap_of_first_100": float(own_gaps[:100].max()),
            "seconds": [happened["seconds"], theirs["seconds"]],
            "memory": [happened["memory_bytes"], theirs["memory_peak"]],
            "trl": theirs["version"],
        },
    )


def tokens_of(home: Path, name: str, rows: list[dict[str, str]]) -> np.ndarray:
    """How many tokens each row has, as the version counts them."""
    import polars as pl

    from tunesmith.data import Dataset
    from tunesmith.stages.encode import encode
    from tunesmith.version import load

    version = load(name, home)
    frame = pl.DataFrame({"prompt": [one["prompt"] for one in rows], "answer": [one["completion"] for one in rows]})
    data = Dataset.of(frame, "rows").identified(["prompt"])
    return version.model.prepare(encode(data, version.codec)).inputs["tokens"].lengths


def curve(home: Path, name: str) -> list[float]:
    """The loss of each step; the report keeps them all where they are few."""
    from tunesmith.registry import Registry

    report = json.loads(Registry(home).resolve(name).read("report.json"))
    return [one["loss"] for one in report["curves"]["steps"]]


def keep(name: str, value: object) -> None:
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    KEPT.parent.mkdir(exist_ok=True)
    KEPT.write_text(json.dumps(kept | {name: value}, indent=1) + "\n", "utf-8")


def table() -> str:
    kept = json.loads(KEPT.read_text("utf-8")) if KEPT.exists() else {}
    lines = []
    if "skill" in kept:
        lines = [
            "| stories among the rows | exact match | before | loss on its stories before | after |",
            "|---" * 5 + "|",
        ]
        for one in kept["skill"]:
            exact = "{value:.3f} ({low:.3f} to {high:.3f})".format(**one["exact_match"])
            lines.append(
                f"| {one['replay']:.0%} ({one['rows']}) | {exact} "
                f"| {one['baselines']['zero_shot']:.3f} | {one['before']:.3f} | {one['after']:.3f} |"
            )
    lines += [json.dumps(kept[name], indent=1) for name in ("instruct", "trl") if name in kept]
    return "\n".join(lines)


if __name__ == "__main__":
    if "--table" not in sys.argv:
        where, what = Path(sys.argv[1]), sys.argv[2]
        {"skill": skill, "instruct": instruct}[what](where) if what != "trl" else trl(where, sys.argv[3])
    print(table())
