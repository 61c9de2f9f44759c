"""Word lists that people write: plain lines, CSV or JSON lines."""

from __future__ import annotations

import csv
import json
import re
from collections.abc import Iterator
from pathlib import Path

from ...core.errors import DataError, NotFoundError

WORD = re.compile(r"\w+(?:['’-]\w+)*")
HEADER = "word"  # in the first cell of a CSV's first line

Entry = tuple[int, str, list[str]]


def read_word_list(path: Path) -> dict[str, list[str]]:
    """Return word in small letters -> its synonyms, in the order of the file; entries of one word are joined.

    Raises NotFoundError where there is no such file, DataError naming file and line where an entry cannot be read.
    """
    try:
        text = path.read_text("utf-8-sig")
    except FileNotFoundError:
        raise NotFoundError(f"{path}: there is no such word list; the path starts at the recipe's folder") from None
    except (OSError, UnicodeDecodeError) as error:
        raise DataError(f"{path}: the word list cannot be read ({error}); it is a text file in UTF-8") from None
    entries = {".csv": _of_csv, ".jsonl": _of_json}.get(path.suffix.lower(), _of_lines)
    known: dict[str, list[str]] = {}
    for line, word, synonyms in entries(text, path):
        place = f"{path} line {line}"
        if not WORD.fullmatch(word):
            raise DataError(f"{place}: '{word:.40}' is not a single word; texts are looked through word by word")
        own = [one.strip() for one in synonyms if one.strip() and one.strip().lower() != word.lower()]
        if not own:
            raise DataError(f"{place}: '{word}' has no synonym; write `{word}: another, one more`, or remove the line")
        before = known.setdefault(word.lower(), [])
        before += [one for one in dict.fromkeys(own) if one not in before]
    if not known:
        raise DataError(f"{path}: the word list is empty; write one `word: synonym, synonym` per line")
    return known


def _of_lines(text: str, path: Path) -> Iterator[Entry]:
    for number, line in enumerate(text.splitlines(), start=1):
        word, colon, rest = line.partition(":")
        if not line.strip() or line.lstrip().startswith("#"):
            continue
        if not colon:
            raise DataError(f"{path} line {number}: '{line.strip():.40}' has no colon; write `word: synonym, synonym`")
        yield number, word.strip(), rest.split(",")


def _of_csv(text: str, path: Path) -> Iterator[Entry]:
    reader = csv.reader(text.splitlines())
    for cells in reader:
        if not any(cells) or (reader.line_num == 1 and cells[0].strip().lower() == HEADER):
            continue
        yield reader.line_num, cells[0].strip(), [one for cell in cells[1:] for one in cell.split(",")]


def _of_json(text: str, path: Path) -> Iterator[Entry]:
    for number, line in enumerate(text.splitlines(), start=1):
        if not line.strip():
            continue
        try:
            entry = json.loads(line)
        except ValueError as error:
            raise DataError(f"{path} line {number}: this is no JSON ({error})") from None
        word, synonyms = (entry.get("word"), entry.get("synonyms")) if isinstance(entry, dict) else (None, None)
        if not isinstance(word, str) or not isinstance(synonyms, list) or not all(isinstance(s, str) for s in synonyms):
            fields = '{"word": "good", "synonyms": ["fine", "great"]}'
            raise DataError(f"{path} line {number}: an entry looks like {fields}; write it so")
        yield number, word.strip(), synonyms
