"""The kernel computes what transformers' own module computes: states, gradients, padding, adapters, checkpointing."""

import copy

import numpy as np
import peft
import pytest
import torch
import transformers
from tokenizers import Tokenizer, models, pre_tokenizers

from tunesmith.data import Ragged
from tunesmith.parts.bases import _bert
from tunesmith.parts.bases._bert import BertKernel, checked
from tunesmith.parts.bases._transformer import TransformerEncoder
from tunesmith.testing import tiny

CLOSE = 1e-5
LENGTHS = (11, 3, 7, 1)
FAMILIES = {
    "bert": (transformers.BertConfig, transformers.BertModel),
    "roberta": (transformers.RobertaConfig, transformers.RobertaModel),
    "xlm-roberta": (transformers.XLMRobertaConfig, transformers.XLMRobertaModel),
}
SIZES = {
    "vocab_size": 40,
    "hidden_size": 24,
    "num_hidden_layers": 3,
    "num_attention_heads": 3,
    "intermediate_size": 36,
    "max_position_embeddings": 20,
    "attn_implementation": "eager",
}


def body(family="bert", **fields):
    """Return a body whose every weight is random, biases and norms included."""
    configuration, module = FAMILIES[family]
    made = module(configuration(**SIZES | fields), add_pooling_layer=False).eval()
    generator = torch.Generator().manual_seed(1)
    with torch.no_grad():
        for one in made.parameters():
            one.copy_(torch.randn(one.shape, generator=generator) * 0.3 + (one.ndim == 1) * 0.5)
    return made


def batch(made, lengths=LENGTHS):
    """Return tokens (rows, longest) and their mask, padding where a row ends."""
    generator = torch.Generator().manual_seed(2)
    mask = torch.arange(max(lengths))[None, :] < torch.tensor(lengths)[:, None]
    drawn = torch.randint(3, made.config.vocab_size, mask.shape, generator=generator)
    return torch.where(mask, drawn, made.config.pad_token_id), mask


def original(made, tokens, mask):
    return made(input_ids=tokens, attention_mask=mask.long()).last_hidden_state[mask]


def own(made, tokens, mask):
    kernel = BertKernel(made)
    return kernel.run(kernel.embed(tokens), mask)[mask]


def gradients(made, states):
    """Return the gradient of every parameter for an uneven weighing of the states."""
    made.zero_grad(set_to_none=True)
    weights = torch.linspace(-1.0, 1.0, states.numel()).view_as(states)
    (states * weights).sum().backward()
    return {name: one.grad.clone() for name, one in made.named_parameters() if one.grad is not None}


def assert_same(made, tokens, mask):
    states, expected = own(made, tokens, mask), original(made, tokens, mask)
    torch.testing.assert_close(states, expected, atol=CLOSE, rtol=CLOSE)
    ours, theirs = gradients(made, states), gradients(made, expected)
    assert ours.keys() == theirs.keys()
    for name, one in theirs.items():
        scale = max(1.0, float(one.abs().max()))
        assert float((ours[name] - one).abs().max()) <= CLOSE * scale, name


@pytest.mark.parametrize("family", FAMILIES)
def test_states_and_all_gradients_are_those_of_the_module(family):
    made = body(family)
    assert {name for name, one in made.named_parameters() if one.requires_grad} == set(dict(made.named_parameters()))
    assert_same(made, *batch(made))


@pytest.mark.parametrize("family", FAMILIES)
@pytest.mark.parametrize("lengths", [(1,), (5, 5), (12, 1, 1, 1, 1)])
def test_any_padding_is_without_effect(family, lengths):
    made = body(family)
    assert_same(made, *batch(made, lengths))


def test_many_rows_take_the_other_way_through_the_product_of_gradients(monkeypatch):
    monkeypatch.setattr(_bert, "MANY_ROWS", 1)
    made = body()
    assert_same(made, *batch(made))


@pytest.mark.parametrize("family", FAMILIES)
def test_a_sequence_as_long_as_the_position_table_fits(family):
    made = body(family)
    encoder = TransformerEncoder(made, tokenizer(), "mean", 512)
    inputs = encoder.prepare({"text": np.array([["a " * 600]], dtype=object)})
    tensors = encoder.collate(inputs, np.arange(1))
    assert tensors["tokens"].shape[1] == (20 if family == "bert" else 20 - made.config.pad_token_id - 1)
    assert encoder.kernel is not None
    assert_same(made, tensors["tokens"], tensors["mask"])


