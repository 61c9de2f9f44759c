"""Rows of a known shape: tags of words, answers in a text or to a prompt, boxes in pictures; by names and types."""

from __future__ import annotations

from collections.abc import Sequence

import polars as pl

WORDS = ("words", "tokens")
TAGS = ("tags", "ner_tags", "pos_tags", "chunk_tags")
QUESTION, BOXES = ("question", "context"), "boxes"
PROMPT, ANSWER = "prompt", "answer"


def shaped_target(frame: pl.DataFrame, columns: Sequence[str]) -> str | None:
    """Return the column, among some, that answers rows of a known shape; None where they have no such shape."""
    names = (*TAGS, "answers", BOXES, ANSWER)
    return next((name for name in names if name in columns and shaped_inputs(frame, name)), None)


def shaped_inputs(frame: pl.DataFrame, target: str) -> tuple[str, ...]:
    """Return the columns from which a target of a known shape is answered; none where it has no such shape."""
    kinds = frame.schema
    kind = kinds.get(target)
    if target in TAGS and kind == pl.List(pl.String):
        return next(((name,) for name in WORDS if kinds.get(name) == pl.List(pl.String)), ())
    if is_chat(frame, target):
        return (PROMPT,)
    if not is_list_of_structs(kind):
        return ()
    if target == "answers" and all(kinds.get(name) == pl.String for name in QUESTION):
        return QUESTION
    return ("image",) if target == BOXES and kinds.get("image") == pl.String else ()


def is_chat(frame: pl.DataFrame, target: str) -> bool:
    """Return whether a column holds the text that answers the column `prompt`: the last turn of a conversation."""
    return target == ANSWER and all(frame.schema.get(name) == pl.String for name in (PROMPT, ANSWER))


def is_tags(frame: pl.DataFrame, target: str) -> bool:
    """Return whether a column holds a tag for each word of another one, so that the order of its lists counts."""
    return target in TAGS and bool(shaped_inputs(frame, target))


def is_list_of_structs(kind: pl.DataType | None) -> bool:
    """Return whether a column's values are lists of several fields each, as answers and boxes are."""
    return isinstance(kind, pl.List) and isinstance(kind.inner, pl.Struct)


def is_input(frame: pl.DataFrame, name: str) -> bool:
    """Return whether a column may be an input without being named so: lists are, where they are words."""
    return not frame.schema[name].is_nested() or name in WORDS
