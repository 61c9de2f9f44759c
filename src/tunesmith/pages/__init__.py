"""Self-contained HTML pages a person reads offline: the report of a trained version and the check of its rows."""

from .account import sentence
from .check import render_check
from .meanings import DASHES, meanings
from .report import render

__all__ = ["DASHES", "meanings", "render", "render_check", "sentence"]
