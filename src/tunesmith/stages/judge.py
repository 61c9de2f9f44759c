"""Which of two texts is better, by a command of the user's: a rule, a person, or a language model behind a script."""

from __future__ import annotations

import contextlib
import json
import shlex
import subprocess
import tempfile
import threading
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Any, Literal, get_args

import numpy as np

from ..core.errors import RecipeError
from ..core.events import Events
from ..core.seed import stream
from ..core.statistics import intervals, wilson

Answer = Literal["one", "other", "tie"]
ANSWERS: tuple[str, ...] = get_args(Answer)
MADE_UP = {"asked": "What is two and two?", "right": "four", "one": "five", "other": "four"}
PATIENCE_SECONDS = 5.0  # for the last line on its way to a command that was ended
LONGEST = 80  # characters of what the command said that an error repeats


@dataclass(frozen=True, slots=True)
class Pair:
    """Two texts for one row: what was asked and what is right, this version's text and the untouched base's."""

    asked: str
    right: str
    ours: str
    theirs: str

    @property
    def is_same(self) -> bool:
        """Whether both texts are equal but for white space: a tie that nobody needs to judge."""
        return self.ours.split() == self.theirs.split()


@dataclass(frozen=True, slots=True)
class Judge:
    """A command, run in `folder`, that is asked about at most `rows` rows."""

    command: str
    folder: Path
    rows: int = 200

    def trial(self, events: Events) -> None:
        """Ask about a row that is made up, so that a command that cannot judge is found out before anything is trained.

        Raises RecipeError as `answers` does.
        """
        with events.stage("judge on trial", 1) as advance:
            self.answers([MADE_UP], advance)

    def answers(self, questions: Sequence[Mapping[str, str]], advance: Callable[[int], None]) -> list[str]:
        """Return `one`, `other` or `tie` for each question: a line of JSON goes in for each, and a word comes out.

        The command is started once, without a shell. Raises RecipeError where it cannot be started, fails, gives too
        few or too many lines, or says anything else; it is ended then.
        """
        with tempfile.TemporaryFile() as noise:
            with self._started(noise) as process:
                assert process.stdin is not None
                feeder = threading.Thread(target=_feed, args=(process.stdin, questions), daemon=True)
                feeder.start()
                try:
                    found = self._read(process, len(questions), advance)
                except BaseException:
                    process.kill()
                    feeder.join(PATIENCE_SECONDS)
                    raise
                status = process.wait()
                feeder.join()
            if status:
                said = _last_line(noise)
                raise RecipeError(f"{self._place} ended with exit code {status}{said}; let it end with 0")
        if len(found) < len(questions):
            raise RecipeError(
                f"{self._place} gave {len(found)} answers for {len(questions)} rows; print one for each line it reads"
            )
        return found

    @property
    def _place(self) -> str:
        return f"task.judge: '{self.command}'"

    def _started(self, noise: IO[bytes]) -> subprocess.Popen[str]:
        pipe, words = subprocess.PIPE, shlex.split(self.command)
        try:
            return subprocess.Popen(
                words, cwd=self.folder, stdin=pipe, stdout=pipe, stderr=noise, encoding="utf-8", errors="replace"
            )
        except OSError as error:
            raise RecipeError(
                f"{self._place} cannot be started in {self.folder.resolve()}: {error.strerror}; write it as you would "
                "type it in the recipe's folder"
            ) from error

    def _read(self, process: subprocess.Popen[str], rows: int, advance: Callable[[int], None]) -> list[str]:
        """Return the answers, as many as there are; empty lines are none."""
        assert process.stdout is not None
        found: list[str] = []
        for line in process.stdout:
            word = line.strip()
            if not word:
                continue
            number = len(found) + 1
            if number > rows:
                raise RecipeError(
                    f"{self._place} gave more than {rows} answers for {rows} rows; print one line for each"
                )
            if word not in ANSWERS:
                raise RecipeError(
                    f"{self._place} answered {word!r:.{LONGEST}} in line {number}; print one, other or tie"
                )
            found.append(word)
            advance(number)
        return found


def _feed(pipe: IO[str], questions: Sequence[Mapping[str, str]]) -> None:
    """Write the questions while the answers are read; a command that does not read on says so by its answers."""
    with contextlib.suppress(OSError), pipe:
        for one in questions:
            pipe.write(json.dumps(one, ensure_ascii=False) + "\n")
            pipe.flush()


def _last_line(noise: IO[bytes]) -> str:
    noise.seek(0)
    lines = noise.read().decode("utf-8", "replace").split("\n")
    return next((f" ({line.strip()[-LONGEST:]})" for line in reversed(lines) if line.strip()), "")


def judged(judge: Judge, pairs: Sequence[Pair], groups: np.ndarray | None, seed: int, events: Events) -> dict[str, Any]:
    """Return how often this version's text was better, worse and as good, as JSON values.

    Which text is shown first is drawn for each row. The win rate counts a tie as half; its 95 % interval is Wilson's,
    or, where rows have groups, the bootstrap of whole groups. Raises RecipeError as `Judge.answers` does.
    """
    is_first = stream(seed, "judge").random(len(pairs)) < 0.5
    asked = [at for at, one in enumerate(pairs) if not one.is_same]
    questions = [_question(pairs[at], bool(is_first[at])) for at in asked]
    with events.stage("judge", len(questions)) as advance:
        answers = judge.answers(questions, advance) if questions else []
    points = np.full(len(pairs), 0.5)
    for at, answer in zip(asked, answers, strict=True):
        points[at] = 0.5 if answer == "tie" else float((answer == "one") == is_first[at])
    wins, losses = int((points == 1).sum()), int((points == 0).sum())
    return {
        "command": judge.command,
        "rows": len(pairs),
        "wins": wins,
        "losses": losses,
        "ties": len(pairs) - wins - losses,
        "same": len(pairs) - len(asked),
        "chose_first": answers.count("one"),
        "win_rate": _rate(points, groups, seed),
    }


def _question(pair: Pair, is_first: bool) -> dict[str, str]:
    one, other = (pair.ours, pair.theirs) if is_first else (pair.theirs, pair.ours)
    return {"asked": pair.asked, "right": pair.right, "one": one, "other": other}


def _rate(points: np.ndarray, groups: np.ndarray | None, seed: int) -> dict[str, float | None]:
    if not len(points):
        return {"value": None, "low": None, "high": None}
    if groups is None:
        low, high = wilson(float(points.sum()), len(points))
        return {"value": float(points.mean()), "low": low, "high": high}
    name, random = "win_rate", stream(seed, "judge", "interval")
    found = intervals(lambda weights: {name: weights @ points / weights.sum(axis=1)}, groups, random)[name]
    return {"value": found.value, "low": found.low, "high": found.high}
