"""Data preparation with pandas, Polars or Hugging Face datasets, near rows by datasketch or Rensa, on one job.

    ENV/bin/python benchmarks/peers/run_data.py JOB.json

    {"rows": FOLDER, "to": FOLDER, "table": "pandas", "sketches": "datasketch", "processes": 2}

The last line on standard output is JSON, as that of data_prep/work_tunesmith.py. The work: read the CSV, give each row
an id by its inputs, drop rows equal to an earlier one, find near texts (character 5-grams, Jaccard 0.8), divide by the
id with near rows on one side, write Parquet.
"""

from __future__ import annotations

import json
import sys
import unicodedata
from collections.abc import Iterable
from functools import partial
from importlib.metadata import version
from multiprocessing import Pool
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1]))
from data_prep.stages import Stages

INPUTS = ["text", "price", "quantity", "shop", "country"]
WIDTH, PERMUTATIONS, THRESHOLD = 5, 128, 0.8
PIECE = 2_000  # texts that a process sketches before it gives them back
RENSA_BANDS = 16  # of 8 rows: its README's 8 bands would find one in five pairs at 0.8


class Pandas:
    """Rows as a pandas DataFrame, read by Arrow."""

    name = "pandas"

    def read(self, path: str) -> None:
        import pandas

        self.library = pandas
        self.frame = pandas.read_csv(path, engine="pyarrow", dtype_backend="pyarrow")
        self.frame["row"] = np.arange(len(self.frame))

    def identify(self) -> None:
        self.frame["hash"] = self.library.util.hash_pandas_object(self.frame[INPUTS], index=False).to_numpy()

    def drop_copies(self) -> None:
        self.frame = self.frame.drop_duplicates([*INPUTS, "label"], ignore_index=True)

    def column(self, name: str) -> Any:
        return self.frame[name].to_numpy() if name != "text" else self.frame[name].tolist()

    def write(self, sides: np.ndarray, path: str) -> None:
        self.frame.assign(split=sides).to_parquet(path, index=False)


class Polars:
    """Rows as a Polars DataFrame."""

    name = "polars"

    def read(self, path: str) -> None:
        import polars

        self.library = polars
        self.frame = polars.read_csv(path).with_row_index("row")

    def identify(self) -> None:
        self.frame = self.frame.with_columns(self.frame.select(INPUTS).hash_rows().alias("hash"))

    def drop_copies(self) -> None:
        self.frame = self.frame.unique([*INPUTS, "label"], keep="first", maintain_order=True)

    def column(self, name: str) -> Any:
        return self.frame[name].to_numpy() if name != "text" else self.frame[name].to_list()

    def write(self, sides: np.ndarray, path: str) -> None:
        self.frame.with_columns(self.library.Series("split", sides)).write_parquet(path)


class Datasets:
    """Rows as a Hugging Face dataset, which lies on disk; copies by a set of hashes, as it has no verb for them."""

    name = "datasets"

    def __init__(self, processes: int, cache: str) -> None:
        self.processes, self.cache = processes, cache

    def read(self, path: str) -> None:
        import datasets

        datasets.disable_progress_bars()
        self.frame = datasets.load_dataset("csv", data_files=path, split="train", cache_dir=self.cache)

    def identify(self) -> None:
        def hashed(batch: dict[str, list], rows: list[int]) -> dict[str, Any]:
            import pandas

            table = pandas.DataFrame({name: batch[name] for name in [*INPUTS, "label"]})
            whole = pandas.util.hash_pandas_object(table, index=False)
            own = pandas.util.hash_pandas_object(table[INPUTS], index=False)
            return {"row": rows, "hash": own.to_numpy(), "whole": whole.to_numpy()}

        self.frame = self.frame.map(hashed, batched=True, batch_size=10_000, with_indices=True, num_proc=self.processes)

    def drop_copies(self) -> None:
        _, first = np.unique(self.column("whole"), return_index=True)
        self.frame = self.frame.select(np.sort(first))

    def column(self, name: str) -> Any:
        values = self.frame.with_format("arrow")[:][name].combine_chunks()
        return values.to_pylist() if name == "text" else values.to_numpy(zero_copy_only=False)

    def write(self, sides: np.ndarray, path: str) -> None:
        self.frame.add_column("split", sides.tolist()).to_parquet(path)


