"""Texts with spans of characters, as tools for labelling export them, to words and tags."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import polars as pl

from ...core.errors import DataError
from ..words import covered, places
from . import Note, silent
from ._bytes import Local, examined
from ._files import Files
from ._json import half_character, objects
from ._spans import Annotated, Span, annotated, located
from ._values import column

LISTS = pl.List(pl.String)


class SpanJson(Files):
    """A row per text: `words`, their `tags` in BIO, the `text`, and what else the objects hold beside lists.

    Read are doccano's JSONL, spaCy's `entities`, Label Studio's JSON and JSON-MIN, and plain
    `{"text": ..., "spans": [{"start": 0, "end": 4, "label": "PER"}]}`. Starts and ends count characters from 0, the
    end is the one after the last. A word is a run of letters, digits and underscores, or a single other sign.
    A text without spans at all has no tags and counts as unlabelled; one with an empty list has none but O.
    """

    text: str = "text"
    """The key of the text."""
    spans: str | None = None
    """The key of the spans; if left out: `spans`, `entities`, `ents`, `label` or `labels`."""
    cut: Literal["refuse", "snap"] = "refuse"
    """What becomes of a span that cuts a word: it is refused, or widened to whole words and counted."""

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return a row per text. Raises DataError with the line where a span is reversed, outside or over another."""
        found: list[tuple[str, Annotated]] = []
        for line, one in objects(examined(file).blocks(), file.name):
            place = f"{file.name} line {line}"
            found.append((place, annotated(one, self.text, self.spans, place)))
        if not found:
            raise DataError(f"{file.name}: no texts; give a file with an object per text")
        self._note_left_out(found, file.name, note)
        tagged = [self._tagged(place, one) for place, one in found]
        widened = sum(count for _, _, count in tagged)
        if widened:
            note(f"{file.name}: {widened} spans cut a word and were widened to whole words")
        names = dict.fromkeys(name for _, one in found for name in one.others)
        try:
            made = [
                pl.Series("words", [words for words, _, _ in tagged], LISTS),
                pl.Series("tags", [tags for _, tags, _ in tagged], LISTS),
                pl.Series("text", [one.text for _, one in found], pl.String),
            ]
            made += [
                column(name, [one.others.get(name) for _, one in found], lambda at: found[at][0]) for name in names
            ]
        except UnicodeEncodeError as error:
            raise half_character(error, file.name) from error
        return pl.DataFrame(made).cast({pl.Null: pl.String})

    def raw(self, base: Path) -> pl.DataFrame:
        """Return the words and tags as `read` does: spans are no cells."""
        return self.read(base).frame

    def _note_left_out(self, found: list[tuple[str, Annotated]], source: str, note: Note) -> None:
        left_out = dict.fromkeys(name for _, one in found for name in one.left_out)
        if left_out:
            note(f"{source}: keys that hold lists or objects were left out: {', '.join(left_out)}")

    def _tagged(self, place: str, one: Annotated) -> tuple[list[str], list[str] | None, int]:
        """Return a text's words, its tags (None: not labelled), and how many spans had to be widened."""
        where = places(one.text)
        words = [one.text[start:end] for start, end in where]
        if one.spans is None:
            return words, None, 0
        spans = located(one, place)
        tags, widened, before = ["O"] * len(words), 0, 0
        for span, (first, last) in zip(spans, covered(where, [(each.start, each.end) for each in spans]), strict=True):
            if first == last:
                raise DataError(f"{place}: {span.shown(one.text)} holds no word; take it out, or correct its ends")
            if where[first][0] < span.start or where[last - 1][1] > span.end:
                self._refuse_cut(place, one.text, span, (where[first][0], where[last - 1][1]))
                widened += 1
            if first < before:
                fact = "shares a word with the span before it"
                raise DataError(f"{place}: {span.shown(one.text)} {fact}; a word has one tag, so keep one of them")
            tags[first:last] = [f"B-{span.label}"] + [f"I-{span.label}"] * (last - first - 1)
            before = last
        return words, tags, widened

    def _refuse_cut(self, place: str, text: str, span: Span, whole: tuple[int, int]) -> None:
        if self.cut == "refuse":
            shown = f"'{text[whole[0] : whole[1]]:.60}' ({whole[0]} to {whole[1]})"
            raise DataError(
                f"{place}: {span.shown(text)} cuts a word of {shown}; correct its ends, or say `cut: snap` to widen "
                "such spans to whole words"
            )
