"""What is personal is masked in all that is written for reading: reports, pages, tables, JSON."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from . import Check
from .personal_data import PersonalData

PICTURE = "data:image/"


@dataclass(frozen=True, slots=True)
class Veil:
    """Masks what the recipe's check `personal_data` looks for; `check` is None where the recipe wants none of it.

    `numbers` are the columns of integers in which that check found payment cards.
    """

    check: PersonalData | None
    numbers: frozenset[str] = frozenset()

    @classmethod
    def of(cls, checks: Mapping[str, Check | Literal[False]], findings: Sequence[Mapping[str, Any]]) -> Veil:
        """Return the veil that a recipe's `checks` ask for, after what was found, as JSON values."""
        check = checks.get("personal_data", PersonalData())
        if not isinstance(check, PersonalData) or not check.mask:
            return cls(None)
        found = (one for one in findings if one["check"] == check.kind)
        return cls(check, frozenset(one["column"] for one in found if one["rows"][0]["suggestion"] is None))

    def over(self, value: Any) -> Any:
        """Return a JSON value with what is personal masked in its texts and names. An `id` stays: it finds the row."""
        check = self.check
        if check is None:
            return value
        if isinstance(value, str):
            return value if value.startswith(PICTURE) else check.hide(value)
        if isinstance(value, Mapping):
            return {check.hide(str(key)): self._item(str(key), one) for key, one in value.items()}
        return [self.over(one) for one in value] if isinstance(value, list | tuple) else value

    def _item(self, key: str, value: Any) -> Any:
        if key == "id":
            return value
        if key in self.numbers and isinstance(value, int):
            hidden = self.over(str(value))
            return value if hidden == str(value) else hidden
        return self.over(value)
