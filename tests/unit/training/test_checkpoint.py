"""Checkpoints survive kill -9, full disks and flipped bits: what is found is whole, and the newest that is."""

import errno
import json
import os
import shutil
import subprocess
import sys
from collections import namedtuple

import pytest
import torch

from tunesmith.core.errors import CheckpointError
from tunesmith.core.ids import digest, file_digest
from tunesmith.training.checkpoint import Checkpoints
from tunesmith.training.state import STATE, TENSORS, State

KEY = "a" * 64
DISK_STEPS = ("mkdir", "fsync", "rename")
needs_fork = pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")

BEGIN = """
import os, random, select, signal, sys, time
from pathlib import Path
import torch
from tunesmith.training.checkpoint import Checkpoints
from tunesmith.training.state import State

def state(step):
    return State(step, {"weight": torch.full((20_000,), step), "moment": torch.full((3,), step)}, {"curve": [step]})

def found(checkpoints):
    outcome = checkpoints.latest()
    assert outcome.refused == [], outcome.refused
    if outcome.state is None:
        return 0
    step = outcome.state.step
    assert outcome.state.values == {"curve": [step]}
    assert sorted(outcome.state.tensors) == ["moment", "weight"]
    assert all(bool((one == step).all()) for one in outcome.state.tensors.values())
    return step
"""

# One interpreter for all kills: each round forks a saver, and ends it by SIGKILL at a random moment.
KILLED_AT_RANDOM = (
    BEGIN
    + """
checkpoints, chance, steps = Checkpoints(Path(sys.argv[1]), "key"), random.Random(0), []
for turn in range(8):
    first = found(checkpoints)
    readable, writable = os.pipe()
    child = os.fork()
    if not child:
        with checkpoints.hold():
            for step in range(first + 1, 1_000_000):
                checkpoints.save(state(step))
                os.write(writable, b".")
    os.close(writable)
    saved = len(os.read(readable, 1))
    time.sleep(chance.random() * 0.05)
    os.kill(child, signal.SIGKILL)
    os.waitpid(child, 0)
    while block := os.read(readable, 4096):
        saved += len(block)
    steps.append(found(checkpoints))
    assert steps[-1] - first - saved in (0, 1), (first, saved, steps)
with checkpoints.hold():
    checkpoints.save(state(steps[-1] + 1))
print(steps[-1] + 1)
"""
)

# The same step is saved twice over an older one, and the saver ended just before each of its calls to the system.
KILLED_AT_EVERY_STEP = (
    BEGIN
    + """
def killed(home, limit):
    left = limit
    def counted(call):
        def step(*arguments, **options):
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(9)
            return call(*arguments, **options)
        return step
    for name in ("open", "fsync", "mkdir", "rename", "unlink", "rmdir"):
        setattr(os, name, counted(getattr(os, name)))
    for step in (2, 2):
        Checkpoints(home, "key", keep=1).save(state(step))
    os._exit(0)

seen = []
for limit in range(1000):
    checkpoints = Checkpoints(Path(sys.argv[1]) / str(limit), "key", keep=1)
    checkpoints.save(state(1))
    child = os.fork()
    if not child:
        killed(checkpoints.folder, limit)
    status = os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])
    seen.append(found(checkpoints))
    checkpoints.save(state(3))
    assert os.listdir(checkpoints.folder) == ["step-00000003"], os.listdir(checkpoints.folder)
    if status == 0:
        break
assert seen == sorted(seen) and set(seen) == {1, 2}, seen
print(len(seen))
"""
)


@pytest.fixture
def folder(tmp_path):
    return tmp_path / "runs" / KEY[:16]


@pytest.fixture
def checkpoints(folder):
    return Checkpoints(folder, KEY)


def state(step, **values):
    return State(step, {"weight": torch.full((1000,), float(step))}, values)


def names(folder):
    return sorted(path.name for path in folder.iterdir())


def assert_found(checkpoints, step, refused=0):
    found = checkpoints.latest()
    assert found.state is not None
    assert found.state.step == step
    assert torch.equal(found.state.tensors["weight"], torch.full((1000,), float(step)))
    assert len(found.refused) == refused
    return found


