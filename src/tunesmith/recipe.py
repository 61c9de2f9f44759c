"""The recipe: a whole run as one frozen value. Stages never see it whole."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Collection
from pathlib import Path
from typing import Any

from pydantic import Field, SerializeAsAny, ValidationError, field_validator, model_validator

from .core.errors import DataError, RecipeError
from .core.ids import value_digest
from .core.part import Section, find, kinds
from .data.forms import PLAIN
from .data.sources import Source
from .parts.augmentations import Augmentation
from .parts.balances import Balance
from .parts.bases import Base, FittedBase
from .parts.checks import Checks
from .parts.losses import Loss
from .parts.modalities import Modality
from .parts.strategies import Strategy
from .parts.strategies.full import Full
from .parts.tasks import Task
from .recipe_text import RecipeText, read_text
from .stages import augment
from .stages.clean import Clean
from .stages.decide import Decide
from .stages.inspect import Given, Meaning
from .stages.split import Split
from .training.settings import Train

JOINT = " + "  # between the names of several targets


class Recipe(Section):
    """Two lines are enough (`data`, `target`); the rest is filled in, and shown with where it came from."""

    data: SerializeAsAny[Source]
    """The rows: a path, or `{kind: csv, path: ..., inputs: {...}}`."""
    target: str | None = None
    """The column to be learnt; found by its name where not given. Several: `[price, kind]`, or each with its task."""
    name: str | None = Field(None, pattern=r"^[A-Za-z0-9_][A-Za-z0-9._-]{0,63}$")
    """What the versions are called; the data file's name where not given."""
    task: SerializeAsAny[Task] | None = None
    """What is asked; found from the target's values where not given."""
    base: SerializeAsAny[Base] | None = None
    """Where the weights come from; `minilm` where an input is text, else `conv_net` for images, `gbdt` for tables."""
    strategy: SerializeAsAny[Strategy] = Full()
    """Which weights move."""
    checks: Checks = {}
    """Fields of single checks, or `off`: `{imbalance: {rows: 5}, id_columns: off}`; all others run as they are."""
    clean: Clean = {}
    """What is done about findings: `{missing: impute}`; repeated training rows go, if not `{duplicates: keep}`."""
    balance: SerializeAsAny[Balance] | None = None
    """What makes up for classes of uneven size, such as `class_weights` or `{kind: oversample, ratio: 0.5}`."""
    decide: Decide = Decide()
    """From which probability on a class is answered, such as `auto` or `{threshold: auto, cost: {miss: 10}}`."""
    split: Split = Split()
    """How rows are divided."""
    augment: list[SerializeAsAny[Augmentation]] = []
    """What else training rows could have been, one after another: `[typo, {kind: number_noise, share: 0.1}]`."""
    train: Train = Train()
    """How training goes."""
    seed: int = Field(0, ge=0, lt=2**31)
    """Everything random follows from it."""

    @model_validator(mode="before")
    @classmethod
    def _several_targets(cls, value: Any) -> Any:
        target = value.get("target") if isinstance(value, dict) else None
        if not isinstance(target, list | dict):
            return value
        if value.get("task") is not None:
            raise ValueError("task: each of several targets has its own: `target: {price: regression, kind: ordinal}`")
        parts = target if isinstance(target, dict) else dict.fromkeys(target)
        task = {"kind": "several", "parts": parts}
        return value | {"target": JOINT.join(map(str, parts)), "task": task}

    @field_validator("data", mode="before")
    @classmethod
    def _path_is_data(cls, value: Any) -> Any:
        return str(value) if isinstance(value, Path) else value

    def given(self) -> Given:
        """Return what the recipe says of the columns."""
        inputs: Any = self.data.inputs
        query = None if self.task is None else self.task.judged_by
        dividing = tuple(name for name in self.split.columns() if name != query)
        return Given(inputs, self.target, self.task, self.data.id, dividing)

    def filled(self, meaning: Meaning) -> Recipe:
        """Return the recipe with everything found written down."""
        gives = {modality.gives for modality in meaning.inputs.values()}
        base = self.base or Base.model_validate(_usual_base(gives, meaning.task))
        named: dict[str, Modality] = dict(meaning.inputs)
        data = self.data.model_copy(update={"inputs": named})
        values = {"data": data, "target": meaning.target, "task": meaning.task, "base": base, "name": self.title()}
        values["split"] = self._dividing(meaning.task)
        self._refuse_unread(base)
        question = augment.ask(named, meaning.target, meaning.task)
        augment.check(self.augment, question, base.kind, base.form == "fitted")
        whole = self.model_copy(update=values)
        whole.loss()
        check_pairing(whole, meaning.task, base)
        if self.balance is not None:
            check_balance(self.balance, meaning.task, base)
        return whole

    def _dividing(self, task: Task) -> Split:
        """Return how rows are divided: those that a task judges together stay on one side. Raises RecipeError."""
        together, group = task.judged_by, self.split.group
        if together is None or group == together:
            return self.split
        if group is not None:
            raise RecipeError(
                f"split.group: {task.kind} keeps the rows of one '{together}' on one side, which '{group}' may part; "
                "leave out `group`"
            )
        return self.split.model_copy(update={"group": together})

    def body(self) -> Base:
        """Return the base of a filled recipe."""
        assert self.base is not None
        return self.base

    def title(self) -> str:
        """Return the name of the versions this recipe makes."""
        if self.name is not None:
            return self.name
        plain = unicodedata.normalize("NFKD", self.data.title()).encode("ascii", "ignore").decode()
        return re.sub("[^A-Za-z0-9_-]", "-", plain).strip("-")[:64] or "model"

    def digest(self) -> str:
        """Return the identity of the filled recipe."""
        return value_digest(self.model_dump(mode="json"))

    def loss(self) -> Loss:
        """Return the loss chosen, else the task's own. Raises RecipeError where it cannot judge the task's labels."""
        assert self.task is not None
        loss = self.train.loss or Loss.model_validate(self.task.default_loss)
        if self.task.form not in loss.forms:
            fits = [kind for kind in kinds("parts.losses") if self.task.form in _forms(kind)]
            raise RecipeError(f"train.loss: {loss.kind} cannot judge {self.task.kind}; fitting are {', '.join(fits)}")
        return loss

    def _refuse_unread(self, base: Base) -> None:
        """A setting that nothing would read is a mistake, not a wish."""
        unread = [key for key in ("strategy", "train") if key in self.model_fields_set and base.form == "fitted"]
        if unread:
            raise RecipeError(
                f"{unread[0]}: base {base.kind} is fitted in one go and reads no `{unread[0]}`; "
                f"remove it, or set the base's own fields: `base: {{kind: {base.kind}, ...}}`"
            )


