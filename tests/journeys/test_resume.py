"""Trainings that are killed or told to stop, and go on: the version is the one of a run that never stopped."""

from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from journeys.checks import HOME, environment, nothing_registered, refused
from journeys.rows import table, texts, write
from tunesmith.testing import tiny
from tunesmith.training.loop import Loop
from tunesmith.training.resume import Keeper

ENGINE = "engine: {precision: fp32, threads: 1}"
RECIPES = {
    "table": (
        "data: rows.csv\ntarget: churn\nbase: {kind: tabular_net, width: 16, dropout: 0.2}\n"
        "train: {epochs: 4, batch_size: 16, micro_batch: 6, patience: 1000, seeds: 2, checkpoint_seconds: 0, "
        f"{ENGINE}}}\n"
    ),
    "text": (
        "data: rows.csv\ntarget: label\nbase: {kind: hf_encoder, path: ./body, dropout: 0.2}\n"
        "strategy: {kind: freeze, layers: 2}\n"
        "train: {epochs: 4, batch_size: 8, average: ema, patience: 1000, checkpoint_seconds: 0, "
        f"{ENGINE}}}\n"
    ),
}
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

# One interpreter loads the libraries once; each training is a process of its own, forked before anything has run.
FORKS = """
import importlib, json, os, random, signal, sys, time
from pathlib import Path
for name in ("torch", "polars", "sklearn.linear_model", "sklearn.feature_extraction.text", "transformers.models.bert",
             "tunesmith.story", "tunesmith.commands.train", "tunesmith.parts.bases._loading"):
    importlib.import_module(name)
from tunesmith.cli import main

kills, draw = int(sys.argv[1]), random.Random(int(sys.argv[2]))

def begin(home):
    child = os.fork()
    if not child:
        for handle, ending in ((1, "out"), (2, "err")):
            os.dup2(os.open(f"{home}.{ending}", os.O_WRONLY | os.O_CREAT | os.O_TRUNC), handle)
        try:
            code = main(["train", "recipe.yaml", "--json", "--resume", "--home", home])
        except BaseException as error:
            print(repr(error), file=sys.stderr)
            code = 99
        sys.stdout.flush()
        os._exit(code)
    return child

def finished(child, home):
    code = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    assert code == 0, Path(f"{home}.err").read_text()
    return json.loads(Path(f"{home}.out").read_text())["weights"]

def taken():
    names = [path.name for path in Path("killed/runs").glob("*/seed-*/step-*")]
    return sum(sorted(int(name[5:13]) for name in names)[-2:])

unbroken = finished(begin("unbroken"), "unbroken")
for number in range(kills):
    child, aim = begin("killed"), taken() + draw.randint(1, 8)
    while taken() < aim:
        assert os.waitpid(child, os.WNOHANG)[0] == 0, Path("killed.err").read_text()
        time.sleep(0.001)
    time.sleep(draw.random() * 0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
killed = finished(begin("killed"), "killed")
said = Path("killed.err").read_text()
print(json.dumps({"unbroken": unbroken, "killed": killed, "said": said}))
"""


def prepare(folder: Path, kind: str) -> None:
    write(folder, rows_csv=table(120) if kind == "table" else texts(), recipe_yaml=RECIPES[kind])
    tiny.save(folder / "body")


@needs_fork
@pytest.mark.parametrize(("kind", "kills"), [("table", 4), ("text", 3)])
def test_a_training_killed_at_random_moments_registers_the_same_weights(tunesmith, tmp_path, kind, kills):
    prepare(tmp_path, kind)
    command = [sys.executable, "-c", FORKS, str(kills), "0"]
    done = subprocess.run(command, cwd=tmp_path, env=environment(), capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    found = json.loads(done.stdout)
    assert found["killed"] == found["unbroken"]
    assert "resumed at step" in found["said"]
    for home in ("unbroken", "killed"):
        assert list((tmp_path / home).glob("runs/*")) == [], "no checkpoint is left of a run that is registered"
        assert tunesmith("verify", "--json", "--home", home).json["ok"]
        assert len(tunesmith("versions", "--json", "--home", home).json) == 1


ENDLESS = (
    "data: rows.csv\ntarget: churn\nbase: {kind: tabular_net, width: 8}\n"
    "train: {epochs: EPOCHS, patience: 100000000, validations: 1, batch_size: 64, "
    "engine: {precision: fp32, threads: 1}}\n"
)


def test_told_to_stop_it_says_the_line_that_goes_on(tunesmith, tmp_path):
    write(tmp_path, rows_csv=table(40), recipe_yaml=ENDLESS.replace("EPOCHS", "1000000"))
    given = ["train", "recipe.yaml", "--json", "--set", "train.dropout=0.1"]
    command = [sys.executable, "-m", "tunesmith", *given]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    process = subprocess.Popen(command, cwd=tmp_path, env=environment(), text=True, **pipes)
    try:
        said = ""
        while "left" not in said:
            said = process.stderr.readline()
            assert said, "the run ended by itself"
        process.send_signal(signal.SIGTERM)
        out, err = process.communicate(timeout=120)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert "interrupted (SIGTERM) at step" in err
    assert "nothing was registered" in err
    assert err.splitlines()[-1] == "to go on: tunesmith train recipe.yaml --json --set train.dropout=0.1 --resume"
    nothing_registered(tmp_path / HOME)
    assert len(list((tmp_path / HOME).glob("runs/*/seed-0/step-*"))) == 1


class Killed(BaseException):
    """Stands for kill -9."""


def interrupted(tunesmith, monkeypatch, *more):
    """Train in this process and be killed behind the tenth step."""
    right = Keeper.save

    def save(self, loop):
        right(self, loop)
        if loop.progress.number == 10:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "save", save)
        with pytest.raises(Killed):
            tunesmith("train", "recipe.yaml", "--json", "--set", "train.checkpoint_seconds=0", *more)


