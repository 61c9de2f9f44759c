"""Two processes train what one does; however a run ends, they end together, and one of them speaks."""

from __future__ import annotations

import json
import signal
import subprocess
import sys
import time
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from journeys.checks import environment, nothing_registered, refused
from journeys.conftest import Outcome, call
from journeys.rows import table, texts, write
from tunesmith.registry import Registry
from tunesmith.stages import baseline
from tunesmith.testing import tiny
from tunesmith.version import stored_report

LIMIT_SECONDS = 120
ENGINE = "engine: {kind: accelerate, run_on: cpu, precision: fp32, threads: 1}"
SHARDED = "--set=train.engine.sharding=full"
TABLE = (
    "data: table.csv\ntarget: churn\nbase: {kind: tabular_net, width: 16, dropout: 0}\n"
    f"train: {{epochs: 4, batch_size: 16, patience: 99, loss: planted, checkpoint_seconds: 0, {ENGINE}}}\n"
)
DRAWN = f"{TABLE}balance: balanced_batches\n"
# the last batch is one row, for two processes
TEXT = (
    "data: text.csv\ntarget: label\nbase: {kind: hf_encoder, path: ./tiny, dropout: 0}\n"
    "strategy: {kind: freeze, layers: 2}\n"
    f"train: {{epochs: 4, batch_size: 19, patience: 99, optimizer: {{learning_rate: 0.003}}, {ENGINE}}}\n"
)

TALK = (
    "data: talk.csv\ntarget: answer\ntask: chat\nsplit: {near_duplicates: ignore}\nchecks: {near_duplicates: off}\n"
    "base: {kind: hf_causal, path: ./language, template: plain, writing: {max_new_tokens: 4}}\n"
    f"train: {{epochs: 4, batch_size: 19, patience: 99, optimizer: {{learning_rate: 0.03}}, {ENGINE}}}\n"
)

# cross-entropy that fails as the variable PLANTED says, `FAULT:RANK:CALL`, at the CALL-th time it is asked
PLANTED = '''
"""Cross-entropy with a fault planted."""
import os, signal, time
from typing import ClassVar
import torch
from tunesmith.core.errors import GuardError
from tunesmith.parts.losses import Loss

class Planted(Loss):
    """Fails."""
    forms: ClassVar[frozenset[str]] = frozenset({"class"})

    def build(self, targets, width):
        """Return the loss."""
        fault, rank, at = (os.environ.get("PLANTED") or "none::0").split(":")
        is_here = rank in ("", os.environ.get("RANK", "0"))
        calls = []

        def hurt(outputs, labels):
            calls.append(fault)
            loss = torch.nn.functional.cross_entropy(outputs, labels, reduction="none")
            if fault == "slow":
                time.sleep(0.1)
            if not is_here or len(calls) != int(at):
                return loss
            if fault == "guard":
                raise GuardError("planted")
            if fault == "disk":
                raise OSError(28, "planted", "somewhere")
            if fault == "bug":
                raise ZeroDivisionError("planted")
            if fault == "memory":
                raise RuntimeError("DefaultCPUAllocator: can't allocate memory")
            if fault == "kill":
                os.kill(os.getpid(), signal.SIGKILL)
            return loss * float("nan") if fault == "nan" else loss

        return hurt
'''

# what both processes run: one case after the other, to start Python and its libraries once
DRIVER = """
import contextlib, io, json, os, pathlib
from tunesmith.cli import main
from tunesmith.stages import baseline

baseline.kinds = lambda family: ["majority"]
for name, planted, arguments in json.loads(pathlib.Path("cases.json").read_text()):
    os.environ["PLANTED"] = planted
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main(["train", *arguments, "--json", "--home", f"home-{name}"])
        except SystemExit as ended:
            code = ended.code
    outcome = json.dumps([code, out.getvalue(), err.getvalue()])
    pathlib.Path(f"{name}.{os.environ['RANK']}").write_text(outcome)
"""

CASES = {
    "table": ("", "table.yaml"),
    "table-full": ("", "table.yaml", SHARDED),
    "drawn": ("", "drawn.yaml"),
    "text": ("", "text.yaml"),
    "text-full": ("", "text.yaml", SHARDED),
    "talk": ("", "talk.yaml"),
    "talk-full": ("", "talk.yaml", SHARDED),
    "memory": ("memory:1:25", "table.yaml"),
    "nan": ("nan:1:25", "table.yaml"),
    "guard": ("guard:1:25", "table.yaml"),
    "disk": ("disk:0:25", "table.yaml"),
    "bug": ("bug:1:25", "table.yaml"),
    "penalty": ("", "table.yaml", SHARDED, "--set=train.regularizers=[l2]"),
    # the last: where weights are divided, what one waits for is the other process's end
    "memory-full": ("memory:1:25", "table.yaml", SHARDED),
}


