"""Files that are wholly there or not at all: staged in `tmp`, flushed to the disk, then renamed or linked."""

from __future__ import annotations

import errno
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from ..core.disk import make_folder, sync_folder
from ..core.errors import RegistryError

READ_ONLY = 0o444
BLOCK_BYTES = 1 << 20
FULL = {errno.ENOSPC, errno.EDQUOT}
REFUSED = {errno.EROFS, errno.EACCES, errno.EPERM}
NO_HARD_LINKS = {errno.EPERM, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS}


@dataclass(frozen=True, slots=True)
class Staged:
    """Flushed bytes waiting in `tmp`; `path` is None where the same bytes already are an object."""

    path: Path | None
    digest: str
    size: int


@contextmanager
def writing(home: Path) -> Iterator[None]:
    """Turn the system's refusal to write into a RegistryError that names the place and the remedy."""
    try:
        yield
    except RegistryError:
        raise
    except OSError as error:
        remedy = "mend the disk, or choose another home with --home or TUNESMITH_HOME"
        if error.errno in FULL:
            remedy = "free some space there, or choose another home with --home or TUNESMITH_HOME"
        elif error.errno in REFUSED:
            remedy = "make it writable, or choose another home with --home or TUNESMITH_HOME"
        reason = error.strerror or str(error)
        place = error.filename2 or error.filename or home
        raise RegistryError(f"{place}: the registry cannot be written ({reason}); {remedy}") from error


def check_writable(home: Path) -> None:
    """Raise RegistryError where the nearest folder that exists is none, or is closed to writing."""
    place = next(one for one in (home, *home.absolute().parents) if one.exists())
    if not place.is_dir() or not os.access(place, os.W_OK | os.X_OK):
        fact = "cannot be written" if place.is_dir() else "is a file, not a folder"
        raise RegistryError(f"{place}: {fact}; make it writable, or choose another home with --home or TUNESMITH_HOME")


@contextmanager
def reading(place: Path) -> Iterator[None]:
    """Turn the system's refusal to read into a RegistryError; what is absent stays FileNotFoundError."""
    try:
        yield
    except (RegistryError, FileNotFoundError):
        raise
    except OSError as error:
        reason = error.strerror or str(error)
        raise RegistryError(f"{place}: cannot be read ({reason}); check its permissions and the disk") from error


def listing(folder: Path) -> list[str]:
    """Return the names in a folder, sorted; none where it does not exist."""
    try:
        with reading(folder):
            return sorted(os.listdir(folder))
    except FileNotFoundError:
        return []


def stage(home: Path, source: bytes | Path) -> Staged:
    """Copy bytes or a file into `tmp`, read-only and flushed. Raises OSError where that cannot be done."""
    handle, name = tempfile.mkstemp(dir=home / "tmp", suffix=".part")
    path, hasher, size = Path(name), hashlib.sha256(), 0
    try:
        with os.fdopen(handle, "wb") as file:
            for block in _blocks(source):
                file.write(block)
                hasher.update(block)
                size += len(block)
            file.flush()
            path.chmod(READ_ONLY)
            os.fsync(file.fileno())
    except BaseException:
        path.unlink(missing_ok=True)
        raise
    return Staged(path, hasher.hexdigest(), size)


def _blocks(source: bytes | Path) -> Iterator[bytes]:
    if isinstance(source, bytes):
        yield source
        return
    try:
        with source.open("rb") as file:
            while block := file.read(BLOCK_BYTES):
                yield block
    except OSError as error:
        raise unreadable(source, error) from error


def unreadable(source: Path, error: OSError) -> RegistryError:
    """Return the error that says why a file to be stored cannot be read."""
    return RegistryError(f"{source}: the file to store cannot be read ({error.strerror}); check its path")


def move(source: Path, target: Path) -> None:
    """Give a staged file its lasting name, durably. An equal file already of that name is replaced."""
    make_folder(target.parent)
    os.replace(source, target)
    sync_folder(target.parent)


def create_exclusively(source: Path, target: Path) -> bool:
    """Give a staged file a second name that nobody holds, in one atomic and durable step; False where it is taken.

    On a file system without hard links the name is created first and filled after, so that a crash between
    may leave it empty: a reader takes an empty file for a name that is spent and means nothing.
    """
    try:
        os.link(source, target)
    except FileExistsError:
        return False
    except OSError as error:
        if error.errno not in NO_HARD_LINKS:
            raise
        if not _fill_exclusively(source.read_bytes(), target):
            return False
    try:
        sync_folder(target.parent)
    except OSError:
        target.unlink(missing_ok=True)
        raise
    return True


def _fill_exclusively(data: bytes, target: Path) -> bool:
    try:
        handle = os.open(target, os.O_WRONLY | os.O_CREAT | os.O_EXCL, READ_ONLY)
    except FileExistsError:
        return False
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
    except OSError:
        target.unlink(missing_ok=True)
        raise
    return True
