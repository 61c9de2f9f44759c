"""What a refusal looks like, the same for every command."""

from __future__ import annotations

import os
from pathlib import Path

import tunesmith
from tunesmith.registry import Registry

HOME = Path(".tunesmith")


def refused(outcome, *wanted: str, code: int = 2) -> None:
    """Assert that a command ended so, said all of these words on stderr, and nothing on stdout."""
    assert outcome.code == code, (outcome.code, outcome.err)
    assert outcome.out == ""
    assert "Traceback" not in outcome.err
    assert outcome.err.splitlines()[-1].strip(), outcome.err
    missing = [word for word in wanted if word not in outcome.err]
    assert not missing, outcome.err


def nothing_registered(home: Path = HOME) -> None:
    """Assert that the home holds no version, no event, and nothing that is not whole."""
    registry = Registry(home)
    assert registry.versions() == []
    assert registry.events() == []
    assert registry.verify().ok


def environment(**more: str) -> dict[str, str]:
    """Return the variables for a process of its own that runs the very package under test."""
    return os.environ | {"PYTHONPATH": str(Path(tunesmith.__file__).parents[1])} | more