def run(script, folder):
    done = subprocess.run([sys.executable, "-c", script, str(folder)], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr
    return int(done.stdout)


def test_round_trip_of_every_kind_of_tensor_and_value(checkpoints, folder):
    tensors = {
        "float": torch.randn(3, 4),
        "half": torch.randn(5).to(torch.bfloat16),
        "count": torch.tensor(2**60 + 1),
        "mask": torch.tensor([True, False, True]),
        "none": torch.zeros(0, 7),
        "turned": torch.arange(6).reshape(2, 3).T,
        "grown": torch.ones(2, requires_grad=True),
    }
    tensors["tied"] = tensors["float"]
    values = {"curve": [[0, 0.1], [10, -1e-300]], "best": float("-inf"), "name": "grüße \ud800", "late": None, "a": {}}
    saved = checkpoints.save(State(120, tensors, values))
    assert saved == folder / "step-00000120"
    assert names(saved) == [STATE, TENSORS]
    found = Checkpoints(folder, KEY).latest()
    assert (found.state.step, found.state.values, found.refused) == (120, values, [])
    assert list(found.state.values) == list(values)
    assert found.state.tensors.keys() == tensors.keys()
    for name, tensor in tensors.items():
        assert found.state.tensors[name].dtype == tensor.dtype
        assert torch.equal(found.state.tensors[name], tensor.detach()), name
    assert json.loads((saved / STATE).read_bytes())["content"]["tensors"] == {
        "sha256": file_digest(saved / TENSORS),
        "bytes": (saved / TENSORS).stat().st_size,
    }


def test_a_state_without_tensors_or_values(checkpoints):
    checkpoints.save(State(0, {}, {}))
    found = checkpoints.latest()
    assert (found.state.step, dict(found.state.tensors), found.state.values) == (0, {}, {})


def test_nothing_is_found_where_nothing_was_saved(checkpoints, folder):
    assert (checkpoints.latest().state, checkpoints.latest().refused) == (None, [])
    assert not folder.exists()


def test_found_tensors_can_be_changed_and_outlive_their_file(checkpoints, folder):
    path = checkpoints.save(state(1)) / TENSORS
    before = file_digest(path)
    tensor = assert_found(checkpoints, 1).state.tensors["weight"]
    tensor.add_(1)
    assert file_digest(path) == before
    checkpoints.clear()
    assert torch.equal(tensor, torch.full((1000,), 2.0))


def test_the_newest_stay(checkpoints, folder):
    for step in (9, 10, 11, 100_000_000):
        checkpoints.save(state(step))
    assert names(folder) == ["step-00000011", "step-100000000"]
    assert_found(checkpoints, 100_000_000)
    Checkpoints(folder, KEY, keep=1).save(state(100_000_001))
    assert names(folder) == ["step-100000001"]


def test_a_damaged_one_does_not_count_among_those_that_stay(checkpoints, folder):
    for step in (1, 2):
        checkpoints.save(state(step))
    (folder / "step-00000002" / TENSORS).unlink()
    checkpoints.save(state(3))
    assert names(folder) == ["step-00000001", "step-00000003"]


def test_a_step_saved_again_is_replaced(checkpoints, folder):
    checkpoints.save(state(5, attempt=1))
    checkpoints.save(state(5, attempt=2))
    assert assert_found(checkpoints, 5).state.values == {"attempt": 2}
    assert names(folder) == ["step-00000005"]


def test_a_step_set_aside_for_a_replacement_that_never_came_is_found(checkpoints, folder):
    checkpoints.save(state(5)).rename(folder / "step-00000005.old")
    assert_found(checkpoints, 5)
    checkpoints.save(state(5))
    assert names(folder) == ["step-00000005"]


@pytest.mark.parametrize("is_reversed", [False, True])
def test_a_replaced_one_that_a_kill_left_is_the_older_one(checkpoints, folder, monkeypatch, is_reversed):
    checkpoints.save(state(5, attempt=1)).rename(folder / "aside")
    checkpoints.save(state(5, attempt=2))
    (folder / "aside").rename(folder / "step-00000005.old")
    listdir = os.listdir
    monkeypatch.setattr(os, "listdir", lambda place: sorted(listdir(place), reverse=is_reversed))
    assert checkpoints.latest().state.values == {"attempt": 2}
    checkpoints.save(state(5, attempt=3))
    assert checkpoints.latest().state.values == {"attempt": 3}
    assert names(folder) == ["step-00000005"]


def cut(path):
    path.write_bytes(path.read_bytes()[:-1])


def flip(path):
    data = bytearray(path.read_bytes())
    data[-5] ^= 1
    path.write_bytes(data)


def forge_header(path):
    path.write_bytes(b"\xff" * path.stat().st_size)
    document = json.loads((path.parent / STATE).read_bytes())
    document["content"]["tensors"]["sha256"] = file_digest(path)
    sign(path.parent / STATE, document["content"])


def sign(path, content):
    document = {"sha256": digest(json.dumps(content, separators=(",", ":"))), "content": content}
    path.write_text(json.dumps(document))


def edit(path):
    path.write_text(path.read_text().replace('"loss":0.5', '"loss":0.1'))


@pytest.mark.parametrize(
    ("name", "damage", "fact"),
    [
        (TENSORS, cut, "bytes instead of"),
        (TENSORS, flip, "was altered (expected sha256"),
        (TENSORS, forge_header, "is not a safetensors file"),
        (TENSORS, os.unlink, "is gone"),
        (STATE, cut, "was altered or cut short"),
        (STATE, edit, "was altered or cut short"),
        (STATE, os.unlink, "is gone"),
        (STATE, lambda path: path.write_bytes(b""), "was altered or cut short"),
        (STATE, lambda path: path.write_bytes(b"\xff\x00"), "was altered or cut short"),
        (STATE, lambda path: path.write_text("[]"), "was altered or cut short"),
        (STATE, lambda path: sign(path, []), "was altered or cut short"),
        (STATE, lambda path: sign(path, {"key": KEY}), "was altered or cut short"),
    ],
)
def test_a_damaged_one_is_refused_and_the_one_before_is_used(checkpoints, name, damage, fact):
    checkpoints.save(state(1, loss=0.9))
    path = checkpoints.save(state(2, loss=0.5)) / name
    before = path.read_bytes()
    damage(path)
    assert not path.exists() or path.read_bytes() != before
    (message,) = assert_found(checkpoints, 1, refused=1).refused
    assert message.startswith(f"{path}: ")
    assert fact in message
    assert f"delete {path.parent}" in message


def test_a_file_that_cannot_be_read_is_refused(checkpoints, monkeypatch):
    checkpoints.save(state(1))
    path = checkpoints.save(state(2)) / TENSORS
    original = type(path).open

    def refusing(self, *arguments, **options):
        if self == path:
            raise OSError(errno.EIO, os.strerror(errno.EIO), str(self))
        return original(self, *arguments, **options)

    monkeypatch.setattr(type(path), "open", refusing)
    (message,) = assert_found(checkpoints, 1, refused=1).refused
    assert message.startswith(f"{path}: cannot be read ({os.strerror(errno.EIO)})")


def test_one_of_another_run_is_refused(checkpoints, folder):
    checkpoints.save(state(1))
    stranger = Checkpoints(folder.parent / "other", "b" * 64)
    shutil.copytree(stranger.save(state(2)), folder / "step-00000002")
    (message,) = assert_found(checkpoints, 1, refused=1).refused
    assert message.startswith(f"{folder / 'step-00000002' / STATE}: is of another run (key bbbb")
    assert "a folder of its own" in message


def test_where_all_are_refused_every_reason_is_told(checkpoints):
    for path in [checkpoints.save(state(step)) / TENSORS for step in (1, 2)]:
        cut(path)
    found = checkpoints.latest()
    assert found.state is None
    assert ["step-00000002" in one for one in found.refused] == [True, False]


def test_later_steps_go_once_the_run_went_on_from_an_earlier_one(checkpoints, folder):
    for step in (10, 20):
        checkpoints.save(state(step))
    flip(folder / "step-00000020" / TENSORS)
    assert_found(checkpoints, 10, refused=1)
    Checkpoints(folder, KEY, keep=1).save(state(15))
    assert names(folder) == ["step-00000015"]


@needs_fork
def test_random_kills_leave_the_newest_whole(folder):
    last = run(KILLED_AT_RANDOM, folder)
    assert last > 8
    assert names(folder) == [f"step-{last - 1:08d}", f"step-{last:08d}"]


@needs_fork
def test_a_kill_before_any_step_leaves_a_whole_one_even_if_but_one_is_kept(folder):
    assert run(KILLED_AT_EVERY_STEP, folder) > 20


def refuse_after(monkeypatch, steps, code, calls=DISK_STEPS):
    """Let so many calls to the disk through, then refuse."""
    left = steps

    def counted(call):
        def step(*arguments, **options):
            nonlocal left
            left -= 1
            if left < 0:
                raise OSError(code, os.strerror(code), str(arguments[0]))
            return call(*arguments, **options)

        return step

    for name in calls:
        monkeypatch.setattr(os, name, counted(getattr(os, name)))


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO], ids=errno.errorcode.get)
@pytest.mark.parametrize("step", [2, 3], ids=["same step", "next step"])
def test_a_refusing_disk_at_any_step_leaves_what_was_there(folder, monkeypatch, code, step):
    errors = []
    for limit in range(100):
        checkpoints = Checkpoints(folder / str(limit), KEY)
        checkpoints.save(state(1))
        checkpoints.save(state(2, attempt=1))
        with monkeypatch.context() as patch:
            refuse_after(patch, limit, code)
            try:
                checkpoints.save(state(step, attempt=2))
            except CheckpointError as error:
                errors.append(error)
            else:
                break
        found = checkpoints.latest()
        assert found.refused == []
        assert (found.state.step, found.state.values["attempt"]) in [(2, 1), (step, 2)]
        assert "step-00000001" in names(checkpoints.folder)
        assert not list(checkpoints.folder.glob(".*"))
    assert len(errors) >= 5
    assert {error.exit_code for error in errors} == {4}
    for message in map(str, errors):
        assert message.startswith(str(folder))
        assert f"the checkpoint of step {step} could not be written ({os.strerror(code)})" in message
        assert "free some space there" in message


