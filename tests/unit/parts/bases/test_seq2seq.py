"""Encoder-decoder models: what is read, what is learnt, that it is the model's own loss, and what is written."""

import json

import numpy as np
import pytest
import torch
import transformers

from tunesmith.core.errors import DataError, GuardError, RecipeError
from tunesmith.data import Ragged
from tunesmith.parts.bases import Shape
from tunesmith.parts.bases._writing import Writing
from tunesmith.parts.bases.hf_seq2seq import HfSeq2seq
from tunesmith.parts.strategies.lora import Lora
from tunesmith.testing import tiny

SHAPE = Shape(texts=1, reads="answer")
SOURCES = ("it is fine", "order 7", "late", "it is great and works, but order 12 is late")
ANSWERS = ("fine", "it is broken or late", "", "works")
SIZES = {
    "encoder_layers": 2,
    "decoder_layers": 1,
    "encoder_attention_heads": 2,
    "decoder_attention_heads": 2,
    "encoder_ffn_dim": 24,
    "decoder_ffn_dim": 24,
    "d_model": 16,
    "max_position_embeddings": 64,
}
FAMILIES = {
    "bart": (transformers.BartConfig, transformers.BartForConditionalGeneration, {}),
    "marian": (transformers.MarianConfig, transformers.MarianMTModel, {}),
    "marian apart": (
        transformers.MarianConfig,
        transformers.MarianMTModel,
        {"share_encoder_decoder_embeddings": False, "tie_word_embeddings": False},
    ),
    "mbart": (transformers.MBartConfig, transformers.MBartForConditionalGeneration, {}),
    "pegasus": (transformers.PegasusConfig, transformers.PegasusForConditionalGeneration, {}),
    "m2m_100": (transformers.M2M100Config, transformers.M2M100ForConditionalGeneration, {}),
}
EVERY = ["t5", "t5 own head", *FAMILIES]


def save(family, folder):
    """Write a model of the family with random weights, none of them at a special place."""
    tiny.save_translator(folder)
    spelling = tiny.tokenizer()
    ids = {name: spelling.token_to_id(f"[{name.upper()}]") for name in ("pad", "cls", "sep")}
    torch.manual_seed(1)
    if family.startswith("t5"):
        body = transformers.AutoModelForSeq2SeqLM.from_pretrained(folder)
        if family == "t5 own head":
            body.lm_head.weight = torch.nn.Parameter(torch.randn_like(body.shared.weight) / 4)
            body.config.scale_decoder_outputs = False
    else:
        config, model, fields = FAMILIES[family]
        body = model(
            config(
                vocab_size=spelling.get_vocab_size(),
                pad_token_id=ids["pad"],
                bos_token_id=ids["cls"],
                eos_token_id=ids["sep"],
                forced_eos_token_id=ids["sep"],
                decoder_start_token_id=ids["pad"],
                **SIZES,
                **fields,
            )
        )
        if hasattr(body, "final_logits_bias"):
            body.final_logits_bias.normal_()
    body.save_pretrained(folder)
    return folder


@pytest.fixture(scope="module")
def folders(tmp_path_factory):
    made = tmp_path_factory.mktemp("families")
    return {family: save(family, made / family.replace(" ", "_")) for family in EVERY}


def build(folder, **fields):
    return HfSeq2seq(path=str(folder), **fields).build(SHAPE, 1).eval()


def texts(*sources):
    held = np.empty((len(sources), 1), object)
    held[:, 0] = sources
    return {"text": held}


def chats(*rows):
    held = np.empty((len(rows), 1), object)
    held[:, 0] = rows
    return {"chat": held}


def prepared(encoder, sources=SOURCES, answers=ANSWERS):
    return encoder.prepare(encoder.with_labels(texts(*sources), np.array(answers, object)))


def lines(encoder, inputs, rows):
    with torch.no_grad():
        return encoder(encoder.collate(inputs, np.array(rows))).numpy()


def letters(encoder, ids):
    return " ".join(encoder.tokenizer.convert_ids_to_tokens(ids))


@pytest.mark.parametrize("family", EVERY)
def test_the_loss_is_the_models_own(folders, family):
    encoder = build(folders[family])
    inputs = prepared(encoder)
    for row, (source, answer) in enumerate(zip(SOURCES, ANSWERS, strict=True)):
        asked = encoder.tokenizer(source, return_tensors="pt")
        labels = encoder.tokenizer(text_target=answer, return_tensors="pt").input_ids
        start = encoder.body.config.decoder_start_token_id
        begun = torch.cat([torch.tensor([[start]]), labels[:, :-1]], dim=1)
        how = {} if family in ("mbart",) else {"decoder_input_ids": begun}  # whose answers begin with their last token
        with torch.no_grad():
            own = encoder.body(
                input_ids=asked.input_ids, attention_mask=asked.attention_mask, labels=labels, use_cache=False, **how
            )
        found = lines(encoder, inputs, [row])
        assert -found[:, 0].mean() == pytest.approx(own.loss.item(), abs=1e-5)
        assert found[:, 1].tolist() == (own.logits.argmax(-1) == labels)[0].float().tolist()


