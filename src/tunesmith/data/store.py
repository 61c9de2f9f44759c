"""Arrays kept by what they were computed from: mapped into memory, bounded on disk, whole or not there at all."""

from __future__ import annotations

import errno
import mmap
import os
import re
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

import numpy as np

from ..core.errors import StoreError, StoreFullError
from ..core.ids import digest, value_digest
from ..core.locks import claim, release, share
from .array_file import Layout, Spec, open_arrays

KEY = re.compile(r"[0-9a-f]{64}")
ENTRY = ".safetensors"
DRAFT = ".part"
SPARE_BYTES = 1 << 30  # what the store leaves free on the disk, for checkpoints and for everybody else
FULL = {errno.ENOSPC, errno.EDQUOT}
NO_ALLOCATION = {errno.EINVAL, errno.ENOSYS, errno.ENOTSUP, errno.EOPNOTSUPP}
REMEDY = "free some space there, raise the store's limit, or give it a folder on another disk"


def content_key(*parts: str | bytes | int) -> str:
    """Return the key of what is computed from these parts: 64 hexadecimal digits, others for any other parts."""
    return value_digest([[digest(part)] if isinstance(part, bytes) else part for part in parts])


class ArrayStore:
    """Named arrays by key, in a folder that any number of processes share.

    An entry is one file, `entries/KEY.safetensors` (see `array_file`). It is written in `drafts`, and appears, flushed
    to the disk, by a rename: a killed writer leaves a draft, which the next writer removes. The entries and drafts
    together stay within the limit: a writer removes the entries that were read longest ago, but none whose arrays
    somebody still holds. Whoever uses a file shares a lock on it, and whoever removes it claims that lock first;
    the file `lock` is claimed by whoever makes room, begins or publishes.
    """

    def __init__(self, folder: Path, limit_bytes: int) -> None:
        """Remember the place and the limit; nothing is created before the first entry is."""
        self.folder = folder
        self.limit_bytes = limit_bytes

    def get(self, key: str, verify: bool = False) -> Mapping[str, np.ndarray] | None:
        """Return the arrays of a key, read-only maps of the file, or None where there are none to be read.

        `bfloat16` comes as its bits in uint16. A damaged entry is removed, and is None. The header and all lengths
        are checked each time, every byte (a second or two per gigabyte) where `verify`.
        """
        path = self._path(key)
        try:
            with path.open("rb") as file:
                if not share(file.fileno()):  # somebody is removing it
                    return None
                arrays = open_arrays(file, key, verify)
        except OSError:
            return None
        with suppress(OSError):  # a store that cannot be written can still be read
            if arrays is None:
                path.unlink()
            else:
                os.utime(path)
        return arrays

    @contextmanager
    def create(self, key: str, specs: Mapping[str, Spec]) -> Iterator[Mapping[str, np.ndarray]]:
        """Give writable arrays of zeros to be filled in any order; leaving the block without an error keeps them.

        They must not be used after the block. Where the key is there already, these are dropped, being equal.
        Raises StoreFullError where there is no room, before or after the block, and StoreError where the folder
        cannot be written; what the block raises passes through.
        """
        layout = Layout(key, specs)
        target = self._path(key)
        with self._writing():
            draft = self._begin(layout)
        try:
            yield draft.arrays
            with self._writing():
                draft.seal()
                self._publish(draft, target)
        finally:
            draft.discard()

    def put(self, key: str, arrays: Mapping[str, np.ndarray]) -> None:
        """Keep these arrays; `create` says how, and what it raises."""
        with self.create(key, {name: Spec.of(array) for name, array in arrays.items()}) as places:
            for name, array in arrays.items():
                places[name][...] = array

    @staticmethod
    def size_of(specs: Mapping[str, Spec]) -> int:
        """Return how many bytes an entry of such arrays takes."""
        return Layout("0" * 64, specs).size

    def used_bytes(self) -> int:
        """Return how many bytes the entries take, and what is being written."""
        return sum(status.st_size for _, status in [*self._files("entries", ENTRY), *self._files("drafts", DRAFT)])

    def clear(self) -> None:
        """Remove every entry that nobody holds. Raises StoreError where the folder cannot be written."""
        with self._writing(), self._alone():
            self._sweep()
            for path, _ in self._files("entries", ENTRY):
                _remove_unused(path)

    def _path(self, key: str) -> Path:
        if not KEY.fullmatch(key):
            raise ValueError(f"'{key}' is not the key of an entry; make one with content_key")
        return self.folder / "entries" / f"{key}{ENTRY}"

    def _files(self, place: str, suffix: str) -> list[tuple[Path, os.stat_result]]:
        """Return the store's files in one of its folders, those that were used longest ago first."""
        found = []
        for path in (self.folder / place).glob(f"*{suffix}"):
            with suppress(OSError):  # another process may remove it meanwhile
                found.append((path, path.stat()))
        return sorted(found, key=lambda one: one[1].st_mtime_ns)

    def _begin(self, layout: Layout) -> _Draft:
        for name in ("entries", "drafts"):
            (self.folder / name).mkdir(parents=True, exist_ok=True)
        with self._alone():
            self._sweep()
            self._make_room(layout.size)
            return _Draft(self.folder / "drafts", layout)

    def _publish(self, draft: _Draft, target: Path) -> None:
        with self._alone():
            draft.close()
            if self.get(draft.layout.key) is None:
                os.utime(draft.path)
                os.replace(draft.path, target)
                _sync_folder(target.parent)

    def _sweep(self) -> None:
        """Remove the drafts whose writers are gone."""
        for path, _ in self._files("drafts", DRAFT):
            _remove_unused(path)

    def _make_room(self, needed: int) -> None:
        """Remove the entries that were used longest ago, as many as needed; none where that would not be enough."""
        used, free = self.used_bytes(), shutil.disk_usage(self.folder).free
        short = max(used + needed - self.limit_bytes, needed + SPARE_BYTES - free)
        freed = 0
        chosen: list[Path] = []
        with ExitStack() as claims:
            for path, status in self._files("entries", ENTRY):
                if freed >= short:
                    break
                if _claimed(path, claims):
                    chosen.append(path)
                    freed += status.st_size
            if freed < short:
                raise StoreFullError(
                    f"{self.folder}: there is no room for {needed:,} bytes: {used:,} of {self.limit_bytes:,} bytes are "
                    f"used, {freed:,} of them could be given up, and the disk has {free:,} bytes free, of which the "
                    f"store leaves {SPARE_BYTES:,}; {REMEDY}"
                )
        for path in chosen:
            path.unlink(missing_ok=True)  # a reader may have found it damaged meanwhile

    @contextmanager
    def _alone(self) -> Iterator[None]:
        """Keep the other processes and threads from making room, beginning and publishing meanwhile."""
        self.folder.mkdir(parents=True, exist_ok=True)
        with (self.folder / "lock").open("ab") as file:
            claim(file.fileno(), wait=True)
            try:
                yield
            finally:
                release(file.fileno())

    @contextmanager
    def _writing(self) -> Iterator[None]:
        """Turn the system's refusal to write into a StoreError that names the place and the remedy."""
        try:
            yield
        except StoreError:
            raise
        except OSError as error:
            reason, place = error.strerror or str(error), error.filename or self.folder
            if error.errno in FULL:
                raise StoreFullError(f"{place}: the disk is full ({reason}); {REMEDY}") from error
            remedy = "make it writable, or give the store another folder"
            raise StoreError(f"{place}: the array store cannot be written ({reason}); {remedy}") from error