def test_every_byte_and_name_is_flushed_before_the_checkpoint_comes_to_be(checkpoints, folder, monkeypatch):
    flushed, at_rename = [], []
    fsync, rename = os.fsync, os.rename

    def note_fsync(handle):
        flushed.append(os.fstat(handle).st_ino)
        fsync(handle)

    def note_rename(source, target):
        at_rename.extend(flushed)
        rename(source, target)

    monkeypatch.setattr(os, "fsync", note_fsync)
    monkeypatch.setattr(os, "rename", note_rename)
    saved = checkpoints.save(state(1))
    assert {path.stat().st_ino for path in (saved / TENSORS, saved / STATE, saved)} <= set(at_rename)
    assert flushed[-1] == folder.stat().st_ino


def test_a_disk_that_fills_while_the_tensors_are_written(checkpoints, folder):
    resource = pytest.importorskip("resource")
    checkpoints.save(state(1))
    before = resource.getrlimit(resource.RLIMIT_FSIZE)
    resource.setrlimit(resource.RLIMIT_FSIZE, (2000, before[1]))
    try:
        with pytest.raises(CheckpointError, match="step 2 could not be written") as caught:
            checkpoints.save(state(2))
    finally:
        resource.setrlimit(resource.RLIMIT_FSIZE, before)
    assert str(caught.value).startswith(str(folder))
    assert names(folder) == ["step-00000001"]
    assert_found(checkpoints, 1)