def tokenizer():
    made = Tokenizer(models.WordLevel({"<s>": 0, "<pad>": 1, "</s>": 2, "a": 3, "b": 4}, unk_token="b"))
    made.pre_tokenizer = pre_tokenizers.Whitespace()
    return made


@pytest.mark.parametrize("family", ["roberta", "xlm-roberta"])
def test_positions_are_counted_as_roberta_counts_them(family):
    """A padding token inside a row, as where a text spells it, has no position of its own there."""
    made = body(family)
    tokens, mask = batch(made)
    tokens[0, 4] = made.config.pad_token_id
    assert bool(mask[0, 4])
    assert_same(made, tokens, mask)


@pytest.mark.parametrize("family", FAMILIES)
def test_adapters_inside_the_body_compute_for_themselves(family):
    made = body(family)
    for one in made.parameters():
        one.requires_grad_(False)
    linear = [name for name, module in made.named_modules() if isinstance(module, torch.nn.Linear)]
    peft.inject_adapter_in_model(peft.LoraConfig(r=3, target_modules=linear, lora_dropout=0.2), made)
    with torch.no_grad():
        for name, one in made.named_parameters():
            if "lora_B" in name:  # zero at the start, which would hide them
                one.normal_(std=0.3, generator=torch.Generator().manual_seed(3))
    made.eval()
    assert len(gradients(made, own(made, *batch(made)))) == 2 * len(linear)
    assert_same(made, *batch(made))


def test_adapters_on_some_products_only():
    made = body()
    peft.inject_adapter_in_model(peft.LoraConfig(r=2, target_modules=["query", "value"]), made)
    made.eval()
    assert_same(made, *batch(made))


def test_drop_out_is_off_in_eval_and_on_in_training():
    made = body(hidden_dropout_prob=0.3, attention_probs_dropout_prob=0.3)
    assert_same(made, *batch(made))
    made.train()
    first, second = own(made, *batch(made)), own(made, *batch(made))
    assert not torch.equal(first, second)


@pytest.mark.parametrize("field", ["hidden_dropout_prob", "attention_probs_dropout_prob"])
def test_each_drop_out_has_the_size_it_has_in_the_module(field):
    """The mean over many draws tells a forgotten drop-out, or a wrong share, from the module's own."""
    made = body(**{"hidden_dropout_prob": 0.0, "attention_probs_dropout_prob": 0.0} | {field: 0.4}).train()
    tokens, mask = (one.repeat(300, 1) for one in batch(made, (6,)))

    def spread(call):
        torch.manual_seed(0)
        with torch.no_grad():
            return call(made, tokens, mask).view(300, -1).var(dim=0)

    ours, theirs = spread(own), spread(original)
    assert float(theirs.mean()) > 1e-3
    assert abs(float(ours.mean() / theirs.mean()) - 1.0) < 0.1


def test_part_of_the_layers_then_the_rest_is_the_whole():
    made = body()
    kernel, (tokens, mask) = BertKernel(made), batch(made)
    whole = kernel.run(kernel.embed(tokens), mask)
    for cut in range(4):
        lower = kernel.run(kernel.embed(tokens), mask, stop=cut)
        assert torch.equal(kernel.run(lower, mask, start=cut), whole)


@pytest.mark.parametrize("dropout", [0.0, 0.3])
def test_gradient_checkpointing_changes_no_gradient(dropout):
    made = body(hidden_dropout_prob=dropout, attention_probs_dropout_prob=dropout).train()
    tokens, mask = batch(made)
    found, kept = {}, {}
    for is_checkpointing in (False, True):
        kernel, count = BertKernel(made), [0]
        kernel.is_checkpointing = is_checkpointing
        torch.manual_seed(5)

        def note(tensor, count=count):
            count[0] += tensor.numel()
            return tensor

        with torch.autograd.graph.saved_tensors_hooks(note, lambda tensor: tensor):
            states = kernel.run(kernel.embed(tokens), mask)[mask]
        found[is_checkpointing], kept[is_checkpointing] = gradients(made, states), count[0]
    assert kept[True] < kept[False] / 2, "or nothing was saved"
    for name, one in found[False].items():
        assert torch.equal(found[True][name], one), name


