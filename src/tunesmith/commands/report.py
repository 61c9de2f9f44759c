"""`tunesmith report`: a version's report as one page."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ..pages import render
from ..version import stored_report
from . import Answer


def run(options: Namespace) -> Answer:
    """Write the page."""
    stored, values = stored_report(options.version, options.home)
    path = options.output or Path(f"{stored.name}-{stored.number}.html")
    path.write_text(render(values), "utf-8")
    return Answer({"path": str(path)}, f"report written to {path}")
