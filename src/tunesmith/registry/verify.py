"""Verification: every object, manifest, label and event against its digest; it names all that is wrong."""

from __future__ import annotations

from pathlib import Path

from ..core.errors import RegistryError
from .events import History, aliases, load
from .labels import Label, all_labels, label_path, labels, read_label
from .near import listed
from .objects import DIGEST, RESTORE, Expected, examine, object_path, read_object, stored_objects
from .problems import Problem, Verification
from .resolve import locate, numbered
from .versions import manifest_expected, parse_manifest

Claims = dict[tuple[str, int], set[str]]


def verify(home: Path, reference: str | None = None) -> Verification:
    """Check everything; with a reference, that version's label, manifest and files, and the history all rest on.

    Raises NotFoundError where the reference means nothing.
    """
    # Labels come first: a label seen now has its event on disk already.
    found = all_labels(home) if reference is None else [locate(home, reference)]
    history = load(home)
    claims = history.claims()
    problems = [*history.problems]
    for label in found:
        problems += _label_problems(home, label, claims)
    spots = {(label.name, label.number): {label.digest} for label in found}
    if reference is None:
        problems += _missing_labels(home, claims) + _dangling_aliases(home, history)
        spots |= claims
    # Where the history knows what a label means, that is followed: an altered label must not hide its version.
    meant = [Label(*spot, one) for spot, own in spots.items() for one in sorted(claims.get(spot, own))]
    objects, manifest_problems = _references(home, meant)
    if reference is None:
        objects = {name: Expected(name) for name in stored_objects(home)} | objects
    problems += manifest_problems
    problems += [problem for one in objects.values() if (problem := examine(home, one)) is not None]
    checked = len(history.events) + len(history.problems) + len(spots) + len(objects)
    return Verification(checked, problems)


def _label_problems(home: Path, label: Label, claims: Claims) -> list[Problem]:
    path, claimed = str(label_path(home, label.name, label.number)), claims.get((label.name, label.number))
    if claimed is not None and label.digest not in claimed:
        fact = f"the label {label} was altered: published as {listed(sorted(claimed))}, found {label.digest[:80]!r}"
        return [Problem("altered_label", path, fact, RESTORE)]
    if not DIGEST.fullmatch(label.digest):
        fact = f"the label {label} was altered: {label.digest[:80]!r} is not a sha256"
        return [Problem("altered_label", path, fact, RESTORE)]
    if claimed is None:
        fact = f"no event of the history published {label}"
        return [Problem("unpublished_label", path, fact, "restore its event from a copy of this home")]
    return []


def _missing_labels(home: Path, claims: Claims) -> list[Problem]:
    problems = []
    for (name, number), manifests in sorted(claims.items()):
        if not read_label(home, name, number):
            path = label_path(home, name, number)
            fact = f"the label {name}@{number} is gone or empty: published as {listed(sorted(manifests))}"
            problems.append(Problem("missing_label", str(path), fact, f"write {min(manifests)} into it"))
    return problems


def _dangling_aliases(home: Path, history: History) -> list[Problem]:
    problems = []
    events = list(history.events.values())
    for name in sorted({str(event.get("name")) for event in events if event["kind"] == "alias"}):
        known = labels(home, name)
        for alias, manifest in sorted(aliases(events, name).items()):
            if numbered(known, manifest) is None:
                fact = f"the alias {name}@{alias} points to version {manifest}, which no label of '{name}' holds"
                problems.append(Problem("dangling_alias", str(home / "versions" / name), fact, "move the alias"))
    return problems


def _references(home: Path, found: list[Label]) -> tuple[dict[str, Expected], list[Problem]]:
    """Return what each object must be, by digest, and the manifests that are not manifests."""
    objects: dict[str, Expected] = {}
    problems: list[Problem] = []
    for label in found:
        if not DIGEST.fullmatch(label.digest) or label.digest in objects:
            continue
        expected = objects[label.digest] = manifest_expected(label)
        if examine(home, expected) is not None:
            continue
        try:
            manifest = parse_manifest(read_object(home, expected), str(label))
        except RegistryError as error:
            place = str(object_path(home, label.digest))
            problems.append(Problem("malformed_manifest", place, str(error), RESTORE))
            continue
        for filename, entry in sorted(manifest["files"].items()):
            role = f"'{filename}' of {label}"
            objects.setdefault(entry["sha256"], Expected(entry["sha256"], role, entry["bytes"]))
    return objects, problems
