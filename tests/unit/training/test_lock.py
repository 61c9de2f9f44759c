"""One process per run: the second is told who holds it, the dead hold nothing."""

import os
import subprocess
import sys

import pytest

from tunesmith.core.errors import CheckpointError
from tunesmith.training.checkpoint import Checkpoints
from tunesmith.training.lock import exclusive

HOLDS = """
import sys
from pathlib import Path
from tunesmith.training.lock import exclusive
with exclusive(Path(sys.argv[1])):
    print("held", flush=True)
    sys.stdin.read()
"""


@pytest.fixture
def path(tmp_path):
    return tmp_path / "run" / "lock"


@pytest.fixture
def holder(path):
    command = [sys.executable, "-c", HOLDS, str(path)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout.readline() == "held\n"
        yield process
        process.kill()


def test_the_second_process_is_told_which_one_holds_the_run(path, holder):
    told = f"process {holder.pid} on .* is training this very run; wait"
    with pytest.raises(CheckpointError, match=told) as caught, exclusive(path):
        pytest.fail("held twice")
    assert str(caught.value).startswith(f"{path}: ")
    assert path.exists()
    holder.stdin.close()
    holder.wait()
    with exclusive(path):
        assert path.read_text().startswith(f"process {os.getpid()} on ")
    assert not path.exists()


def test_the_lock_of_a_killed_process_holds_nobody_up(path, holder):
    holder.kill()
    holder.wait()
    assert path.read_text().startswith(f"process {holder.pid} on ")
    with exclusive(path):
        assert path.read_text().startswith(f"process {os.getpid()} on ")


def test_a_run_is_held_once_within_a_process_too(tmp_path):
    with Checkpoints(tmp_path / "run", "key").hold():
        with pytest.raises(CheckpointError, match=f"process {os.getpid()} "), Checkpoints(tmp_path / "run", "k").hold():
            pytest.fail("held twice")
        with Checkpoints(tmp_path / "other", "key").hold():
            pass
    assert not (tmp_path / "run").exists()


def test_it_is_let_go_of_where_the_work_inside_fails(path):
    with pytest.raises(ZeroDivisionError), exclusive(path):
        raise ZeroDivisionError
    with exclusive(path):
        pass


def test_a_file_removed_while_another_waits_for_it_is_no_lock(path, monkeypatch):
    """The holder before removes the file between the opening and the locking of it by the next."""
    lock = sys.modules[exclusive.__module__]
    seize, removed = lock._seize, []

    def late(handle):
        if not removed:
            path.unlink()
            removed.append(handle)
        seize(handle)

    monkeypatch.setattr(lock, "_seize", late)
    with exclusive(path):
        assert removed
        with pytest.raises(CheckpointError, match="is training this very run"), exclusive(path):
            pytest.fail("held twice")


def test_the_end_of_one_does_not_take_the_lock_of_another(path):
    with exclusive(path):
        path.unlink()
        path.write_text("of another process")
    assert path.read_text() == "of another process"


def test_a_disk_without_locks_is_said_to_be_one(path, monkeypatch):
    def refusing(handle):
        raise OSError(37, "No locks available")

    monkeypatch.setattr(sys.modules[exclusive.__module__], "_seize", refusing)
    with pytest.raises(CheckpointError, match=r"cannot be locked there \(No locks available\); make"), exclusive(path):
        pytest.fail("held without a lock")
