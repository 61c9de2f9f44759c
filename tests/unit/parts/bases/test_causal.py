"""Language models: what is read and what is learnt, losses equal to the model's own, texts equal one by one."""

import json

import numpy as np
import pytest
import torch
import transformers

from stories import convert
from tunesmith.core.errors import DataError, GuardError, RecipeError
from tunesmith.data import Encoded, Ragged
from tunesmith.data.chats import written_answer
from tunesmith.model.network import Net, Network
from tunesmith.parts.bases import Shape
from tunesmith.parts.bases import _language as language
from tunesmith.parts.bases._generation import left_padded
from tunesmith.parts.bases._packing import pack
from tunesmith.parts.bases._template import PLAIN, chosen
from tunesmith.parts.bases.hf_causal import HfCausal
from tunesmith.parts.strategies.lora import Lora
from tunesmith.testing import tiny

SHAPE = Shape(texts=1, reads="answer")
ASKED = ("is it late ", "order 7 ", "it works fine is it great ", "")
ANSWERS = ("it is late", "broken", "it is", "poor works")


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    where = tmp_path_factory.mktemp("language")
    tiny.save_language(where)
    return where


def built(folder, **fields):
    return HfCausal(path=str(folder), **{"template": "plain", **fields}).build(SHAPE, 0)


def texts(asked=ASKED):
    rows = np.empty((len(asked), 1), object)
    rows[:, 0] = asked
    return {"text": rows}


def chats(*conversations):
    rows = np.empty((len(conversations), 1), object)
    rows[:, 0] = list(conversations)
    return {"chat": rows}


def prepared(body, inputs=None, answers=ANSWERS):
    return body.prepare(body.with_labels(inputs or texts(), np.array(answers, object)))


def lines(body, inputs, positions):
    body.eval()
    with torch.no_grad():
        return body(body.collate(inputs, np.array(positions)))


def of_parts(body, inputs, at):
    """What is read and what is learnt of a row, as texts."""
    tokens, weights = inputs["tokens"][at], inputs["weights"][at]
    return tuple(body.tokenizer.decode(tokens[some], skip_special_tokens=False) for some in (weights == 0, weights > 0))


def test_the_answer_and_its_end_are_learnt_and_nothing_else(folder):
    body = built(folder)
    inputs = prepared(body)
    assert of_parts(body, inputs, 0) == ("[CLS] is it late", "it is late [SEP]")
    assert of_parts(body, inputs, 3) == ("[CLS]", "poor works [SEP]")
    assert body.units(inputs).tolist() == [4, 2, 3, 3]


def test_losses_are_those_of_the_models_own_forward_pass(folder):
    body = built(folder)
    inputs = prepared(body)
    found = lines(body, inputs, range(4))
    at = 0
    for row in range(4):
        tokens = torch.from_numpy(inputs["tokens"][row].astype(np.int64))[None]
        labels = torch.where(torch.from_numpy(inputs["weights"][row] > 0)[None], tokens, -100)
        with torch.no_grad():
            own = body.body(input_ids=tokens, labels=labels)
        count = int((labels != -100).sum())
        assert -float(found[at : at + count, 0].mean()) == pytest.approx(float(own.loss), abs=1e-5)
        at += count
    assert at == len(found)


def test_the_vocabulary_in_parts_gives_the_same_numbers_and_gradients(folder, monkeypatch):
    body = built(folder)
    inputs = prepared(body)

    def gradient():
        body.zero_grad()
        body(body.collate(inputs, np.arange(4)))[:, 0].sum().backward()
        return torch.cat([one.grad.flatten() for one in body.parameters()])

    body.eval()
    whole = gradient()
    monkeypatch.setattr(language, "LINES", 2)
    torch.testing.assert_close(gradient(), whole, rtol=1e-5, atol=1e-6)


def test_whether_a_token_was_the_likeliest_is_told(folder):
    body = built(folder)
    inputs = prepared(body)
    found = lines(body, inputs, [0])
    tokens = torch.from_numpy(inputs["tokens"][0].astype(np.int64))
    with torch.no_grad():
        said = body.body(input_ids=tokens[None]).logits[0].argmax(dim=1)
    assert found[:, 1].tolist() == (said[3:7] == tokens[4:8]).float().tolist()


