"""The rule of chance: every unit of rows has a place, near rows take the side of the earlier one."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import polars as pl

from ...data import Dataset
from ...data.division import ASIDE as ASIDE_FOLD
from ...data.division import Rule, Units, block_size, folds, leading, places, units
from ...data.near import Pairs, sides
from .draft import ASIDE, CODES, TEST, TRAIN, VALIDATION, Draft
from .rules import shares


@dataclass(frozen=True, slots=True)
class Placed:
    """The units of the free rows, their places, and the code each would have by itself."""

    whole: Units
    near: Pairs
    """Pairs of near units."""
    place: np.ndarray
    own: np.ndarray
    told: Callable[[int], str]
    """Why a unit has its own code, in a few words."""

    def final(self) -> np.ndarray:
        """Return the code of each unit when near ones stand together, int8 (units,)."""
        return sides(self.own, self.near, np.int8(ASIDE)).astype(np.int8)


def by_place(draft: Draft, free: np.ndarray, rule: Rule, near: Pairs) -> None:
    """Divide the free rows (positions); `near` are pairs of positions, which groups overrule."""
    data = draft.data.take(free)
    pairs = _among(near, free, len(draft.data)) if rule.group is None else Pairs.none()
    placed = _by_shares(draft, data, rule, pairs) if draft.how.folds is None else _by_fold(draft, data, rule, pairs)
    final, unit = placed.final(), np.zeros(len(draft.data), np.int64)
    unit[free] = placed.whole.of
    group = f"group '{{}}' of {rule.group}, " if rule.group is not None else ""
    keys = placed.whole.keys
    draft.put(free, final[placed.whole.of], lambda at: group.format(keys[int(unit[at])]) + placed.told(int(unit[at])))
    if rule.by == "hash" and rule.group is None and draft.how.folds is None:
        final = _rescue(draft, free, rule, placed)
    _tell_near(draft, free, placed, final)


def _among(near: Pairs, free: np.ndarray, count: int) -> Pairs:
    """Return the pairs of which both rows are free, as positions among these."""
    position = np.full(count, -1)
    position[free] = np.arange(len(free))
    first, second = position[near.first], position[near.second]
    both = (first >= 0) & (second >= 0)
    return Pairs(first[both], second[both], near.similarity[both])


def _by_shares(draft: Draft, data: Dataset, rule: Rule, near: Pairs) -> Placed:
    validation, test = shares(draft)
    whole = units(data, rule.group)
    linked = whole.paired(near)
    place = places(data, whole, rule, block_size(validation, test), leading(whole, linked), is_first_kept=True)
    own = np.where(place < test, TEST, np.where(place < test + validation, VALIDATION, TRAIN))
    bounds = [f"{name} below {bound:g}" for name, share, bound in _stretches(validation, test) if share]
    told = f"{_measure(rule)} {{:.4f}} ({', '.join(bounds)})" if bounds else "every split is given"
    return Placed(whole, linked, place, own.astype(np.int8), lambda unit: told.format(place[unit]))


def _stretches(validation: float, test: float) -> tuple[tuple[str, float, float], ...]:
    return ("test", test, test), ("validation", validation, test + validation)


def _by_fold(draft: Draft, data: Dataset, rule: Rule, near: Pairs) -> Placed:
    """Make one fold the test; validation is dealt out among the rows of the others, by places of their own."""
    how, (validation, test), whole = draft.how, shares(draft), units(data, rule.group)
    assert how.folds is not None
    share, linked = validation / (1 - test), whole.paired(near)
    fold = folds(data, how.folds, rule, near)[whole.first]
    rest = replace(rule, salt=f"{rule.salt}\x1fvalidation")
    leads = leading(whole, linked) & (fold != how.fold)
    place = places(data, whole, rest, block_size(share), leads, is_first_kept=True)
    own = np.where(place < share, VALIDATION, TRAIN)
    own[fold == how.fold], own[fold == ASIDE_FOLD] = TEST, ASIDE

    def told(unit: int) -> str:
        text = f"fold {fold[unit]} of 0 to {len_folds - 1}"
        return (
            text
            if fold[unit] == how.fold
            else f"{text}, {_measure(rule)} {place[unit]:.4f} (validation below {share:g})"
        )

    len_folds = how.folds
    return Placed(whole, linked, place, own.astype(np.int8), told)


def _measure(rule: Rule) -> str:
    if rule.by == "hash":
        return "hash"
    return "place among rows of like value" if rule.form == "value" else "place in its class"


def _rescue(draft: Draft, free: np.ndarray, rule: Rule, placed: Placed) -> np.ndarray:
    """Give every class of few rows that hashing left without a training row the unit nearest to training.

    A class of many rows is never without one. Changes the draft; returns the codes of the units.
    """
    final = placed.final()
    if rule.target is None or draft.data.frame[rule.target].dtype.is_nested():
        return final
    labels = draft.data.frame[rule.target].cast(pl.String).fill_null("")
    if labels.n_unique() >= len(labels) / 2:
        return final
    trained = labels.filter(pl.Series(draft.codes == TRAIN)).unique()
    lost = labels.filter(~labels.is_in(trained.implode())).unique().sort().to_list()
    heads = labels.gather(free[placed.whole.first])
    leads = leading(placed.whole, placed.near)
    for label in lost:
        of_class = np.flatnonzero((heads == label).to_numpy() & leads)
        if len(of_class):
            unit = of_class[placed.place[of_class].argmax()]
            placed.own[unit] = TRAIN
            draft.explain(free[placed.whole.of == unit], lambda at: "its class would have no training row without it")
    if lost:
        final = placed.final()
        draft.codes[free] = final[placed.whole.of]
    return final


def _tell_near(draft: Draft, free: np.ndarray, placed: Placed, final: np.ndarray) -> None:
    """Say which rows follow an earlier near row, and which are near to rows of two sides."""
    near, first_row = placed.near, free[placed.whole.first]
    follows = (final[near.first] == final[near.second]) & (final[near.second] != ASIDE)
    earlier = np.full(len(final), -1)
    alike = np.zeros(len(final))
    earlier[near.second[follows][::-1]] = near.first[follows][::-1]
    alike[near.second[follows][::-1]] = near.similarity[follows][::-1]
    unit = np.zeros(len(draft.data), np.int64)
    unit[free] = placed.whole.of

    def followed(at: int) -> str:
        return f"near to {draft.data.place(int(first_row[earlier[unit[at]]]))} ({alike[unit[at]]:.2f})"

    moved = free[(earlier >= 0)[placed.whole.of]]
    draft.explain(moved, followed)
    aside = free[(final == ASIDE)[placed.whole.of]]

    def torn(at: int) -> str:
        mine = near.first[near.second == unit[at]]
        told = [f"{draft.data.place(int(first_row[one]))} ({CODES[final[one]]})" for one in mine]
        return f"near to rows of two sides: {', '.join(told)}"

    draft.explain(aside, torn)
    if len(aside):
        draft.notes.append(
            f"set aside, neither trained nor tested on, for being near to rows of two sides: {draft.some(aside)}"
        )
