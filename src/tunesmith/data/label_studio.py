"""Label Studio's JSON: tasks to import there, and annotations exported from there (its formats JSON and JSON-MIN)."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping, Sequence
from html import escape
from typing import Any

import polars as pl

from ..core.errors import DataError

CHOICE = "label"
MODEL = "tunesmith"
FIELDS = ("id", "place", "reason", "score", "label", "suggestion", "new_label")


def tasks(sheet: pl.DataFrame) -> bytes:
    """Return rows to look at as tasks; the suggested label, where there is one, as a prediction."""
    made = []
    for row in sheet.iter_rows(named=True):
        data = {name: value for name, value in row.items() if name not in ("suggestion", "new_label")}
        task: dict[str, Any] = {"data": data | {"tunesmith_id": row["id"]}}
        if row["suggestion"] is not None:
            result = {
                "from_name": CHOICE,
                "to_name": "row",
                "type": "choices",
                "value": {"choices": row["suggestion"].split("|")},
            }
            task["predictions"] = [{"model_version": MODEL, "score": row["score"], "result": [result]}]
        made.append(task)
    return json.dumps(made, ensure_ascii=False, indent=1).encode()


def configuration(sheet: pl.DataFrame, classes: Sequence[str], images: Sequence[str], is_multiple: bool) -> bytes:
    """Return the labelling configuration for these tasks: every input shown, the classes to choose from."""
    inputs = [name for name in sheet.columns if name not in FIELDS]
    shown = [
        f'  <Header value="{escape(name)}"/>\n  <{"Image" if name in images else "Text"} '
        f'name="{"row" if at == 0 else f"row{at}"}" value="${escape(name)}"/>'
        for at, name in enumerate(inputs)
    ]
    choices = [f'    <Choice value="{escape(one)}"/>' for one in classes]
    mode = "multiple" if is_multiple else "single"
    opening = f'  <Choices name="{CHOICE}" toName="row" choice="{mode}" required="true">'
    return "\n".join(["<View>", *shown, opening, *choices, "  </Choices>", "</View>", ""]).encode()


def answers(data: bytes, place: str) -> tuple[dict[str, str], dict[str, str | None], list[str]]:
    """Return labels by row id, the labels that were shown, and the ids of rows on which annotators disagree evenly.

    Of several annotators the majority decides; cancelled and empty annotations do not count. Raises DataError where
    this is no export of tasks that were made here.
    """
    try:
        read = json.loads(data)
    except (json.JSONDecodeError, UnicodeDecodeError) as error:
        raise DataError(f"{place}: not JSON ({error}); export the project as JSON") from error
    if not isinstance(read, list) or not all(isinstance(one, dict) for one in read):
        raise DataError(f"{place}: no list of tasks; export the project as JSON or JSON-MIN")
    votes: dict[str, Counter[str]] = {}
    shown: dict[str, str | None] = {}
    for number, task in enumerate(read, 1):
        told = task.get("data") if isinstance(task.get("data"), dict) else task
        name = told.get("tunesmith_id") or told.get("id") if isinstance(told, Mapping) else None
        if not isinstance(name, str):
            raise DataError(f"{place}: task {number} has no `tunesmith_id`; export a project made from these tasks")
        is_plain = "annotations" not in task
        if not is_plain and "label" in told:
            shown[name] = told["label"]
        given = [task.get(CHOICE)] if is_plain else [_choices(one) for one in task["annotations"]]
        votes.setdefault(name, Counter()).update(text for one in given if (text := _text(one)))
    labels, split = {}, []
    for name, counted in votes.items():
        best = counted.most_common(2)
        if len(best) == 2 and best[0][1] == best[1][1]:
            split.append(name)
        elif best:
            labels[name] = best[0][0]
    return labels, shown, split


def _choices(annotation: Any) -> Any:
    if not isinstance(annotation, dict) or annotation.get("was_cancelled"):
        return None
    results = (one for one in annotation.get("result") or [] if isinstance(one, dict) and one.get("type") == "choices")
    return next((one.get("value") for one in results), None)


def _text(value: Any) -> str:
    """Return what was chosen: a text, or {"choices": [...]} joined."""
    if isinstance(value, dict):
        value = value.get("choices")
    if isinstance(value, list):
        return "|".join(str(one) for one in value)
    return value if isinstance(value, str) else ""
