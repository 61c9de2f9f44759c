"""From a file to its text: the file is there, readable and text, in a known encoding; all in blocks of bounded size."""

from __future__ import annotations

import codecs
import difflib
import re
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path
from typing import Annotated

from pydantic import AfterValidator

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
UNDEFINED = re.compile(rb"[\x81\x8d\x8f\x90\x9d]")  # in Windows-1252; every byte means something in Latin-1


def _known_encoding(name: str) -> str:
    try:
        b"a".decode(name)
        codecs.getincrementaldecoder(name)
    except UnicodeError:
        pass  # a real encoding, in which this byte is not a whole text
    except LookupError as error:
        raise ValueError("no such text encoding (for instance utf-8, cp1252, utf-16)") from error
    return name


Encoding = Annotated[str, AfterValidator(_known_encoding)]


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
class Text:
    """A file that was found to be text in an encoding.

    `guessed_from` is the line of the first byte that is not UTF-8, where the encoding had to be guessed.
    """

    file: Local
    encoding: str
    guessed_from: int | None = None

    def blocks(self) -> Iterator[bytes]:
        """Yield the text in UTF-8 without a mark; a block may end within a character."""
        if self.encoding == "utf-8":
            yield from _unmarked(self.file)
            return
        for text in _decoded(self.file, self.encoding):
            yield text.encode()

    def start(self, count: int) -> bytes:
        """Return at most the first `count` bytes of the text in UTF-8."""
        found = b""
        for block in self.blocks():
            found += block[:count]
            if len(found) >= count:
                break
        return found[:count]

    def whole(self) -> bytes:
        """Return the whole text in UTF-8 without a mark."""
        return b"".join(self.blocks())


def read_bytes(file: Local) -> bytes:
    """Return a file's bytes. Raises DataError where it is empty or unreadable."""
    return b"".join(_raw(file))


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


def examined(file: Local, encoding: str | None = None, guess: bool = False) -> Text:
    """Return a file as text: in the encoding given, the one its mark names, or UTF-8. Reads it once.

    With `guess`, a text that is none of these is read as Windows-1252 or Latin-1; otherwise it raises DataError,
    as do bytes that are no text at all.
    """
    start = next(_raw(file))
    marked = next((codec for mark, codec in MARKS if start.startswith(mark)), None)
    codec = encoding or marked or "utf-8"
    if codecs.lookup(codec).name in ("utf-8", "utf-8-sig"):
        return _utf8(file, guess and encoding is None)
    line = 1
    for text in _decoded(file, codec):
        _refuse_zero(file.name, codec, line + text.count("\n", 0, text.index("\0")) if "\0" in text else 0)
        line += text.count("\n")
    return Text(file, codec)


def _utf8(file: Local, guess: bool) -> Text:
    """Look at a text in UTF-8 or, with `guess`, in an encoding of one byte per character."""
    decoder = codecs.getincrementaldecoder("utf-8")()
    read, wrong, zero, is_defined = 0, -1, -1, True  # wrong, zero: where the first of its kind is
    for block in chain(_unmarked(file), [b""]):
        fault = _fault(decoder, block) if wrong < 0 else None
        if fault is not None:
            wrong = read + fault[0]
            if not guess:
                line = _line_of(file, wrong)
                raise DataError(f"{file.name} line {line}: byte 0x{fault[1]:02x} is not UTF-8; save the file as UTF-8")
        if zero < 0 and b"\0" in block:
            zero = read + block.index(b"\0")
        is_defined = is_defined and (block.isascii() or not UNDEFINED.search(block))
        read += len(block)
    if wrong < 0:
        _refuse_zero(file.name, "utf-8", _line_of(file, zero))
        return Text(file, "utf-8")
    if zero >= 0 or CONTROL.search(next(_unmarked(file))):
        raise DataError(f"{file.name}: binary data, not text; save it as UTF-8 text")
    return Text(file, "cp1252" if is_defined else "latin-1", _line_of(file, wrong))


def _line_of(file: Local, position: int) -> int:
    """Return the line of a byte of a text; 0 where the position is negative, for none."""
    line = 1 if position >= 0 else 0
    for block in _unmarked(file):
        if position <= 0:
            break
        line += block.count(b"\n", 0, position)
        position -= len(block)
    return line


def _fault(decoder: codecs.IncrementalDecoder, block: bytes) -> tuple[int, int] | None:
    """Return where in a block, the last one if empty, the first byte stands that is not UTF-8, and that byte."""
    pending = len(decoder.getstate()[0])
    try:
        decoder.decode(block, final=not block)
    except UnicodeDecodeError as error:
        return max(error.start - pending, 0), error.object[error.start]
    return None


def _refuse_zero(name: str, codec: str, line: int) -> None:
    if line:
        raise DataError(f"{name} line {line}: a zero byte, so this is no text in {codec}; save it as UTF-8 text")


def _decoded(file: Local, codec: str) -> Iterator[str]:
    """Yield a text without its mark. Raises DataError where it is none in this encoding."""
    decoder = codecs.getincrementaldecoder(codec)()
    is_start = True
    try:
        for block in chain(_raw(file), [b""]):
            text = decoder.decode(block, final=not block)
            yield text.removeprefix("\ufeff") if is_start else text
            is_start = is_start and not text
    except UnicodeError as error:
        raise DataError(f"{file.name}: not a text in {codec} ({error}); name its `encoding`") from error


def _unmarked(file: Local) -> Iterator[bytes]:
    """Yield a file's bytes without the mark of UTF-8."""
    blocks = _raw(file)
    start = b""
    while len(start) < len(codecs.BOM_UTF8) and (block := next(blocks, b"")):
        start += block
    yield start.removeprefix(codecs.BOM_UTF8)
    yield from blocks


def _raw(file: Local) -> Iterator[bytes]:
    """Yield a file's bytes. Raises DataError where it is empty or unreadable."""
    try:
        with file.path.open("rb") as opened:
            block = opened.read(BLOCK)
            if not block:
                raise DataError(f"{file.name}: the file is empty (0 bytes); give a file with rows")
            while block:
                yield block
                block = opened.read(BLOCK)
    except OSError as error:
        raise unreadable(file.name, error) from error
