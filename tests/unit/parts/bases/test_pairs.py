"""Two texts of a row: one sequence as the tokenizer writes a pair, or each for itself."""

import json

import numpy as np
import pytest
import torch
import transformers
from hypothesis import given
from hypothesis import strategies as st
from tokenizers import Tokenizer, models, pre_tokenizers, processors

from tunesmith.core.errors import RecipeError
from tunesmith.data import Encoded, Ragged
from tunesmith.data.store import ArrayStore
from tunesmith.model.activations import prepared
from tunesmith.model.network import Net, Network
from tunesmith.parts.bases import Shape
from tunesmith.parts.bases import _loading as loading
from tunesmith.parts.bases._pairs import PairEncoder
from tunesmith.parts.bases._texts import Frame, shortened
from tunesmith.parts.bases._transformer import TEXTS, TransformerEncoder
from tunesmith.parts.bases.hf_encoder import HfEncoder
from tunesmith.parts.bases.minilm import Minilm
from tunesmith.testing import tiny

ROWS = (("it is fine", "works"), ("", "order is late"), ("broken", ""), ("great " * 40, "poor"), ("fine " * 30,) * 2)


def texts(rows=ROWS):
    return {"text": np.array(rows, dtype=object)}


def apart():
    return PairEncoder(tiny.body(), tiny.tokenizer(), "mean", tiny.MAX_TOKENS)


def run(made, inputs, positions=None):
    made.eval()
    positions = np.arange(len(inputs["text"])) if positions is None else np.asarray(positions)
    with torch.no_grad():
        return made(made.collate(inputs, positions)).numpy()


def test_a_pair_is_what_the_tokenizer_itself_writes():
    made = tiny.encoder()
    inputs = made.prepare(texts())
    tokenizer = tiny.tokenizer()
    tokenizer.enable_truncation(tiny.MAX_TOKENS, strategy="longest_first")
    for at, (one, other) in enumerate(ROWS):
        wanted = tokenizer.encode(one, other)
        assert inputs["tokens"][at].tolist() == wanted.ids
        assert inputs["types"][at].tolist() == wanted.type_ids


