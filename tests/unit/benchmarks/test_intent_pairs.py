"""Pairs out of intents: no text on two sides, as many alike as unlike, half of the unlike ones hard."""

import importlib
from pathlib import Path

import numpy as np
import polars as pl
import pytest

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"


@pytest.fixture
def intent_pairs(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("intent_pairs")


@pytest.fixture
def banking(tmp_path):
    words = {
        "card": "card arrive post",
        "stolen": "card lost stolen",
        "rate": "exchange rate euro",
        "fee": "fee charge cash",
    }
    for name, count in (("train", 80), ("test", 40)):
        rows = [(f"{text} {name} {at}", intent) for intent, text in words.items() for at in range(count)]
        pl.DataFrame(rows, schema=["text", "category"], orient="row").write_csv(tmp_path / f"{name}.csv")
    return tmp_path


def test_no_text_is_on_two_sides(intent_pairs, banking, tmp_path):
    found = {name: pl.read_csv(path) for name, path in intent_pairs.write(banking, tmp_path / "made").items()}
    texts = {name: set(rows["one"]) | set(rows["other"]) for name, rows in found.items()}
    assert not texts["train"] & texts["validation"]
    assert not texts["test"] & (texts["train"] | texts["validation"])
    assert len(texts["test"]) == 2 * len(found["test"]), "each test text stands in one pair"
    for rows in found.values():
        assert 0.4 < (rows["same"] == "yes").mean() < 0.6
    again = intent_pairs.write(banking, tmp_path / "again")
    assert pl.read_csv(again["train"]).equals(found["train"])


def test_a_pair_is_alike_where_its_intents_are(intent_pairs, banking):
    texts = pl.read_csv(banking / "test.csv")
    intent = dict(texts.iter_rows())
    near = {"card": ["stolen"], "stolen": ["card"], "rate": ["fee"], "fee": ["rate"]}
    rows = intent_pairs.pairs(texts, near, np.random.default_rng(0))
    assert all((intent[one] == intent[other]) == (same == "yes") for one, other, same in rows.iter_rows())
    unlike = rows.filter(same="no")
    hard = np.mean([intent[other] in near[intent[one]] for one, other, _ in unlike.iter_rows()])
    assert 0.5 < hard < 0.9, "half, and by chance a third of the others"


def test_confusable_intents_share_words(intent_pairs, banking):
    assert intent_pairs.confusable(pl.read_csv(banking / "train.csv"))["card"][0] == "stolen"
