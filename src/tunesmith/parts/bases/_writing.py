"""How a language model's answers are written."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, Any

from pydantic import Field, ValidationError, field_validator

from ...core.errors import DataError
from ...core.part import Section

COLDEST = 0.01  # below, chances are so steep that drawing is taking the likeliest, and their logarithms overflow


class Writing(Section):
    """How answers are written."""

    max_new_tokens: int = Field(256, ge=1)
    """An answer ends here at the latest."""
    beams: int = Field(1, ge=1)
    """How many answers are followed side by side; 1: the likeliest token is taken each time."""
    temperature: float = Field(0.0, ge=0.0)
    """0: the likeliest token; else tokens are drawn, from flatter chances the higher it is."""
    top_p: float = Field(1.0, gt=0.0, le=1.0)
    """Tokens are drawn from the likeliest that make up this share."""
    stop: list[Annotated[str, Field(min_length=1)]] = []
    """An answer ends before the first of these."""
    seed: int = Field(0, ge=0, lt=2**63)
    """What drawn tokens follow from."""

    @field_validator("temperature")
    @classmethod
    def _is_cold_or_warm(cls, value: float) -> float:
        if 0.0 < value < COLDEST:
            raise ValueError(f"is 0, for the likeliest token each time, or at least {COLDEST}")
        return value

    def changed(self, changes: Mapping[str, Any]) -> Writing:
        """Return this with some fields replaced. Raises DataError where a value cannot be, or would not be heeded."""
        try:
            found = Writing.model_validate(self.model_dump() | dict(changes))
        except ValidationError as error:
            told = [f"{'.'.join(map(str, one['loc']))} {_fact(one['msg'])}" for one in error.errors()]
            known = ", ".join(Writing.model_fields)
            raise DataError(f"writing: {'; '.join(told)} (known: {known})") from None
        if "top_p" in changes and not found.temperature:
            raise DataError("writing: top_p says from which tokens to draw, and none is drawn; add a temperature")
        return found


def _fact(message: str) -> str:
    return message.removeprefix("Value error, ").replace("Input should be", "should be")