def test_roberta_has_two_separators_and_one_type():
    pieces = {name: at for at, name in enumerate(("<s>", "<pad>", "</s>", "<unk>", "a", "b"))}
    tokenizer = Tokenizer(models.WordLevel(pieces, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokenizer.post_processor = processors.RobertaProcessing(("</s>", 2), ("<s>", 0), add_prefix_space=False)
    frame = Frame.of(tokenizer)
    tokens, _ = frame.around([Ragged.of([[4]]), Ragged.of([[5, 4]])], 16)
    assert tokens[0].tolist() == [0, 4, 2, 2, 5, 4, 2]
    assert not frame.is_typed


def test_a_tokenizer_without_pairs_gets_a_separator():
    pieces = {name: at for at, name in enumerate(("a", "b", "<|endoftext|>", "<unk>"))}
    tokenizer = Tokenizer(models.WordLevel(pieces, unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizers.Whitespace()
    tokens, _ = Frame.of(tokenizer).around([Ragged.of([[0]]), Ragged.of([[1]])], 16)
    assert tokens[0].tolist() == [0, 2, 1]


def test_three_texts_stand_in_the_recipe_s_order():
    made = tiny.encoder()
    inputs = made.prepare(texts([("fine", "late", "poor")]))
    assert made.words(inputs, 0) == ["[CLS]", "fine", "[SEP]", "late", "[SEP]", "poor", "[SEP]"]
    assert inputs["types"][0].tolist() == [0, 0, 0, 1, 1, 1, 1]


def test_the_order_of_texts_makes_a_difference():
    made = tiny.encoder()
    turned = [(other, one) for one, other in ROWS[:1]]
    one, other = (run(made, made.prepare(texts(rows))) for rows in (ROWS[:1], turned))
    assert np.abs(one - other).max() > 1e-4


@given(st.lists(st.lists(st.integers(0, 40), min_size=3, max_size=3), min_size=1, max_size=5), st.integers(0, 60))
def test_the_longest_text_is_cut_first(lengths, room):
    sizes = np.array(lengths)
    kept = shortened(sizes, room)
    assert (kept <= sizes).all()
    assert (kept >= 0).all()
    assert kept.sum(axis=1).tolist() == np.minimum(sizes.sum(axis=1), room).tolist()
    for row, left in zip(sizes, kept, strict=True):
        cut = left < row
        if cut.any() and cut.sum() < len(row):
            assert left[~cut].max() <= left[cut].min() + 1, "no text is cut below one that is whole"


def test_types_reach_the_body_and_the_kernel_agrees():
    made = tiny.encoder()
    inputs = made.prepare(texts())
    own = run(made, inputs)
    made.kernel = None
    np.testing.assert_allclose(own, run(made, inputs), atol=1e-5)
    without = {name: one for name, one in inputs.items() if name != "types"}
    assert np.abs(own - run(made, without)).max() > 1e-4


def test_lower_layers_run_apart_see_the_types_too():
    made = tiny.encoder()
    inputs = made.prepare(texts())
    tensors = made.collate(inputs, np.arange(len(ROWS)))
    with torch.no_grad():
        states = made.eval().lower(tensors, 3)
        upper = made({"states": states, "mask": tensors["mask"], "depth": torch.tensor(3)}).numpy()
    np.testing.assert_allclose(upper, run(made, inputs), atol=1e-5)


def test_a_kept_preparation_keeps_the_types(tmp_path):
    made, store = tiny.encoder(), ArrayStore(tmp_path, 1 << 24)
    first, again = (prepared(made, texts(), store) for _ in range(2))
    np.testing.assert_array_equal(again["types"].values, first["types"].values)


def test_one_text_is_read_as_ever():
    made = tiny.encoder()
    inputs = made.prepare(texts([("it is fine",)]))
    assert "types" not in inputs
    assert inputs["tokens"][0].tolist() == tiny.tokenizer().encode("it is fine").ids


def test_a_version_from_before_reads_its_texts_joined():
    made = tiny.encoder()
    assets = made.assets()
    reader = loading.Reader("row", "mean", tiny.MAX_TOKENS)
    old = loading.from_assets({name: one for name, one in assets.items() if name != TEXTS}, reader)
    assert old.prepare(texts())["tokens"][0].tolist() == tiny.tokenizer().encode("it is fine [SEP] works").ids
    assert "types" not in old.prepare(texts())
    assert TEXTS not in old.assets(), "what is stored again from it is read alike"
    assert old.preparation() != made.preparation(), "or kept tokens would be taken for the others'"
    new = loading.from_assets(assets, reader)
    assert new.prepare(texts())["tokens"][0].tolist() == made.prepare(texts())["tokens"][0].tolist()


def test_apart_gives_both_vectors_and_how_they_differ():
    made, alone = apart(), tiny.encoder()
    vectors = run(made, made.prepare(texts()))
    one, other = (run(alone, alone.prepare(texts([(row[at],) for row in ROWS]))) for at in (0, 1))
    assert made.width == vectors.shape[1] == 128
    np.testing.assert_allclose(vectors, np.hstack([one, other, abs(one - other), one * other]), atol=1e-5)


def test_apart_rows_do_not_depend_on_their_neighbours():
    made = apart()
    inputs = made.prepare(texts())
    whole = run(made, inputs)
    np.testing.assert_allclose(run(made, inputs, [3, 1]), whole[[3, 1]], atol=1e-5)
    assert made.lengths(inputs).tolist() == [len(one) for one in map(inputs["tokens"].__getitem__, range(len(ROWS)))]
    assert not made.can_split


def test_apart_comes_back_from_a_version(tmp_path):
    tiny.save(tmp_path)
    base = HfEncoder(path=str(tmp_path), pairs="apart")
    made = base.build(Shape(texts=2), 0)
    again = base.restore(Shape(texts=2), made.assets())
    again.load_state_dict(made.state_dict())
    np.testing.assert_allclose(run(again, again.prepare(texts())), run(made, made.prepare(texts())), atol=1e-6)


@pytest.mark.parametrize("shape", [Shape(texts=1), Shape(texts=3), Shape(texts=2, reads="word")])
def test_apart_needs_two_texts(shape):
    with pytest.raises(RecipeError, match=r"base.pairs: apart compares two texts of a row.*name the two"):
        loading.read_as(shape, "apart")
    assert loading.read_as(shape, "joint") == shape.reads


def test_the_recipe_says_how_pairs_are_read():
    assert Minilm().pairs == "joint"
    assert Minilm(pairs="apart").pairs == "apart"


def test_a_body_that_knows_one_type_gets_none():
    body = transformers.BertModel(
        transformers.BertConfig(
            vocab_size=60, hidden_size=16, num_hidden_layers=1, num_attention_heads=2, type_vocab_size=1
        ),
        add_pooling_layer=False,
    )
    made = TransformerEncoder(body, tiny.tokenizer(), "mean", 16)
    assert "types" not in made.prepare(texts())
    assert json.loads(made.assets()[TEXTS]) == {"several": "framed"}


def test_a_network_gives_the_frozen_vectors_of_both_texts():
    encoders = {"body": tiny.encoder()}
    made = Network(Net(encoders, 2, 0.0, 0), Shape(texts=2), "body", torch.device("cpu"))
    encoded = made.prepare(Encoded(tuple("abcde"), texts()))
    found = made.features_of_texts(encoded)
    alone = tiny.encoder()
    for at in (0, 1):
        wanted = run(alone, alone.prepare(texts([(row[at],) for row in ROWS])))
        np.testing.assert_allclose(found[:, at], wanted, atol=1e-5)
    assert made.features_of_texts(made.prepare(Encoded(("a",), texts([("fine",)])))) is None