def test_of_a_long_row_the_question_is_cut_at_its_beginning(folder):
    body = built(folder, max_tokens=8)
    inputs = prepared(body, texts(("order 1 2 3 4 5 6 7 8 9 is it late ",)), ("it is late",))
    assert of_parts(body, inputs, 0) == ("[CLS] is it late", "it is late [SEP]")
    assert inputs["left_out"].tolist() == [10]


def test_of_an_answer_that_is_too_long_alone_the_end_is_cut(folder):
    body = built(folder, max_tokens=8)
    inputs = prepared(body, texts(("is it late ",)), ("1 2 3 4 5 6 7 8 9",))
    assert of_parts(body, inputs, 0) == ("[CLS]", "1 2 3 4 5 6 7")


def test_all_answers_of_a_conversation_are_learnt_or_the_last(folder):
    conversation = [
        {"role": "system", "content": "it is"},
        {"role": "user", "content": "is it late"},
        {"role": "assistant", "content": "late"},
        {"role": "user", "content": "poor"},
        {"role": "assistant", "content": "fine", "weight": 0.5},
        {"role": "user", "content": "order"},
    ]
    inputs = chats(conversation)
    both = built(folder, template="default")
    found = prepared(both, inputs, ("works",))
    learnt = found["weights"][0]
    words = both.tokenizer.convert_ids_to_tokens(found["tokens"][0])
    counted = [(word, float(weight)) for word, weight in zip(words, learnt, strict=True) if weight]
    assert counted == [("late", 1), ("[SEP]", 1), ("fine", 0.5), ("[SEP]", 0.5), ("works", 1), ("[SEP]", 1)]
    last = prepared(built(folder, template="default", turns="last"), inputs, ("works",))
    assert last["weights"].values.sum() == 2


def test_an_answer_counts_what_its_message_says(folder):
    answer = written_answer({"role": "assistant", "content": "it is late", "weight": 0.5})
    assert set(prepared(built(folder), texts(ASKED[:1]), (answer,))["weights"][0]) == {0.0, 0.5}
    nothing = written_answer({"role": "assistant", "content": "it is late", "weight": 0})
    assert not prepared(built(folder), texts(ASKED[:1]), (nothing,))["weights"].values.any()


@pytest.mark.parametrize("template", ["plain", "default"])
def test_calls_of_tools_are_learnt_by_our_own_templates(folder, template):
    calls = [{"type": "function", "function": {"name": "order", "arguments": "{}"}}]
    answer = written_answer({"role": "assistant", "content": "", "tool_calls": calls})
    inputs = prepared(built(folder, template=template), texts(ASKED[:1]), (answer,))
    assert "order" in of_parts(built(folder), inputs, 0)[1]


def test_a_row_without_a_token_shows_one(folder):
    tokens, mask = left_padded([np.array([3, 4]), np.array([], np.int64)], 7)
    assert tokens.tolist() == [[3, 4], [7, 7]]
    assert mask.tolist() == [[1, 1], [0, 1]]


def test_what_is_asked_at_serving_are_the_tokens_of_training(folder):
    for template in ("plain", "default"):
        body = built(folder, template=template)
        trained, served = prepared(body), body.prepare(texts())
        for at in range(4):
            asked = served["asked"][at]
            assert asked.tolist() == trained["asked"][at].tolist() == trained["tokens"][at][: len(asked)].tolist()


def test_a_template_that_rewrites_its_questions_is_refused(folder):
    rewriting = "{% for m in messages %}{{ m['content'] + (messages | length | string) }}{% endfor %}"
    with pytest.raises(DataError, match="writes a question otherwise"):
        prepared(built(folder, template=rewriting))


def test_a_template_that_refuses_a_role_says_which_roles_there_were(folder):
    refusing = "{% for m in messages %}{{ raise_exception('no system here') }}{% endfor %}"
    with pytest.raises(DataError, match=r"conversation of user.*no system here"):
        prepared(built(folder, template=refusing))


def test_a_template_that_begins_the_text_itself_begins_it_once(folder):
    begun = "{{ bos_token }}" + PLAIN
    inputs = prepared(built(folder, template=begun))
    first = inputs["tokens"][0]
    assert first[0] == built(folder).begin_token
    assert first[1] != first[0]