def test_too_little_space_is_refused_before_anything_is_written(checkpoints, folder, monkeypatch):
    checkpoints.save(state(1))
    usage = namedtuple("usage", "total used free")
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 40_900_000))
    with pytest.raises(CheckpointError) as caught:
        checkpoints.save(State(2, {"weight": torch.zeros(10_000_000)}, {}))
    assert f"{folder}: a checkpoint needs 41.0 MB, and 40.9 MB are free; free some space" in str(caught.value)
    assert names(folder) == ["step-00000001"]
    monkeypatch.setattr(shutil, "disk_usage", lambda path: usage(0, 0, 42_000_000))
    checkpoints.save(State(2, {"weight": torch.zeros(10_000_000)}, {}))


def test_a_place_that_is_no_folder(tmp_path):
    (tmp_path / "runs").write_text("a file")
    checkpoints = Checkpoints(tmp_path / "runs" / "one", KEY)
    with pytest.raises(CheckpointError, match="could not be written"):
        checkpoints.save(state(1))
    with pytest.raises(CheckpointError, match="cannot be read"):
        checkpoints.latest()
    with pytest.raises(CheckpointError, match="cannot be locked"), checkpoints.hold():
        pass


def test_leftovers_of_the_killed_are_never_found_and_go_with_the_next_save(checkpoints, folder):
    leftover = folder / ".unfinished-0123456789abcdef"
    shutil.copytree(checkpoints.save(state(7)), leftover)
    (folder / "step-00000007").rename(folder / "step-00000007 (copy)")
    (folder / "notes.txt").write_text("a person's own")
    assert checkpoints.latest().state is None
    checkpoints.save(state(1))
    assert names(folder) == ["notes.txt", "step-00000001", "step-00000007 (copy)"]


