"""Rules that need no chance: splits that come given, times, and training copies that are dropped."""

from __future__ import annotations

import numpy as np
import polars as pl

from ...core.errors import DataError
from ...data.leaks import equal_groups, equal_rows, later_rows, near_rows
from ...data.moments import cut_at, cut_by_share, shown, times_of
from .draft import CODES, DROPPED, TEST, TRAIN, VALIDATION, Draft

GIVEN_NAMES = {
    **dict.fromkeys(("train", "training"), TRAIN),
    **dict.fromkeys(("validation", "valid", "val", "dev", "development"), VALIDATION),
    **dict.fromkeys(("test", "testing"), TEST),
}


def keep_given(draft: Draft) -> np.ndarray:
    """Write down the splits that files or a column name; return the rows (positions) that may still be divided.

    These are all rows, or those given as train. Raises DataError on a value that names no split, by row.
    """
    data, column = draft.data, draft.how.given
    by_file = data.index["split"]
    if column is None:
        given, source = by_file, None
    elif by_file.null_count() == len(data):
        given, source = data.frame[column], column
    else:
        raise DataError(f"split.given: the rows come as one file per split already; leave out `given: {column}`")
    if given.null_count() == len(data) and column is None:
        return np.arange(len(data))
    names = given.cast(pl.String).str.strip_chars().str.to_lowercase()
    codes = names.replace_strict(GIVEN_NAMES, default=None, return_dtype=pl.Int8)
    if codes.null_count():
        at = int(codes.is_null().arg_true()[0])
        fact = "the split is missing" if given[at] is None else f"'{given[at]}' names no split"
        raise DataError(
            f"{data.place(at)}, column '{source}': {fact} (known: {', '.join(GIVEN_NAMES)}); "
            "correct the row, or leave out `split: {given: ...}`"
        )
    told = f"given by column '{source}'" if source else "given by file"
    draft.put(np.arange(len(data)), codes.to_numpy(), lambda at: told)
    return np.flatnonzero(draft.codes == TRAIN)


def shares(draft: Draft) -> tuple[float, float]:
    """Return the shares of validation and test that are still to be taken: 0 where one is given."""
    how, present = draft.how, set(np.unique(draft.codes).tolist())
    test = how.test if how.folds is None else 1 / how.folds
    return 0.0 if VALIDATION in present else how.validation, 0.0 if TEST in present else test


def by_time(draft: Draft, free: np.ndarray) -> None:
    """Make the latest free rows test and those before them validation. Raises DataError on a cut that is none."""
    how, (validation, test) = draft.how, shares(draft)
    assert how.time is not None
    times = times_of(draft.data, how.time)
    before = times.gather(free)
    cuts: dict[int, pl.Series] = {}
    found: dict[str, str] = {}
    for code, share, given in ((TEST, test, how.test_from), (VALIDATION, validation, how.validation_from)):
        if not share or not len(before):
            continue
        key = f"{CODES[code]}_from"
        if given is None:
            cut = cut_by_share(before, min(share * len(free) / len(before), 0.99))
            found[key] = shown(cut)
        else:
            cut = cut_at(times, given, f"split.{key}")
        if cuts and not cut[0] < cuts[TEST][0]:
            raise DataError(f"split.{key}: {shown(cut)} is not before the test, which begins at {shown(cuts[TEST])}")
        cuts[code] = cut
        before = before.filter(before < cut[0])
    mine = times.gather(free)
    for code, cut in sorted(cuts.items()):
        draft.codes[free[(mine >= cut[0]).to_numpy()]] = code
    told = ", ".join(f"{CODES[code]} from {shown(cut)} on" for code, cut in sorted(cuts.items()))
    draft.explain(free, lambda at: f"{how.time} {shown(times.slice(at, 1))}: {told}")
    if found:
        written = ", ".join(f"{key}: {cut}" for key, cut in sorted(found.items()))
        draft.notes.append(
            f"{told}, by the shares; rows to come move these times unless you write `split: {{{written}}}`"
        )


def drop_leaks(draft: Draft, near: pl.DataFrame | None) -> None:
    """Drop training rows that give away validation or test, and validation rows that give away test."""
    before, how = draft.codes.copy(), draft.how
    for one, other in ((TRAIN, VALIDATION), (TRAIN, TEST), (VALIDATION, TEST)):
        rows, judged = np.flatnonzero(before == one), np.flatnonzero(before == other)
        first, second = draft.data.take(rows), draft.data.take(judged)
        found = {"is near to": near_rows(first, second, near)} if near is not None else {}
        if how.group is not None:
            found[f"has the {how.group} of"] = equal_groups(first, second, how.group)
        if how.time is not None and (one, other) == (TRAIN, TEST):
            found["is later than"] = later_rows(first, second, how.time)
        found["repeats"] = equal_rows(first, second)
        for verb, leaks in found.items():
            _drop(draft, rows[leaks.rows], judged[leaks.twins], f"{verb} {{}}, {CODES[other]}")
    dropped = np.flatnonzero(draft.codes == DROPPED)
    if len(dropped):
        draft.notes.append(
            f"dropped as `split: {{leaks: drop}}` asks, for giving away validation or test: {draft.some(dropped)}"
        )


def _drop(draft: Draft, rows: np.ndarray, twins: np.ndarray, told: str) -> None:
    twin_of = dict(zip(rows.tolist(), twins.tolist(), strict=True))
    draft.put(rows, DROPPED, lambda at: told.format(draft.data.place(twin_of[at])))