def test_words_that_name_no_template_are_refused():
    with pytest.raises(RecipeError, match=r"base\.template: 'chatml' is no template"):
        chosen("chatml", None)
    assert chosen("auto", "own {{ messages }}") == "own {{ messages }}"


def test_texts_are_those_of_each_row_alone(folder):
    body = built(folder, writing={"max_new_tokens": 6})
    inputs = body.prepare(texts())
    network = Network(Net({"body": body}, 2, 0.0, 0), SHAPE, "body", torch.device("cpu"))
    rows = Encoded(("a", "b", "c", "d"), inputs)
    together = network.answer(rows).texts
    assert together.tolist() == [network.answer(rows.take(np.array([at]))).texts[0] for at in range(4)]
    assert not network.answer(rows).values.size


def test_rows_are_filled_up_on_the_left():
    tokens, mask = left_padded([np.array([3, 4]), np.array([5])], 0)
    assert tokens.tolist() == [[3, 4], [0, 5]]
    assert mask.tolist() == [[1, 1], [0, 1]]


def test_a_text_ends_before_a_stop(folder):
    plain = built(folder, writing={"max_new_tokens": 8})
    whole = str(
        plain.written(
            plain.finished(Ragged.cut(np.zeros((0, 2)), np.zeros(4, np.int64)), {}), plain.prepare(texts())
        ).texts[0]
    )
    stop = whole.split()[2]
    body = built(folder, writing={"max_new_tokens": 8, "stop": [stop]})
    cut = body.written(
        body.finished(Ragged.cut(np.zeros((0, 2)), np.zeros(4, np.int64)), {}), body.prepare(texts())
    ).texts[0]
    assert cut == whole.partition(stop)[0]


def test_drawn_texts_follow_from_their_seed(folder):
    def drawn(seed):
        body = built(folder, writing={"max_new_tokens": 8, "temperature": 1.0, "seed": seed})
        nothing = body.finished(Ragged.cut(np.zeros((0, 2)), np.zeros(4, np.int64)), {})
        return body.written(nothing, body.prepare(texts())).texts.tolist()

    state = torch.random.get_rng_state()
    assert drawn(1) == drawn(1) != drawn(2)
    assert torch.random.get_rng_state().equal(state)


def test_weights_that_are_shared_are_stored_once_and_stay_shared(folder):
    base = HfCausal(path=str(folder), template="plain")
    one = Network(Net({"body": base.build(SHAPE, 0)}, 2, 0.0, 0), SHAPE, "body", torch.device("cpu"))
    with torch.no_grad():
        one.net.encoders["body"].body.get_input_embeddings().weight += 0.1
    files = one.files()
    assert b"lm_head" not in files["weights.safetensors"][:4000]
    again = Network(Net({"body": base.restore(SHAPE, files)}, 2, 0.0, 0), SHAPE, "body", torch.device("cpu"))
    again.load(files)
    body = again.net.encoders["body"].body
    assert body.get_output_embeddings().weight is body.get_input_embeddings().weight
    rows = Encoded(tuple("abcd"), prepared(one.net.encoders["body"]))
    np.testing.assert_array_equal(one.outputs(rows).values, again.outputs(rows).values)


def test_every_weight_has_its_depth_once(folder, tmp_path):
    apart = transformers.AutoModelForCausalLM.from_pretrained(folder, tie_word_embeddings=False)
    apart.save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path)
    for where in (folder, tmp_path):
        body = built(where)
        held = [{id(one) for module in depth for one in module.parameters()} for depth in body.layers()]
        assert sum(map(len, held)) == len(set().union(*held))
        assert set().union(*held) == {id(one) for one in body.parameters()}
        assert len(body.layers()) == 3


