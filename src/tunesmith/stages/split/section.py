"""What a recipe may say under `split`."""

from __future__ import annotations

from typing import Any, Literal

from pydantic import Field, field_validator, model_validator

from ...core.part import Section


class Split(Section):
    """How rows are divided. Splits that come given (by file or column) are kept, missing ones are taken from train."""

    validation: float = Field(0.1, gt=0.0, lt=1.0)
    """Share of the rows that early stopping looks at."""
    test: float = Field(0.2, gt=0.0, lt=1.0)
    """Share of the rows that nothing looks at until the verdict."""
    by: Literal["hash", "stratified"] = "hash"
    """A hash of each row's inputs, or dealt out within each class (tenth of a value), so that each has its share."""
    group: str | None = None
    """Column whose equal values (a customer, a patient) stay on one side."""
    time: str | None = None
    """Column of times: the latest rows are test, those before them validation."""
    validation_from: str | float | None = None
    """Time from which on rows are validation, as `2024-05-01` or a number; by the share where left out."""
    test_from: str | float | None = None
    """Time from which on rows are test; by the share where left out."""
    given: str | None = None
    """Column that names each row's split: train, validation (valid, val, dev) or test."""
    folds: int | None = Field(None, ge=2)
    """Number of folds for cross-validation; `fold` is the test then, and `test` is not read."""
    fold: int = Field(0, ge=0)
    """Which fold is the test, from 0 on."""
    near_duplicates: Literal["together", "ignore"] = "together"
    """Near rows on one side, and a leak where groups, times or given splits part them; or not looked for."""
    similarity: float = Field(0.8, ge=0.6, le=1.0)
    """How alike texts must be to be near: the shared part of their five-letter pieces (Jaccard)."""
    leaks: Literal["refuse", "drop", "allow"] = "refuse"
    """Rows on both sides: refuse to train, drop the training copies, or go on and say so in the report."""
    salt: str = ""
    """Another text gives another random division."""

    @field_validator("validation_from", "test_from", mode="before")
    @classmethod
    def _dates_are_texts(cls, value: Any) -> Any:
        return value.isoformat() if hasattr(value, "isoformat") else value

    @model_validator(mode="after")
    def _says_one_thing(self) -> Split:
        if self.validation + (self.test if self.folds is None else 1 / self.folds) >= 1.0:
            raise ValueError("validation and test together must be below 1, or nothing is left to train on")
        if self.folds is None and self.fold:
            raise ValueError("`fold` chooses among `folds`; say how many: `folds: 5`")
        if self.folds is not None and self.fold >= self.folds:
            raise ValueError(f"fold {self.fold} does not exist: {self.folds} folds are numbered 0 to {self.folds - 1}")
        if self.time is None and not self.validation_from is self.test_from is None:
            raise ValueError("`validation_from` and `test_from` cut a `time`; name its column")
        for one, other in (("time", "folds"), ("given", "folds"), ("time", "by")):
            if getattr(self, one) is not None and getattr(self, other) not in (None, "hash"):
                raise ValueError(f"`{one}` decides by itself where a row falls; leave out `{other}`")
        return self

    def columns(self) -> tuple[str, ...]:
        """Return the columns that divide, which are no inputs unless named so."""
        return tuple(name for name in (self.group, self.time, self.given) if name is not None)

    def words(self, is_by_file: bool) -> str:
        """Return by what rows are divided, as a sentence; where files name the splits, the rest is taken from train."""
        if self.given is not None or is_by_file:
            by = f"The column '{self.given}' says" if self.given is not None else "The files say"
            return f"{by} where each row stands; a split that is not given is taken from train."
        if self.time is not None:
            return f"The latest rows by '{self.time}' are test, those before them validation."
        alone = "Each row stands where a hash of its inputs puts it."
        chance = "where a hash of it puts them"
        if self.by == "stratified":
            alone = "Rows are dealt out so that every class has its share in each split."
            chance = "dealt out so that every class has its share in each split"
        unit = alone if self.group is None else f"All rows of one '{self.group}' stand on one side, {chance}."
        fold = f" Fold {self.fold} of 0 to {self.folds - 1} is the test." if self.folds is not None else ""
        near = " Near rows stand together." if self.group is None and self.near_duplicates == "together" else ""
        return f"{unit}{fold}{near}"

    def asked(self, is_by_file: bool) -> dict[str, float]:
        """Return the share of all rows that each split should have, where shares decide; empty where they do not."""
        if self.given is not None or is_by_file:
            return {}
        cut = {"validation": self.validation_from, "test": self.test_from}
        test = self.test if self.folds is None else 1 / self.folds
        return {name: share for name, share in (("validation", self.validation), ("test", test)) if cut[name] is None}