@dataclass(frozen=True)
class Ended:
    """A case's home, and how each process of it ended."""

    home: Path
    both: list[Outcome]

    @property
    def report(self) -> dict[str, Any]:
        return only_report(self.home)


def only_report(home: Path) -> dict[str, Any]:
    """Return the report of the one version that is there."""
    (version,) = Registry(home).versions()
    return stored_report(version.label, home)[1]


def torchrun(folder: Path, *arguments: str, planted: str = "") -> subprocess.Popen[str]:
    launcher = [sys.executable, "-m", "torch.distributed.run", "--standalone", "--nproc-per-node", "2"]
    more = {"OMP_NUM_THREADS": "1", "PLANTED": planted, "TUNESMITH_PARTS": str(folder / "parts")}
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    return subprocess.Popen([*launcher, *arguments], cwd=folder, env=environment(**more), text=True, **pipes)


def ended(process: subprocess.Popen[str]) -> Outcome:
    """Wait for a launcher; one that hangs is ended with all that it started."""
    try:
        out, err = process.communicate(timeout=LIMIT_SECONDS)
    except subprocess.TimeoutExpired:
        process.terminate()
        process.communicate(timeout=60)
        raise
    return Outcome(process.returncode, out, err)


def furnish(folder: Path) -> Path:
    """Write rows, recipes, the tiny body and the loss that fails."""
    (folder / "parts" / "losses").mkdir(parents=True)
    (folder / "parts" / "losses" / "planted.py").write_text(PLANTED)
    tiny.save(folder / "tiny")
    tiny.save_language(folder / "language")
    rows = {"table_csv": table(), "text_csv": texts(), "talk_csv": talk()}
    return write(folder, **rows, table_yaml=TABLE, text_yaml=TEXT, drawn_yaml=DRAWN, talk_yaml=TALK)


def talk() -> str:
    """Return prompts and answers of different lengths."""
    words = ("it is fine", "late", "broken order", "great works it is")
    return "prompt,answer\n" + "".join(f"order {at} ,{words[at % 4]} {at // 4}\n" for at in range(80))


@pytest.fixture(scope="module")
def alone(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], dict[str, Any]]:
    """Return the report of a recipe that one process trained."""
    folder = furnish(tmp_path_factory.mktemp("alone"))
    found: dict[str, dict[str, Any]] = {}

    def of(recipe: str) -> dict[str, Any]:
        if recipe not in found:
            with pytest.MonkeyPatch.context() as patch:
                lone(patch, folder)
                outcome = call("train", f"{recipe}.yaml", "--home", f"home-{recipe}")
            assert outcome.code == 0, outcome.err
            found[recipe] = only_report(folder / f"home-{recipe}")
        return found[recipe]

    return of


def lone(patch: pytest.MonkeyPatch, folder: Path) -> None:
    """Go where one process can train, without the baselines that take long."""
    patch.chdir(folder)
    patch.setenv("TUNESMITH_PARTS", str(folder / "parts"))
    patch.setattr(baseline, "kinds", lambda family: ["majority"])


@pytest.fixture(scope="module")
def together(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Ended]:
    """Return how a case ended, of which two processes ran all."""
    folder = furnish(tmp_path_factory.mktemp("together"))
    (folder / "driver.py").write_text(DRIVER)
    (folder / "cases.json").write_text(json.dumps([[name, one[0], one[1:]] for name, one in CASES.items()]))
    said = ended(torchrun(folder, "driver.py"))
    assert said.code == 0, said.err

    def of(name: str) -> Ended:
        both = [Outcome(*json.loads((folder / f"{name}.{rank}").read_text())) for rank in (0, 1)]
        return Ended(folder / f"home-{name}", both)

    return of


def assert_same_curve(one: dict[str, Any], other: dict[str, Any]) -> None:
    for kind in ("steps", "validations"):
        first, second = one["curves"][kind], other["curves"][kind]
        assert len(first) == len(second) >= 8
        assert [entry["loss"] for entry in first] == pytest.approx([entry["loss"] for entry in second], rel=1e-5)
    best = [[at["step"] for at in report["curves"]["validations"] if at["is_best"]] for report in (one, other)]
    assert best[0] == best[1]
    losses = [entry["loss"] for entry in one["curves"]["steps"]]
    assert min(losses) < 0.9 * losses[0], "where nothing is learnt, wrong gradients are as good as right ones"


