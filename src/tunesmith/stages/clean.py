"""What is done about findings: rows dropped or set aside, cells changed, and a ledger line for each."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from typing import Annotated, Any, Literal

import numpy as np
import polars as pl
from pydantic import BeforeValidator, model_validator

from ..core.errors import DataError
from ..core.events import Events
from ..core.part import Section, find
from ..data import Dataset
from ..data.forms import Form
from ..data.ledger import Action, Change, counts
from ..parts.checks import Check, Finding, Remedy

CELLS: frozenset[str] = frozenset({"impute", "normalise", "map", "relabel"})
SHOWN = 5  # classes that a note names
IMPUTED = ("number", "category")
UNLABELLED = "the row has no label to learn from or to be measured by"


class Mending(Section):
    """What is done about the findings of one check."""

    remedy: Remedy | Literal["keep"]
    """drop, impute, normalise, map, relabel or review, as far as the check offers it; keep: nothing."""
    columns: list[str] | None = None
    """Only findings in these columns; all where left out (impute: all numbers and categories)."""
    values: dict[str, str | float | None] = {}
    """For `map`: what stands in the column -> what belongs there, null for missing."""

    @model_validator(mode="after")
    def _maps_something(self) -> Mending:
        if (self.remedy == "map") != bool(self.values):
            raise ValueError("`values` belongs to `remedy: map`, and `map` needs it")
        chained = [key for key in self.values if key in {str(one) for one in self.values.values()}]
        if chained:
            raise ValueError(f"'{chained[0]}' is both replaced and a replacement; name the final value for each")
        return self


def mendings(value: Any) -> dict[str, Mending]:
    """Read the recipe's `clean`: `{label_errors: drop, missing: {remedy: map, values: {x: null}}}`."""
    if not isinstance(value, Mapping):
        raise ValueError("needs names of checks, each with its remedy, as in `{duplicates: drop}`")
    made = {}
    for kind, wanted in value.items():
        check = find(Check.family, str(kind))
        assert issubclass(check, Check)
        made[str(kind)] = one = Mending.model_validate({"remedy": wanted} if isinstance(wanted, str) else wanted)
        if one.remedy not in ("keep", *check.remedies):
            raise ValueError(
                f"{kind}: cannot be mended by '{one.remedy}'; fitting are {', '.join((*check.remedies, 'keep'))}"
            )
    return made


Clean = Annotated[dict[str, Mending], BeforeValidator(mendings)]
USUAL = {"duplicates": Mending(remedy="drop")}


@dataclass(frozen=True, slots=True)
class Cleaned:
    """The rows that are left, what was done, and what is to be replaced in rows to come.

    `replacements` maps an input to pairs (what stands there, what belongs there): training and serving must agree.
    """

    rows: Dataset
    aside: Dataset
    changes: tuple[Change, ...] = ()
    replacements: Mapping[str, tuple[tuple[Any, Any], ...]] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Shape:
    """What the columns are: the target and the form of its labels, and column -> kind of the inputs.

    `events` hears what was done.
    """

    target: str
    kinds: Mapping[str, str]
    events: Events = field(default_factory=Events)
    form: Form = "class"


def clean(whole: Dataset, divided: Dataset, findings: Sequence[Finding], how: Clean, shape: Shape) -> Cleaned:
    """Apply the remedies to the divided rows; positions of findings refer to `whole`, ids tell which rows they are.

    Dropping, relabelling and setting aside touch training rows only: the judge's rows stay as they are, but for those
    that no model can read, as where the file of an image is broken. Values of
    inputs and spellings of labels that are replaced are replaced in every split and, through `replacements`, in rows to
    come. Suggested texts (a repaired encoding, a masked number) hold for one row each, and so for training rows only.
    The order of findings and rows changes nothing but the order of the ledger.
    """
    remedies = USUAL | dict(how)
    at = _positions(whole, divided)
    work = _Work(divided, at, shape)
    meant = [(one, remedies[one.check]) for one in findings if one.check in remedies and one.reach != "none"]
    meant = [(one, how) for one, how in meant if how.columns is None or one.column in how.columns]
    for finding, mending in meant:
        if mending.remedy in CELLS and work.can(finding, mending):
            work.change(finding, mending)
    for finding, mending in meant:
        if mending.remedy in ("drop", "review"):
            work.take_out(finding, mending.remedy)
    return work.done(whole)


def _positions(whole: Dataset, divided: Dataset) -> np.ndarray:
    """Return for every row of `whole` its position in `divided`, int64, -1 where it is not there."""
    places = divided.index.select("id", at=pl.int_range(pl.len(), dtype=pl.Int64))
    return (
        whole.index.select("id").join(places, on="id", how="left", maintain_order="left")["at"].fill_null(-1).to_numpy()
    )