@pytest.mark.parametrize("family", EVERY)
def test_rows_beside_a_row_and_padding_do_not_matter(folders, family):
    encoder = build(folders[family])
    inputs = prepared(encoder)
    alone = np.concatenate([lines(encoder, inputs, [row]) for row in range(4)])
    assert np.allclose(lines(encoder, inputs, range(4)), alone, atol=1e-5)
    assert len(alone) == encoder.units(inputs).sum() == len(inputs["tokens"].values)
    assert np.array_equal(encoder.lengths(inputs), inputs["asked"].lengths + inputs["tokens"].lengths)


@pytest.mark.parametrize("family", EVERY)
@pytest.mark.parametrize("beams", [1, 3])
def test_a_batch_is_written_as_its_rows_are(folders, family, beams):
    encoder = build(folders[family], writing=Writing(max_new_tokens=6, beams=beams))
    inputs = encoder.prepare(texts(*SOURCES))
    together = encoder.written(encoder.finished(empty(len(SOURCES)), inputs), inputs).texts.tolist()
    for row, source in enumerate(SOURCES):
        one = encoder.prepare(texts(source))
        assert encoder.written(encoder.finished(empty(1), one), one).texts.tolist() == [together[row]]
    tokens = encoder.tokenizer([SOURCES[3]], return_tensors="pt")
    own = encoder.body.generate(**tokens, max_new_tokens=6, num_beams=beams, do_sample=False)
    assert together[3] == encoder.tokenizer.decode(own[0, 1:], skip_special_tokens=True)


def empty(rows):
    return Ragged.cut(np.zeros((0, 2)), np.zeros(rows, np.int64))


@pytest.mark.parametrize("family", EVERY)
def test_it_is_put_together_anew(folders, family):
    base = HfSeq2seq(path=str(folders[family]), prefix="now: ")
    encoder = base.build(SHAPE, 1).eval()
    again = base.restore(SHAPE, encoder.assets()).eval()
    again.load_state_dict(encoder.state_dict())
    assert np.allclose(lines(encoder, prepared(encoder), range(4)), lines(again, prepared(again), range(4)), atol=1e-6)
    assert again.body.generation_config.decoder_start_token_id == encoder.start
    assert len(list(again.parameters())) == len(list(encoder.parameters())), "what was shared is, and nothing else"


@pytest.mark.parametrize("family", EVERY)
def test_layers_hold_every_weight_once_from_words_to_decoder(folders, family):
    encoder = build(folders[family])
    depths = encoder.layers()
    held = [{id(one) for module in depth for one in module.parameters()} for depth in depths]
    assert set().union(*held) == {id(one) for one in encoder.parameters()}
    assert sum(map(len, held)) == len(set().union(*held))
    assert id(encoder.body.get_input_embeddings().weight) in held[0]
    blocks = {"t5": [1, 1]}.get(family.split()[0], [2, 1])
    assert len(depths) == 1 + sum(blocks)
    decoder = {id(one) for one in encoder.body.get_decoder().parameters()}
    assert [one <= decoder for one in held[1:]] == [False] * blocks[0] + [family not in ("t5 own head", "marian apart")]


def test_a_head_of_its_own_is_the_top(folders):
    for family in ("t5 own head", "marian apart"):
        encoder = build(folders[family])
        assert encoder.layers()[-1][-1] is encoder.body.get_output_embeddings()
        assert encoder.body.get_output_embeddings().weight is not encoder.body.get_input_embeddings().weight


@pytest.mark.parametrize("family", ["t5", "t5 own head", "bart", "marian"])
def test_adapters_move_and_are_merged(folders, family):
    encoder = build(folders[family])
    before = {name: one.clone() for name, one in encoder.named_parameters()}
    strategy = Lora(rank=2, dropout=0.0)
    strategy.prepare(encoder, encoder.layers())
    moving = [one for one in encoder.parameters() if one.requires_grad]
    assert moving
    inputs = prepared(encoder)
    torch.manual_seed(0)
    with torch.no_grad():
        for one in moving:
            one.normal_(std=0.3)
    adapted = lines(encoder, inputs, range(4))
    assert {id(one) for depth in encoder.layers() for part in depth for one in part.parameters()} >= set(
        map(id, moving)
    )
    strategy.finish(encoder)
    assert before.keys() == dict(encoder.named_parameters()).keys()
    merged = lines(encoder, inputs, range(4))
    assert np.allclose(adapted, merged, atol=1e-4)
    words = encoder.body.get_input_embeddings().weight
    assert words.equal(before["body.shared.weight" if "t5" in family else "body.model.shared.weight"])
    assert not np.allclose(merged, lines(build(folders[family]), inputs, range(4)), atol=1e-3)


