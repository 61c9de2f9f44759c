"""The benchmark of training: its workers run on equal terms, and what it keeps and writes is what was measured."""

import csv
import importlib
import json
import random
import sys
from pathlib import Path

import pytest

from tunesmith.testing import tiny

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
EPOCHS, BATCH, TOKENS = 2, 8, 16


@pytest.fixture(autouse=True)
def _path(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))


def module(name):
    return importlib.import_module(f"training.{name}")


@pytest.fixture(scope="module")
def job(tmp_path_factory):
    """Rows of two classes, some longer than the cut, and a tiny encoder."""
    folder = tmp_path_factory.mktemp("rows")
    rows = [
        (f"{'great works fine' if at % 2 else 'broken late poor'} {'order ' * at}", f"{at % 2}") for at in range(24)
    ]
    for part, chosen in (("train", rows), ("validation", rows[:8]), ("test", rows[8:16])):
        with (folder / f"{part}.csv").open("w", newline="") as file:
            csv.writer(file).writerows([("text", "label"), *chosen])
    tiny.save(folder / "encoder")
    files = {part: str(folder / f"{part}.csv") for part in ("train", "validation", "test")}
    return files | {"seed": 0, "model": str(folder / "encoder"), "is_followed": True}


def test_both_workers_train_on_equal_terms(job, tmp_path):
    runs = module("runs")
    base = {"kind": "hf_encoder", "path": job["model"], "max_tokens": TOKENS}
    train = {"epochs": EPOCHS, "batch_size": BATCH, "validations": 1, "patience": 1000}
    ours = job | {"recipe": {"base": base, "train": train}, "off": ["narrowing"]}
    theirs = job | {"epochs": EPOCHS, "batch_size": BATCH, "max_tokens": TOKENS, "frozen": 1}
    theirs |= {"options": {"train_sampling_strategy": "group_by_length", "warmup_steps": 0.1}}
    found = []
    for name, one in (("work_tunesmith", ours), ("work_trainer", theirs)):
        run = runs.measured(runs.Task({"contestant": name}, runs.python(name), one), tmp_path)
        assert "reason" not in run, run
        assert run["process_seconds"] > run["result"]["seconds"] > 0
        found.append(run["result"])
    for same in ("rows", "test_rows", "tokens", "squared_tokens", "steps"):
        assert found[0][same] == found[1][same], same
    assert found[0]["steps"] == EPOCHS * 3
    for one in found:
        assert [mark["epoch"] for mark in one["reached"]] == [0.5, 1.0, 1.5, 2.0]
        assert 0 < one["first_step_seconds"] < one["epoch_seconds"][0] < one["epoch_seconds"][1] <= one["seconds"]
        assert one["apart"]["our measuring"] > 0
        assert 0 <= one["test_accuracy"] <= 1
    assert found[0]["apart"]["validation"] > 0
    json.dumps(found)


def test_a_worker_that_fails_says_why(job, tmp_path):
    runs = module("runs")
    broken = job | {"model": str(tmp_path / "nothing"), "epochs": 1, "batch_size": 1, "max_tokens": 8}
    run = runs.measured(runs.Task({}, (sys.executable, "-c", "raise ValueError('no such rows')"), broken), tmp_path)
    assert run["reason"] == "failed (1): ValueError: no such rows"
    assert "result" not in run


def test_an_interrupted_part_goes_on_and_other_settings_are_refused(tmp_path):
    runs = module("runs")
    echo = (sys.executable, "-c", "print('noise'); print('{\"peaks\": {\"fp32\": 1}}')")
    tasks = [
        runs.Task({"seed": 0}, echo, {}),
        runs.Task({"seed": 1}, echo, {}, {}, "not run: no environment"),
    ]
    said = []
    place = tmp_path / "speed.json"
    for _ in range(2):
        kept = runs.Kept.open(place, {"epochs": 1}, "speed ASSETS", False)
        runs.take_turns(tasks, kept, 1.0, said.append)
    assert len([line for line in said if "GFLOP" in line]) == 1
    assert len([line for line in said if "no environment" in line]) == 2, "what could not run is tried again"
    content = json.loads(place.read_text())
    assert [run["what"]["seed"] for run in content["runs"]] == [0, 1]
    assert content["commands"] == ["speed ASSETS"]
    with pytest.raises(SystemExit, match="epochs"):
        runs.Kept.open(place, {"epochs": 2}, "speed ASSETS", False)
    assert runs.Kept.open(place, {"epochs": 2}, "speed ASSETS", True).content["runs"] == []


