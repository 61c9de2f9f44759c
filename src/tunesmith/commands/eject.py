"""`tunesmith eject`: a language model without Tunesmith."""

from __future__ import annotations

from argparse import Namespace

from ..ejected import check_folder, eject
from ..version import load
from . import Answer


def run(options: Namespace) -> Answer:
    """Write the model, and how it was trained."""
    check_folder(options.folder)
    version = load(options.version, options.home)
    made = eject(version, options.folder, options.home, options.place, options.model_only)
    lines = [f"{version.label} written to {made.folder}: {', '.join(made.names)}"]
    lines += [f"note: {one}" for one in made.remarks]
    if made.rows:
        lines.append(f"python {made.folder}/train.py comes to {made.weights}")
    return Answer(made.as_json(), "\n".join(lines))
