"""Runs that break half-way: the exit code says how, a message says what to do, and nothing is half registered."""

from __future__ import annotations

import errno
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from journeys.checks import HOME, environment, nothing_registered, refused
from journeys.rows import prices, table, write

QUICK = "data: rows.csv\ntarget: churn\nbase: {kind: gbdt, iterations: 3}\n"
ENDLESS = (
    "data: rows.csv\ntarget: churn\nbase: {kind: tabular_net, width: 16}\n"
    "train: {epochs: 100000000, patience: 100000000, validations: 1, batch_size: 64}\n"
)


def refuse(name: str, code: int, after: int = 0):
    """Return a stand-in for `os.NAME` that raises, from the `after`-th call in the home on, as a bad disk would."""
    real, calls = getattr(os, name), []

    def stand_in(path, *rest, **named):
        target = rest[0] if name in ("replace", "link") else path
        if ".tunesmith" not in str(target):
            return real(path, *rest, **named)
        calls.append(target)
        if len(calls) > after:
            raise OSError(code, os.strerror(code), str(target))
        return real(path, *rest, **named)

    return stand_in


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EROFS, errno.EIO])
@pytest.mark.parametrize("call", ["replace", "link", "open", "mkdir", "fsync"])
@pytest.mark.parametrize("after", [0, 2])
def test_a_disk_that_refuses_registers_nothing(tunesmith, tmp_path, monkeypatch, call, code, after):
    write(tmp_path, rows_csv=table(40), recipe_yaml=QUICK)
    if call == "fsync":
        calls: list[int] = []

        def fsync(handle):
            calls.append(handle)
            if len(calls) > after:
                raise OSError(code, os.strerror(code))

        monkeypatch.setattr(os, "fsync", fsync)
    else:
        monkeypatch.setattr(os, call, refuse(call, code, after))
    outcome = tunesmith("train", "recipe.yaml", "--json")
    monkeypatch.undo()
    monkeypatch.chdir(tmp_path)
    if call == "link" and after:  # a version takes one link
        assert outcome.code == 0, outcome.err
        return
    refused(outcome, ".tunesmith", os.strerror(code), "--home")
    nothing_registered()
    assert tunesmith("train", "recipe.yaml", "--json").json["version"] == "rows@1", "the next run is the first"
    assert tunesmith("verify", "--json").json["ok"]


def test_a_home_that_is_a_file_is_named(tunesmith, tmp_path):
    write(tmp_path, rows_csv=table(40), recipe_yaml=QUICK)
    (tmp_path / "home").write_text("a file")
    outcome = tunesmith("train", "recipe.yaml", "--home", "home")
    refused(outcome, "home: is a file, not a folder", "--home")
    assert "train:" not in outcome.err, "told before training, not after it"
    assert (tmp_path / "home").read_text() == "a file"


def test_a_home_closed_to_writing_is_named_before_training(tunesmith, tmp_path, monkeypatch):
    write(tmp_path, rows_csv=table(40), recipe_yaml=QUICK)
    monkeypatch.setattr(os, "access", lambda path, mode: Path(path) != tmp_path)
    outcome = tunesmith("train", "recipe.yaml")
    refused(outcome, f"{tmp_path}: cannot be written", "TUNESMITH_HOME")
    assert "train:" not in outcome.err


def test_a_name_that_differs_by_case_alone_is_refused_before_training(tunesmith, tmp_path):
    write(tmp_path, rows_csv=table(40), recipe_yaml=QUICK)
    assert tunesmith("train", "recipe.yaml").code == 0
    outcome = tunesmith("train", "recipe.yaml", "--set", "name=Rows")
    refused(outcome, "'Rows'", "'rows'")
    assert "train:" not in outcome.err


DIVERGING = "data: rows.csv\ntarget: price\nbase: tabular_net\ntrain: {epochs: 20, clip: 1e30, optimizer: "


