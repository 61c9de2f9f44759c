"""One file per command: what the command line asks for, answered by one call on the floor below."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, slots=True)
class Answer:
    """`value` is printed under --json, `text` otherwise."""

    value: Any
    text: str
    exit_code: int = 0
    is_silent: bool = False
    """Whether another process of the same run gives the answer."""
