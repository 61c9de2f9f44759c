"""Each word has its first token's state, in rows longer than the body reads, beside whatever rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from safetensors.torch import load_file, save_file

from tunesmith.core.errors import DataError
from tunesmith.parts.bases import Shape
from tunesmith.parts.bases._words import WordEncoder
from tunesmith.parts.bases.hf_encoder import HfEncoder
from tunesmith.testing import tiny

ROWS = [["It", "is", "unbelievable"], [], ["\u200d", "late"], [f"word{at}" for at in range(30)]]


@pytest.fixture(scope="module")
def encoder():
    return WordEncoder(tiny.body(), tiny.tokenizer(), "mean", 16).eval()


def rows_of(words):
    made = np.empty((len(words), 1), object)
    made[:, 0] = words
    return {"words": made}


def vectors(encoder, prepared, positions):
    with torch.inference_mode():
        return encoder(encoder.collate(prepared, np.array(positions))).numpy()


def test_there_is_a_vector_for_each_word(encoder):
    prepared = encoder.prepare(rows_of(ROWS))
    assert encoder.units(prepared).tolist() == [3, 0, 2, 30]
    assert len(vectors(encoder, prepared, [0, 1, 2, 3])) == 35
    assert vectors(encoder, prepared, [1]).shape == (0, encoder.width)


def test_rows_beside_it_change_no_word(encoder):
    prepared = encoder.prepare(rows_of(ROWS))
    whole = np.split(vectors(encoder, prepared, [3, 2, 1, 0]), [30, 32, 32])
    for row, found in zip([3, 2, 1, 0], whole, strict=True):
        np.testing.assert_allclose(found, vectors(encoder, prepared, [row]), atol=1e-5)


def test_a_word_is_its_first_token(encoder):
    prepared = encoder.prepare(rows_of([["it", "is", "xy"]]))
    tokens = [encoder.tokenizer.id_to_token(one) for one in prepared["tokens"].values]
    assert tokens == ["[CLS]", "it", "is", "x", "##y", "[SEP]"]
    assert prepared["heads"].values.tolist() == [1, 2, 3]
    states = encoder.body(input_ids=torch.tensor([prepared["tokens"].values.tolist()])).last_hidden_state
    np.testing.assert_allclose(vectors(encoder, prepared, [0]), states[0, [1, 2, 3]].detach().numpy(), atol=1e-5)


def test_a_long_row_is_read_in_pieces_of_whole_words(encoder):
    prepared = encoder.prepare(rows_of([ROWS[3]]))
    lengths = prepared["pieces"].values
    assert lengths.max() <= 16
    assert lengths.sum() == len(prepared["tokens"].values)
    starts = np.concatenate([[0], np.cumsum(lengths)[:-1]])
    assert (prepared["tokens"].values[starts] == prepared["tokens"].values[0]).all(), "each piece begins as a text does"
    firsts = {prepared["tokens"].values[at] for at in prepared["heads"].values}
    assert firsts == {encoder.tokenizer.token_to_id("w")}


def test_a_word_longer_than_all_that_is_read_is_cut(encoder):
    prepared = encoder.prepare(rows_of([["late", "x" * 40, "late"]]))
    assert encoder.units(prepared).tolist() == [3]
    found = vectors(encoder, prepared, [0])
    assert np.isfinite(found).all()


def test_weights_that_are_missing_are_not_drawn_at_random(tmp_path):
    tiny.save(tmp_path)
    weights = load_file(tmp_path / "model.safetensors")
    lost = next(name for name in weights if name.endswith("query.weight"))
    save_file({name: one for name, one in weights.items() if name != lost}, tmp_path / "model.safetensors")
    with pytest.raises(DataError, match=r"1 weights are not in the file.*query\.weight"):
        HfEncoder(path=str(tmp_path)).build(Shape(texts=1), 0)
    (tmp_path / "model.safetensors").write_bytes((tmp_path / "model.safetensors").read_bytes()[:200])
    with pytest.raises(DataError, match="no encoder could be loaded"):
        HfEncoder(path=str(tmp_path)).build(Shape(texts=1), 0)
