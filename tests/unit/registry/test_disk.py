"""No half-registered state: kill -9 at every step, a full or read-only disk at every step."""

import errno
import os
import random
import signal
import subprocess
import sys
import time

import pytest

from tunesmith.core.errors import RegistryError
from tunesmith.registry import Registry

STEPS = ("open", "link", "replace", "fsync", "unlink", "mkdir")

# Forks a publisher for every step and ends it just before that step, as kill -9 would: nothing is cleaned up.
KILLED_AT_EVERY_STEP = """
import os, sys
from pathlib import Path
from tunesmith.registry import Registry

def publish(limit):
    left = limit
    def counted(call):
        def step(*arguments, **options):
            nonlocal left
            left -= 1
            if left < 0:
                os._exit(9)
            return call(*arguments, **options)
        return step
    for name in sys.argv[2].split():
        setattr(os, name, counted(getattr(os, name)))
    home = Path(sys.argv[1]) / str(limit)
    Registry(home).publish("reviews", {"w": b"w" * 1000, "x": b"x"}, {})
    os._exit(0)

for limit in range(1000):
    child = os.fork()
    if not child:
        publish(limit)
    if not os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]):
        break
print(limit)
"""

PUBLISHES_FOR_EVER = """
import os, sys
from pathlib import Path
from tunesmith.registry import Registry
while True:
    Registry(Path(sys.argv[1])).publish("reviews", {"w": os.urandom(200_000), "x": b"same"}, {})
    print("published", flush=True)
"""


def assert_sound(registry):
    outcome = registry.verify()
    assert outcome.problems == []
    versions = registry.versions()
    for version in versions:
        assert registry.resolve(version.label) == version
        assert version.verify() == []
        assert all(version.read(filename) for filename in version.filenames)
    given = [(event["name"], event["number"], event["manifest"]) for event in registry.events()]
    assert sorted(given) == sorted((version.name, version.number, version.digest) for version in versions)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="needs fork")
def test_kill_at_every_step_leaves_a_whole_version_or_none(tmp_path):
    command = [sys.executable, "-c", KILLED_AT_EVERY_STEP, str(tmp_path), " ".join(STEPS)]
    steps = int(subprocess.run(command, check=True, capture_output=True, text=True, timeout=60).stdout)
    assert steps > 30
    seen = set()
    for limit in range(steps + 1):
        registry = Registry(tmp_path / str(limit))
        seen.add(len(registry.versions()))
        assert_sound(registry)
        registry.publish("reviews", {"w": b"after the crash"}, {})
        assert_sound(registry)
    assert seen == {0, 1}


def test_fifteen_random_kills_leave_no_torn_version(registry, home):
    chance, confirmed = random.Random(0), 0
    for _ in range(15):
        command = [sys.executable, "-c", PUBLISHES_FOR_EVER, str(home)]
        process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
        assert process.stdout is not None
        process.stdout.readline()
        time.sleep(chance.random() * 0.03)
        process.send_signal(signal.SIGKILL)
        confirmed += 1 + len(process.communicate()[0].splitlines())
    assert len(registry.versions()) >= confirmed  # what was reported done is there
    assert_sound(registry)
    registry.publish("reviews", {}, {})
    assert_sound(registry)


@pytest.mark.parametrize(
    ("code", "remedy"), [(errno.ENOSPC, "free some space"), (errno.EROFS, "make it writable"), (errno.EIO, "mend")]
)
def test_a_refusing_disk_at_any_step_registers_all_or_nothing(tmp_path, monkeypatch, code, remedy):
    messages = []
    for limit in range(1000):
        registry = Registry(tmp_path / str(limit))
        left = limit
        with monkeypatch.context() as patch:
            for name in ("open", "link", "replace", "fsync", "mkdir"):
                original = getattr(os, name)

                def step(*arguments, original=original, **options):
                    nonlocal left
                    left -= 1
                    if left < 0:
                        raise OSError(code, os.strerror(code), str(arguments[0]))
                    return original(*arguments, **options)

                patch.setattr(os, name, step)
            try:
                registry.publish("reviews", {"w": b"w" * 1000}, {})
                published = True
            except RegistryError as error:
                published = False
                messages.append(str(error))
        assert len(registry.versions()) == published
        assert_sound(registry)
        assert registry.publish("reviews", {"w": b"again"}, {}).number in (1, 2)
        assert_sound(registry)
        if left >= 0:
            break
    assert len(messages) > 20
    assert all(remedy in message and "--home" in message for message in messages)


def test_a_full_disk_leaves_no_object_behind(registry, home, monkeypatch):
    registry.publish("reviews", {"w": b"first"}, {})
    before = sorted(home.rglob("*"))
    original, calls = os.fsync, []

    def full(handle):
        calls.append(handle)
        if len(calls) == 3:
            raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))
        return original(handle)

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(RegistryError, match="No space left"):
        registry.publish("reviews", {"a": b"a", "b": b"b", "c": b"c"}, {})
    assert sorted(home.rglob("*")) == before


def test_a_home_that_is_a_file_is_named(registry, home):
    home.write_text("not a folder")
    with pytest.raises(RegistryError, match=str(home)):
        registry.publish("reviews", {}, {})
    with pytest.raises(RegistryError, match=str(home)):
        registry.versions()


@pytest.mark.skipif(not hasattr(os, "geteuid") or os.geteuid() == 0, reason="root may write anywhere")
def test_a_read_only_folder_is_named(tmp_path):
    tmp_path.chmod(0o555)
    try:
        with pytest.raises(RegistryError, match="make it writable"):
            Registry(tmp_path / "home").publish("reviews", {}, {})
    finally:
        tmp_path.chmod(0o755)
