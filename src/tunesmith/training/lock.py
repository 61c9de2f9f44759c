"""A lock on a run: one process holds it, and the system lets go of it when that process ends, however it ends."""

from __future__ import annotations

import errno
import os
import platform
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

from ..core.disk import make_folder
from ..core.errors import CheckpointError

HELD = {errno.EAGAIN, errno.EWOULDBLOCK, errno.EACCES, errno.EDEADLK}

if sys.platform == "win32":
    import msvcrt

    BEYOND_TEXT = 1 << 20  # a locked byte cannot be read there, and the holder's name is to be read

    def _seize(handle: int) -> None:
        os.lseek(handle, BEYOND_TEXT, os.SEEK_SET)
        msvcrt.locking(handle, msvcrt.LK_NBLCK, 1)
        os.lseek(handle, 0, os.SEEK_SET)
else:
    import fcntl

    def _seize(handle: int) -> None:
        fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)


@contextmanager
def exclusive(path: Path) -> Iterator[None]:
    """Hold the lock that lives in a file of that name; the file is created, with its folder, and removed in the end.

    Raises CheckpointError that names the process where another one holds it, and where the disk has no locks.
    """
    try:
        handle = _acquire(path)
    except CheckpointError:
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        remedy = "make it writable, or choose another home with --home or TUNESMITH_HOME"
        raise CheckpointError(f"{path}: the run cannot be locked there ({reason}); {remedy}") from error
    try:
        yield
    finally:
        if _is_named(handle, path):
            with suppress(OSError):  # Windows removes no open file; one that stays behind locks nobody out
                path.unlink()
        os.close(handle)


def _acquire(path: Path) -> int:
    while True:
        make_folder(path.parent)
        handle = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            _seize(handle)
            # The holder before may have removed the file between the two calls: that lock guards nothing any more.
            if _is_named(handle, path):
                os.ftruncate(handle, 0)
                os.write(handle, f"process {os.getpid()} on {platform.node()}".encode())
                return handle
        except BaseException as error:
            os.close(handle)
            if isinstance(error, OSError) and error.errno in HELD:
                remedy = "wait until it has ended, or end it, then start again"
                raise CheckpointError(f"{path}: {_holder(path)} is training this very run; {remedy}") from error
            raise
        os.close(handle)


def _is_named(handle: int, path: Path) -> bool:
    try:
        return os.path.samestat(os.fstat(handle), os.stat(path))
    except FileNotFoundError:
        return False


def _holder(path: Path) -> str:
    with suppress(OSError):
        return path.read_text(encoding="utf-8", errors="replace") or "another process"
    return "another process"
