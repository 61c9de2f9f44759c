"""What the guards against leaks have in common: who gives away whom, and the sentence about it."""

from __future__ import annotations

from collections.abc import Callable
from itertools import combinations

from ...core.errors import InputGuardError
from ...data import Dataset
from ...data.leaks import Leaks
from . import Evidence

SHOWN = 5  # pairs of rows that are named
ONE = {"are": "is", "have": "has"}
REMEDY = (
    "`split: {leaks: drop}` leaves out the training copies, `split: {leaks: allow}` goes on and says so in the report"
)


def refuse_leaks(
    evidence: Evidence, find: Callable[[Dataset, Dataset], Leaks], sign: str, fact: str, remedy: str = REMEDY
) -> str:
    """Return in words that no row of an earlier part (train, validation, test) gives away one of a later part.

    `find` names such rows, `sign` stands between the two, `fact` is what is wrong with them. Raises InputGuardError
    naming SHOWN of them where there are any, unless leaks were allowed in writing.
    """
    count, places = 0, []
    for (one, first), (other, second) in combinations(evidence.splits.items(), 2):
        leaks = find(first, second)
        count += len(leaks)
        for row, twin in zip(leaks.rows[:SHOWN].tolist(), leaks.twins[:SHOWN].tolist(), strict=True):
            places.append(f"{first.place(row)} ({one}) {sign} {second.place(twin)} ({other})")
    told = _counted(count, fact)
    if count and not evidence.apart.is_allowed:
        more = f" and {count - SHOWN:,} more" if count > SHOWN else ""
        raise InputGuardError(f"split: {told} ({', '.join(places[:SHOWN])}{more}); {remedy}")
    return f"{told}, allowed by the recipe" if count else f"no rows {fact}"


def _counted(count: int, fact: str) -> str:
    """Return `3 rows are on both sides`, or the same of one row."""
    verb, _, rest = fact.partition(" ")
    return f"1 row {ONE[verb]} {rest}" if count == 1 else f"{count:,} rows {fact}"
