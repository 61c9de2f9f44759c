"""What frozen layers make of rows is kept under all that it follows from, and read back as it was."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest
import torch

from tunesmith.core.errors import StoreFullError
from tunesmith.data import Ragged, States
from tunesmith.model.activations import Kept, prepared
from tunesmith.testing import tiny
from unit.training.small import network, rows, store

DEVICE = torch.device("cpu")
BF16 = torch.autocast("cpu", dtype=torch.bfloat16)


class Counting:
    """An encoder's passes, by the number of their rows."""

    def __init__(self, monkeypatch):
        self.rows = []
        for name in ("lower", "forward"):
            right = getattr(tiny.TransformerEncoder, name)

            def count(encoder, tensors, *rest, right=right):
                self.rows.append(len(tensors["mask"]))
                return right(encoder, tensors, *rest)

            monkeypatch.setattr(tiny.TransformerEncoder, name, count)

    @property
    def total(self):
        """How many rows since the last time this was asked."""
        found, self.rows = sum(self.rows), []
        return found


@pytest.fixture
def counting(monkeypatch):
    return Counting(monkeypatch)


@pytest.fixture
def texts():
    return rows("text", 70, "train")


def encoder():
    return tiny.encoder().eval()


def expected(made, encoded, depth):
    """Return the states of each row by itself, one after the other."""
    found = []
    with torch.no_grad():
        for at in range(len(encoded)):
            tensors = made.collate(encoded.inputs, np.array([at]))
            found.append(made.lower(tensors, depth)[0].numpy())
    return np.concatenate(found)


@pytest.mark.parametrize("depth", [1, 2, 4])
def test_states_are_those_of_each_row_alone(depth, texts, tmp_path):
    for place in (None, store(tmp_path)):
        found = Kept(encoder(), place, DEVICE).states(texts, depth)
        assert isinstance(found, States)
        assert found.depth == depth
        assert found.values.dtype == np.float32
        np.testing.assert_array_equal(found.lengths, texts.inputs["tokens"].lengths)
        np.testing.assert_allclose(found.values, expected(encoder(), texts, depth), atol=1e-5)


def test_states_in_bfloat16_are_the_very_bits(texts, tmp_path):
    made = encoder()
    with BF16:
        found = Kept(made, store(tmp_path), DEVICE).states(texts, 3)
        again = Kept(made, store(tmp_path), DEVICE).states(texts, 3)
        in_memory = Kept(made, None, DEVICE).states(texts, 3)
    assert found.values.dtype == np.uint16
    assert np.array_equal(found.values, again.values)
    assert np.array_equal(found.values, in_memory.values)
    numbers = torch.from_numpy(found.values.copy()).view(torch.bfloat16).float().numpy()
    np.testing.assert_allclose(numbers, expected(encoder(), texts, 3), atol=0.1)


def test_vectors_are_fp32_whatever_the_training_is_in(texts, tmp_path):
    """The baselines and the loop share them: who asks first must make no difference."""
    exact = Kept(encoder(), None, DEVICE).vectors(texts)
    with BF16:
        np.testing.assert_array_equal(Kept(encoder(), None, DEVICE).vectors(texts), exact)
        Kept(encoder(), store(tmp_path), DEVICE).vectors(texts)
    np.testing.assert_array_equal(Kept(encoder(), store(tmp_path), DEVICE).vectors(texts), exact)


def test_drop_out_is_off_and_chance_untouched(texts):
    made = tiny.encoder().train()
    random = torch.get_rng_state()
    found = Kept(made, None, DEVICE).vectors(texts)
    assert torch.get_rng_state().equal(random)
    with torch.no_grad():
        direct = made.eval()(made.collate(texts.inputs, np.arange(70))).numpy()
    np.testing.assert_allclose(found, direct, atol=1e-5)


def test_a_second_request_computes_nothing(counting, texts, tmp_path):
    first = Kept(encoder(), store(tmp_path), DEVICE).states(texts, 2)
    assert counting.total == 70
    second = Kept(encoder(), store(tmp_path), DEVICE).states(texts, 2)
    assert counting.total == 0
    assert np.array_equal(first.values, second.values)
    heard = []
    Kept(encoder(), store(tmp_path), DEVICE).vectors(texts, heard.append)
    assert counting.total == 70
    assert heard == [64, 70]


def other_weight():
    made = encoder()
    with torch.no_grad():
        made.body.encoder.layer[0].output.dense.bias[3] += 1e-6
    return made


def other_embedding():
    made = encoder()
    with torch.no_grad():
        made.body.embeddings.word_embeddings.weight[9, 0] += 1e-6
    return made


def other_arithmetic():
    made = encoder()
    made.kernel.layers.reverse()
    made.body.config.layer_norm_eps = 1e-3
    return made


def upper_weight():
    made = encoder()
    with torch.no_grad():
        made.body.encoder.layer[3].output.dense.bias[3] += 1.0
    return made


@pytest.mark.parametrize("change", [other_weight, other_embedding, other_arithmetic])
def test_another_body_is_another_key(change, counting, texts, tmp_path):
    Kept(encoder(), store(tmp_path), DEVICE).states(texts, 2)
    assert counting.total == 70
    Kept(change(), store(tmp_path), DEVICE).states(texts, 2)
    assert counting.total == 70


