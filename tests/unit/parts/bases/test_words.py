"""Each word has its first token's state, in rows longer than the body reads, beside whatever rows."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from tunesmith.parts.bases._words import WordEncoder
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
