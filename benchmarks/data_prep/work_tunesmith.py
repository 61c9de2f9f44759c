"""Tunesmith on one job: {"rows": FOLDER, "to": FOLDER, "batch": rows at a time}. Prints JSON on its last line."""

from __future__ import annotations

import json
import sys
from collections.abc import Iterator
from pathlib import Path

import polars as pl

from tunesmith.data.sift import Sifting, sift
from tunesmith.data.sources.csv import Csv

from .rows import INPUTS
from .stages import Stages


def batches(path: Path, rows: int) -> Iterator[pl.DataFrame]:
    """Yield the rows as the source gives them."""
    source = Csv(path=path.name)
    if hasattr(source, "batches"):
        yield from source.batches(path.parent, rows)
    else:
        yield from pl.scan_csv(path).collect_batches(chunk_size=rows, engine="streaming")


def main(path: str) -> None:
    job = json.loads(Path(path).read_text("utf-8"))
    stages, to = Stages(), Path(job["to"])
    how = Sifting(INPUTS, target="label")
    done = sift(batches(Path(job["rows"], "rows.csv"), job["batch"]), to, how, stages.begin)
    account = stages.account()
    pl.DataFrame({"first": done.pairs.first, "second": done.pairs.second}).write_parquet(to / "pairs.found")
    counts = {"rows": done.rows, "copies": done.copies, "pairs": len(done.pairs), "splits": done.splits}
    print(json.dumps(account | counts))


if __name__ == "__main__":
    main(sys.argv[1])
