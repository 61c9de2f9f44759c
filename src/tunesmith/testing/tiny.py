"""Bodies for quick tests, with random weights: a BERT of four thin layers and a tokenizer that spells, a ResNet."""

from __future__ import annotations

import json
import string
from pathlib import Path

import torch
import transformers
from tokenizers import Tokenizer, models, normalizers, pre_tokenizers, processors

from ..core.seed import derive
from ..parts.bases._architectures import ARCHITECTURES
from ..parts.bases._transformer import TransformerEncoder

SPECIAL = ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]")
WORDS = ("it", "is", "fine", "great", "works", "broken", "late", "poor", "order")
LAYERS = 4
MAX_TOKENS = 32


def tokenizer() -> Tokenizer:
    """Return a WordPiece tokenizer that knows a few words and spells all others."""
    letters = [*string.ascii_lowercase, *string.digits]
    pieces = [*SPECIAL, *WORDS, *letters, *(f"##{one}" for one in letters)]
    vocabulary = {piece: number for number, piece in enumerate(pieces)}
    made = Tokenizer(models.WordPiece(vocabulary, unk_token="[UNK]"))
    made.normalizer = normalizers.BertNormalizer(lowercase=True)
    made.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    made.post_processor = processors.TemplateProcessing(
        single="[CLS] $A [SEP]",
        pair="[CLS] $A [SEP] $B:1 [SEP]:1",
        special_tokens=[(name, vocabulary[name]) for name in ("[CLS]", "[SEP]")],
    )
    return made


def body() -> transformers.BertModel:
    """Return the BERT, the same weights each time."""
    config = transformers.BertConfig(
        vocab_size=tokenizer().get_vocab_size(),
        hidden_size=32,
        num_hidden_layers=LAYERS,
        num_attention_heads=4,
        intermediate_size=64,
        max_position_embeddings=MAX_TOKENS,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(0, "tiny"))
        return transformers.BertModel(config, add_pooling_layer=False)


def save_translator(folder: Path, seed: int = 0) -> None:
    """Write a T5 of one thin layer with random weights, which gives a text for a text, as transformers does."""
    spelling = tokenizer()
    pad, end = (spelling.token_to_id(one) for one in ("[PAD]", "[SEP]"))
    config = transformers.T5Config(
        vocab_size=spelling.get_vocab_size(),
        d_model=16,
        d_kv=8,
        d_ff=32,
        num_layers=1,
        num_heads=2,
        pad_token_id=pad,
        eos_token_id=end,
        decoder_start_token_id=pad,  # type: ignore[call-arg]
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(seed, "translator"))
        transformers.T5ForConditionalGeneration(config).save_pretrained(folder)
    _save_tokenizer(folder, eos_token="[SEP]")


def encoder() -> TransformerEncoder:
    """Return the body with its tokenizer, as a base builds it."""
    return TransformerEncoder(body(), tokenizer(), "mean", MAX_TOKENS)


def save(folder: Path) -> None:
    """Write configuration, weights and tokenizer as transformers does, for bases that load a folder."""
    body().save_pretrained(folder)
    _save_tokenizer(folder, cls_token="[CLS]", sep_token="[SEP]")


def save_language(folder: Path) -> None:
    """Write a causal language model of two thin layers, its head the vectors of its words, as transformers does."""
    spelling = tokenizer()
    pad, begin, end = (spelling.token_to_id(one) for one in ("[PAD]", "[CLS]", "[SEP]"))
    config = transformers.LlamaConfig(
        vocab_size=spelling.get_vocab_size(),
        hidden_size=16,
        intermediate_size=24,
        num_hidden_layers=2,
        num_attention_heads=2,
        max_position_embeddings=128,
        tie_word_embeddings=True,
        pad_token_id=pad,
        bos_token_id=begin,
        eos_token_id=end,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(0, "language"))
        transformers.LlamaForCausalLM(config).save_pretrained(folder)
    _save_tokenizer(folder, bos_token="[CLS]", eos_token="[SEP]")


def save_network(folder: Path) -> None:
    """Write a network for images as transformers does, with what its image processor would do."""
    config = transformers.ResNetConfig(embedding_size=8, hidden_sizes=[8, 12], depths=[1, 1], layer_type="basic")
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(0, "network"))
        transformers.ResNetModel(config).save_pretrained(folder)
    processor = {"size": {"height": 24, "width": 24}, "image_mean": [0.5] * 3, "image_std": [0.25] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor), "utf-8")


def save_detector(folder: Path) -> None:
    """Write a YOLOS of one thin layer that answers with six boxes, as transformers does."""
    config = transformers.YolosConfig(  # type: ignore[call-arg]
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=4,
        intermediate_size=48,
        image_size=[32, 32],
        patch_size=8,
        num_detection_tokens=6,
        num_labels=3,
    )
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(0, "detector"))
        transformers.YolosForObjectDetection(config).save_pretrained(folder)
    processor = {"size": {"height": 32, "width": 32}, "image_mean": [0.5] * 3, "image_std": [0.25] * 3}
    (folder / "preprocessor_config.json").write_text(json.dumps(processor), "utf-8")


def save_weights(path: Path) -> None:
    """Write the plain weights of the smallest network that `kind: local` knows, with a classifier for two classes."""
    architecture = ARCHITECTURES["cifar_resnet20"]
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(derive(0, "weights"))
        body = architecture.make()
        head = torch.nn.Linear(body.width, 2)
    classifier = {f"{architecture.head}.{name}": one for name, one in head.state_dict().items()}
    torch.save(body.state_dict() | classifier, path)


def _save_tokenizer(folder: Path, **special: str) -> None:
    words = {"pad_token": "[PAD]", "unk_token": "[UNK]"} | special
    transformers.PreTrainedTokenizerFast(tokenizer_object=tokenizer(), **words).save_pretrained(folder)
