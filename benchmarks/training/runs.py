"""Runs of workers, one process each and one at a time, kept in a JSON file so that an interrupted part goes on."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from . import machine

FOLDER = Path(__file__).parents[1]
DISTURBED = 0.25  # cores that others kept busy; from here on a run's times are told as disturbed


@dataclass(frozen=True)
class Task:
    """One run: `what` names it among all of its part, `worker` is the command, `job` what it is given.

    `environment` is laid over this process's own. `reason` says why it cannot be run here, and is shown in its place.
    """

    what: dict[str, Any]
    worker: tuple[str, ...]
    job: dict[str, Any]
    environment: Mapping[str, str] = field(default_factory=dict)
    reason: str = ""


@dataclass
class Kept:
    """The runs of one part under one set of settings, in a file."""

    path: Path
    settings: dict[str, Any]
    content: dict[str, Any] = field(default_factory=dict)

    @classmethod
    def open(cls, path: Path, settings: dict[str, Any], command: str, is_again: bool) -> Kept:
        """Return the runs that are there. Exits where they were made with other settings, unless to start again."""
        fresh = {"settings": settings, "machine": machine.description(), "commands": [], "runs": []}
        content = fresh if is_again or not path.exists() else json.loads(path.read_text("utf-8"))
        if content["settings"] != settings:
            differs = [name for name in settings if content["settings"].get(name) != settings[name]]
            sys.exit(f"{path} holds runs with other settings ({', '.join(differs)}); add --again to discard them")
        if command not in content["commands"]:
            content["commands"].append(command)
        return cls(path, settings, content)

    def done(self, what: dict[str, Any]) -> bool:
        """Tell whether this run is there, with an outcome that another try would not change."""
        return any(run["what"] == what and "result" in run for run in self.content["runs"])

    def add(self, run: dict[str, Any]) -> None:
        """Keep a run, in place of an earlier try of the same."""
        others = [one for one in self.content["runs"] if one["what"] != run["what"]]
        self.content["runs"] = [*others, run]
        self.path.parent.mkdir(parents=True, exist_ok=True)
        draft = self.path.with_suffix(".part")
        draft.write_text(json.dumps(self.content, indent=1), "utf-8")
        draft.replace(self.path)


def take_turns(tasks: Iterable[Task], kept: Kept, minutes: float, say: Callable[[str], None]) -> None:
    """Run what is not there yet, in the order given; begin none after so many minutes."""
    begun, cache = time.monotonic(), kept.path.parent.resolve() / "machine"
    for task in tasks:
        if kept.done(task.what):
            continue
        name = ", ".join(f"{value}" for value in task.what.values())
        if time.monotonic() - begun > 60 * minutes:
            say(f"{kept.path.stem}: the minutes are over before {name}; run the same command again to go on")
            return
        run = {"what": task.what} | ({"reason": task.reason} if task.reason else measured(task, cache))
        kept.add(run)
        say(f"{kept.path.stem}: {name}: {_words(run)}")


def measured(task: Task, cache: Path) -> dict[str, Any]:
    """Run one worker and return its result, or the reason why there is none, and what the cores did meanwhile.

    `cache` is where Tunesmith remembers what suits the processor: a folder of these runs, so that it is measured once
    here and not taken from elsewhere.
    """
    paths = os.pathsep.join(filter(None, [str(FOLDER), os.environ.get("PYTHONPATH", "")]))
    offline = {"HF_HUB_OFFLINE": "1", "TUNESMITH_CACHE": str(cache)}
    environment = os.environ | {"PYTHONPATH": paths} | offline | dict(task.environment)
    with tempfile.TemporaryDirectory() as folder:
        place, errors = Path(folder, "job.json"), Path(folder, "errors")
        place.write_text(json.dumps(task.job), "utf-8")
        begun, busy = time.perf_counter(), machine.busy_seconds()
        with errors.open("wb") as sink:
            worker = subprocess.Popen([*task.worker, str(place)], env=environment, stdout=subprocess.PIPE, stderr=sink)
            assert worker.stdout is not None
            lines = worker.stdout.read().decode("utf-8", "replace").splitlines()
            _, status, used = os.wait4(worker.pid, 0)
            worker.returncode = os.waitstatus_to_exitcode(status)
        wall = time.perf_counter() - begun
        others = max(0.0, machine.busy_seconds() - busy - used.ru_utime - used.ru_stime) / wall
        around = {"process_seconds": wall, "others": others, "peak_megabytes": used.ru_maxrss / 1024}
        if worker.returncode:
            said = [line for line in errors.read_text("utf-8", "replace").splitlines() if line.strip()]
            return around | {"reason": f"failed ({worker.returncode}): {said[-1] if said else 'it said nothing'}"}
    return around | {"result": json.loads(lines[-1])}


def _words(run: dict[str, Any]) -> str:
    if "reason" in run:
        return run["reason"]
    result = run["result"]
    if "absent" in result:
        return result["absent"]
    if "peaks" in result:
        return ", ".join(f"{name} {rate:.0f} GFLOP/s" for name, rate in result["peaks"].items())
    seconds = result.get("seconds", result.get("train_seconds"))
    accuracy = result.get("test_accuracy", result.get("accuracy"))
    busy = f", others kept {run['others']:.1f} cores busy" if run["others"] > DISTURBED else ""
    return f"{seconds:.1f} s, accuracy {accuracy:.4f}{busy}"


def python(module: str) -> tuple[str, ...]:
    """Return the command of a worker of this folder."""
    return (sys.executable, "-m", f"training.{module}")
