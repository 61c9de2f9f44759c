"""How a language model's answers are written."""

from __future__ import annotations

from pydantic import Field

from ...core.part import Section


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
    stop: list[str] = []
    """An answer ends before the first of these."""
    seed: int = Field(0, ge=0)
    """What drawn tokens follow from."""
