"""From a file to its text: the file is there, readable and text, in a known encoding."""

from __future__ import annotations

import codecs
import difflib
import re
from dataclasses import dataclass
from pathlib import Path

from ...core.errors import DataError, NotFoundError
from ._unpack import unpacked_ending

BLOCK = 1 << 24
# UTF-32 stands before UTF-16: its mark begins with the other's.
MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF32_LE, "utf-32"),
    (codecs.BOM_UTF32_BE, "utf-32"),
    (codecs.BOM_UTF16_LE, "utf-16"),
    (codecs.BOM_UTF16_BE, "utf-16"),
)
# Control characters that no text of a one-byte encoding holds (tab, line ends, form feed, escape, Ctrl-Z do occur).
CONTROL = re.compile(rb"[\x01-\x08\x0e-\x19\x1c-\x1f]")


@dataclass(frozen=True, slots=True)
class Local:
    """A file that can be opened by its path; `name` is what messages and rows call it."""

    path: Path
    name: str

    @property
    def ending(self) -> str:
        """The ending of the name, in lower case and without that of its compression."""
        return unpacked_ending(self.name)


@dataclass(frozen=True, slots=True)
class Decoded:
    """A file's text in UTF-8 without a mark, and the encoding it was in.

    `guessed_from` is the line of the first byte that is not UTF-8, where the encoding had to be guessed.
    """

    data: bytes
    encoding: str
    guessed_from: int | None = None


def read_bytes(file: Local) -> bytes:
    """Return a file's bytes. Raises DataError where it is empty or unreadable."""
    try:
        data = file.path.read_bytes()
    except OSError as error:
        raise unreadable(file.name, error) from error
    if not data:
        raise DataError(f"{file.name}: the file is empty (0 bytes); give a file with rows")
    return data


def refuse_absent(path: Path) -> None:
    """Raise NotFoundError, with the name that may have been meant, where there is no such file."""
    if not path.exists():
        siblings = [one.name for one in path.parent.iterdir()] if path.parent.is_dir() else []
        near = difflib.get_close_matches(path.name, siblings, 1)
        hint = f"did you mean '{near[0]}'?" if near else "check the path; a relative one starts at the recipe's folder"
        raise NotFoundError(f"{path}: there is no such file; {hint}")


def unreadable(name: str, error: OSError) -> DataError:
    """Return the error for a file that the system does not let us read."""
    return DataError(f"{name}: cannot be read ({error.strerror or error}); make the file readable")


def line_of(data: bytes, position: int) -> int:
    """Return the 1-based line that a byte stands in."""
    return data.count(b"\n", 0, position) + 1


def decode(data: bytes, name: str, encoding: str | None = None, guess: bool = False) -> Decoded:
    """Return a file's text: in the encoding given, the one its mark names, or UTF-8.

    With `guess`, a text that is none of these is read as Windows-1252 or Latin-1; otherwise it raises DataError,
    as do bytes that are no text at all.
    """
    marked = next((codec for mark, codec in MARKS if data.startswith(mark)), None)
    codec = encoding or marked or "utf-8"
    if codecs.lookup(codec).name in ("utf-8", "utf-8-sig"):
        decoded = _utf8(data.removeprefix(codecs.BOM_UTF8), name, guess and encoding is None)
    else:
        try:
            decoded = Decoded(data.decode(codec).removeprefix("\ufeff").encode(), codec)
        except UnicodeError as error:
            raise DataError(f"{name}: not a text in {codec} ({error}); name its `encoding`") from error
    zero = decoded.data.find(b"\0")
    if zero >= 0:
        line = line_of(decoded.data, zero)
        raise DataError(f"{name} line {line}: a zero byte, so this is no text in {codec}; save it as UTF-8 text")
    return decoded


def _utf8(data: bytes, name: str, guess: bool) -> Decoded:
    wrong = _first_invalid(data)
    if wrong is None:
        return Decoded(data, "utf-8")
    line = line_of(data, wrong)
    if not guess:
        raise DataError(f"{name} line {line}: byte 0x{data[wrong]:02x} is not UTF-8; save the file as UTF-8")
    if b"\0" in data or CONTROL.search(data, 0, BLOCK):
        raise DataError(f"{name}: binary data, not text; save it as UTF-8 text")
    try:
        return Decoded(data.decode("cp1252").encode(), "cp1252", line)
    except UnicodeDecodeError:  # five bytes mean nothing in Windows-1252; every byte means something in Latin-1
        return Decoded(data.decode("latin-1").encode(), "latin-1", line)


def _first_invalid(data: bytes) -> int | None:
    """Return the position of the first byte that is not UTF-8, looking at one block at a time."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    view = memoryview(data)
    for start in range(0, len(data), BLOCK):
        pending = len(decoder.getstate()[0])
        try:
            decoder.decode(view[start : start + BLOCK], start + BLOCK >= len(data))
        except UnicodeDecodeError as error:
            return start - pending + error.start
    return None
