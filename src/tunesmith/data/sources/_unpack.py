"""Compressed files, unpacked block by block into a file of their own, and never beyond what they may hold."""

from __future__ import annotations

import gzip
import sys
import tempfile
import zipfile
import zlib
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import IO, TYPE_CHECKING, cast

from ...core.errors import DataError
from ...core.need import lazy

if TYPE_CHECKING:
    import pyarrow
else:
    pyarrow = lazy("pyarrow")

BLOCK = 1 << 22
# Beyond both, a file is taken for a bomb. Texts shrink to a third, tables of repeated cells to a fiftieth.
BOMB_RATIO = 1000
BOMB_BYTES = 100_000_000
DAMAGED = (EOFError, OSError, zipfile.BadZipFile, zlib.error, NotImplementedError)


@contextmanager
def unpacked(path: Path, name: str, most_bytes: int) -> Iterator[Path]:
    """Hold a compressed file's content as a temporary file.

    Raises DataError where the file is cut or damaged, a zip archive holds more than one file or a locked one, or
    where the content, declared or found, is larger than `most_bytes` or too large to be honest.
    """
    with _temporary() as (target, into):
        try:
            with READERS[Path(name).suffix.lower()](path, name, most_bytes) as (reader, packed_bytes):
                pour(reader, into, name, most_bytes, packed_bytes)
        except DAMAGED as error:
            raise DataError(f"{name}: a cut or damaged archive ({error}); pack or copy it again") from error
        yield target


def pour(reader: IO[bytes], into: IO[bytes], name: str, most_bytes: int, packed_bytes: int | None = None) -> None:
    """Copy what a reader gives in blocks; raises DataError beyond `most_bytes` or, if packed, beyond all likelihood."""
    for block in _within(_blocks(reader), name, most_bytes, packed_bytes):
        _written(into, block, name)
    into.flush()


def refuse_bomb(path: Path, name: str, most_bytes: int) -> None:
    """Raise DataError where a workbook, which is a zip archive, unpacks to more than it may; unpacks it to nowhere."""
    try:
        with zipfile.ZipFile(path) as archive:
            for _ in _within(_content(archive), name, most_bytes, path.stat().st_size):
                pass
    except DAMAGED as error:
        raise DataError(f"{name}: a cut or damaged workbook ({error}); save or copy it again") from error


def _content(archive: zipfile.ZipFile) -> Iterator[bytes]:
    for member in archive.infolist():
        member.file_size = sys.maxsize  # what it declares need not be true; it is read to its end
        with archive.open(member) as reader:
            yield from _blocks(reader)


def _blocks(reader: IO[bytes]) -> Iterator[bytes]:
    while block := reader.read(BLOCK):
        yield block


def _within(blocks: Iterator[bytes], name: str, most_bytes: int, packed_bytes: int | None) -> Iterator[bytes]:
    """Yield the blocks; raises DataError as soon as they are too many in all."""
    size = 0
    for block in blocks:
        size += len(block)
        refuse_large(size, name, most_bytes)
        if packed_bytes is not None and size > max(BOMB_BYTES, BOMB_RATIO * packed_bytes):
            fact = f"{packed_bytes:,} bytes unpack to more than {BOMB_RATIO} times as many"
            raise DataError(f"{name}: {fact}, as in a decompression bomb; if it is none, give the unpacked file")
        yield block


def refuse_large(size: int, name: str, most_bytes: int) -> None:
    """Raise DataError where a size in bytes is beyond the limit."""
    if size > most_bytes:
        raise DataError(f"{name}: more than {most_bytes:,} bytes when unpacked; allow more by `most_bytes`")


def is_packed(name: str) -> bool:
    """Return whether a file's name says that it is compressed."""
    return Path(name).suffix.lower() in READERS


def unpacked_ending(name: str) -> str:
    """Return the ending of a name, in lower case and without that of its compression."""
    return Path(Path(name).stem if is_packed(name) else name).suffix.lower()


@contextmanager
def _temporary() -> Iterator[tuple[Path, IO[bytes]]]:
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        target = Path(folder, "unpacked")
        with target.open("wb") as into:
            yield target, into


def _written(into: IO[bytes], block: bytes, name: str) -> None:
    try:
        into.write(block)
    except OSError as error:
        remedy = "make room, or let the variable TMPDIR name a folder with more"
        raise DataError(
            f"{name}: cannot be unpacked into {tempfile.gettempdir()} ({error.strerror}); {remedy}"
        ) from error


Opened = tuple[IO[bytes], int]  # the content, and how many bytes it takes when packed


@contextmanager
def _gzip(path: Path, name: str, most_bytes: int) -> Iterator[Opened]:
    with gzip.open(path, "rb") as reader:
        yield cast("IO[bytes]", reader), path.stat().st_size


@contextmanager
def _zstandard(path: Path, name: str, most_bytes: int) -> Iterator[Opened]:
    with pyarrow.input_stream(str(path), compression="zstd") as reader:
        yield reader, path.stat().st_size


@contextmanager
def _zip(path: Path, name: str, most_bytes: int) -> Iterator[Opened]:
    with zipfile.ZipFile(path) as archive:
        held = [one for one in archive.infolist() if not one.is_dir() and not _is_litter(one.filename)]
        if len(held) != 1:
            names = ", ".join(f"'{one.filename}'" for one in held[:10]) + (", ..." if len(held) > 10 else "")
            raise DataError(f"{name}: holds {len(held)} files ({names}); pack one file, or unpack it and name the file")
        member = held[0]
        if member.flag_bits & 1:
            raise DataError(f"{name}: '{member.filename}' needs a password; unpack it and name the file")
        refuse_large(member.file_size, name, most_bytes)
        with archive.open(member) as reader:
            yield reader, member.compress_size


def _is_litter(name: str) -> bool:
    """Return whether a member of an archive is what systems leave behind in it, not data."""
    return name.startswith("__MACOSX/") or name.rpartition("/")[2] in (".DS_Store", "Thumbs.db", "desktop.ini")


READERS: dict[str, Callable[[Path, str, int], AbstractContextManager[Opened]]] = {
    ".gz": _gzip,
    ".zst": _zstandard,
    ".zip": _zip,
}