def test_only_the_answer_is_learnt_and_its_end_is(folders):
    encoder = build(folders["t5"])
    inputs = prepared(encoder, ("it is fine",), ("great works",))
    assert letters(encoder, inputs["asked"][0]) == "[CLS] it is fine [SEP]"
    assert letters(encoder, inputs["tokens"][0]) == "[CLS] great works [SEP]"
    assert inputs["weights"][0].tolist() == [1.0] * 4
    assert encoder.words(inputs, 0) == ["[CLS]", "great", "works", "[SEP]"]
    assert encoder.labels(inputs, None)[0].tolist() == [1.0] * 4
    tensors = encoder.collate(inputs, np.array([0]))
    assert letters(encoder, tensors["begun"][0]) == "[PAD] [CLS] great works"


def test_without_an_answer_only_the_source_is_read(folders):
    encoder = build(folders["t5"])
    inputs = encoder.prepare(texts("it is fine", ""))
    assert "tokens" not in inputs
    assert encoder.units(inputs).tolist() == [0, 0]
    assert encoder.lengths(inputs).tolist() == [5, 2]
    assert encoder.words(inputs, 1) == ["[CLS]", "[SEP]"]
    assert len(encoder.prepare(texts())["asked"]) == 0


def test_what_is_too_long_is_cut_at_its_end(folders):
    encoder = build(folders["t5"], max_tokens=8, max_answer_tokens=3)
    inputs = prepared(encoder, ("it is fine it is great it is late",), ("works works works works",))
    assert letters(encoder, inputs["asked"][0]) == "[CLS] it is fine it is great [SEP]"
    assert letters(encoder, inputs["tokens"][0]) == "[CLS] works works", "and no end, as it is not the end"
    whole = prepared(encoder, ("it is fine it is great",), ("works",))
    assert letters(encoder, whole["asked"][0]) == "[CLS] it is fine it is great [SEP]"
    assert letters(encoder, whole["tokens"][0]) == "[CLS] works [SEP]"


def test_nothing_is_longer_than_the_model_can_count(folders):
    encoder = build(folders["bart"], max_tokens=900, max_answer_tokens=900)
    inputs = prepared(encoder, ("it " * 200,), ("late " * 200,))
    assert inputs["asked"].lengths.tolist() == inputs["tokens"].lengths.tolist() == [64]
    lines(encoder, inputs, [0])
    assert encoder.reading.writing.max_new_tokens == 63
    encoder.written(encoder.finished(empty(1), inputs), inputs)


def test_a_source_is_the_message_alone_behind_its_prefix_and_a_conversation_is_rendered(folders):
    said = (("user", "late "), ("assistant", "fine"), ("user", "it"))
    talk = [{"role": role, "content": text} for role, text in said]
    encoder = build(folders["t5"], prefix="order ", template="plain")
    inputs = encoder.prepare(chats([{"role": "user", "content": "late"}], talk))
    assert letters(encoder, inputs["asked"][0]) == "[CLS] order late [SEP]"
    assert letters(encoder, inputs["asked"][1]) == "[CLS] order late fine [SEP] it [SEP]"
    headed = build(folders["t5"], template="default").prepare(chats(talk, [{"role": "system", "content": "it"}]))
    assert headed["asked"].lengths.min() > 20, "spelt headings stand over each turn"
    both = np.array([["it is", "late"]], object)
    assert letters(encoder, encoder.prepare({"text": both})["asked"][0]) == "[CLS] order it is late [SEP]"


def test_an_end_is_added_where_the_tokenizer_has_none(folders, tmp_path):
    save("t5", tmp_path)
    told = json.loads((tmp_path / "tokenizer.json").read_text("utf-8"))
    told["post_processor"] = None
    (tmp_path / "tokenizer.json").write_text(json.dumps(told), "utf-8")
    encoder = build(tmp_path)
    inputs = prepared(encoder, ("it is", ""), ("fine", ""))
    assert [letters(encoder, one) for one in (inputs["tokens"][0], inputs["tokens"][1])] == ["fine [SEP]", "[SEP]"]
    assert [letters(encoder, one) for one in (inputs["asked"][0], inputs["asked"][1])] == ["it is", "[PAD]"]
    assert np.isfinite(lines(encoder, inputs, [0, 1])).all()


def test_dropout_is_the_recipes(folders):
    encoder = build(folders["bart"], dropout=0.4)
    assert encoder.body.config.dropout == encoder.body.config.attention_dropout == 0.4
    assert build(folders["bart"]).body.config.dropout == 0.1
    encoder.train()
    inputs = prepared(encoder)
    assert not np.allclose(lines(encoder, inputs, [0]), lines(encoder, inputs, [0]))


