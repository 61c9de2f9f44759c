"""`tunesmith verify`: every stored byte against its hash."""

from __future__ import annotations

from argparse import Namespace

from ..registry import Registry
from . import Answer


def run(options: Namespace) -> Answer:
    """Verify and name what is wrong."""
    found = Registry(options.home).verify(options.version)
    value = {"ok": found.ok, "checked": found.checked, "problems": [one.as_json() for one in found.problems]}
    if found.ok:
        return Answer(value, f"ok: {found.checked} objects, manifests, labels and events are what their digests say")
    lines = [str(one) for one in found.problems]
    return Answer(value, "\n".join([*lines, f"{len(lines)} problems in {found.checked} checked"]), 1)
