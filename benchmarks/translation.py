"""Train a small translator from nothing on Multi30k, English to German, and tell it beside the copy of its source.

    python benchmarks/translation.py ASSETS          # about 25 minutes on one core
    python benchmarks/translation.py ASSETS 3        # so many epochs instead of 10
    python benchmarks/translation.py --table         # the table again, from the run that is there

ASSETS is a folder with the public data sets named in docs/results.md; the splits are the official ones. It is a test of
mechanism: of tokens, loss, decoding and measuring, from the files to a version. A model of two thin layers on either
side that starts from random weights and reads 29,000 sentences about pictures is no translator to be used, and its
figures are not to be compared with those of pre-trained ones.
"""

from __future__ import annotations

import csv
import gzip
import json
import sys
import time
from pathlib import Path

import torch
import transformers
from results import train
from tokenizers import Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

RUNS = Path("runs/translation")
NAME = "multi30k_en_de"
FILES = {"train": "train", "validation": "val", "test": "test_2016_flickr"}
SPECIAL = ("<pad>", "</s>", "<unk>")
WORDS = 4000
WIDTH, LAYERS, HEADS, LONGEST = 128, 2, 4, 128
EPOCHS = 10
FIGURES = ("chrf", "bleu", "exact_match", "token_loss")
RECIPE = """data: {{kind: csv, path: {{{paths}}}, inputs: [en]}}
target: de
task: seq2seq
split: {{leaks: drop}}
base: {{kind: hf_seq2seq, path: {body}, max_tokens: 64, max_answer_tokens: 64, writing: {{max_new_tokens: 48}}}}
checks: {{near_duplicates: off}}
train:
  epochs: {epochs}
  patience: {epochs}
  batch_size: 64
  optimizer: {{kind: adamw, learning_rate: 0.001, layer_decay: 1.0}}
"""


def main(arguments: list[str]) -> None:
    folder = RUNS / NAME
    if arguments != ["--table"]:
        if len(arguments) not in (1, 2) or arguments[0].startswith("-"):
            sys.exit(__doc__)
        started = time.monotonic()
        paths = write(Path(arguments[0]) / "translation" / NAME, folder / "data")
        save(folder / "body", texts_of(paths["train"]))
        named = ", ".join(f"{split}: {path.resolve()}" for split, path in paths.items())
        epochs = int(arguments[1]) if len(arguments) == 2 else EPOCHS
        train(folder, RECIPE.format(paths=named, body=(folder / "body").resolve(), epochs=epochs))
        print(f"{round(time.monotonic() - started)} seconds")
    print(table(json.loads((folder / "result.json").read_text("utf-8"))))


def write(source: Path, place: Path) -> dict[str, Path]:
    """Write each official split as a table with the columns en and de; return where."""
    place.mkdir(parents=True, exist_ok=True)
    found = {}
    for split, name in FILES.items():
        sides = [
            gzip.decompress((source / f"{name}.{side}.gz").read_bytes()).decode().splitlines() for side in ("en", "de")
        ]
        found[split] = place / f"{split}.csv"
        with found[split].open("w", encoding="utf-8", newline="") as file:
            csv.writer(file).writerows([("en", "de"), *zip(*sides, strict=True)])
    return found


def texts_of(path: Path) -> list[str]:
    """Return all sentences of a split, of both languages."""
    with path.open(encoding="utf-8", newline="") as file:
        return [cell for row in list(csv.reader(file))[1:] for cell in row]


def save(folder: Path, texts: list[str]) -> None:
    """Write a Marian with random weights, and a tokenizer whose words are learnt from these texts."""
    made = Tokenizer(models.BPE(unk_token="<unk>"))
    made.normalizer = normalizers.NFC()
    made.pre_tokenizer, made.decoder = pre_tokenizers.Metaspace(), decoders.Metaspace()
    made.train_from_iterator(texts, trainers.BpeTrainer(vocab_size=WORDS, special_tokens=list(SPECIAL)))
    pad, end, _ = (made.token_to_id(one) for one in SPECIAL)
    made.post_processor = processors.TemplateProcessing(single="$A </s>", special_tokens=[("</s>", end)])
    words = {"pad_token": "<pad>", "eos_token": "</s>", "unk_token": "<unk>"}
    transformers.PreTrainedTokenizerFast(tokenizer_object=made, **words).save_pretrained(folder)
    sides = {
        f"{side}_{name}": value
        for side in ("encoder", "decoder")
        for name, value in (("layers", LAYERS), ("attention_heads", HEADS), ("ffn_dim", 4 * WIDTH))
    }
    config = transformers.MarianConfig(
        vocab_size=made.get_vocab_size(),
        d_model=WIDTH,
        max_position_embeddings=LONGEST,
        scale_embedding=True,
        init_std=WIDTH**-0.5,
        pad_token_id=pad,
        eos_token_id=end,
        forced_eos_token_id=end,
        decoder_start_token_id=pad,
        **sides,
    )
    torch.manual_seed(0)
    transformers.MarianMTModel(config).save_pretrained(folder)


def table(result: dict) -> str:
    """Return the test figures of the model, with their intervals, and of every baseline."""
    lines = [f"| system | {' | '.join(FIGURES)} |", "|---" * (len(FIGURES) + 1) + "|"]
    for name, figures in {result["base"]: result["metrics"], **result["baselines"]}.items():
        lines.append(f"| {name} | {' | '.join(told(figures.get(one)) for one in FIGURES)} |")
    return "\n".join([*lines, f"{result['test_rows']} test rows; {result['verdict']}"])


def told(figure: dict | None) -> str:
    """Return a figure with its interval, nothing where a system has none."""
    if not figure or figure["value"] is None:
        return ""
    return f"{figure['value']:.4f} ({figure['low']:.4f} to {figure['high']:.4f})"


if __name__ == "__main__":
    main(sys.argv[1:])