@pytest.mark.parametrize(
    ("values", "place"),
    [
        ({"curve": {10: 0.5}}, "values['curve']: the name 10"),
        ({"window": (1, 2)}, "values['window']: a tuple"),
        ({"losses": [0.1, torch.tensor(0.1)]}, "values['losses'][1]: a Tensor"),
    ],
)
def test_values_that_json_would_hand_back_changed_are_refused(checkpoints, folder, values, place):
    with pytest.raises(TypeError) as caught:
        checkpoints.save(State(1, {}, values))
    assert str(caught.value).startswith(place)
    assert not folder.exists()


def test_an_error_that_is_not_the_disks_leaves_no_trace_either(checkpoints, folder):
    checkpoints.save(state(1))
    with pytest.raises(RuntimeError, match="memory format"):
        checkpoints.save(State(2, {"weight": torch.eye(3).to_sparse()}, {}))
    assert names(folder) == ["step-00000001"]


def test_numbers_that_make_no_sense_are_refused(folder):
    with pytest.raises(ValueError, match="keep is 0"):
        Checkpoints(folder, KEY, keep=0)
    with pytest.raises(ValueError, match="step -1"):
        state(-1)


def test_clear_removes_the_run_and_nothing_else(checkpoints, folder):
    other = Checkpoints(folder.parent / "other", KEY)
    other.save(state(1))
    with checkpoints.hold():
        for step in (1, 2):
            checkpoints.save(state(step))
        (folder / ".unfinished-0").mkdir()
        checkpoints.clear()
        assert checkpoints.latest().state is None
    assert not folder.exists()
    checkpoints.clear()
    assert_found(other, 1)


def test_a_clear_cut_short_leaves_nothing_that_looks_like_a_checkpoint(checkpoints, folder, monkeypatch):
    checkpoints.save(state(1))
    with monkeypatch.context() as patch:
        refuse_after(patch, 1, errno.EIO, calls=("rename", "unlink"))
        checkpoints.clear()
    assert [name[:12] for name in names(folder)] == [".unfinished-"]
    assert (checkpoints.latest().state, checkpoints.latest().refused) == (None, [])


def test_clear_leaves_what_it_did_not_write(checkpoints, folder):
    checkpoints.save(state(1))
    (folder / "notes.txt").write_text("a person's own")
    checkpoints.clear()
    assert names(folder) == ["notes.txt"]