@pytest.mark.parametrize(
    "config",
    [
        transformers.Gemma2Config(head_dim=8, final_logit_softcapping=3.0, query_pre_attn_scalar=8, sliding_window=8),
        transformers.CohereConfig(logit_scale=0.25),
        transformers.GraniteConfig(logits_scaling=4.0),
        transformers.GPT2Config(n_embd=16, n_layer=2, n_head=2, n_positions=64),
        transformers.GPTNeoXConfig(),
        transformers.Qwen3Config(head_dim=8),
    ],
    ids=lambda one: one.model_type,
)
def test_the_families_logits_are_their_own(folder, tmp_path, config):
    small = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    if config.model_type != "gpt2":
        config.update(small | ({} if config.model_type == "gpt_neox" else {"num_key_value_heads": 2}))
    if hasattr(config, "layer_types"):
        config.layer_types = ["full_attention"] * 2
    config.update({"vocab_size": tiny.tokenizer().get_vocab_size(), "pad_token_id": 0, "eos_token_id": 3})
    torch.manual_seed(0)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path)
    body = built(tmp_path)
    inputs = prepared(body)
    tokens = torch.from_numpy(inputs["tokens"][0].astype(np.int64))
    body.eval()
    with torch.no_grad():
        own = body.body(input_ids=tokens[None]).logits[0].log_softmax(dim=1)
    expected = own[torch.arange(3, 7), tokens[4:8]]
    torch.testing.assert_close(lines(body, inputs, [0])[:, 0], expected, rtol=1e-4, atol=1e-4)
    packed = built(tmp_path, packing=True, max_tokens=64)
    torch.testing.assert_close(lines(packed, inputs, range(4)), lines(body, inputs, range(4)), rtol=1e-4, atol=1e-4)


def test_logits_of_a_kind_that_is_not_known_are_refused(folder):
    body = built(folder)
    own = torch.zeros(1, 3, body.body.config.vocab_size)
    with pytest.raises(GuardError, match="makes its logits otherwise"):
        body.compare(torch.ones(1, 3, 16), own + 5)


def test_new_tokens_are_read_as_one_and_start_as_the_mean(folder):
    base = HfCausal(path=str(folder), template="plain", new_tokens=["<|order|>", "<|end|>"])
    body, plain = base.build(SHAPE, 0), built(folder)
    inputs = prepared(body, texts(("<|order|> is late ",)), ("fine<|end|>",))
    words = body.tokenizer.convert_ids_to_tokens(inputs["tokens"][0])
    assert words == ["[CLS]", "<|order|>", "is", "late", "fine", "<|end|>", "[SEP]"]
    known = plain.body.get_input_embeddings().weight
    torch.testing.assert_close(body.body.get_input_embeddings().weight[-1], known.mean(dim=0))
    files = Network(Net({"body": body}, 2, 0.0, 0), SHAPE, "body", torch.device("cpu")).files()
    again = Network(Net({"body": base.restore(SHAPE, files)}, 2, 0.0, 0), SHAPE, "body", torch.device("cpu"))
    again.load(files)
    torch.testing.assert_close(lines(again.net.encoders["body"], inputs, [0]), lines(body, inputs, [0]))


def test_a_new_token_that_is_known_is_refused(folder):
    with pytest.raises(RecipeError, match=r"base\.new_tokens: 'late' is a token of this base already"):
        built(folder, new_tokens=["late"])


def test_forgetting_is_measured_on_paragraphs_that_have_nothing_to_do_with_the_task(folder, tmp_path):
    (tmp_path / "own.txt").write_text("it is late\n\n  \nbroken order 7\n")
    body = built(folder, probe=str(tmp_path / "own.txt"))
    network = Network(Net({"body": body}, 2, 0.0, 0), SHAPE, "body", torch.device("cpu"))
    tokens = [
        torch.tensor([one])
        for one in body.tokenizer(["it is late", "broken order 7"], add_special_tokens=True).input_ids
    ]
    with torch.no_grad():
        losses = [body.body(input_ids=one[:, :-1], labels=one[:, :-1]).loss.item() for one in tokens]
    told = network.probe()
    assert told["tokens"] == 6
    assert told["loss"] == pytest.approx(np.mean(losses), abs=1e-5)
    assert built(folder).probe()["tokens"].values.size > 1000


@pytest.mark.parametrize(
    ("content", "fact"), [(None, "cannot be read"), (b" \n\n", "holds no text"), (b"\xff", "cannot be read")]
)
def test_a_probe_that_is_none_is_refused(folder, tmp_path, content, fact):
    if content is not None:
        (tmp_path / "own.txt").write_bytes(content)
    with pytest.raises(DataError, match=rf"base\.probe .*own\.txt: {fact}"):
        built(folder, probe=str(tmp_path / "own.txt")).probe()