def shingles(text: str) -> list[bytes]:
    folded = " ".join(unicodedata.normalize("NFKC", text).casefold().split())
    return [part.encode() for part in {folded[at : at + WIDTH] for at in range(max(1, len(folded) - WIDTH + 1))}]


def sketched(texts: list[str]) -> np.ndarray:
    """Return the MinHashes of some texts, uint32 (texts, PERMUTATIONS): arrays travel better than objects."""
    import xxhash
    from datasketch import MinHash

    made = MinHash.bulk(map(shingles, texts), num_perm=PERMUTATIONS, hashfunc=xxhash.xxh32_intdigest)
    return np.stack([one.hashvalues for one in made]).astype(np.uint32)


def by_datasketch(texts: list[str], processes: int) -> Iterable[tuple[int, int]]:
    """Yield pairs of positions that share a band of MinHashLSH, each with every earlier one."""
    from datasketch import LeanMinHash, MinHash, MinHashLSH

    scheme = MinHash(num_perm=2).scheme
    lsh = MinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS)
    pieces = [texts[start : start + PIECE] for start in range(0, len(texts), PIECE)]
    position = 0
    with Pool(processes) as pool, lsh.insertion_session() as session:
        for values in pool.imap(sketched, pieces):
            for value in values:
                sketch = LeanMinHash(seed=1, hashvalues=value, scheme=scheme)
                for earlier in lsh.query(sketch):
                    yield earlier, position
                session.insert(position, sketch, check_duplication=False)
                position += 1


def by_rensa(texts: list[str], processes: int) -> Iterable[tuple[int, int]]:
    """Yield pairs of positions that share a band of RMinHashLSH."""
    from rensa import RMinHashLSH

    lsh = RMinHashLSH(threshold=THRESHOLD, num_perm=PERMUTATIONS, num_bands=RENSA_BANDS)
    starts = range(0, len(texts), PIECE)
    with Pool(processes) as pool:
        sketches = pool.imap(rensa_sketches, [texts[start : start + PIECE] for start in starts])
        for start, made in zip(starts, sketches, strict=True):
            lsh.insert_many(made, start)
            for at, others in enumerate(lsh.query_all(made), start):
                yield from ((other, at) for other in others if other < at)


def rensa_sketches(texts: list[str]) -> list[Any]:
    from rensa import RMinHash

    return RMinHash.from_token_sets([shingles(text) for text in texts], num_perm=PERMUTATIONS, seed=1)


def divided(hashes: np.ndarray, pairs: list[tuple[int, int]]) -> np.ndarray:
    """Return the side of each row: by its hash, but a later near row goes where the earlier one is."""
    place = hashes.astype(np.uint64) / 2.0**64
    sides = np.select([place < 0.2, place < 0.3], ["test", "validation"], "train")
    for earlier, later in sorted(pairs, key=lambda pair: pair[1]):
        sides[later] = sides[earlier]
    return sides


def main(path: str) -> None:
    job = json.loads(Path(path).read_text("utf-8"))
    processes, to = job["processes"], Path(job["to"])
    to.mkdir(parents=True, exist_ok=True)
    tables = {"pandas": Pandas, "polars": Polars, "datasets": partial(Datasets, processes, str(to / "cache"))}
    table, stages = tables[job["table"]](), Stages()
    stages.begin("read")
    table.read(str(Path(job["rows"], "rows.csv")))
    stages.begin("ids")
    table.identify()
    stages.begin("copies")
    table.drop_copies()
    stages.begin("near")
    search = {"datasketch": by_datasketch, "rensa": by_rensa}[job["sketches"]]
    pairs = list(search(table.column("text"), processes))
    stages.children = processes
    stages.begin("split")
    sides = divided(table.column("hash"), pairs)
    stages.begin("write")
    table.write(sides, str(to / "rows.parquet"))
    account = stages.account()
    rows = np.asarray(table.column("row"))
    _keep(rows[np.array(pairs, np.int64).reshape(-1, 2)], to / "pairs.found")
    libraries = {name: version(name) for name in (table.name, job["sketches"])}
    print(json.dumps(account | {"pairs": len(pairs), "kept": len(rows), "versions": libraries}))


def _keep(pairs: np.ndarray, path: Path) -> None:
    import pyarrow
    from pyarrow import parquet

    parquet.write_table(pyarrow.table({"first": pairs[:, 0], "second": pairs[:, 1]}), path)


if __name__ == "__main__":
    main(sys.argv[1])