def test_a_weight_above_the_cut_is_no_part_of_the_key(counting, texts, tmp_path):
    Kept(encoder(), store(tmp_path), DEVICE).states(texts, 2)
    Kept(upper_weight(), store(tmp_path), DEVICE).states(texts, 2)
    assert counting.total == 70
    Kept(encoder(), store(tmp_path), DEVICE).vectors(texts)
    Kept(upper_weight(), store(tmp_path), DEVICE).vectors(texts)
    assert counting.total == 140, "but it is one of the vectors'"


def test_other_rows_another_depth_another_precision_are_other_keys(counting, texts, tmp_path):
    kept = Kept(encoder(), store(tmp_path), DEVICE)
    kept.states(texts, 2)
    counting.total  # noqa: B018
    kept.states(texts, 3)
    assert counting.total == 70
    tokens = texts.inputs["tokens"]
    for values in (tokens.values[::-1].copy(), tokens.values + (np.arange(len(tokens.values)) == 3)):
        changed = Ragged(values.astype(np.int32), tokens.offsets)
        kept.states(replace(texts, inputs=dict(texts.inputs) | {"tokens": changed}), 2)
        assert counting.total == 70
    kept.states(texts.take(np.arange(69, -1, -1)), 2)
    assert counting.total == 70, "another order"
    with BF16:
        kept.states(texts, 2)
    assert counting.total == 70
    kept.states(texts, 2)
    assert counting.total == 0


def test_what_the_encoder_does_not_read_is_no_part_of_the_key(counting, texts, tmp_path):
    kept = Kept(encoder(), store(tmp_path), DEVICE)
    kept.states(texts, 2)
    kept.states(replace(texts, inputs=dict(texts.inputs) | {"numbers": np.zeros((70, 1), np.float32)}), 2)
    assert counting.total == 70


@pytest.mark.parametrize("damage", ["cut", "flipped", "empty"])
def test_a_damaged_entry_is_computed_again(damage, counting, texts, tmp_path):
    first = Kept(encoder(), store(tmp_path), DEVICE).states(texts, 2).values.copy()
    (entry,) = (tmp_path / "entries").iterdir()
    data = bytearray(entry.read_bytes())
    data[-1000] ^= 0x40
    entry.write_bytes({"cut": data[: len(data) // 2], "flipped": data, "empty": b""}[damage])
    counting.total  # noqa: B018
    again = Kept(encoder(), store(tmp_path), DEVICE).states(texts, 2).values
    assert counting.total == 70
    assert np.array_equal(first, again)


def test_a_store_without_room_says_so(texts, tmp_path):
    with pytest.raises(StoreFullError, match="no room"):
        Kept(encoder(), store(tmp_path, 1e-5), DEVICE).states(texts, 2)
    assert list((tmp_path / "entries").iterdir()) == []


def test_the_size_is_known_beforehand(texts, tmp_path):
    kept = Kept(encoder(), None, DEVICE)
    assert kept.bytes_of(texts, False) == kept.states(texts, 2).values.nbytes
    with BF16:
        assert kept.bytes_of(texts, True) == kept.states(texts, 2).values.nbytes


def test_a_run_that_breaks_off_leaves_no_entry(texts, tmp_path, monkeypatch):
    def broken(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(tiny.TransformerEncoder, "lower", broken)
    with pytest.raises(KeyboardInterrupt):
        Kept(encoder(), store(tmp_path), DEVICE).states(texts, 2)
    monkeypatch.undo()
    assert list((tmp_path / "entries").iterdir()) == []
    found = Kept(encoder(), store(tmp_path), DEVICE).states(texts, 2)
    np.testing.assert_allclose(found.values, expected(encoder(), texts, 2), atol=1e-5)


def test_a_network_answers_the_same_from_kept_layers(texts, tmp_path):
    made = network(store=store(tmp_path))
    whole = made.outputs(texts)
    for depth in (2, 4, 5):
        near = made.shortened(texts, depth)
        np.testing.assert_allclose(made.outputs(near), whole, atol=1e-5)
        np.testing.assert_allclose(made.outputs(near.take(np.array([5, 3]))), whole[[5, 3]], atol=1e-5)


def test_tokens_are_kept_by_text_and_tokenizer(texts, tmp_path, monkeypatch):
    calls = []
    right = tiny.TransformerEncoder.prepare

    def count(self, inputs):
        calls.append(len(inputs["text"]))
        return right(self, inputs)

    monkeypatch.setattr(tiny.TransformerEncoder, "prepare", count)
    inputs = {"text": texts.inputs["text"]}
    first, second = (prepared(encoder(), inputs, store(tmp_path)) for _ in range(2))
    assert calls == [70]
    assert np.array_equal(first["tokens"].values, second["tokens"].values)
    assert np.array_equal(first["tokens"].offsets, second["tokens"].offsets)
    shorter = encoder()
    shorter.tokenizer.enable_truncation(5)
    cut = prepared(shorter, inputs, store(tmp_path))
    assert calls == [70, 70]
    assert cut["tokens"].lengths.max() == 5
    other = {"text": texts.inputs["text"].copy()}
    other["text"][0, 0] += " fine"
    prepared(encoder(), other, store(tmp_path))
    assert calls == [70, 70, 70]
    joined = {"text": np.array([["a b", "c"]], dtype=object)}
    split = {"text": np.array([["a", "b c"]], dtype=object)}
    tokens = [prepared(encoder(), one, store(tmp_path))["tokens"].values for one in (joined, split)]
    assert not np.array_equal(*tokens), "columns are told apart"
