"""Self-contained HTML pages a person reads offline: the report of a trained version and the check of its rows."""

from .account import forgetting, sentence
from .check import render_check
from .meanings import DASHES, meanings
from .report import render

__all__ = ["DASHES", "forgetting", "meanings", "render", "render_check", "sentence"]
