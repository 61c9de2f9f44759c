"""The history: append-only events, one file each, named by their digest and linked to the heads before them."""

from __future__ import annotations

import getpass
import heapq
import json
from collections.abc import Iterable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from ..core.disk import sync_folder
from ..core.errors import RegistryError, VerificationError
from ..core.ids import canonical, digest
from .disk import listing, move, reading, stage
from .labels import Label, label_path, read_label
from .names import is_name, plain
from .objects import DIGEST, RESTORE
from .problems import Problem

RESERVED = frozenset({"kind", "time", "actor", "parents", "digest"})
PENDING = ".event"

Event = dict[str, Any]


@dataclass(slots=True)
class History:
    """All readable events by digest, in causal order and by time within it, and what is wrong with the others."""

    events: dict[str, Event] = field(default_factory=dict)
    problems: list[Problem] = field(default_factory=list)

    def proven(self) -> list[Event]:
        """Return the events in order. Raises VerificationError where one was altered or is missing."""
        if self.problems:
            raise VerificationError(str(self.problems[0]))
        return list(self.events.values())

    def claims(self) -> dict[tuple[str, int], set[str]]:
        """Return the manifest digests that publish events give to each name and number."""
        found: dict[tuple[str, int], set[str]] = {}
        for event in self.events.values():
            label = published(event)
            if label is not None:
                found.setdefault((label.name, label.number), set()).add(label.digest)
        return found


def now() -> str:
    """Return the time in UTC, ISO 8601, with microseconds."""
    return datetime.now(UTC).isoformat(timespec="microseconds")


def actor() -> str:
    """Return who is logged in, or `unknown`: a container's user may have no name."""
    try:
        return getpass.getuser()
    except (OSError, KeyError, ImportError):
        return "unknown"


def compose(kind: str, fields: Mapping[str, Any], parents: list[str]) -> bytes:
    """Return the bytes of a new event. Raises RegistryInputError where a field is reserved or has no JSON form."""
    given = plain(f"event '{kind}'", fields, RESERVED)
    return canonical({**given, "kind": kind, "time": now(), "actor": actor(), "parents": parents})


def append(home: Path, kind: str, fields: Mapping[str, Any]) -> Event:
    """Write an event durably after the present heads and return it."""
    data = compose(kind, fields, heads(home))
    settle(home, wait(home, data))
    return _parsed(data) | {"digest": digest(data)}


def wait(home: Path, data: bytes) -> Path:
    """Write an event durably into `tmp`, where it counts only once its label exists; returns its path there."""
    staged = stage(home, data)
    assert staged.path is not None
    path = home / "tmp" / (staged.digest + PENDING)
    try:
        move(staged.path, path)
    except OSError:
        staged.path.unlink(missing_ok=True)
        path.unlink(missing_ok=True)
        raise
    return path


def settle(home: Path, pending: Path) -> None:
    """Move a waiting event into the history. Nothing is lost where another process did it first."""
    target = event_path(home, pending.name.removesuffix(PENDING))
    try:
        move(pending, target)
    except FileNotFoundError:
        if not target.exists():
            raise


def settle_published(home: Path, pending: Path) -> bool:
    """Finish what a killed publisher began: its label exists, so its event joins the history. Returns whether so."""
    label = _published_pending(home, pending)
    if label is None:
        return False
    sync_folder(label_path(home, label.name, label.number).parent)
    settle(home, pending)
    return True


def event_path(home: Path, name: str) -> Path:
    """Return where the event of that digest lives."""
    return home / "events" / f"{name}.json"


def heads(home: Path) -> list[str]:
    """Return the digests of the events that no other event names as its parent, sorted.

    A damaged event stays a head: what comes after it points to it, and the damage can not be forgotten.
    """
    names = set(_settled_names(home))
    parents: set[str] = set()
    for name in names:
        with suppress(FileNotFoundError, ValueError, TypeError, AttributeError):
            parents.update(_parsed(_bytes(event_path(home, name)))["parents"])
    return sorted(names - parents)


def published(event: Event) -> Label | None:
    """Return the label that a publish event gives away, None for other events."""
    name, number, manifest = event.get("name"), event.get("number"), event.get("manifest")
    if event["kind"] != "publish" or not is_name(name) or not isinstance(number, int) or number < 1:
        return None
    return Label(str(name), number, str(manifest))


