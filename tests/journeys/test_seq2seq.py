"""Text to text from the file to the answer: trained, told beside its baselines, served, measured, the same again."""

import json
from pathlib import Path

import numpy as np
import polars as pl
import pytest
from safetensors import safe_open
from safetensors.numpy import load

from tunesmith.cli import main
from tunesmith.registry import Registry
from tunesmith.testing import tiny

RECIPE = (
    "data: orders.csv\ntarget: de\ntask: seq2seq\n"
    "base: {kind: hf_seq2seq, path: ./body, prefix: 'it is: ', max_tokens: 32, writing: {max_new_tokens: 6}}\n"
    "split: {near_duplicates: ignore}\nclean: {duplicates: keep}\nchecks: {near_duplicates: off}\n"
    "train: {epochs: 8, patience: 8, batch_size: 16, engine: {precision: fp32}, "
    "optimizer: {kind: adamw, learning_rate: 0.01}}\n"
)
WORDS = {"fine": "great", "late": "poor", "broken": "broken"}


def rows():
    """Return 90 texts and what is to be written for each: one word of it, told otherwise."""
    names = [list(WORDS)[at % 3] for at in range(90)]
    sources = [f"order {at} is {name}" for at, name in enumerate(names)]
    return pl.DataFrame({"en": sources, "de": [f"it is {WORDS[name]}" for name in names]})


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("seq2seq")
    rows().write_csv(made / "orders.csv")
    (made / "recipe.yaml").write_text(RECIPE, "utf-8")
    tiny.save_translator(made / "body")
    return made


@pytest.fixture(scope="module")
def trained(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["train", "recipe.yaml", "--home", "home", "--json"]) == 0
    return Registry(folder / "home").resolve("orders")


@pytest.fixture
def run(tunesmith, folder, monkeypatch):
    monkeypatch.chdir(folder)
    return tunesmith


def test_it_learns_and_stands_beside_its_baselines(trained):
    report = json.loads(trained.read("report.json"))
    assert report["primary"] == "chrf"
    assert {"chrf", "bleu", "rouge_l", "exact_match", "token_loss", "perplexity"} <= report["metrics"].keys()
    wanted = {"copy_source", "few_shot", "majority", "nearest_answer", "zero_shot"}
    assert report["baselines"].keys() == wanted
    loss = report["metrics"]["token_loss"]["value"]
    assert loss < 0.7 * report["baselines"]["zero_shot"]["token_loss"]["value"]
    losses = [one["loss"] for one in report["curves"]["validations"]]
    assert losses[-1] < losses[0]


def test_what_is_served_is_what_was_measured(trained, run, folder):
    answers = run("predict", "orders", "orders.csv", "--home", "home", "--json").json
    tested = set(json.loads(trained.read("rows.json"))["test"])
    kept = np.array([one["id"] in tested for one in answers])
    rows().filter(pl.Series(kept)).write_csv(folder / "test.csv")
    found = run("evaluate", "orders", "test.csv", "--home", "home", "--json").json
    report = json.loads(trained.read("report.json"))
    for name, wanted in report["metrics"].items():
        assert found["metrics"][name]["value"] == pytest.approx(wanted["value"], rel=1e-6), name
    again = run("predict", "orders", "test.csv", "--home", "home", "--json").json
    assert [one["answer"] for one in again] == [one["answer"] for one in answers if one["id"] in tested]
    assert all(isinstance(one["answer"], str) and one["confidence"] is None for one in answers)
    assert any(one["answer"] for one in answers), "or nothing was written, and nothing is held here"


def test_one_row_is_answered_as_in_the_file(trained, run):
    answers = run("predict", "orders", "orders.csv", "--home", "home", "--json").json
    row = json.dumps({"en": rows()["en"][4]})
    (alone,) = run("predict", "orders", "--row", row, "--home", "home", "--json").json
    assert alone["answer"] == answers[4]["answer"]


def test_same_seed_same_bytes(trained, run):
    assert run("train", "recipe.yaml", "--home", "again", "--json").code == 0
    other = Registry(Path("again")).resolve("orders")
    assert other.manifest["weights"] == trained.manifest["weights"]


def test_a_row_can_be_followed_and_the_page_is_drawn(trained, run):
    stations = run("trace", "recipe.yaml", "--row", "1", "--home", "home", "--json").json
    told = json.dumps(stations)
    assert "[SEP]" in told
    assert "it is great" in told or "it is poor" in told
    assert run("report", "orders", "--home", "home", "-o", "page.html").code == 0
    assert "copy source" in Path("page.html").read_text("utf-8")


def test_adapters_alone_can_move(run, folder):
    (folder / "adapted.yaml").write_text(f"{RECIPE}strategy: {{kind: lora, rank: 4}}\nname: adapted\n", "utf-8")
    made = run("train", "adapted.yaml", "--home", "some", "--json", "--set", "train.epochs=2")
    assert made.code == 0, made.err
    weights = load(Registry(Path("some")).resolve("adapted").read("weights.safetensors"))
    assert not any("lora" in name for name in weights)
    with safe_open(folder / "body" / "model.safetensors", "numpy") as own:
        assert np.array_equal(weights["encoders.body.body.shared.weight"], own.get_tensor("shared.weight"))


def test_the_decoder_alone_can_move(run, folder):
    (folder / "some.yaml").write_text(f"{RECIPE}strategy: {{kind: freeze, layers: 1}}\nname: some\n", "utf-8")
    made = run("train", "some.yaml", "--home", "some", "--json", "--set", "train.epochs=2")
    assert made.code == 0, made.err
    frozen = load(Registry(Path("some")).resolve("some").read("frozen.safetensors"))
    assert "encoders.body.body.shared.weight" in frozen
    assert any("encoder.block" in one for one in frozen)
    assert not any("decoder.block" in one for one in frozen)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("strategy: head", "without a new head that could move"),
        ("strategy: gradual", "without a new head that could move"),
        ("strategy: {kind: freeze, layers: 2}", "freeze with fewer layers"),
        ("strategy: {kind: freeze, layers: 3}", "the base has 2 layers"),
        ("base: minilm", "those that do: hf_causal, hf_seq2seq"),
        ("base: {kind: hf_seq2seq, path: ./nowhere}", "no encoder-decoder model could be loaded"),
    ],
)
def test_what_cannot_work_is_refused(run, folder, change, says):
    key = change.partition(":")[0]
    lines = [line for line in RECIPE.splitlines() if not line.startswith(f"{key}:")]
    (folder / "odd.yaml").write_text("\n".join([*lines, change]) + "\n", "utf-8")
    told = run("train", "odd.yaml", "--home", "odd")
    assert told.code != 0
    assert says in told.err
