"""The rows that `tunesmith demo` trains on: support messages of a made-up web shop, with faults planted in them."""

from __future__ import annotations

from importlib import resources
from pathlib import Path


def data_path() -> Path:
    """Return where `tickets.csv` lies: columns `ticket_id message channel order_value team`, `team` to be learnt."""
    return Path(str(resources.files(__name__) / "tickets.csv"))