class _Draft:
    """An entry that is being written: a file at its full length, mapped, and locked as used."""

    def __init__(self, folder: Path, layout: Layout) -> None:
        self.layout = layout
        handle, name = tempfile.mkstemp(dir=folder, suffix=DRAFT)
        self.file, self.path = os.fdopen(handle, "r+b"), Path(name)
        try:
            share(handle)
            _allocate(handle, layout.size)
            self.mapped = mmap.mmap(handle, layout.size)
        except BaseException:
            self.file.close()
            self.path.unlink()
            raise
        self.arrays = layout.arrays(self.mapped)

    def seal(self) -> None:
        """Write the header, now that the digests are known, and flush everything to the disk."""
        self.mapped[: self.layout.start] = self.layout.header(self.layout.digests(self.mapped))
        self.mapped.flush()
        os.fsync(self.file.fileno())

    def close(self) -> None:
        """Let go of the file."""
        self.arrays.clear()
        with suppress(BufferError):  # somebody still holds an array: the map goes with the last of them
            self.mapped.close()
        self.file.close()

    def discard(self) -> None:
        """Let go of the file, and remove it where it was not published."""
        self.close()
        self.path.unlink(missing_ok=True)


def _allocate(handle: int, size: int) -> None:
    """Give a file its length, and its blocks where the system can: a full disk then shows here, not in a map."""
    try:
        os.posix_fallocate(handle, 0, size)
    except AttributeError:
        os.ftruncate(handle, size)
    except OSError as error:
        if error.errno not in NO_ALLOCATION:
            raise
        os.ftruncate(handle, size)


def _claimed(path: Path, claims: ExitStack) -> bool:
    """Return whether nobody uses a file; if so, nobody can begin to until the claims are closed."""
    try:
        file = path.open("r+b")
    except OSError:
        return False
    claims.enter_context(file)
    return claim(file.fileno())


def _remove_unused(path: Path) -> None:
    with ExitStack() as claims:
        is_unused = _claimed(path, claims)
    if is_unused:
        path.unlink(missing_ok=True)


def _sync_folder(folder: Path) -> None:
    """Make the names in a folder durable."""
    if os.name == "nt":  # Windows has no handle on a folder to flush, and journals its names
        return
    handle = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
