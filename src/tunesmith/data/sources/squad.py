"""Questions whose answers stand in a text: the JSON of SQuAD 1.1 and 2.0."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar

import polars as pl

from ...core.errors import DataError
from . import Note, silent
from ._bytes import Local, examined
from ._files import Files
from ._json import document, half_character
from ._values import kind_name

ANSWERS = pl.List(pl.Struct({"text": pl.String, "start": pl.Int64}))
SCHEMA: dict[str, pl.DataType | type[pl.DataType]] = {
    "id": pl.String,
    "title": pl.String,
    "question": pl.String,
    "context": pl.String,
    "answers": ANSWERS,
}
Kind = TypeVar("Kind", str, int, list[Any])


class Squad(Files):
    """A row per question: `id`, `title`, `question`, `context` and `answers`, each `{text, start}`.

    `start` counts characters of the context from 0. An empty list of answers says that the context does not hold one;
    a question without the key `answers` is unlabelled.
    """

    answers: Literal["refuse", "repair"] = "refuse"
    """What becomes of an answer that does not stand where it says: it is refused, or taken from the nearest place where
    it does and counted. One that stands nowhere is always refused."""

    def read_file(self, file: Local, note: Note = silent) -> pl.DataFrame:
        """Return a row per question. Raises DataError with the place in the document and the question's id."""
        reading = _Reading(file.name, self.answers == "repair")
        rows = list(reading.rows(document(examined(file).whole(), file.name)))
        if not rows:
            raise DataError(f"{file.name}: no questions; give a file with some")
        if reading.moved:
            note(f"{file.name}: {reading.moved} answers did not stand at their start and were found elsewhere")
        try:
            columns = zip(SCHEMA.items(), zip(*rows, strict=True), strict=True)
            frame = pl.DataFrame([pl.Series(name, list(values), kind) for (name, kind), values in columns])
        except UnicodeEncodeError as error:
            raise half_character(error, file.name) from error
        return frame

    def finished(self, frame: pl.DataFrame) -> pl.DataFrame:
        """Return the rows as they are. Raises DataError where two files have a question of one id."""
        again = frame["id"].filter(~frame["id"].is_first_distinct())
        if len(again):
            raise DataError(f"{self.title()}: the question '{again[0]}' stands in more than one file; name it once")
        return super().finished(frame)


@dataclass(slots=True)
class _Reading:
    """One document on its way to rows."""

    source: str
    is_repaired: bool
    moved: int = 0
    seen: dict[str, str] = field(default_factory=dict)

    def rows(self, whole: Any) -> Iterator[tuple[str, str | None, str, str, list[dict[str, Any]] | None]]:
        """Yield the values of each question in the order of SCHEMA."""
        articles = self._of(whole, "data", list, self.source)
        for one, article in enumerate(articles):
            there = f"{self.source} data[{one}]"
            title = article.get("title") if isinstance(article, Mapping) else None
            if title is not None and not isinstance(title, str):
                raise DataError(f"{there}: {kind_name(title)} under 'title', not a text; correct it")
            for two, paragraph in enumerate(self._of(article, "paragraphs", list, there)):
                where = f"{there}.paragraphs[{two}]"
                context = self._of(paragraph, "context", str, where)
                for three, question in enumerate(self._of(paragraph, "qas", list, where)):
                    place = f"{where}.qas[{three}]"
                    name = self._name(question, place)
                    asked = self._of(question, "question", str, place)
                    yield name, title, asked, context, self._answers(question, context, f"{place} ('{name}')")

    def _of(self, value: Any, key: str, kind: type[Kind], place: str) -> Kind:
        """Return what an object holds under a key. Raises DataError where it is not of this kind."""
        if not isinstance(value, Mapping):
            raise DataError(f"{place}: {kind_name(value)} where an object with '{key}' must stand; see SQuAD's form")
        found = value.get(key)
        if type(found) is not kind:
            fact = f"no '{key}'" if found is None else f"{kind_name(found)} under '{key}'"
            wanted = {str: "a text", int: "a whole number", list: "a list"}[kind]
            raise DataError(f"{place}: {fact}, where {wanted} must stand; see SQuAD's form")
        return found

    def _name(self, question: Any, place: str) -> str:
        given = question.get("id") if isinstance(question, Mapping) else None
        name = str(given) if type(given) is int else self._of(question, "id", str, place)
        if not name or name in self.seen:
            fact = f"the id '{name}' is that of {self.seen[name]} too" if name else "an empty id"
            raise DataError(f"{place}: {fact}; give each question its own")
        self.seen[name] = place
        return name

    def _answers(self, question: Mapping[str, Any], context: str, place: str) -> list[dict[str, Any]] | None:
        given, is_impossible = question.get("answers"), question.get("is_impossible")
        if given is None:
            return [] if is_impossible is True else None
        answers = self._of(question, "answers", list, place)
        if is_impossible is not None and bool(answers) == (is_impossible is True):
            fact = "answers of a question marked" if answers else "no answer to a question not marked"
            raise DataError(f"{place}: {fact} `is_impossible`; correct one of the two")
        return [self._answer(one, context, f"{place}.answers[{at}]") for at, one in enumerate(answers)]

    def _answer(self, answer: Any, context: str, place: str) -> dict[str, Any]:
        text = self._of(answer, "text", str, place)
        start = self._of(answer, "answer_start", int, place)
        if not text.strip():
            raise DataError(f"{place}: an empty answer; write what stands in the context, or take it out")
        if start >= 0 and context.startswith(text, start):
            return {"text": text, "start": start}
        found = _nearest(context, text, start)
        if found is None or not self.is_repaired:
            there = f"'{context[max(0, start) : max(0, start) + len(text)]:.40}' stands there"
            remedy = "correct it, or take it out"
            if found is not None:
                remedy = f"it stands at {found}: correct it, or say `answers: repair`"
            raise DataError(f"{place}: '{text:.40}' does not stand at {start} of the context, {there}; {remedy}")
        self.moved += 1
        return {"text": text, "start": found}


def _nearest(context: str, text: str, start: int) -> int | None:
    """Return where a text stands nearest to a place, None where it stands nowhere."""
    start = min(max(start, 0), len(context))
    before, after = context.rfind(text, 0, start + len(text)), context.find(text, start)
    found = [at for at in (before, after) if at >= 0]
    return min(found, key=lambda at: abs(at - start), default=None)
