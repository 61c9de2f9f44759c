"""Text whose UTF-8 bytes were read as Windows-1252 or Latin-1, and what it was before."""

from __future__ import annotations

import re

# What the bytes 0x80 to 0xbf look like in either encoding; those after 0xbf look like themselves.
_CONTINUING = "".join(
    {bytes([byte]).decode(codec, errors="ignore") for byte in range(0x80, 0xC0) for codec in ("cp1252", "latin-1")}
)
SUSPECT = f"[\u00c2-\u00f4][{re.escape(''.join(sorted(_CONTINUING)))}]"
"""A regular expression that every broken text matches, and few others: a leading byte before a continuing one."""

_RUN = re.compile(f"[\u00c2-\u00f4{re.escape(_CONTINUING)}]{{2,}}")
_PLAUSIBLE = re.compile(
    "[\u00a0-\u017f\u0192\u02c6\u02dc\u2010-\u2027\u2030-\u203a\u20ac\u2122\u2190-\u2193\u2212\ufeff"
    "\u0386-\u03ce\u0401-\u045f\u05d0-\u05ea\u0621-\u064a\u0900-\u097f\u0e01-\u0e4d\u3001-\u30ff"
    "\u4e00-\u9fff\uac00-\ud7a3\u2600-\u27bf\ufe0f\u200d\U0001f300-\U0001faff]+"
)
_TWICE = 3  # how often a text may have been broken


def repaired(text: str) -> str:
    """Return the text as it was; unchanged where nothing in it is broken beyond doubt."""
    for _ in range(_TWICE):
        before, text = text, _RUN.sub(lambda match: _mended(match[0]), text)
        if text == before:
            break
    return text


def _mended(run: str) -> str:
    """Return a run of suspect characters as UTF-8 reads their bytes; unchanged where that gives no usual text."""
    data = b"".join(_byte(character) for character in run)
    try:
        decoded = data.decode("utf-8")
    except UnicodeDecodeError as error:
        start = error.start
        good = data[:start].decode("utf-8")
        return _checked(run[:start], good) + run[start : error.end] + _mended(run[error.end :]) if run[:start] else run
    return _checked(run, decoded)


def _checked(run: str, decoded: str) -> str:
    return decoded if _PLAUSIBLE.fullmatch(decoded) else run


def _byte(character: str) -> bytes:
    try:
        return character.encode("cp1252")
    except UnicodeEncodeError:
        return character.encode("latin-1")
