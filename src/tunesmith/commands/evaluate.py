"""`tunesmith evaluate`: measures a version on labelled rows."""

from __future__ import annotations

from argparse import Namespace
from pathlib import Path

from ..terminal import figure, table
from ..version import load, read_rows
from . import Answer


def run(options: Namespace) -> Answer:
    """Measure and print."""
    version = load(options.version, options.home)
    value = version.evaluate(read_rows(options.data, Path(), version), options.slice)
    parts = [table(["metric", "value"], [[name, figure(one)] for name, one in value["metrics"].items()])]
    for column, found in value["slices"].items():
        names = list(value["metrics"])[:3]
        lines = [[name, one["rows"], *(figure(one["metrics"][m]) for m in names)] for name, one in found.items()]
        parts.append(table([column, "rows", *names], lines))
    return Answer(
        value,
        "\n\n".join([*parts, f"{value['rows']} rows with a label, {value['unlabelled']} without; {value['version']}"]),
    )