def test_no_text_stands_on_two_sides(tmp_path, monkeypatch):
    rows = module("rows")
    parts = {
        "train": [("a  b", "x"), ("c", "y"), ("d", "y"), (" ", "x")],
        "validation": [("c", "y"), ("e", "x")],
        "test": [("a b", "x"), ("e ", "x"), ("f", "y")],
    }
    monkeypatch.setitem(rows.SETS, "made", lambda assets: parts)
    files = rows.write("made", tmp_path, rows.Sizes(), 0, tmp_path / "out")
    assert {part: sorted(rows.read(path)[0]) for part, path in files.items()} == {
        "train": ["d"],
        "validation": ["c"],
        "test": ["f"],  # the others are of a class that no training row has
    }


@pytest.mark.parametrize(("per_class", "trained", "looked_at"), [(8, 16, 16), (64, 112, 16)])
def test_few_labels_are_no_more_than_so_many(per_class, trained, looked_at):
    rows = module("rows")
    every = [(f"text {at}", str(at % 2)) for at in range(400)]
    train, validation = rows.few(every, per_class, random.Random(0))
    assert (len(train), len(validation)) == (trained, looked_at)
    assert len({*train, *validation}) == 2 * per_class
    for chosen in (train, validation):
        assert sum(label == "0" for _, label in chosen) * 2 == len(chosen)


def test_a_piece_that_does_not_exist_is_told():
    switches = module("switches")
    with pytest.raises(switches.AbsentError, match="wings"):
        switches.turn_off("wings")
    with pytest.raises(switches.AbsentError, match="kernel"):
        switches.turn_off("kernel")(object())


def test_figures():
    figures = module("figures")
    assert figures.spread([3.0, 1.0, 2.0]) == "2.0 (1.0 to 3.0)"
    assert figures.spread([None]) == "-"
    assert figures.deviation([0.5, 0.7]) == "0.6000 ± 0.1414"
    assert figures.proportion([0.9], 100) == "0.9000 (0.8256 to 0.9448)"


def test_frozen_layers_count_forward_only_and_kept_ones_once():
    speed = module("speed")
    shape = {"hidden_size": 2, "intermediate_size": 4, "num_hidden_layers": 2}
    run = {"tokens": 10, "squared_tokens": 50}
    forward = 2 * (4 * 4 + 2 * 8) * 10 + 4 * 2 * 50

    def needed(frozen, is_kept):
        return speed.needed(run, shape, 3, speed.Contestant("", "", {}, {}, frozen, is_kept))

    assert needed(-1, False) == needed(0, False) == forward * 3 * 2 * 3
    assert needed(1, False) == forward * (3 * 3 + 3)
    assert needed(1, True) == forward * (3 * 3 + 1)


def test_the_page_shows_what_there_is_and_what_there_is_not(tmp_path):
    page, runs = module("page"), module("runs")
    settings = {"few_sets": {"sst2": [8]}, "test_rows": 10}
    kept = runs.Kept.open(tmp_path / "few.json", settings, "few ASSETS", False)
    what = {"data": "sst2", "per_class": 8, "seed": 0}
    reason = "failed (1): FileNotFoundError: " + "/some/where/weights"
    kept.add({"what": what | {"contestant": "setfit"}, "reason": reason})
    result = {"peer": "autogluon", "version": "1", "accuracy": 0.75, "train_seconds": 2.0, "cpu_seconds": 3.0}
    kept.add({"what": what | {"contestant": "autogluon"}, "others": 0.5, "result": result})
    page.write(tmp_path, tmp_path / "page.md")
    text = (tmp_path / "page.md").read_text()
    assert "| sst2 | 8 | autogluon | 0.7500 | 2.0 | 3.0 | 1 | version 1 |" in text
    assert "| sst2 | 8 | setfit | - | - | - | 0 | failed (1): FileNotFoundError: ... |" in text
    assert (
        "1 of 1 runs had others keep more than 0.25 cores busy; at most it was 0.50. Without a result: sst2, 8" in text
    )
    assert "`speed`: not measured yet" in text
    assert "{{" not in text


def test_every_place_of_the_page_is_filled_by_some_part():
    page = module("page")
    wanted = set(page.PLACE.findall(page.TEMPLATE.read_text("utf-8")))
    own = {f"{one.NAME}_{what}" for one in page.MODULES for what in ("machine", "commands", "settings", "disturbed")}
    tables = {"speed", "reached", "utilisation", "peak", "ablation", "spread", "few"}
    assert wanted == own | tables