def check_pairing(recipe: Recipe, task: Task, base: Base) -> None:
    """Refuse a base that cannot give what a task reads, and penalties that cannot look at it. Raises RecipeError."""
    if task.reads not in base.gives:
        able = [kind for kind in kinds("parts.bases") if task.reads in getattr(find("parts.bases", kind), "gives", ())]
        raise RecipeError(
            f"base: {base.kind} gives no vector for each {task.reads}, which task {task.kind} reads; "
            f"those that do: {', '.join(able)}"
        )
    if base.form == "fitted" and task.form not in PLAIN:
        raise RecipeError(f"base: {base.kind} does not learn the labels of {task.kind}; use `base: tabular_net`")
    if recipe.augment and task.is_within:
        raise RecipeError(f"augment: a change of the text moves the answers of {task.kind} that stand in it; remove it")
    penalties = recipe.train.regularizers
    for one in () if penalties == "auto" else penalties:
        if one.forms is not None and task.form not in one.forms:
            raise RecipeError(f"train.regularizers: {one.kind} cannot look at the rows of {task.kind}; remove it")


def check_balance(balance: Balance, task: Task, base: Base) -> None:
    """Refuse what cannot balance the rows of a task, or cannot be taken by a base. Raises RecipeError."""
    why = balance.refuse(task.form, task.kind)
    if why is not None:
        raise RecipeError(f"balance: {why}")
    if not isinstance(base, FittedBase):
        return
    if balance.needs_batches:
        raise RecipeError(
            f"balance: {balance.kind} says what stands in a batch, and base {base.kind} is fitted in one go, without "
            "batches; use `balance: class_weights` or `balance: oversample`"
        )
    if not base.takes_weights:
        raise RecipeError(f"balance: base {base.kind} does not heed the weights of rows; remove `balance`")


def _usual_base(gives: Collection[str], task: Task) -> str:
    """Return the base of inputs of these forms, where the recipe names none."""
    table = "gbdt" if task.form in PLAIN else "tabular_net"
    if task.reads == "object":
        return "query_net"
    return "minilm" if "text" in gives or "words" in gives else "conv_net" if "image" in gives else table


def _forms(kind: str) -> frozenset[str]:
    loss = find("parts.losses", kind)
    return loss.forms if issubclass(loss, Loss) else frozenset()


def of_rows(path: str, target: str | None = None) -> Recipe:
    """Return the smallest recipe, over one file. Raises DataError where its name tells no form of rows."""
    try:
        return Recipe.model_validate({"data": path, "target": target})
    except ValidationError as error:
        raise DataError("; ".join(one["msg"].removeprefix("Value error, ") for one in error.errors())) from None


def load(path: Path, overrides: list[str] | None = None) -> tuple[Recipe, RecipeText]:
    """Read a recipe file with `key.path=value` overrides.

    Raises RecipeError with one line per mistake, each as `file:line: where: what`.
    """
    text = read_text(path, overrides or [])
    try:
        return Recipe.model_validate(text.values), text
    except ValidationError as error:
        raise RecipeError(text.explain(error, Recipe)) from None


def origins(recipe: Recipe, text: RecipeText | None, inferred: frozenset[str]) -> dict[str, str]:
    """Return for every leaf of a filled recipe where its value came from: file:line, --set, inferred or default."""
    found: dict[str, str] = {}
    for path in leaves(recipe.model_dump(mode="json")):
        where = text.origin(path) if text is not None else None
        guessed = any(
            path == key or path.startswith(f"{key}.") for key in (*inferred, "name", "base.kind", "data.kind")
        )
        found[path] = where or ("inferred" if guessed else "default")
    return found


def leaves(value: Any, prefix: str = "") -> dict[str, Any]:
    """Return a nested value's leaves by dotted path."""
    if not isinstance(value, dict) or not value:
        return {prefix: value}
    flat: dict[str, Any] = {}
    for key, one in value.items():
        flat |= leaves(one, f"{prefix}.{key}" if prefix else str(key))
    return flat
