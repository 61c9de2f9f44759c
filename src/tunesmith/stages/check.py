"""What is wrong with the rows: every check asked, of each target where there are several."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Literal

from ..core.events import Events
from ..core.part import find, kinds
from ..parts.checks import Check, Finding, Table

BY_TARGET = frozenset({"contradictions", "drift", "imbalance", "inconsistent_categories", "leakage", "outliers"})
"""Checks that look at each of several targets by itself."""


def findings(table: Table, checks: Mapping[str, Check | Literal[False]], events: Events) -> list[Finding]:
    """Run every check, as the recipe's `checks` has it, and return what they found, the most severe first."""
    names = [name for name in kinds("parts.checks") if checks.get(name) is not False]
    found: list[Finding] = []
    with events.stage("check", len(names)) as advance:
        for done, name in enumerate(names):
            advance(done, doing=name)
            check = checks.get(name) or find("parts.checks", name)()
            assert isinstance(check, Check)
            found += _found(check, table)
        advance(len(names))
    order = {"error": 0, "warning": 1, "info": 2}
    return sorted(found, key=lambda one: (order[one.severity], one.check, one.column or ""))


def _found(check: Check, table: Table) -> list[Finding]:
    """Return what a check finds; where a row has several targets, what is to be said of each of them."""
    whole = None if table.target is None else table.data.frame[table.target]
    if whole is None or not table.tasks or check.kind not in BY_TARGET:
        return check.find(table)
    found: list[Finding] = []
    for name, task in table.tasks.items():
        data = replace(table.data, frame=table.data.frame.with_columns(whole.struct.field(name).alias(name)))
        some = check.find(replace(table, data=data, target=name, task=task, tasks={}))
        told = [replace(one, column=table.target, suggestions=()) if one.column == name else one for one in some]
        found += [one for one in told if one not in found]
    return found
