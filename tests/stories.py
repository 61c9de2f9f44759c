"""Converts a llama2.c checkpoint and its tokenizer to a folder that transformers loads, for tests and benchmarks."""

from __future__ import annotations

import struct
from pathlib import Path

import numpy as np
import torch
import transformers
from tokenizers import Tokenizer, decoders, models, normalizers

START, END, BYTES = 1, 2, range(3, 259)  # the numbers of SentencePiece's own tokens


def convert(source: Path, folder: Path) -> Path:
    """Write `stories260K.bin` and `tok512.bin` of a folder as a Llama and its tokenizer; return where they are."""
    model = _model((source / "stories260K.bin").read_bytes())
    model.save_pretrained(folder)
    tokenizer = transformers.PreTrainedTokenizerFast(
        tokenizer_object=_tokenizer((source / "tok512.bin").read_bytes(), model.config.vocab_size),
        bos_token="<s>",
        eos_token="</s>",
        unk_token="<unk>",
        add_bos_token=True,
    )
    tokenizer.save_pretrained(folder)
    return folder


def _model(content: bytes) -> transformers.LlamaForCausalLM:
    dim, hidden, layers, heads, kv_heads, vocabulary, longest = struct.unpack("7i", content[:28])
    is_tied, vocabulary = vocabulary > 0, abs(vocabulary)
    numbers, at = np.frombuffer(content, np.float32, offset=28), 0
    kv_dim = dim * kv_heads // heads

    def take(*shape: int) -> torch.Tensor:
        nonlocal at
        size = int(np.prod(shape))
        found = torch.from_numpy(numbers[at : at + size].reshape(shape).copy())
        at += size
        return found

    embedding = take(vocabulary, dim)
    norms, queries = take(layers, dim), take(layers, dim, dim)
    keys, values, outs = take(layers, kv_dim, dim), take(layers, kv_dim, dim), take(layers, dim, dim)
    later_norms, gates = take(layers, dim), take(layers, hidden, dim)
    downs, ups, last = take(layers, dim, hidden), take(layers, hidden, dim), take(dim)
    take(longest, dim // heads)  # sines and cosines, which transformers computes itself
    weights = {"model.embed_tokens.weight": embedding, "model.norm.weight": last}
    weights["lm_head.weight"] = embedding if is_tied else take(vocabulary, dim)
    for layer in range(layers):
        inside = {
            "input_layernorm": norms,
            "self_attn.q_proj": [_halved(one, heads) for one in queries],
            "self_attn.k_proj": [_halved(one, kv_heads) for one in keys],
            "self_attn.v_proj": values,
            "self_attn.o_proj": outs,
            "post_attention_layernorm": later_norms,
            "mlp.gate_proj": gates,
            "mlp.down_proj": downs,
            "mlp.up_proj": ups,
        }
        weights |= {f"model.layers.{layer}.{name}.weight": one[layer] for name, one in inside.items()}
    config = transformers.LlamaConfig(
        vocab_size=vocabulary,
        hidden_size=dim,
        intermediate_size=hidden,
        num_hidden_layers=layers,
        num_attention_heads=heads,
        num_key_value_heads=kv_heads,
        max_position_embeddings=longest,
        rms_norm_eps=1e-5,
        tie_word_embeddings=is_tied,
        bos_token_id=START,
        eos_token_id=END,
    )
    model = transformers.LlamaForCausalLM(config)
    model.load_state_dict(weights, strict=True)
    return model.eval()


def _halved(weight: torch.Tensor, heads: int) -> torch.Tensor:
    """Return a projection for positions turned in halves, from one for positions turned in pairs."""
    rows, width = weight.shape
    return weight.reshape(heads, rows // heads // 2, 2, width).transpose(1, 2).reshape(rows, width)


def _tokenizer(content: bytes, vocabulary: int) -> Tokenizer:
    at, pieces = 4, []
    for _ in range(vocabulary):
        score, length = struct.unpack_from("fi", content, at)
        pieces.append((content[at + 8 : at + 8 + length].decode(), score))
        at += 8 + length
    words = {"<unk>": 0, "<s>": START, "</s>": END} | {f"<0x{one - BYTES[0]:02X}>": one for one in BYTES}
    scores = {}
    for number, (piece, score) in list(enumerate(pieces))[BYTES[-1] + 1 :]:
        piece = piece.replace(" ", "▁")
        words[piece], scores[piece] = number, score
    merges = []
    for piece in sorted(scores, key=lambda one: -scores[one]):
        pairs = [(piece[:cut], piece[cut:]) for cut in range(1, len(piece))]
        known = [pair for pair in pairs if pair[0] in words and pair[1] in words]
        merges += sorted(known, key=lambda pair: (words[pair[0]], words[pair[1]]))
    made = Tokenizer(models.BPE(words, merges, unk_token="<unk>", fuse_unk=True, byte_fallback=True))
    made.normalizer = normalizers.Sequence([normalizers.Prepend("▁"), normalizers.Replace(" ", "▁")])
    made.decoder = decoders.Sequence(
        [decoders.Replace("▁", " "), decoders.ByteFallback(), decoders.Fuse(), decoders.Strip(" ", 1, 0)]
    )
    return made
