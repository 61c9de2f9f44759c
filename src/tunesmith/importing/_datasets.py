"""Where the rows come from: files of conversations, or a data set of the Hub."""

from __future__ import annotations

from pathlib import PurePosixPath
from typing import Any

from . import Draft, Values

JSON = (".json", ".jsonl", ".ndjson")
TABLES = {".parquet": "parquet", ".csv": "csv", ".arrow": "arrow"}
HUB = (
    "rows of the Hub are read as they are and need columns `prompt` and `answer`; other forms: save them as JSON lines "
    "and write `data: {kind: chat, path: FILE}`"
)


def is_file(path: str) -> bool:
    """Return whether a name is that of a file or folder here, not the id of a data set on the Hub."""
    name = PurePosixPath(path)
    return path.startswith((".", "/", "~")) or name.suffix in (*JSON, *TABLES) or path.count("/") > 1


def of_files(paths: list[str], form: str = "auto") -> Values:
    """Return the source of files; JSON holds conversations, of which a form is told apart by itself."""
    kind = TABLES.get(PurePosixPath(paths[0]).suffix, "chat")
    found = {"kind": kind, "path": paths[0] if len(paths) == 1 else paths}
    return found | ({"format": form} if kind == "chat" and form != "auto" else {})


def of_hub(path: str, **more: Any) -> Values:
    """Return the source of a data set of the Hub."""
    return {"kind": "hub", "path": path} | {name: str(value) for name, value in more.items() if value is not None}


def begin(draft: Draft, data: Values, base: str) -> None:
    """Put what every recipe has: rows, target, task and base. Raises ValueError where they cannot be."""
    whole = {"data": data, "target": "answer", "task": "chat", "base": {"kind": "hf_causal", "path": base}}
    for name, value in whole.items():
        draft.put(name, value)
    if data["kind"] == "hub":
        draft.notes.append(HUB)


def listed(draft: Draft, key: str) -> list[Values]:
    """Open a list of data sets: the keys of each stand beside the others, as `datasets.0.path`."""
    given = draft.open.pop(key)
    entries = given if isinstance(given, list) else [given]
    found = []
    for number, one in enumerate(entries):
        entry = one if isinstance(one, dict) else {"path": one}
        draft.open |= {f"{key}.{number}.{name}": value for name, value in entry.items()}
        found.append(entry)
    return found