@pytest.mark.parametrize("family", FAMILIES)
def test_a_row_is_the_same_alone_and_in_any_batch(family):
    made = body(family)
    tokens, mask = batch(made)
    kernel = BertKernel(made)
    whole = kernel.run(kernel.embed(tokens), mask)
    for row, length in enumerate(LENGTHS):
        alone = tokens[row : row + 1, :length]
        states = own(made, alone, torch.ones_like(alone, dtype=torch.bool))
        torch.testing.assert_close(states, whole[row, :length], atol=CLOSE, rtol=CLOSE)


@pytest.mark.parametrize("family", FAMILIES)
def test_checked_accepts_the_known_families(family):
    made = body(family).train()
    assert checked(made) is not None
    assert made.training, "left as it was"


@pytest.mark.parametrize(
    "fields",
    [{"hidden_act": "relu"}, {"hidden_act": "gelu_new"}, {"is_decoder": True}],
    ids=str,
)
def test_another_formula_does_not_fit(fields):
    made = body(**fields)
    assert not BertKernel.fits(made)
    assert checked(made) is None


def test_another_family_does_not_fit():
    configuration = transformers.DistilBertConfig(dim=24, n_layers=1, n_heads=3, hidden_dim=36, vocab_size=40)
    assert checked(transformers.DistilBertModel(configuration)) is None


class OtherNorm(torch.nn.LayerNorm):
    """A norm that adds to the variance what its `eps` does not say."""

    def forward(self, states):
        return torch.nn.functional.layer_norm(states, self.normalized_shape, self.weight, self.bias, 0.05)


class RootNorm(torch.nn.Module):
    """A norm of another kind, without a bias."""

    def __init__(self, width):
        super().__init__()
        self.weight = torch.nn.Parameter(torch.ones(width))

    def forward(self, states):
        return self.weight * states / states.square().mean(-1, keepdim=True).sqrt()


@pytest.mark.parametrize("norm", [OtherNorm(24), RootNorm(24)], ids=lambda one: type(one).__name__)
def test_a_body_that_was_changed_inside_falls_back_to_its_own_arithmetic(norm):
    made = body()
    made.encoder.layer[1].output.LayerNorm = norm
    assert BertKernel.fits(made), "the configuration does not show it"
    assert checked(made) is None
    encoder = TransformerEncoder(made, tokenizer(), "mean", 12)
    assert encoder.kernel is None
    assert not encoder.can_split
    inputs = {"tokens": Ragged.of([[3, 4, 5], [6]])}
    with torch.no_grad():
        vectors = encoder(encoder.collate(inputs, np.arange(2)))
        states = made(input_ids=torch.tensor([[3, 4, 5]])).last_hidden_state
    torch.testing.assert_close(vectors[0], states[0].mean(0), atol=CLOSE, rtol=CLOSE)


def test_a_body_without_a_padding_token_is_no_stumbling_block():
    made = body(pad_token_id=None)
    assert checked(made) is not None


def test_a_body_of_few_positions_is_no_stumbling_block():
    assert checked(body(max_position_embeddings=5)) is not None


@pytest.mark.parametrize("fault", ["_norm", "_linear", "_projections"])
def test_checked_sees_a_wrong_formula(monkeypatch, fault):
    right = getattr(_bert, fault)
    monkeypatch.setattr(_bert, fault, lambda part, values: right(part, values) * 1.01)
    assert checked(body()) is None


def test_the_encoder_pools_the_same_with_and_without_the_kernel():
    one, other = tiny.encoder().eval(), tiny.encoder().eval()
    other.kernel = None
    inputs = one.prepare({"text": np.array([["it is fine"], ["the order was late and broken"]], dtype=object)})
    with torch.no_grad():
        ours = one(one.collate(inputs, np.arange(2)))
        theirs = other(other.collate(inputs, np.arange(2)))
    torch.testing.assert_close(ours, theirs, atol=CLOSE, rtol=CLOSE)


def test_bfloat16_keeps_the_parameters_gradients_in_fp32_and_close():
    made = body()
    exact = gradients(made, own(made, *batch(made)))
    rounded_body = copy.deepcopy(made)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        states = own(rounded_body, *batch(made))
    assert states.dtype == torch.bfloat16
    rounded = gradients(rounded_body, states.float())
    assert {one.dtype for one in rounded.values()} == {torch.float32}
    flat = [torch.cat([one.flatten() for one in found.values()]) for found in (exact, rounded)]
    assert float(torch.cosine_similarity(*flat, dim=0)) > 0.99
