"""The part of a message that says what was probably meant."""

from __future__ import annotations

import difflib
from collections.abc import Sequence

LISTED = 20


def did_you_mean(asked: str, known: Sequence[str]) -> str:
    """Return `; did you mean 'x'? (known: x, y)`, as much of it as there is to say."""
    near = difflib.get_close_matches(asked, known, 1)
    hint = f"; did you mean '{near[0]}'?" if near else ""
    return f"{hint} (known: {listed(known) or 'none'})"


def listed(items: Sequence[object]) -> str:
    """Return items separated by commas, the last ones where they are many."""
    shown = ", ".join(map(str, items[-LISTED:]))
    return f"..., {shown}" if len(items) > LISTED else shown
