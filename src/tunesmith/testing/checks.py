"""What a check promises: rows that exist, scores in 0..1, advice in words, and data left as it was."""

from __future__ import annotations

from collections.abc import Iterator
from typing import get_args

import numpy as np
import polars as pl

from ..core.ids import canonical
from ..data import Dataset
from ..parts.checks import Check, Finding, Opinion, Severity, Table
from . import columns
from .promise import promise

TASKS = {"words": "classification", "fractions": "regression"}


def check(part: Check) -> None:
    """Hold one check to its promises, on tables that are sound, holed, strange, tiny and empty."""
    for table in tables():
        check_findings(part, table)


def check_findings(part: Check, table: Table) -> list[Finding]:
    """Hold a check to its promises on one table of one's own, and return what it found."""
    frame, index = table.data.frame.clone(), table.data.index.clone()
    found = part.find(table)
    is_same = table.data.frame.equals(frame, null_equal=True) and table.data.index.equals(index, null_equal=True)
    promise(is_same, part, "find() must leave the data as they are")
    promise(part.find(table) == found, part, "find() twice must find the same")
    for finding in found:
        _finding(part, finding, table)
    return found


def _finding(part: Check, finding: Finding, table: Table) -> None:
    rows = len(table.data)
    promise(finding.check == part.kind, part, f"a finding must name its check: '{finding.check}'")
    promise(finding.severity in get_args(Severity), part, f"'{finding.severity}' is no severity")
    inside = all(0 <= row < rows for row in finding.rows)
    promise(inside, part, f"rows are positions in 0..{rows - 1}: {finding.rows[:8]}")
    promise(len(set(finding.rows)) == len(finding.rows), part, f"a row stands twice in {finding.rows[:8]}")
    known_origins = all(0 <= origin < rows for origin in finding.origins)
    promise(known_origins, part, f"origins are positions in 0..{rows - 1}: {finding.origins[:8]}")
    own = [row for row, origin in zip(finding.rows, finding.origins, strict=False) if row == origin]
    promise(not own, part, f"a row cannot repeat itself: {own[:8]}")
    certain = all(0.0 <= score <= 1.0 for score in finding.scores)
    promise(certain, part, f"scores must be in 0..1: {finding.scores[:8]}")
    promise(finding.count >= len(finding.rows), part, f"count is {finding.count} for {len(finding.rows)} rows")
    promise(finding.count > 0, part, "a finding must concern at least one row")
    promise(bool(finding.advice.strip()), part, "a finding must say in words what to do")
    known = finding.column is None or finding.column in table.data.columns
    promise(known, part, f"column '{finding.column}' does not exist")
    canonical(finding.as_json(table.data))


def tables() -> Iterator[Table]:
    """Yield tables a user may come with, each without a target and with one, and some whose labels were judged."""
    plain, holed, strange = (pl.DataFrame(some) for some in (columns.plain(), columns.holed(), columns.strange()))
    doubled = pl.concat([plain.head(4), plain.head(4), plain.head(1)])
    same_inputs = doubled.with_columns(pl.Series("words", ["red", "blue", "green"] * 3))
    nothing = plain.select(pl.lit(None, one.dtype).alias(one.name) for one in plain)
    for frame in (plain, holed, strange, doubled, same_inputs, nothing, plain.head(1), plain.clear()):
        inputs = tuple(frame.columns)
        data = Dataset.of(frame, "rows.csv").identified(frame.columns)
        yield Table(data, inputs)
        for target, task in TASKS.items():
            yield Table(data, tuple(name for name in inputs if name != target), target, task)
            yield Table(data, (), target, task, left_out=("sentences",))
    yield from _divided(plain)
    lists = pl.DataFrame({"text": ["a", "b", "b", None], "tags": [["x"], ["x", "y"], [], None]})
    yield Table(Dataset.of(lists, "rows.jsonl").identified(["text"]), ("text",), "tags", "multilabel")
    tagged = pl.DataFrame({"words": [["a", "b"], ["a", "b"], [], None], "tags": [["O", "B-X"], ["I-X"], [], None]})
    yield Table(Dataset.of(tagged, "rows.conll").identified(["words"]), ("words",), "tags", "tagging")
    boxes = [[{"x": 1.0, "label": "car"}], [], [], None]
    street = pl.DataFrame({"image": ["a.png", "b.png", "b.png", None], "boxes": boxes})
    yield Table(Dataset.of(street, "rows.json").identified(["image"]), ("image",), "boxes", "detection")
    yield from _chats()
    yield from _judged()


def _chats() -> Iterator[Table]:
    """Yield conversations: sound ones, such as cannot be read, and such as say nothing or the same again and again."""
    sound, said = columns.chats(), [f"That is answer {at}." for at in range(columns.ROWS)]
    odd = ['[{"role": 5}]', '[{"role": "x", "content": ""}]', "", None, "Tell me more."] * 5
    same = [
        None,
        "",
        "As an AI language model I cannot say",
        "As an AI language model I cannot say",
        "Tell me more.",
    ] * 5
    for prompt, answer in ((sound, said), (odd, same), (sound[:1], said[:1]), (sound[:0], said[:0])):
        frame = pl.DataFrame({"prompt": prompt, "answer": answer}, schema={"prompt": pl.String, "answer": pl.String})
        data = Dataset.of(frame, "chats.jsonl").identified(["prompt"])
        yield Table(data, ("prompt",), "answer", "chat", kinds={"prompt": "chat"})
        yield Table(data, ("prompt",), "answer")
        yield Table(data, ("prompt",), kinds={"prompt": "chat"})


def _judged() -> Iterator[Table]:
    """Yield tables of every task whose labels were judged, some of them wrong; the last row was left out."""
    generator = np.random.default_rng(0)
    truth, rows = generator.integers(0, 2, 60), np.arange(59)
    sure = np.where(truth == 1, 0.9, 0.1) + generator.uniform(-0.05, 0.05, 60)
    given = np.where(np.arange(60) < 4, 1 - truth, truth)
    words = [["b"] if one else ["a", "c"] for one in given]
    targets = {"classification": np.array(["a", "b"])[given].tolist(), "multilabel": words, "regression": given * 9.5}
    said = {
        "classification": Opinion(rows, ("a", "b"), np.stack([1 - sure, sure], axis=1)[:59], "two judges"),
        "multilabel": Opinion(rows, ("a", "b", "c"), np.stack([1 - sure, sure, 1 - sure], axis=1)[:59], "two judges"),
        "regression": Opinion(rows, (), sure[:59, None], "two judges"),
    }
    for task, answers in targets.items():
        frame = pl.DataFrame({"words": [f"row {at}" for at in range(60)], "target": answers})
        data = Dataset.of(frame, "rows.csv").identified(["words"])
        yield Table(data, ("words",), "target", task, opinion=lambda task=task: said[task])  # type: ignore[misc]


def _divided(plain: pl.DataFrame) -> Iterator[Table]:
    """Yield rows that came in splits which share rows, groups and times, of every kind of column; some without one."""
    frame = pl.concat([plain] * 4).with_columns(hour=pl.int_range(pl.len()) % 7)
    kinds = {"sentences": "text", "fractions": "number", "counts": "number", "flags": "category", "constant": "number"}
    given = ["train", "train", "validation", "test"] * plain.height
    for splits in (given, [None if name == "validation" else name for name in given]):
        data = Dataset.of(frame, "rows.csv").identified(list(kinds)).with_splits(splits)
        yield Table(data, tuple(kinds), "words", "classification", (), kinds, None, "words", "hour")
        yield Table(data, tuple(kinds), "hour", "regression", (), kinds, None, "flags", "counts")
