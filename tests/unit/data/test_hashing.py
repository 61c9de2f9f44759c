"""Ids are for ever: what they were when first given, they are on every version of every library."""

import hashlib

import numpy as np
import polars as pl
import pytest
from hypothesis import given
from hypothesis import strategies as some

from tunesmith.core.ids import digest, unit_interval
from tunesmith.data import Dataset, hashing
from tunesmith.data.hashing import hexadecimal, row_hashes, text_hashes, unit_intervals

MIXED = {
    "text": ["good", 'bad "quoted"\n', "Grüße 日本 😀", None, "good", "", "good"],
    "price": [1, 2, None, 4, 1, 0, 1],
    "ratio": [0.1, float("nan"), 1e300, -0.0, 0.1, 1e-7, 0.1],
    "words": [["a", "b"], [], None, ["é"], ["a", "b"], [""], ["a", "b"]],
    "is_new": [True, False, None, True, True, False, True],
    "code": ["1", "02", " 3", "x", "1", "", "1.0"],
}
GOLDEN = [
    (
        list(MIXED),
        ["price", "ratio", "code"],
        "cbe2a8c18e4ef724 a252a0c61e7e921b 099f63911e1b530a dfb31bb22091be7e "
        "cbe2a8c18e4ef724-2 2ef26b7ee51c9db7 cbe2a8c18e4ef724-3",
    ),
    (
        ["text"],
        [],
        "492d8232566946e4 c69d4189242328dc affa4ac2ae01d6f0 9c454146ef74156d "
        "492d8232566946e4-2 63be7e41e020bc00 492d8232566946e4-3",
    ),
    (
        ["price"],
        ["price"],
        "a4e3fbd270de8403 9c98493c227e1d71 dc2c82b7934e9f64 076e84f8be788018 "
        "a4e3fbd270de8403-2 a2df52b4475eb3a9 a4e3fbd270de8403-3",
    ),
    (
        ["price"],
        [],
        "723e169bc2ff42d8 9b17c23c29473849 dc2c82b7934e9f64 0d68a5e40cc82a1a "
        "723e169bc2ff42d8-2 7a5759ea2ded35c0 723e169bc2ff42d8-3",
    ),
    (
        ["words", "is_new"],
        [],
        "3490d8f4c6b14265 30bc78f7aac71b72 06fe0161421a623a ed88b572f6849f74 "
        "3490d8f4c6b14265-2 d25679dea673973f 3490d8f4c6b14265-3",
    ),
    (
        [],
        [],
        "e3b0c44298fc1c14 e3b0c44298fc1c14-2 e3b0c44298fc1c14-3 e3b0c44298fc1c14-4 "
        "e3b0c44298fc1c14-5 e3b0c44298fc1c14-6 e3b0c44298fc1c14-7",
    ),
]


def mixed():
    return pl.DataFrame(MIXED, schema_overrides={"words": pl.List(pl.String)})


@pytest.mark.parametrize("chunk", [hashing.CHUNK, 2])
@pytest.mark.parametrize(
    ("columns", "numeric", "ids"), GOLDEN, ids=lambda value: "-".join(value)[:24] if isinstance(value, list) else ""
)
def test_ids_are_those_that_rows_have_always_had(columns, numeric, ids, chunk, monkeypatch):
    monkeypatch.setattr(hashing, "CHUNK", chunk)
    assert Dataset.of(mixed(), "rows.csv").identified(columns, numeric).ids == ids.split()


def test_a_hash_is_the_begin_of_the_sha256():
    texts = ["", "a", "Grüße", "\x00"]
    assert hexadecimal(text_hashes(pl.Series(texts))).to_list() == [digest(text)[:16] for text in texts]
    assert hexadecimal(row_hashes(pl.DataFrame({"x": ["a"]}), ["x"])).to_list() == [digest('{"x":"a"}')[:16]]


def test_no_zero_of_a_hash_is_lost():
    hashes = np.array([0, 1, 2**63, 0xFF00, 2**64 - 1], np.uint64)
    assert hexadecimal(hashes).to_list() == [f"{value:016x}" for value in hashes.tolist()]
    assert hexadecimal(hashes[:0]).to_list() == []


@given(some.lists(some.text('a\x00"é日😀', max_size=9), min_size=1, max_size=9), some.sampled_from(["", "salt", "é"]))
def test_places_in_the_unit_interval_are_those_of_single_texts(texts, salt):
    assert unit_intervals(pl.Series(texts), salt).tolist() == [unit_interval(text, salt) for text in texts]


@given(some.lists(some.sampled_from("abc")))
def test_copies_are_counted_in_the_order_of_the_rows(texts):
    ids = Dataset.of(pl.DataFrame({"x": texts}, schema={"x": pl.String}), "rows.csv").identified(["x"]).ids
    seen: dict[str, int] = {}
    for text, found in zip(texts, ids, strict=True):
        seen[text] = seen.get(text, 0) + 1
        content = hashlib.sha256(f'{{"x":"{text}"}}'.encode()).hexdigest()[:16]
        assert found == content + (f"-{seen[text]}" if seen[text] > 1 else "")
