"""`tunesmith predict`: answers for rows."""

from __future__ import annotations

import json
from argparse import Namespace
from pathlib import Path
from typing import Any

import polars as pl

from ..core.errors import DataError
from ..data import Prediction
from ..data.writing import SPREADSHEETS, refuse_unknown, shielded, warning_of, write_bytes, write_frame
from ..terminal import table
from ..version import load, read_rows
from . import Answer
from ._writing import given

SHOWN = 1000  # rows printed without --json


def run(options: Namespace) -> Answer:
    """Predict and print or write."""
    if (options.data is None) == (options.text is None and options.row is None):
        raise DataError("predict: give rows in one way: as a file DATA, with --text or with --row")
    _refuse_output(options)
    rows: Any = options.text or (None if options.data else _rows(options.row))
    version = load(options.version, options.home)
    rows = read_rows(options.data, Path(), version) if options.data else rows
    predictions = version.predict(rows, writing=given(options))
    value = [one.as_json() for one in predictions]
    if options.output is not None:
        risk = write(predictions, options.output, options.for_spreadsheets)
        told = f"{len(predictions)} answers written to {options.output}"
        return Answer(value, f"{told}\n{risk}" if risk else told)
    lines = [[one.row, one.id, _text(one.answer), _percent(one.confidence)] for one in predictions[:SHOWN]]
    more = f"\n... {len(predictions) - SHOWN} more; write all with -o FILE" if len(predictions) > SHOWN else ""
    return Answer(value, table(["row", "id", "answer", "confidence"], lines) + more)


def write(predictions: list[Prediction], path: Path, is_shielded: bool = False) -> str:
    """Write row, id, answer, confidence and one column per class's score; JSON lines are those of `--json`.

    Returns what a person should know before a spreadsheet opens the file. Raises OSError where it cannot be written.
    """
    if path.suffix.lower() == ".jsonl":
        lines = (json.dumps(one.as_json(), ensure_ascii=False) + "\n" for one in predictions)
        write_bytes("".join(lines).encode(), path)
        return ""
    frame = _frame(predictions)
    write_frame(shielded(frame) if is_shielded else frame, path)
    return "" if is_shielded or path.suffix.lower() not in SPREADSHEETS else warning_of(frame)


def _refuse_output(options: Namespace) -> None:
    if options.output is not None:
        refuse_unknown(options.output)
    if options.for_spreadsheets and (options.output is None or options.output.suffix.lower() not in SPREADSHEETS):
        raise DataError("predict: --for-spreadsheets guards a file that a spreadsheet opens; add -o FILE.csv")


def _frame(predictions: list[Prediction]) -> pl.DataFrame:
    flat = [
        {"row": one.row, "id": one.id, "answer": _flat(one.answer), "confidence": one.confidence}
        | {f"score_{name}": score for name, score in one.scores.items()}
        for one in predictions
    ]
    return pl.DataFrame(flat, infer_schema_length=None)


def _rows(texts: list[str]) -> list[dict[str, Any]]:
    rows = []
    for text in texts:
        try:
            row = json.loads(text, object_pairs_hook=_once, parse_constant=_refuse_constant)
        except json.JSONDecodeError as error:
            raise DataError(f"--row {text}: this is no JSON: {error.msg} at character {error.pos + 1}") from None
        except DataError as error:
            raise DataError(f"--row {text}: {error}") from None
        if not isinstance(row, dict):
            raise DataError(f"--row {text}: give an object of columns, such as '{{\"a\": 1}}'")
        rows.append(row)
    return rows


def _once(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    twice = [name for at, (name, _) in enumerate(pairs) if name in dict(pairs[:at])]
    if twice:
        raise DataError(f"the column '{twice[0]}' is given twice; keep one")
    return dict(pairs)


def _refuse_constant(name: str) -> None:
    raise DataError(f"{name} is no JSON; write null for a missing value")


def _flat(answer: Any) -> Any:
    if isinstance(answer, list) and any(not isinstance(one, str) for one in answer):
        return json.dumps(answer, ensure_ascii=False)
    return "|".join(answer) if isinstance(answer, list) else answer


def _text(answer: Any) -> str:
    return f"{answer:.6g}" if isinstance(answer, float) else str(_flat(answer))


def _percent(confidence: float | None) -> str:
    return "" if confidence is None else f"{confidence:.1%}"