class _Work:
    """A cleaning under way: the frame as changed so far, and which rows go."""

    def __init__(self, divided: Dataset, at: np.ndarray, shape: Shape) -> None:
        self.divided, self.at, self.shape = divided, at, shape
        self.frame = divided.frame
        self.is_train = (divided.index["split"] == "train").fill_null(False).to_numpy()
        self.out: dict[int, tuple[Action, Finding, str]] = {}
        self.cells: list[tuple[int, str, Any, Any, Finding, str]] = []
        self.replaced: dict[str, dict[Any, Any]] = {}

    def can(self, finding: Finding, mending: Mending) -> bool:
        """Tell whether a remedy fits: texts are imputed only where named, and what has no suggestion is left."""
        if mending.remedy in ("normalise", "relabel"):
            return bool(finding.suggestions)
        return mending.remedy != "impute" or mending.columns is not None or self._kind(finding) in IMPUTED

    def _kind(self, finding: Finding) -> str | None:
        return self.shape.kinds.get(finding.column) if finding.column is not None else "number"

    def change(self, finding: Finding, mending: Mending) -> None:
        """Replace the cells of one finding."""
        column = finding.column
        if column is None:
            raise DataError(f"clean.{finding.check}: the finding is of no column; use drop or review")
        rows, values = self._replacements(finding, mending, column)
        is_target = column == self.shape.target
        one_by_one = mending.remedy == "normalise" and self.shape.kinds.get(column) in ("text", "chat", "image")
        kept = rows >= 0
        if mending.remedy == "relabel" or one_by_one:
            kept &= self._trained(rows)
        rows, values = rows[kept], values.filter(pl.Series(kept))
        before = self.frame[column][rows]
        differs = ~before.eq_missing(values)
        rows, before, values = rows[differs.to_numpy()], before.filter(differs), values.filter(differs)
        self.frame = self.frame.with_columns(self.frame[column].clone().scatter(rows, values))
        pairs = list(zip(before.to_list(), values.to_list(), strict=True))
        self.cells += [
            (row, column, old, new, finding, mending.remedy)
            for row, (old, new) in zip(rows.tolist(), pairs, strict=True)
        ]
        if not is_target and not one_by_one and mending.remedy != "relabel":
            self.replaced.setdefault(column, {}).update(pairs)

    def _replacements(self, finding: Finding, mending: Mending, column: str) -> tuple[np.ndarray, pl.Series]:
        """Return positions in the divided rows and the values that belong there, of the column's type."""
        rows, kind = self.at[np.asarray(finding.rows, np.int64)], self.frame[column].dtype
        if mending.remedy == "impute":
            return rows, pl.Series([self._usual(column, rows)] * len(rows), dtype=kind)
        if mending.remedy == "map":
            named = pl.Series(list(mending.values), dtype=pl.String).cast(kind, strict=False)
            wanted = pl.Series(list(mending.values.values()), strict=False).cast(kind, strict=False)
            here = self.frame[column]
            hit = here.is_in(named.implode()).fill_null(False)
            found = here.filter(hit)
            return np.flatnonzero(hit), found.replace_strict(named, wanted, return_dtype=kind) if len(found) else found
        try:
            return rows, pl.Series(finding.suggestions, dtype=kind)
        except (TypeError, pl.exceptions.PolarsError) as error:
            raise DataError(f"clean.{finding.check}, column '{column}': {error}; use drop or review") from error

    def _usual(self, column: str, rows: np.ndarray) -> Any:
        """Return the training rows' median or most frequent value, without the cells that are to be filled."""
        kind = self.shape.kinds.get(column)
        if kind not in IMPUTED:
            raise DataError(f"clean: column '{column}' is neither number nor category, so nothing is imputed; use drop")
        sound = self.is_train.copy()
        sound[rows[rows >= 0]] = False
        values = self.frame[column].filter(pl.Series(sound)).drop_nulls()
        if not len(values):
            raise DataError(f"clean: column '{column}': no training row has a value to impute from; use drop")
        if kind == "number" and values.dtype.is_numeric():
            middle = values.median()
            return round(float(middle)) if values.dtype.is_integer() else middle  # type: ignore[arg-type]
        return values.mode().sort()[0]

    def take_out(self, finding: Finding, remedy: str) -> None:
        """Drop the rows in a finding's reach or set them aside; of rows that repeat each other one stays."""
        rows = self.at[np.asarray(finding.rows, np.int64)]
        gone = rows >= 0 if finding.reach == "all" else self._trained(rows)
        if finding.origins:
            gone &= ~self._stays_for_others(rows, np.asarray(finding.origins, np.int64), gone)
        if finding.column == self.shape.target and self.shape.form == "class" and finding.reach != "all":
            gone &= ~self._last_of_class(rows, np.asarray(finding.scores), gone)
        action: Action = "dropped" if remedy == "drop" else "aside"
        for row in rows[gone].tolist():
            self.out.setdefault(row, (action, finding, remedy))

    def _trained(self, rows: np.ndarray) -> np.ndarray:
        """Return which of these positions are training rows, bool; -1 is none."""
        found = rows >= 0
        found[found] = self.is_train[rows[found]]
        return found

    def _stays_for_others(self, rows: np.ndarray, origins: np.ndarray, gone: np.ndarray) -> np.ndarray:
        """Return which rows stay, bool: the first training copy of each row that is itself not trained on."""
        first = self.at[origins]
        orphaned = gone & ~self._trained(first)
        stays = np.zeros(len(rows), bool)
        places = np.flatnonzero(orphaned)
        stays[places[np.unique(origins[places], return_index=True)[1]]] = True
        return stays

    def _last_of_class(self, rows: np.ndarray, scores: np.ndarray, gone: np.ndarray) -> np.ndarray:
        """Return which rows stay, bool: the least suspect row of each class of which no training row would be left."""
        leaves = np.zeros(len(self.divided), bool)
        leaves[np.array([*self.out, *rows[gone].tolist()], np.int64)] = True
        labels = self.frame[self.shape.target].cast(pl.String)
        left = labels.filter(pl.Series(self.is_train & ~leaves))
        places = np.flatnonzero(gone)
        places = places[np.argsort(scores[places], kind="stable")]
        suspects = labels[rows[places]]
        spared = ~suspects.is_in(left.unique().implode()) & suspects.is_first_distinct()
        stays = np.zeros(len(rows), bool)
        stays[places[spared.fill_null(False).to_numpy()]] = True
        if stays.any():
            names = ", ".join(f"'{one}'" for one in sorted(labels[rows[stays]].to_list())[:SHOWN])
            self.shape.events.warn("clean", f"all training rows of {names} are suspect; the least suspect one stays")
        return stays

    def done(self, whole: Dataset) -> Cleaned:
        """Return the rows that are left and the ledger, in the order of the rows."""
        data = replace(self.divided, frame=self.frame)
        stays = np.ones(len(data), bool)
        stays[list(self.out)] = False
        aside = [row for row, (action, _, _) in self.out.items() if action == "aside"]
        changes = sorted(self._changes(whole), key=lambda one: (one.row, one.action != "changed"))
        for one in counts(changes):
            rows = "1 row" if one["rows"] == 1 else f"{one['rows']} rows"
            self.shape.events.note("clean", f"{rows} {one['action']}: {one['check']}, remedy {one['remedy']}")
        pairs = {name: tuple(found.items()) for name, found in self.replaced.items() if found}
        return Cleaned(data.where(stays), data.take(sorted(aside)), tuple(changes), pairs)

    def _changes(self, whole: Dataset) -> Iterator[Change]:
        """Yield a line for every cell and row; positions turn back into those of the rows as they were read."""
        origin = np.full(len(self.divided), -1)
        origin[self.at[self.at >= 0]] = np.flatnonzero(self.at >= 0)
        ids, reasons = whole.ids, _Reasons(whole)
        for row, column, before, after, finding, remedy in self.cells:
            at = int(origin[row])
            fate = (ids[at], at, whole.place(at), finding.check, remedy, reasons.of(finding, at))
            yield Change("changed", *fate, column, before, after)
        for row, (action, finding, remedy) in self.out.items():
            at = int(origin[row])
            fate = (ids[at], at, whole.place(at), finding.check, remedy, reasons.of(finding, at))
            yield Change(action, *fate, cells=whole.example(at))
        unlabelled = whole.frame[self.shape.target].is_null().to_numpy() & (self.at < 0)
        for at in np.flatnonzero(unlabelled).tolist():
            fate = (ids[at], at, whole.place(at), "missing", "drop", UNLABELLED)
            yield Change("dropped", *fate, cells=whole.example(at))


class _Reasons:
    """Says why a row was changed, from the finding that names it."""

    def __init__(self, whole: Dataset) -> None:
        self.whole = whole
        self.known: dict[int, dict[int, int]] = {}

    def of(self, finding: Finding, at: int) -> str:
        """Return what the finding says of the row at this position."""
        if id(finding) not in self.known:
            self.known[id(finding)] = {row: place for place, row in enumerate(finding.rows)}
        place = self.known[id(finding)].get(at)
        if place is None:
            return "the same value as in rows that were found"
        if finding.origins:
            return f"repeats {self.whole.place(finding.origins[place])}"
        return f"{finding.check.replace('_', ' ')}, score {finding.scores[place]:.2f}"