@pytest.mark.parametrize("optimizer", ["{kind: sgd, learning_rate: 1e30}", "{kind: adamw, learning_rate: 1e30}"])
def test_a_loss_that_is_not_finite_stops_the_run(tunesmith, tmp_path, optimizer):
    write(tmp_path, rows_csv="\n".join(prices()), recipe_yaml=f"{DIVERGING}{optimizer}}}\n")
    wanted = ["training step", "not finite", "nothing was registered", "learning_rate"]
    refused(tunesmith("train", "recipe.yaml", "--json"), *wanted, code=4)
    nothing_registered()


def test_a_loss_that_is_not_finite_within_an_epoch_stops_the_run(tunesmith, tmp_path):
    """Steps are skipped at a falling rate, and five in a row end the run before the first validation does."""
    recipe = f"{DIVERGING}{{kind: sgd, learning_rate: 1e30}}, batch_size: 8, validations: 1}}\n"
    write(tmp_path, rows_csv="\n".join(prices()), recipe_yaml=recipe)
    wanted = ["not finite in 5 steps in a row", "rate was halved", "nothing was registered", "learning_rate"]
    refused(tunesmith("train", "recipe.yaml", "--json"), *wanted, code=4)
    nothing_registered()


HUGE = {
    "input of trees": ("area", "base: {kind: gbdt, iterations: 3}"),
    "input of a network": ("area", "base: tabular_net\ntrain: {epochs: 1}"),
    "target of trees": ("price", "base: {kind: gbdt, iterations: 3}"),
    "target of a network": ("price", "base: tabular_net\ntrain: {epochs: 1}"),
}


@pytest.mark.parametrize("case", HUGE)
def test_a_value_near_the_end_of_floats_is_refused(tunesmith, tmp_path, case):
    column, base = HUGE[case]
    lines = [line.split(",") for line in prices()]
    lines[5][lines[0].index(column)] = "1e300"
    text = f"data: rows.csv\ntarget: price\n{base}\n"
    write(tmp_path, rows_csv="\n".join(map(",".join, lines)), recipe_yaml=text)
    wanted = ["rows.csv row 5", f"column '{column}'", "'1e+300' is too large to compute with"]
    refused(tunesmith("train", "recipe.yaml", "--json"), *wanted)
    assert not HOME.exists()


def test_an_answer_that_is_not_finite_is_refused_by_row(tunesmith, tmp_path):
    recipe = (
        "data: {path: rows.csv, inputs: {rooms: number, area: {kind: number, scaling: none}}}\n"
        "target: price\nbase: tabular_net\ntrain: {epochs: 1}\n"
    )
    write(tmp_path, rows_csv="\n".join(prices()), recipe_yaml=recipe)
    write(tmp_path, new_csv="rooms,area,price\n3,80,5\n3,1e60,5\n")
    assert tunesmith("train", "recipe.yaml").code == 0
    refused(tunesmith("predict", "rows", "new.csv", "--json"), "new.csv row 2", "no finite number")
    refused(tunesmith("evaluate", "rows", "new.csv", "--json"), "new.csv row 2", "no finite number")


def test_a_lack_of_memory_is_told(tunesmith, tmp_path, monkeypatch):
    write(tmp_path, rows_csv=table(40), recipe_yaml=QUICK)

    def train(*_):
        raise MemoryError

    monkeypatch.setattr("tunesmith.story.train", train)
    refused(tunesmith("train", "recipe.yaml"), "out of memory", "train.batch_size", code=4)
    assert not HOME.exists()


def test_a_fault_of_ours_is_not_taken_for_an_answer(tunesmith, tmp_path, monkeypatch):
    write(tmp_path, rows_csv=table(40), recipe_yaml=QUICK)

    def train(*_):
        raise ZeroDivisionError("planted")

    monkeypatch.setattr("tunesmith.story.train", train)
    outcome = tunesmith("train", "recipe.yaml", "--json")
    assert outcome.code not in (0, 1, 2, 3, 4, 130)
    assert outcome.out == ""
    assert "planted" in outcome.err
    assert not HOME.exists()


