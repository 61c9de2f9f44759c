"""Checkpoints: the states of a training run, stored so that no kill, full disk or flipped bit spoils the resume.

A checkpoint, `step-00000120`, is written and flushed under another name; the rename is the moment it comes to be.
"""

from __future__ import annotations

import os
import re
import secrets
import shutil
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

from safetensors import SafetensorError

from ..core.disk import make_folder, sync_folder
from ..core.errors import CheckpointError, VerificationError
from .lock import exclusive
from .state import State, check_plain, is_whole, read_state, write_state

LOCK = "lock"
STORED = re.compile(r"step-(\d{8,})(\.old)?")
REPLACED = ".old"
UNFINISHED = ".unfinished-"
SLACK_BYTES = 1 << 20  # for what the tensors' own size leaves out: headers, blocks half filled, the folder


@dataclass(frozen=True, slots=True, eq=False)
class Found:
    """The newest state that is wholly there, None without one, and a sentence for each newer one passed over."""

    state: State | None
    refused: list[str]


class Checkpoints:
    """The checkpoints of one run, in a folder of its own; `key` says which run, the newest `keep` stay.

    Whoever saves or clears does so inside `hold`: the leftovers of a killed process can only be told from the
    unfinished work of a live one by there being no other.
    """

    def __init__(self, folder: Path, key: str, keep: int = 2) -> None:
        if keep < 1:
            raise ValueError(f"keep is {keep}: no checkpoint would stay; give 1 or more")
        self.folder = folder
        self.key = key
        self.keep = keep

    @contextmanager
    def hold(self) -> Iterator[None]:
        """Keep every other process off this run. Raises CheckpointError naming the one that is on it."""
        try:
            with exclusive(self.folder / LOCK):
                yield
        finally:
            self._remove_if_empty()

    def save(self, state: State) -> Path:
        """Store a state and return its folder; then drop all but the newest `keep`, and those of later steps.

        Later steps are of a past that this run did not go on from. Raises CheckpointError where the disk is full or
        refuses, with all that was stored still there, and TypeError for values that JSON would hand back changed.
        """
        check_plain(state.values, "values")
        target = self.folder / f"step-{state.step:08d}"
        with self._writing(state.step):
            make_folder(self.folder)
            self._remove_leftovers()
            self._check_space(state)
            unfinished = self._unfinished()
            try:
                write_state(unfinished, state, self.key)
                self._publish(unfinished, target)
            except BaseException:
                shutil.rmtree(unfinished, ignore_errors=True)
                raise
        self._prune(target)
        return target

    def latest(self) -> Found:
        """Return the newest state whose every byte is as it was written, and why any newer ones are not used.

        The tensors are on the CPU, mapped from the file and private: read when touched, copied when written to.
        Raises CheckpointError where the folder itself cannot be read.
        """
        refused: list[str] = []
        try:
            for folder in self._stored():
                try:
                    return Found(read_state(folder, self.key), refused)
                except VerificationError as error:
                    refused.append(str(error))
        except OSError as error:
            remedy = "check its permissions and the disk"
            raise CheckpointError(f"{self.folder}: cannot be read ({error.strerror}); {remedy}") from error
        return Found(None, refused)

    def clear(self) -> None:
        """Remove every checkpoint of this run; what the disk refuses to remove stays."""
        with suppress(OSError):
            for folder in self._stored():
                self._discard(folder)
            self._remove_leftovers()
        self._remove_if_empty()

    def _stored(self) -> list[Path]:
        """Return the checkpoints by their names, newest first."""
        try:
            names = [name for name in os.listdir(self.folder) if STORED.fullmatch(name)]
        except FileNotFoundError:
            return []
        return sorted((self.folder / name for name in names), key=_age, reverse=True)

    def _publish(self, unfinished: Path, target: Path) -> None:
        if target.exists():
            # A folder takes no other's place in one step: the replaced one stays valid under a name of its own.
            replaced = target.with_name(target.name + REPLACED)
            self._discard(replaced)
            target.rename(replaced)
        unfinished.rename(target)
        sync_folder(self.folder)

    def _prune(self, saved: Path) -> None:
        kept = 0
        with suppress(OSError):  # the state is stored; what could not be removed goes the next time
            for folder in self._stored():
                is_past = folder.suffix == REPLACED and folder.with_suffix("").exists()
                is_later = _age(folder) > _age(saved)
                is_kept = not is_past and not is_later and kept < self.keep and is_whole(folder, self.key)
                if folder == saved or is_kept:
                    kept += 1
                else:
                    self._discard(folder)

    def _discard(self, folder: Path) -> None:
        """Remove a checkpoint: it loses its name first, so that half of it is never taken for a damaged one."""
        unfinished = self._unfinished()
        with suppress(OSError):
            folder.rename(unfinished)
            shutil.rmtree(unfinished)

    def _unfinished(self) -> Path:
        return self.folder / f"{UNFINISHED}{secrets.token_hex(8)}"

    def _remove_leftovers(self) -> None:
        for name in os.listdir(self.folder):
            if name.startswith(UNFINISHED):
                shutil.rmtree(self.folder / name, ignore_errors=True)

    def _remove_if_empty(self) -> None:
        with suppress(OSError):
            self.folder.rmdir()

    def _check_space(self, state: State) -> None:
        needed = sum(one.numel() * one.element_size() for one in state.tensors.values()) + SLACK_BYTES
        free = shutil.disk_usage(self.folder).free
        if free < needed:
            fact = f"a checkpoint needs {needed / 1e6:,.1f} MB, and {free / 1e6:,.1f} MB are free"
            remedy = "free some space there, or choose another home with --home or TUNESMITH_HOME"
            raise CheckpointError(f"{self.folder}: {fact}; {remedy}")

    @contextmanager
    def _writing(self, step: int) -> Iterator[None]:
        """Turn the system's refusal to write into a CheckpointError."""
        try:
            yield
        except CheckpointError:
            raise
        except (OSError, SafetensorError) as error:
            reason = getattr(error, "strerror", None) or str(error)
            fact = f"the checkpoint of step {step} could not be written ({reason}), those before it are untouched"
            remedy = "free some space there, mend the disk, or choose another home with --home or TUNESMITH_HOME"
            raise CheckpointError(f"{self.folder}: {fact}; {remedy}") from error


def _age(folder: Path) -> tuple[int, bool]:
    """Return what sorts checkpoints by age: the step, and of one step, the replaced one first."""
    match = STORED.fullmatch(folder.name)
    assert match is not None
    return int(match[1]), match[2] is None
