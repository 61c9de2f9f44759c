import numpy as np
import polars as pl
import pytest

from tunesmith.core.errors import DataError
from tunesmith.core.events import Events
from tunesmith.data import Dataset
from tunesmith.data.near import near_pairs
from tunesmith.data.sift import SIDES, Sifting, search, sift
from tunesmith.data.sift.copies import first_equal, occurrences
from tunesmith.stages.split import Roles, Split, split

KINDS = {"text": "text", "price": "number", "shop": "category"}


def table(rows=400, seed=0):
    """Return rows of which some are copies, some near, some near but for a number or a category."""
    random = np.random.default_rng(seed)
    letters = list("abcdefghijklmnopqrstuvwxyz")
    words = ["".join(random.choice(letters, size)) for size in random.integers(2, 9, 1500)]
    texts = [" ".join(random.choice(words, 25)) for _ in range(rows)]
    frame = pl.DataFrame(
        {
            "text": texts,
            "price": random.normal(20, 5, rows).round(2),
            "shop": random.choice(["a", "b", "c"], rows),
            "label": random.choice(["x", "y"], rows),
        }
    )
    near = frame[:60].with_columns(pl.col("text") + "!")
    other = frame[60:90].with_columns(pl.col("text") + "!", pl.col("price") + 9.0)
    relabelled = frame[90:110].with_columns(pl.lit("z").alias("label"))
    both = pl.concat([frame, near, other, relabelled, frame[:25], near[:10]])
    return both[random.permutation(both.height)]


def sifted(frame, folder, size=100, **settings):
    batches = (frame[start : start + size] for start in range(0, frame.height, size))
    done = sift(batches, folder, Sifting(KINDS, **settings))
    return done, pl.concat([pl.read_parquet(part) for part in sorted(folder.glob("*.parquet"))])


def test_ids_copies_and_near_rows_are_those_of_the_plain_way(tmp_path):
    frame = table()
    done, kept = sifted(frame, tmp_path, target="label")
    whole = Dataset.of(frame, "rows.csv").identified(list(KINDS), ["price"])
    first = frame.select(pl.struct(pl.all()).is_first_distinct())[:, 0].to_numpy()
    assert kept["id"].to_list() == whole.where(first).ids
    assert kept.drop("id", "split").equals(frame.filter(pl.Series(first)))
    assert done.rows == frame.height == kept.height + done.copies
    assert done.copies == 35
    plain = near_pairs(frame, KINDS)
    wanted = [(a, b) for a, b in zip(plain.first, plain.second, strict=True) if first[a] and first[b]]
    assert list(zip(done.pairs.first, done.pairs.second, strict=True)) == wanted
    assert len(wanted) >= 60 + 20


def test_rows_stand_where_the_splitting_stage_puts_them(tmp_path):
    frame = table()
    _, kept = sifted(frame, tmp_path, test=0.3, validation=0.2, salt="other")
    whole = Dataset.of(frame, "rows.csv").identified(list(KINDS), ["price"])
    plain = split(whole, Split(test=0.3, validation=0.2, salt="other"), Roles(kinds=KINDS), Events()).rows
    theirs = dict(zip(plain.ids, plain.index["split"], strict=True))
    assert kept["split"].to_list() == [theirs[name] for name in kept["id"]]


def test_near_rows_are_on_one_side_and_all_are_counted(tmp_path):
    frame = table()
    done, kept = sifted(frame, tmp_path)
    whole = Dataset.of(frame, "rows.csv").identified(list(KINDS), ["price"])
    side = dict(kept["id", "split"].iter_rows())
    for first, second in zip(done.pairs.first, done.pairs.second, strict=True):
        both = {side[whole.ids[first]], side[whole.ids[second]]}
        assert len(both) == 1 or "aside" in both
    assert done.splits == {name: kept["split"].to_list().count(name) for name in SIDES}


@pytest.mark.parametrize("size", [1, 37, 10_000])
def test_the_size_of_batches_changes_nothing(tmp_path, size):
    frame = table(120)
    _, one = sifted(frame, tmp_path / "one", 50)
    _, other = sifted(frame, tmp_path / "other", size)
    assert one.equals(other)


def test_rows_compared_in_several_readings_are_the_same(tmp_path, monkeypatch):
    frame = table(120)
    done, one = sifted(frame, tmp_path / "one")
    monkeypatch.setattr(search, "HELD", 6)
    again, other = sifted(frame, tmp_path / "other")
    assert one.equals(other)
    assert done.pairs.similarity.tolist() == again.pairs.similarity.tolist()


def test_rows_of_numbers_or_categories_alone_are_sifted(tmp_path):
    frame = pl.DataFrame({"x": [1.0, 1.00001, *range(9), 3.0], "shop": ["a"] * 12})
    done = sift([frame], tmp_path / "x", Sifting({"x": "number"}))
    assert list(zip(done.pairs.first, done.pairs.second, strict=True)) == [(0, 1)]
    assert done.copies == 2
    assert sift([frame], tmp_path / "shop", Sifting({"shop": "category"})).copies == 11


def test_rows_of_which_everything_is_missing_are_near_to_nothing(tmp_path):
    frame = pl.DataFrame({"text": [None, "", " ", "a"], "label": ["x", "y", "z", "x"]})
    done = sift([frame], tmp_path, Sifting({"text": "text"}, target="label"))
    assert len(done.pairs) == 0
    assert done.copies == 0


def test_nothing_stays_behind_but_the_shards(tmp_path):
    frame = table(50)
    sifted(frame, tmp_path)
    assert {path.suffix for path in tmp_path.iterdir()} == {".parquet"}
    with pytest.raises(DataError, match="row 101 on has other columns: 'price' Float64, 'price' String"):
        sift([frame[:100], frame.cast({"price": pl.String})], tmp_path / "bad", Sifting(KINDS))
    assert list((tmp_path / "bad").iterdir()) == []


def test_what_cannot_be_sifted_is_said(tmp_path):
    frame = table(10)
    with pytest.raises(DataError, match="there are no rows"):
        sift([], tmp_path, Sifting(KINDS))
    with pytest.raises(DataError, match=r"a column 'id' already.*rename"):
        sift([frame.with_columns(id=1)], tmp_path, Sifting(KINDS))
    with pytest.raises(DataError, match="no column 'body'"):
        sift([frame], tmp_path, Sifting({"body": "text"}))
    with pytest.raises(DataError, match="no column 'answer'"):
        sift([frame], tmp_path, Sifting(KINDS, target="answer"))
    with pytest.raises(DataError, match="holds images"):
        Sifting({"picture": "image"})


def test_first_and_number_of_equal_hashes():
    hashes = np.array([5, 7, 5, 2**63, 5, 7], np.uint64)
    assert first_equal(hashes).tolist() == [0, 1, 0, 3, 0, 1]
    assert occurrences(hashes).tolist() == [1, 1, 2, 1, 3, 2]
    assert first_equal(hashes[:0]).tolist() == occurrences(hashes[:0]).tolist() == []
