"""From what a person writes (`reviews@3`, `reviews@production`, `reviews`, a digest) to one label."""

from __future__ import annotations

import re
from pathlib import Path

from ..core.errors import NotFoundError, VerificationError
from .events import aliases, load
from .labels import Label, all_labels, label_path, labels, names, read_label
from .names import is_name
from .near import did_you_mean, listed
from .objects import RESTORE
from .versions import StoredVersion, load_version

DIGEST_START = re.compile(r"[0-9a-f]{8,64}")


def resolve(home: Path, reference: str) -> StoredVersion:
    """Return the version a reference means, its manifest and its label checked.

    Raises NotFoundError naming what there is, VerificationError where the label or the manifest is damaged.
    """
    label = locate(home, reference)
    claimed = load(home).claims().get((label.name, label.number))
    if claimed is not None and label.digest not in claimed:
        path = label_path(home, label.name, label.number)
        fact = f"the label was altered: {label} was published as {listed(sorted(claimed))}, found {label.digest[:80]!r}"
        raise VerificationError(f"{path}: {fact}; {RESTORE}")
    return load_version(home, label)


def locate(home: Path, reference: str) -> Label:
    """Return the label a reference means, unchecked. Raises NotFoundError naming what there is."""
    name, at, which = reference.partition("@")
    known = names(home)
    if name in known:
        return _choose(home, name, which) if at else _newest(home, name)
    if not at and DIGEST_START.fullmatch(reference):
        return _by_digest(home, reference)
    if not known:
        raise NotFoundError(f"{home}: holds no versions yet; train one, or name another home with --home")
    raise NotFoundError(f"{home}: no version is named '{name}'{did_you_mean(name, known)}")


def numbered(found: list[Label], digest: str) -> Label | None:
    """Return the oldest label of a manifest, None where it has none."""
    return next((label for label in found if label.digest == digest), None)


def _choose(home: Path, name: str, which: str) -> Label:
    if which.isascii() and which.isdecimal() and len(which) < 18:
        text = read_label(home, name, int(which))
        if text:
            return Label(name, int(which), text)
    elif is_name(which):
        digest = aliases(load(home).proven(), name).get(which)
        found = numbered(labels(home, name), digest) if digest is not None else None
        if found is not None:
            return found
        if digest is not None:
            fact = f"{name}@{which} means version {digest}, whose label is missing"
            raise NotFoundError(f"{home / 'versions' / name}: {fact}; {RESTORE}")
    raise NotFoundError(f"{home}: there is no {name}@{which}; {name} has {_what_there_is(home, name)}")


def _what_there_is(home: Path, name: str) -> str:
    versions = f"the versions {listed([label.number for label in labels(home, name)])}"
    known = sorted(aliases(load(home).events.values(), name))
    return f"{versions} and the aliases {listed(known)}" if known else f"{versions} and no alias"


def _newest(home: Path, name: str) -> Label:
    found = labels(home, name)
    if not found:
        raise NotFoundError(f"{home}: '{name}' has no complete version; publish one")
    return found[-1]


def _by_digest(home: Path, start: str) -> Label:
    found = [label for label in all_labels(home) if label.digest.startswith(start)]
    if not found:
        raise NotFoundError(
            f"{home}: no version's digest starts with '{start}' (names: {listed(names(home)) or 'none'})"
        )
    if len({label.digest for label in found}) > 1:
        raise NotFoundError(f"{home}: '{start}' starts the digests of {listed(found)}; give more digits")
    return found[0]