def test_debug_adds_the_traceback(tunesmith):
    outcome = tunesmith("train", "recipe.yaml", "--debug")
    assert outcome.code == 2
    assert "Traceback" in outcome.err
    assert outcome.out == ""


def start(folder: Path, *arguments: str) -> subprocess.Popen[str]:
    command = [sys.executable, "-m", "tunesmith", *arguments]
    pipes = {"stdout": subprocess.PIPE, "stderr": subprocess.PIPE}
    # a shell starts what runs in its background deaf to Ctrl-C, and children inherit that
    return subprocess.Popen(command, cwd=folder, env=environment(), text=True, preexec_fn=hearing_ctrl_c, **pipes)


def hearing_ctrl_c():
    signal.signal(signal.SIGINT, signal.default_int_handler)


def test_ctrl_c_during_training_leaves_nothing(tunesmith, tmp_path):
    write(tmp_path, rows_csv=table(40), recipe_yaml=ENDLESS)
    process = start(tmp_path, "train", "recipe.yaml", "--json")
    try:
        said = ""
        while not (said.startswith("train: ") and "left" in said):
            said = process.stderr.readline()
            assert said, "the run ended by itself"
        process.send_signal(signal.SIGINT)
        out, err = process.communicate(timeout=60)
    finally:
        process.kill()
    assert process.returncode == 130
    assert out == ""
    assert "Traceback" not in err
    assert "interrupted" in err
    assert "nothing was registered" in err
    assert "tunesmith train recipe.yaml --json --resume" in err, "what to type to go on"
    nothing_registered(tmp_path / ".tunesmith")
    assert tunesmith("verify", "--json").json["ok"]


def test_a_scheduler_that_ends_a_run_outside_the_steps_is_told_how_to_start_it_again(tmp_path):
    write(tmp_path, rows_csv=table(40), recipe_yaml=ENDLESS)
    process = start(tmp_path, "train", "recipe.yaml")
    while not process.stderr.readline().startswith("check"):
        assert process.poll() is None, "the run ended by itself"
    process.send_signal(signal.SIGTERM)
    _, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "tunesmith train recipe.yaml" in err
    assert "Traceback" not in err


def test_ctrl_c_while_starting_says_no_traceback(tmp_path):
    """The libraries take a second to load; an impatient key in that second is no crash."""
    write(tmp_path, rows_csv=table(40), recipe_yaml=ENDLESS)
    process = start(tmp_path, "train", "recipe.yaml")
    time.sleep(0.6)
    process.send_signal(signal.SIGINT)
    _, err = process.communicate(timeout=60)
    assert process.returncode in (130, -signal.SIGINT)
    assert not (tmp_path / ".tunesmith").exists()
    if process.returncode == 130:
        assert "Traceback" not in err


def test_a_reader_that_leaves_early_is_no_error(tunesmith, trained, tmp_path):
    version = trained("table")
    command = f"{sys.executable} -m tunesmith predict {version.label} {version.data} --json --home {version.home}"
    done = subprocess.run(
        f"{command} | head -n 1", shell=True, cwd=tmp_path, env=environment(), capture_output=True, text=True
    )
    assert done.stdout == "[\n"
    assert done.stderr == ""


def test_a_metric_that_no_validation_can_tell_stops_nothing(tunesmith, tmp_path):
    header, *lines = table(80).splitlines()
    alike = [one for one in lines[40:] if one.endswith("yes")][:10]
    parts = {"train": lines[:40], "validation": alike, "test": [one for one in lines[40:] if one not in alike]}
    write(tmp_path, **{f"{name}_csv": "\n".join([header, *part]) + "\n" for name, part in parts.items()})
    recipe = "data: {path: {train: train.csv, validation: validation.csv, test: test.csv}}\ntarget: churn\n"
    recipe += "task: {kind: classification, metric: roc_auc}\nbase: tabular_net\ntrain: {epochs: 1}\n"
    write(tmp_path, recipe_yaml=recipe)
    outcome = tunesmith("train", "recipe.yaml", "--json")
    assert outcome.code == 0, outcome.err
    assert outcome.json["training"]["happened"]["steps"] > 0