def aliases(events: Iterable[Event], name: str) -> dict[str, str]:
    """Return alias -> manifest digest of a name; the last event decides, a null manifest takes the alias away."""
    found: dict[str, str | None] = {}
    for event in events:
        if event["kind"] == "alias" and event.get("name") == name:
            found[str(event.get("alias"))] = event.get("manifest")
    return {alias: manifest for alias, manifest in found.items() if manifest is not None}


def load(home: Path) -> History:
    """Read and check every event. Those still waiting in `tmp` count where their label exists."""
    found: dict[str, Event] = {}
    problems: dict[str, Problem] = {}
    # `tmp` comes first: an event may move from there to `events` while this reads, never back.
    paths = {path.name.removesuffix(PENDING): path for path in _published_waiting(home)}
    paths |= {name: event_path(home, name) for name in _settled_names(home)}
    wanted_by: dict[str, str] = {}
    while paths:
        for name, path in paths.items():
            outcome = _checked(home, name, path, wanted_by.get(name))
            if isinstance(outcome, Problem):
                problems[name] = outcome
            else:
                found[name] = outcome
                wanted_by |= dict.fromkeys(outcome["parents"], name)
        missing = wanted_by.keys() - found.keys() - problems.keys()
        paths = {name: event_path(home, name) for name in missing}
    return History({event["digest"]: event for event in _ordered(found)}, [problems[name] for name in sorted(problems)])


def _settled_names(home: Path) -> list[str]:
    names = (name.removesuffix(".json") for name in listing(home / "events") if name.endswith(".json"))
    return [name for name in names if DIGEST.fullmatch(name)]


def _published_waiting(home: Path) -> list[Path]:
    paths = [home / "tmp" / name for name in listing(home / "tmp") if name.endswith(PENDING)]
    return [path for path in paths if _published_pending(home, path) is not None]


def _published_pending(home: Path, pending: Path) -> Label | None:
    try:
        data = _bytes(pending)
        label = published(_parsed(data)) if digest(data) + PENDING == pending.name else None
    except (FileNotFoundError, ValueError):
        return None
    return label if label is not None and read_label(home, label.name, label.number) == label.digest else None


def _bytes(path: Path) -> bytes:
    with reading(path):
        return path.read_bytes()


def _checked(home: Path, name: str, path: Path, child: str | None) -> Event | Problem:
    try:
        data = _bytes(path)
    except FileNotFoundError:
        if path.suffix == PENDING and event_path(home, name).exists():
            return _checked(home, name, event_path(home, name), child)
        by = f"event {child} names it as its parent" if child else "it was there a moment ago"
        return Problem("missing_event", str(path), f"an event of the history is gone; {by}", RESTORE)
    except RegistryError as error:
        return Problem("unreadable_event", str(path), f"an event cannot be read ({error})", RESTORE)
    found = digest(data)
    if found != name:
        fact = f"an event of the history was altered (expected sha256 {name}, found {found})"
        return Problem("altered_event", str(path), fact, RESTORE)
    try:
        return _parsed(data) | {"digest": name}
    except ValueError as error:
        return Problem("malformed_event", str(path), f"is not an event ({error})", "remove it, or upgrade tunesmith")


def _parsed(data: bytes) -> Event:
    event = json.loads(data)
    if not isinstance(event, dict):
        raise ValueError("not a JSON object")
    parents = event.get("parents")
    if not all(isinstance(event.get(key), str) for key in ("kind", "time", "actor")):
        raise ValueError("kind, time or actor is missing")
    if not isinstance(parents, list) or not all(isinstance(one, str) and DIGEST.fullmatch(one) for one in parents):
        raise ValueError("parents are not digests")
    return event


def _ordered(events: dict[str, Event]) -> list[Event]:
    children: dict[str, list[str]] = {}
    blocked: dict[str, int] = {}
    for name, event in events.items():
        known = [parent for parent in set(event["parents"]) if parent in events]
        blocked[name] = len(known)
        for parent in known:
            children.setdefault(parent, []).append(name)
    ready = [(events[name]["time"], name) for name, count in blocked.items() if not count]
    heapq.heapify(ready)
    ordered = []
    while ready:
        _, name = heapq.heappop(ready)
        ordered.append(events[name])
        for child in children.get(name, ()):
            blocked[child] -= 1
            if not blocked[child]:
                heapq.heappush(ready, (events[child]["time"], child))
    return ordered
