"""Windows over a question and a long text: every token of the text has a line, and its place in the original."""

import itertools

import numpy as np
import pytest
import torch
import transformers

from tunesmith.core.errors import RecipeError
from tunesmith.data import Ragged
from tunesmith.data.spans import Spans
from tunesmith.parts.bases._windows import WindowEncoder
from tunesmith.parts.losses._lines import Lines
from tunesmith.parts.losses.span_cross_entropy import SpanCrossEntropy
from tunesmith.testing import tiny

LONG = " ".join(f"{word}, {number}" for number, word in enumerate(["Order", "is", "late", "GREAT", "fine", "it"] * 6))
QUESTION = "is it fine"


def encoder(max_tokens=32, stride=6):
    torch.manual_seed(0)
    body = tiny.body()
    torch.nn.init.normal_(body.embeddings.token_type_embeddings.weight)
    made = WindowEncoder(body, tiny.tokenizer(), "mean", max_tokens)
    made.stride = stride
    return made.eval()


def rows(*pairs):
    return {"text": np.array(pairs, object)}


def test_windows_cover_the_text_and_overlap_by_the_stride():
    made = encoder()
    found = made.prepare(rows((QUESTION, LONG), (QUESTION, "it works"), (QUESTION, "")))
    assert found["pieces"].lengths.tolist()[1:] == [1, 1]
    assert found["pieces"].lengths[0] > 2
    assert found["pieces"].values.max() <= 32
    places = made.places(found)
    own = places.take(np.array([0]))
    tokens = own.values[own.values[:, 0] == 0]
    covered = np.zeros(len(LONG), bool)
    for _, start, end in tokens:
        covered[start:end] = True
    assert all(covered[at] for at, letter in enumerate(LONG) if not letter.isspace())
    windows = np.split(own.values[:, 1:], own.firsts[1:])
    for before, after in itertools.pairwise(windows):
        np.testing.assert_array_equal(before[-6:], after[1:7])
    texts = [own.texts[0][start:end].lower() for _, start, end in tokens[:3]]
    assert texts == ["order", ",", "0"]
    assert places.take(np.array([2])).values.tolist() == [[1, 0, 0]], "an empty text has the line for no answer alone"


def test_a_row_has_the_same_vectors_whichever_rows_are_beside_it():
    made = encoder()
    found = made.prepare(rows((QUESTION, LONG), ("what", "it works"), (QUESTION, "")))
    units = made.units(found)
    with torch.no_grad():
        together = made(made.collate(found, np.array([2, 0, 1])))
        alone = [made(made.collate(found, np.array([row]))) for row in range(3)]
    assert together.shape == (units.sum(), made.width)
    torch.testing.assert_close(together, torch.cat([alone[2], alone[0], alone[1]]), atol=1e-5, rtol=1e-5)


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_own_arithmetic_and_the_original_agree_on_pairs(family):
    sizes = {"vocab_size": tiny.tokenizer().get_vocab_size(), "hidden_size": 16, "num_hidden_layers": 2}
    sizes |= {"num_attention_heads": 2, "intermediate_size": 24, "max_position_embeddings": 40}
    kinds = {
        "bert": (transformers.BertConfig, transformers.BertModel),
        "roberta": (transformers.RobertaConfig, transformers.RobertaModel),
    }
    configuration, module = kinds[family]
    more = {"type_vocab_size": 2} if family == "bert" else {"type_vocab_size": 1}
    torch.manual_seed(1)
    body = module(configuration(**sizes, **more), add_pooling_layer=False)
    torch.nn.init.normal_(body.embeddings.token_type_embeddings.weight)
    made = WindowEncoder(body, tiny.tokenizer(), "mean", 32).eval()
    assert made.kernel is not None
    found = made.collate(made.prepare(rows((QUESTION, LONG), (QUESTION, "it works"))), np.arange(2))
    with torch.no_grad():
        own = made(found)
        made.run_modules()
        torch.testing.assert_close(own, made(found), atol=1e-4, rtol=1e-4)
        if family == "bert":
            moved = made(found | {"types": torch.zeros_like(found["types"])})
            assert not torch.allclose(own, moved, atol=1e-4), "or types would not count"
    assert ("types" in found) == (family == "bert")


def test_a_question_longer_than_its_share_is_cut_and_leaves_room():
    made = encoder()
    found = made.prepare(rows((LONG, LONG)))
    tokens, types = found["tokens"], found["types"]
    assert (types.values[: found["pieces"].values[0]] == 1).sum() > 10
    assert made.places(found).values[-1, 2] == len(LONG)
    assert len(tokens.values) == len(types.values)


def test_too_little_room_is_refused():
    with pytest.raises(RecipeError, match=r"base.max_tokens: 16 leave no room"):
        encoder(max_tokens=16).prepare(rows((QUESTION, LONG)))


def test_labels_of_the_lines_spell_the_answer():
    made, answer = encoder(), "great, 21"
    at = LONG.lower().index(answer)
    found = made.prepare(rows((QUESTION, LONG)))
    right = Spans(np.array([[at, at + 9]]), np.array([0, 1]), np.array([LONG[at : at + 9]], object))
    places = made.places(found)
    labels = right.along(places, ["a"]).values
    holding = labels[:, 1].astype(bool) & ~labels[:, 0].astype(bool)
    assert holding.any()
    for start, end in zip(np.flatnonzero(holding), np.flatnonzero(labels[:, 2] & ~labels[:, 0]), strict=True):
        assert LONG[places.values[start, 1] : places.values[end, 2]].lower() == answer


def test_the_loss_is_the_cross_entropy_of_each_window():
    labels = np.array([[1, 0, 0], [0, 1, 0], [0, 0, 1], [1, 1, 1], [0, 0, 0], [1, 0, 0], [0, 1, 1]], np.int64)
    outputs = torch.from_numpy(np.random.default_rng(0).normal(size=(7, 2))).float()
    lines = Ragged.cut(labels, np.array([5, 2]))
    hurt = SpanCrossEntropy().build(lines, 2)
    found = hurt(outputs, Lines(torch.from_numpy(labels), torch.from_numpy(lines.lengths)))
    entropy = torch.nn.functional.cross_entropy

    def window(first, last, start, end):
        one, other = outputs[first:last, 0], outputs[first:last, 1]
        return (entropy(one, torch.tensor(start)) + entropy(other, torch.tensor(end))) / 2

    expected = torch.stack([(window(0, 3, 1, 2) + window(3, 5, 0, 0)) / 2, window(5, 7, 1, 1)])
    torch.testing.assert_close(found, expected)