SHORT = ("--set", "train.checkpoint_seconds=0", "--json")


@pytest.fixture
def short(tmp_path):
    write(tmp_path, rows_csv=table(40), recipe_yaml=ENDLESS.replace("EPOCHS", "20").replace("64", "16"))
    return ("train", "recipe.yaml", *SHORT)


def test_a_resume_takes_up_its_own_run_only(tunesmith, monkeypatch, tmp_path, short):
    interrupted(tunesmith, monkeypatch)
    for other in (("--set", "seed=1"), ("--set", "train.clip=0.5"), ("--set", "base.width=12")):
        outcome = tunesmith(*short, "--resume", *other)
        assert outcome.code == 0, outcome.err
        assert "it starts from the beginning" in outcome.err
    rows = (tmp_path / "rows.csv").read_text().splitlines()
    (tmp_path / "rows.csv").write_text("\n".join([*rows, "33,Bern,12.5,no"]) + "\n")
    assert "it starts from the beginning" in tunesmith(*short, "--resume").err
    (tmp_path / "rows.csv").write_text("\n".join(rows) + "\n")
    outcome = tunesmith(*short, "--resume")
    assert "resumed at step 10 of" in outcome.err
    whole = tunesmith(*short, "--home", "other")
    assert outcome.json["weights"] == whole.json["weights"]


def test_without_resume_a_run_begins_anew(tunesmith, monkeypatch, short):
    interrupted(tunesmith, monkeypatch)
    outcome = tunesmith(*short)
    assert "resumed" not in outcome.err
    assert outcome.json["weights"] == tunesmith(*short, "--home", "other").json["weights"]
    assert list(HOME.glob("runs/*")) == []


def test_a_cut_newest_checkpoint_is_said_and_passed_over(tunesmith, monkeypatch, short):
    interrupted(tunesmith, monkeypatch)
    newest = max(HOME.glob("runs/*/seed-0/step-*"))
    assert newest.name == "step-00000010"
    tensors = newest / "tensors.safetensors"
    tensors.write_bytes(tensors.read_bytes()[:100])
    outcome = tunesmith(*short, "--resume")
    assert "is cut short" in outcome.err
    assert "resumed at step 9 of" in outcome.err
    assert outcome.json["weights"] == tunesmith(*short, "--home", "other").json["weights"]


def test_a_resume_of_what_was_never_begun_says_so(tunesmith, short):
    outcome = tunesmith(*short, "--resume")
    assert outcome.code == 0
    assert "no checkpoint of this run is here; it starts from the beginning" in outcome.err


ALLOCATOR = "[enforce fail at alloc_cpu.cpp] DefaultCPUAllocator: can't allocate memory"


@pytest.mark.parametrize(
    ("name", "wanted"),
    [
        ("_run", ["memory does not suffice for 1 row", "gradient_checkpointing"]),
        ("gradient", ["memory does not suffice for measuring rows", "can't allocate memory", "base.max_tokens"]),
        ("_outputs", ["memory does not suffice for measuring rows", "can't allocate memory", "base.max_tokens"]),
    ],
)
def test_memory_that_does_not_suffice_is_told(tunesmith, monkeypatch, short, name, wanted):
    def ended(*_):
        raise RuntimeError(ALLOCATOR)

    monkeypatch.setattr(Loop, name, ended)
    refused(tunesmith(*short), *wanted, "nothing was registered", code=4)
    nothing_registered()


def test_penalties_on_drop_out_without_any_are_refused(tunesmith, short):
    outcome = tunesmith(*short, "--set", "base.dropout=0.0", "--set", "train.regularizers=[r_drop]")
    refused(outcome, "r_drop", "train.dropout")
    nothing_registered()


def test_labels_that_the_strategy_cannot_use_are_refused(tunesmith, tmp_path):
    recipe = "data: rows.csv\ntarget: minutes\nbase: {kind: tabular_net, width: 8}\nstrategy: contrastive\n"
    write(tmp_path, rows_csv=table(40), recipe_yaml=recipe)
    refused(tunesmith("train", "recipe.yaml", "--json"), "contrastive", "class", "not value")
    nothing_registered()