def test_packed_rows_give_the_numbers_of_rows_alone(folder):
    plain, packed = built(folder), built(folder, packing=True, max_tokens=20)
    inputs = prepared(plain)
    tensors = packed.collate(inputs, np.arange(4))
    assert tensors["tokens"].shape[0] < 4
    torch.testing.assert_close(lines(packed, inputs, range(4)), lines(plain, inputs, range(4)), rtol=1e-5, atol=1e-5)
    alone = torch.cat([lines(packed, inputs, [at]) for at in range(4)])
    torch.testing.assert_close(lines(packed, inputs, range(4)), alone, rtol=1e-5, atol=1e-5)


def test_a_packed_token_that_saw_its_neighbours_would_be_noticed(folder, monkeypatch):
    packed = built(folder, packing=True, max_tokens=64)
    inputs = prepared(packed)
    tensors = packed.collate(inputs, np.arange(4))
    packed.eval()
    with torch.no_grad():
        sound = packed(tensors)
        leaking = packed(tensors | {"mask": torch.ones_like(tensors["mask"]).tril()})
    assert (sound - leaking)[:, 0].abs().max() > 1e-3


@pytest.mark.parametrize("room", [5, 9, 100])
def test_every_row_is_packed_once_and_none_overlaps(room):
    lengths = np.array([5, 1, 3, 2, 4, 4, 1])
    found = pack(lengths, max(room, 5))
    taken = [
        (row, start + at)
        for row, start, length in zip(found.rows, found.starts, lengths, strict=True)
        for at in range(length)
    ]
    assert len(set(taken)) == lengths.sum()
    assert max(place for _, place in taken) < max(room, 5)


def test_a_window_of_attention_is_not_packed_beyond_it(folder, tmp_path):
    small = {"hidden_size": 16, "intermediate_size": 24, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.Gemma2Config(**small, head_dim=8, num_key_value_heads=2, sliding_window=8, vocab_size=60)
    transformers.AutoModelForCausalLM.from_config(config).save_pretrained(tmp_path)
    transformers.AutoTokenizer.from_pretrained(folder).save_pretrained(tmp_path)
    with pytest.raises(RecipeError, match=r"base\.packing: gemma2 sees 8 tokens back"):
        built(tmp_path, packing=True)


def test_adapters_reach_all_linear_layers_and_are_merged(folder):
    body = built(folder)
    inputs = prepared(body)
    strategy = Lora(rank=2, alpha=4, dropout=0.0)
    strategy.prepare(body, body.layers())
    moving = [one for one in body.parameters() if one.requires_grad]
    body(body.collate(inputs, np.arange(4)))[:, 0].sum().backward()
    assert len(moving) >= 2 * 2 * 7
    with torch.no_grad():
        for one in moving:
            one += 0.01 * torch.randn_like(one)
    before = lines(body, inputs, range(4))
    strategy.finish(body)
    torch.testing.assert_close(lines(body, inputs, range(4)), before, rtol=1e-4, atol=1e-5)


def test_what_is_no_language_model_is_refused(tmp_path):
    with pytest.raises(DataError, match="no language model could be loaded from this name"):
        built("nobody/has-this")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": "llama"}))
    with pytest.raises(DataError, match="no language model could be loaded from this folder"):
        built(tmp_path)


@pytest.mark.assets
def test_a_real_small_model_tells_a_story(assets, tmp_path):
    convert(assets / "weights/stories260K", tmp_path)
    body = built(tmp_path, writing={"max_new_tokens": 24})
    inputs = prepared(
        body, texts(("Once upon a time, there was a little",)), (" girl named Lily. She loved to play outside",)
    )
    assert float(lines(body, inputs, [0])[:-1, 0].mean()) > -1.5
    told = body.written(
        body.finished(Ragged.cut(np.zeros((0, 2)), np.zeros(1, np.int64)), {}),
        body.prepare(texts(("Once upon a time",))),
    )
    assert told.texts[0].startswith(", there was a little girl named Lily.")