def test_memory_is_saved_without_another_gradient(folders):
    found = []
    for is_saving in (False, True):
        encoder = build(folders["t5"], dropout=0.0).train()
        if is_saving:
            encoder.save_memory()
        encoder(encoder.collate(prepared(encoder), np.arange(4)))[:, 0].sum().backward()
        found.append([one.grad for one in encoder.parameters()])
    assert all(torch.allclose(one, other, atol=1e-5) for one, other in zip(*found, strict=True))


def test_another_head_is_refused(folders, monkeypatch):
    model = transformers.BartForConditionalGeneration
    own = model.forward

    def doubled(self, *args, **kwargs):
        found = own(self, *args, **kwargs)
        found.logits = 2 * found.logits
        return found

    monkeypatch.setattr(model, "forward", doubled)
    with pytest.raises(GuardError, match="bart makes its logits otherwise"):
        build(folders["bart"])


def test_what_cannot_be_loaded_is_told(folders, tmp_path):
    with pytest.raises(DataError, match="no encoder-decoder model could be loaded from this name"):
        build(tmp_path / "nowhere")
    tiny.save_language(tmp_path)
    with pytest.raises(DataError, match="no encoder-decoder model could be loaded from this folder"):
        build(tmp_path)


def test_a_missing_weight_is_told(tmp_path):
    save("marian apart", tmp_path)
    body = transformers.AutoModelForSeq2SeqLM.from_pretrained(tmp_path)
    kept = {name: one for name, one in body.state_dict().items() if "fc1" not in name}
    body.save_pretrained(tmp_path, state_dict=kept)
    with pytest.raises(DataError, match="weights are not in the file"):
        build(tmp_path)


def test_a_model_that_does_not_say_how_answers_begin_is_refused(tmp_path):
    save("bart", tmp_path)
    for name in ("config.json", "generation_config.json"):
        told = json.loads((tmp_path / name).read_text("utf-8")) | {"decoder_start_token_id": None}
        (tmp_path / name).write_text(json.dumps(told), "utf-8")
    with pytest.raises(DataError, match="decoder_start_token_id"):
        build(tmp_path)


def languages(folder, model, tokenizer):
    """Write a model of several languages with the tokenizer's own smallest vocabulary."""
    made = tokenizer()
    config, family, _ = FAMILIES[model]
    ids = {"pad_token_id": made.pad_token_id, "eos_token_id": made.eos_token_id, "bos_token_id": made.bos_token_id}
    torch.manual_seed(1)
    body = family(config(vocab_size=len(made), decoder_start_token_id=made.eos_token_id, **ids, **SIZES))
    body.save_pretrained(folder)
    made.save_pretrained(folder)
    return folder


@pytest.mark.parametrize("tokenizer", [transformers.MBartTokenizer, transformers.MBart50Tokenizer])
def test_languages_begin_and_end_texts_as_the_tokenizer_does(tmp_path, tokenizer):
    languages(tmp_path, "mbart", tokenizer)
    base = HfSeq2seq(path=str(tmp_path), source_language="en_XX", target_language="de_DE", max_answer_tokens=9)
    encoder = base.build(SHAPE, 1).eval()
    inputs = prepared(encoder, ("",), ("",))
    asked, tokens = (letters(encoder, inputs[name][0]) for name in ("asked", "tokens"))
    begun = letters(encoder, encoder.collate(inputs, np.array([0]))["begun"][0])
    forced = encoder.body.generation_config.forced_bos_token_id
    if tokenizer is transformers.MBartTokenizer:
        assert (asked, tokens, begun) == ("</s> en_XX", "</s> de_DE", "de_DE </s>")
        assert forced is None
    else:
        assert (asked, tokens, begun) == ("en_XX </s>", "de_DE </s>", "</s> de_DE")
        assert forced == encoder.tokenizer.convert_tokens_to_ids("de_DE")
    again = base.restore(SHAPE, encoder.assets())
    assert prepared(again, ("",), ("",))["tokens"][0].tolist() == inputs["tokens"][0].tolist()
    assert again.start == encoder.start
    assert again.body.generation_config.forced_bos_token_id == forced


def test_languages_named_amiss_are_refused(folders, tmp_path):
    with pytest.raises(RecipeError, match="tells no languages apart"):
        build(folders["t5"], target_language="de_DE")
    languages(tmp_path, "mbart", transformers.MBart50Tokenizer)
    with pytest.raises(RecipeError, match=r"base.target_language: .* translates between languages"):
        build(tmp_path, source_language="en_XX")
    with pytest.raises(RecipeError, match="knows no 'xx_YY'"):
        build(tmp_path, source_language="en_XX", target_language="xx_YY")