@pytest.mark.parametrize("name", ["table", "table-full", "drawn", "text", "text-full", "talk", "talk-full"])
def test_two_processes_train_what_one_does(alone, together, name):
    found = together(name)
    assert [one.code for one in found.both] == [0, 0], [one.err for one in found.both]
    assert_same_curve(alone(name.partition("-")[0]), found.report)
    assert found.report["environment"]["processes"] == "2"


@pytest.mark.parametrize("name", ["table", "text-full"])
def test_the_first_process_alone_speaks_and_writes(together, name):
    found = together(name)
    first, second = found.both
    assert first.json["version"].endswith("@1")
    assert "train: done" in first.err
    assert second.out == ""
    assert "train:" not in second.err
    assert Registry(found.home).verify().ok
    assert list((found.home / "runs").iterdir()) == [], "the checkpoints are gone"


def test_where_memory_ends_in_one_process_both_take_smaller_pieces(alone, together):
    found = together("memory")
    assert [one.code for one in found.both] == [0, 0], [one.err for one in found.both]
    assert "from here on 4 rows at a time" in found.both[0].err
    assert_same_curve(alone("table"), found.report)


def test_a_step_that_is_not_finite_in_one_process_is_skipped_by_both(together):
    found = together("nan")
    assert [one.code for one in found.both] == [0, 0], [one.err for one in found.both]
    assert found.report["training"]["happened"]["skipped_steps"] == 1


@pytest.mark.parametrize(
    ("name", "codes", "cause"),
    [
        ("guard", [4, 4], "planted"),
        ("disk", [2, 2], "planted"),
        ("bug", [4, 70], "planted"),
        ("memory-full", [4, 4], "memory does not suffice"),
        ("penalty", [2, 2], "whole weights"),
    ],
)
def test_a_process_that_fails_ends_both_with_its_exit_code(together, name, codes, cause):
    found = together(name)
    assert [one.code for one in found.both] == codes, [one.err for one in found.both]
    assert [one.out for one in found.both] == ["", ""]
    assert cause in "".join(one.err for one in found.both)
    if name != "penalty":  # read by each process before they join
        assert sum("ends with process" in one.err for one in found.both) == 1
    nothing_registered(found.home)


def newest(folder: Path) -> int:
    """Return the step of the newest checkpoint of the run, 0 where there is none."""
    return max((int(one.name[-8:]) for one in folder.glob("home/runs/*/seed-0/step-*") if one.is_dir()), default=0)


def test_a_run_killed_in_two_processes_goes_on_in_two_and_ends_in_one(alone, tmp_path, monkeypatch):
    furnish(tmp_path)
    command = ("-m", "tunesmith", "train", "table.yaml", "--home", "home")
    killed = ended(torchrun(tmp_path, *command, planted="kill::12"))
    assert killed.code != 0
    started = newest(tmp_path)
    assert started > 0, killed.err
    nothing_registered(tmp_path / "home")

    process = torchrun(tmp_path, *command, "--resume", planted="slow::0")
    limit = time.monotonic() + LIMIT_SECONDS
    while newest(tmp_path) < started + 3 and process.poll() is None and time.monotonic() < limit:
        time.sleep(0.05)
    process.send_signal(signal.SIGTERM)
    told = ended(process)
    assert told.out == ""
    assert f"resumed at step {started} of " in told.err
    assert "(SIGTERM) at step" in told.err
    assert "its state is in" in told.err
    nothing_registered(tmp_path / "home")

    stopped = newest(tmp_path)
    lone(monkeypatch, tmp_path)
    outcome = call("train", "table.yaml", "--home", "home", "--resume")
    assert outcome.code == 0, outcome.err
    assert f"resumed at step {stopped} of " in outcome.err
    assert_same_curve(alone("table"), only_report(tmp_path / "home"))


def test_several_processes_of_one_process_are_refused(tmp_path, monkeypatch):
    """Each would train and register the whole."""
    write(tmp_path, table_csv=table(), recipe_yaml="data: table.csv\ntarget: churn\nbase: tabular_net\n")
    given = {"RANK": "0", "WORLD_SIZE": "2", "LOCAL_RANK": "0", "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "1"}
    for name, value in given.items():
        monkeypatch.setenv(name, value)
    refused(call("train", "recipe.yaml"), "2 were started", "train.engine.kind=accelerate")
    assert not (tmp_path / ".tunesmith").exists()
