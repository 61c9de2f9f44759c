"""Measure data preparation, alone and against its peers, and write docs/benchmarks-data.md.

    python benchmarks/data.py scale OUT --rows 10000000   # Tunesmith alone: bounded memory
    python benchmarks/data.py peers OUT --rows 1000000 --peers-python PYTHON
    python benchmarks/data.py --page                      # the page again, from the runs that are there

OUT is a folder for generated rows and results, with room for four times the CSV. Runs are kept in
benchmarks/kept/data-PART.json: the same command again goes on where it was interrupted; `--again` starts anew.
"""

from __future__ import annotations

import argparse
import json
import sys
from pathlib import Path

from data_prep import page, runs
from training.machine import allowed_cores
from training.runs import Kept

KEPT, PAGE = Path("benchmarks/kept"), Path("docs/benchmarks-data.md")
ROWS, ROUNDS = {"scale": 10_000_000, "peers": 1_000_000}, {"scale": 1, "peers": 3}


def main(arguments: list[str]) -> None:
    options = parser().parse_args(arguments)
    if options.part is not None:
        if options.out is None:
            sys.exit("OUT is missing: a folder for the generated rows")
        options.rows = options.rows or ROWS[options.part]
        options.rounds = options.rounds or ROUNDS[options.part]
        settings = {"rows": options.rows, "batch": options.batch, "processes": options.processes}
        path = options.kept / f"data-{options.part}.json"
        kept = Kept.open(path, settings, shown(arguments), options.again)
        runs.run(options, kept, say)
        say(
            json.dumps([one["what"] | one.get("result", {"reason": one.get("reason")}) for one in kept.content["runs"]])
        )
    elif not options.page:
        sys.exit("name a part (" + ", ".join(page.PARTS) + ") and OUT, or give --page")
    to = PAGE if options.kept == KEPT else options.kept / PAGE.name
    page.write(options.kept, to)
    say(f"wrote {to}")


def say(line: str) -> None:
    print(line, flush=True)


def parser() -> argparse.ArgumentParser:
    made = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    made.add_argument("part", nargs="?", choices=page.PARTS)
    made.add_argument("out", nargs="?", type=Path)
    made.add_argument("--page", action="store_true", help="write the page and measure nothing")
    made.add_argument("--again", action="store_true", help="discard the runs that are there")
    made.add_argument("--rows", type=int, help=f"how many to generate ({ROWS['scale']:,}; peers {ROWS['peers']:,})")
    made.add_argument(
        "--rounds", type=int, help=f"runs of each contestant ({ROUNDS['scale']}; peers {ROUNDS['peers']})"
    )
    made.add_argument("--batch", type=int, default=250_000, help="rows that Tunesmith reads at a time (250,000)")
    made.add_argument("--processes", type=int, default=len(allowed_cores()), help="of the peers' sketches (all cores)")
    made.add_argument("--peers-python", help="interpreter of the environment of requirements-data.txt")
    made.add_argument("--kept", type=Path, default=KEPT, help="folder of the kept runs")
    return made


def shown(arguments: list[str]) -> str:
    """Return the command as a reader would give it, without the places of this machine."""
    named = ["PYTHON" if "python" in Path(one).name and "/" in one else one for one in arguments if one != "--again"]
    return " ".join("OUT" if "/" in one and not one.startswith("-") else one for one in named)


if __name__ == "__main__":
    main(sys.argv[1:])
