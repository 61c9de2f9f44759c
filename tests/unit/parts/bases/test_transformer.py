"""Words that do not occur are left out of training, and come out of it as if they had been in."""

import numpy as np
import pytest
import torch
import transformers

from tunesmith.data import Ragged
from tunesmith.parts.bases._transformer import TransformerEncoder
from tunesmith.testing import tiny

CLOSE = 1e-6
WORDS = 60
STEPS = 8
RULES = {
    "adamw": lambda groups: torch.optim.AdamW(groups, lr=0.01, weight_decay=0.1, fused=True),
    "sgd": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9, weight_decay=0.1),
    "nesterov": lambda groups: torch.optim.SGD(groups, lr=0.05, momentum=0.9, nesterov=True, weight_decay=0.1),
}


def encoder(family="bert", **fields):
    kinds = {
        "bert": (transformers.BertConfig, transformers.BertModel),
        "roberta": (transformers.RobertaConfig, transformers.RobertaModel),
    }
    configuration, module = kinds[family]
    sizes = {"vocab_size": WORDS, "hidden_size": 16, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = configuration(**sizes, intermediate_size=24, max_position_embeddings=24, **fields)
    torch.manual_seed(3)
    made = TransformerEncoder(module(config, add_pooling_layer=False), tiny.tokenizer(), "mean", 16)
    assert made.kernel is not None
    return made.eval()


def inputs(seed, rows=6, words=range(5, 25)):
    """Return rows of the given words only; most of the vocabulary never occurs."""
    generator = np.random.default_rng(seed)
    return {"tokens": Ragged.of([generator.choice(list(words), generator.integers(2, 9)) for _ in range(rows)])}


def train(made, rows, rule="adamw", steps=STEPS):
    """Take some steps with weight decay and a rate that changes; return the loss of each."""
    losses = []
    optimizer = RULES[rule]([one for one in made.parameters() if one.requires_grad])
    generator = torch.Generator().manual_seed(0)
    aim = torch.randn(6, made.width, generator=generator)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] *= 1.0 - 0.1 * (step % 2)
        optimizer.zero_grad(set_to_none=True)
        loss = ((made(made.collate(rows, np.arange(6))) - aim) ** 2).mean()
        loss.backward()
        torch.nn.utils.clip_grad_norm_(made.parameters(), 0.5)
        optimizer.step()
        losses.append(float(loss.detach()))
    return losses


def gap(one, other):
    mine, theirs = one.state_dict(), other.state_dict()
    assert {name: value.shape for name, value in mine.items()} == {name: value.shape for name, value in theirs.items()}
    return {name: float((mine[name] - theirs[name]).abs().max()) for name in mine}


@pytest.mark.parametrize("rule", RULES)
@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_training_without_the_unused_words_is_training_with_them(family, rule):
    rows = inputs(1)
    whole, narrowed = encoder(family), encoder(family)
    start = {name: one.clone() for name, one in whole.state_dict().items()}
    narrowed.narrow([rows, inputs(2)])
    assert narrowed.body.get_input_embeddings().weight.shape[0] < 30, "or nothing was left out"
    first, second = train(whole, rows, rule), train(narrowed, rows, rule)
    narrowed.widen()
    np.testing.assert_allclose(first, second, atol=CLOSE)
    name = "body.embeddings.word_embeddings.weight"
    unused = (start[name][40:] - whole.state_dict()[name][40:]).abs().max()
    assert float(unused) > 1e-4, "weight decay reaches words that never occur"
    assert max(gap(whole, narrowed).values()) <= CLOSE, gap(whole, narrowed)


def test_twice_in_a_row():
    whole, narrowed = encoder(), encoder()
    for seed, words in ((1, range(5, 20)), (2, range(15, 40))):
        rows = inputs(seed, words=words)
        narrowed.narrow([rows])
        train(whole, rows, "sgd")
        train(narrowed, rows, "sgd")
        narrowed.widen()
    assert max(gap(whole, narrowed).values()) <= CLOSE


def test_names_shapes_and_module_are_as_before():
    made = encoder()
    module = made.body.get_input_embeddings()
    before = [(name, tuple(one.shape)) for name, one in made.state_dict().items()]
    made.narrow([inputs(1)])
    assert [name for name, _ in before] == list(made.state_dict()), "the same names while it is narrow"
    made.widen()
    assert [(name, tuple(one.shape)) for name, one in made.state_dict().items()] == before
    assert made.body.get_input_embeddings() is module
    assert sum(one is module for one in made.modules()) == 1


def test_untrained_it_comes_back_bit_for_bit():
    made, untouched = encoder(), encoder()
    made.narrow([inputs(1)])
    made.narrow([inputs(2)])  # a second request changes nothing
    made.widen()
    made.widen()
    assert max(gap(made, untouched).values()) == 0.0


@pytest.mark.parametrize("family", ["bert", "roberta"])
def test_the_padding_word_gets_no_gradient_either_way(family):
    made = encoder(family)
    pad = made.body.config.pad_token_id
    rows = {"tokens": Ragged.of([[pad, 7, 8], [9, pad, 10, 11], [12], [pad], [7, 7], [8]])}
    narrowed = encoder(family)
    narrowed.narrow([rows])
    assert narrowed.body.get_input_embeddings().padding_idx == int(narrowed._places[pad])
    train(made, rows)
    train(narrowed, rows)
    narrowed.widen()
    assert max(gap(made, narrowed).values()) <= CLOSE


def test_answers_are_the_same_while_it_is_narrow():
    made, narrowed = encoder("roberta"), encoder("roberta")
    narrowed.narrow([inputs(1)])
    with torch.no_grad():
        expected = made(made.collate(inputs(1), np.arange(6)))
        found = narrowed(narrowed.collate(inputs(1), np.arange(6)))
    assert torch.equal(found, expected)
    assert narrowed.words(inputs(1), 0) == made.words(inputs(1), 0)


def test_frozen_vectors_are_left_alone():
    made = encoder()
    made.body.get_input_embeddings().weight.requires_grad_(False)
    made.narrow([inputs(1)])
    assert made.body.get_input_embeddings().weight.shape[0] == WORDS


def test_a_body_without_kernel_is_left_alone():
    made = encoder()
    made.kernel = None
    made.narrow([inputs(1)])
    assert made.body.get_input_embeddings().weight.shape[0] == WORDS


def test_an_average_of_weights_while_narrow_is_the_average_of_all():
    """Soups and running averages are made of narrow weights; they are linear, as the decay of unused words is."""
    rows = inputs(1)
    made = []
    for is_narrow in (False, True):
        one = encoder()
        if is_narrow:
            one.narrow([rows])
        kept = []
        for _ in range(3):
            train(one, rows, "sgd", steps=3)
            kept.append({name: value.detach().clone() for name, value in one.named_parameters()})
        with torch.no_grad():
            for name, value in one.named_parameters():
                value.copy_(torch.stack([other[name] for other in kept]).mean(0))
        one.widen()
        made.append(one)
    assert max(gap(*made).values()) <= CLOSE
