"""The small translator's files: splits stay apart and whole, its tokenizer gives back what it reads, its base loads."""

import gzip
import importlib
from pathlib import Path

import numpy as np
import pytest

from tunesmith.parts.bases import Shape
from tunesmith.parts.bases.hf_seq2seq import HfSeq2seq

BENCHMARKS = Path(__file__).parents[3] / "benchmarks"
PAIRS = [("A dog, running.", "Ein Hund, laufend."), ("Two men", 'Zwei "junge" Männer')]


@pytest.fixture
def translation(monkeypatch):
    monkeypatch.syspath_prepend(str(BENCHMARKS))
    return importlib.import_module("translation")


@pytest.fixture
def paths(tmp_path, translation):
    for name in translation.FILES.values():
        for side in (0, 1):
            lines = "".join(f"{pair[side]} {name}\n" for pair in PAIRS)
            (tmp_path / f"{name}.{('en', 'de')[side]}.gz").write_bytes(gzip.compress(lines.encode()))
    return translation.write(tmp_path, tmp_path / "data")


def test_every_split_has_its_own_pairs(paths, translation):
    assert list(paths) == ["train", "validation", "test"]
    said = translation.texts_of(paths["validation"])
    assert said == [f"{one} val" for pair in PAIRS for one in pair]


def test_the_base_loads_and_its_words_come_back(paths, tmp_path, translation):
    texts = translation.texts_of(paths["train"])
    translation.save(tmp_path / "body", texts)
    encoder = HfSeq2seq(path=str(tmp_path / "body")).build(Shape(texts=1, reads="answer"), 1)
    held = np.array(texts, object)
    rows = encoder.prepare(encoder.with_labels({"text": held[:, None]}, held))
    for at, text in enumerate(texts):
        assert encoder.tokenizer.decode(rows["tokens"][at], skip_special_tokens=True) == text
        assert rows["tokens"][at][-1] == rows["asked"][at][-1] == encoder.tokenizer.eos_token_id


def test_the_table_tells_every_system(translation):
    figure = {"value": 0.5, "low": 0.4, "high": 0.6}
    result = {
        "base": "hf_seq2seq",
        "metrics": {"chrf": figure},
        "baselines": {"copy_source": {"chrf": figure | {"value": 0.2}, "token_loss": {"value": None}}},
        "test_rows": 1000,
        "verdict": "better",
    }
    lines = translation.table(result).splitlines()
    assert lines[2].startswith("| hf_seq2seq | 0.5000 (0.4000 to 0.6000) |")
    assert lines[3] == "| copy_source | 0.2000 (0.4000 to 0.6000) |  |  |  |"
