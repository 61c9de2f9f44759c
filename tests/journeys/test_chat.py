"""Conversations from the file to the answer: trained, told, served, measured, resumed, and the same bytes again."""

import json
from pathlib import Path

import pytest

from journeys.conftest import call
from tunesmith.cli import main
from tunesmith.registry import Registry
from tunesmith.testing import tiny
from tunesmith.version import load

RECIPE = (
    "data: {kind: chat, path: talks.jsonl}\ntarget: answer\ntask: chat\n"
    "split: {validation: 0.2, test: 0.2, near_duplicates: ignore}\nchecks: {near_duplicates: off}\n"
    "clean: {duplicates: keep}\n"
    "base: {kind: hf_causal, path: ./body, template: default, max_tokens: 64, writing: {max_new_tokens: 8}}\n"
    "train: {epochs: 6, batch_size: 8, checkpoint_seconds: 0, optimizer: {kind: adamw, learning_rate: 0.01}}\n"
)
WORDS = ("fine", "great", "broken", "late", "poor")


def talks(count=60):
    """Return conversations: which order is how, after a question about another one."""
    rows = []
    for at in range(count):
        word, other = WORDS[at % 5], WORDS[(at + 2) % 5]
        rows.append(
            {
                "messages": [
                    {"role": "user", "content": f"order {at + 7} is {other}"},
                    {"role": "assistant", "content": f"it is {other}"},
                    {"role": "user", "content": f"order {at} is {word}"},
                    {"role": "assistant", "content": f"it is {word}"},
                ]
            }
        )
    return rows


def written(folder: Path, rows, name="talks.jsonl") -> Path:
    path = folder / name
    path.write_text("".join(json.dumps(one) + "\n" for one in rows), "utf-8")
    return path


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("chat")
    written(made, talks())
    (made / "recipe.yaml").write_text(RECIPE, "utf-8")
    tiny.save_language(made / "body")
    return made


@pytest.fixture(scope="module")
def trained(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["train", "recipe.yaml", "--home", "home", "--json"]) == 0
    return Registry(folder / "home").resolve("talks")


@pytest.fixture
def report(trained):
    return json.loads(trained.read("report.json"))


def test_the_report_tells_tokens_texts_baselines_and_forgetting(report):
    figures = {name: one["value"] for name, one in report["metrics"].items()}
    assert report["primary"] == "token_loss"
    assert set(figures) == {"token_loss", "perplexity", "token_accuracy", "exact_match", "token_f1", "rouge_l"}
    assert set(report["baselines"]) == {"zero_shot", "few_shot", "nearest_answer", "majority"}
    assert set(report["comparisons"]) == {"zero_shot", "few_shot"}
    assert figures["token_loss"] < 0.8 * report["baselines"]["zero_shot"]["token_loss"]["value"]
    assert report["baselines"]["majority"]["token_loss"]["value"] is None
    assert set(report["training"]["forgetting"]) == {"tokens", "before", "after"}
    assert {"learnt_tokens", "learnt_end", "single_begin", "served_as_trained", "rows_alone"} <= {
        one["guard"] for one in report["guards"]
    }


def test_what_is_served_was_measured(folder, trained, report, monkeypatch):
    monkeypatch.chdir(folder)
    version = load("talks", folder / "home")
    measured = call("evaluate", "talks", "talks.jsonl", "--json", "--home", "home").json["metrics"]
    answers = [one.answer for one in version.predict([{"prompt": _prompt(one)} for one in talks()])]
    right = [one["messages"][-1]["content"] for one in talks()]
    share = sum(one.split() == other.split() for one, other in zip(answers, right, strict=True)) / len(right)
    assert measured["exact_match"]["value"] == pytest.approx(share)


def _prompt(row):
    return json.dumps(row["messages"][:-1])


def test_a_conversation_that_ends_with_the_user_is_answered(folder, trained, monkeypatch):
    monkeypatch.chdir(folder)
    asked = [{"messages": one["messages"][:-1]} for one in talks(3)]
    written(folder, asked, "asked.jsonl")
    found = call("predict", "talks", "asked.jsonl", "--json", "--home", "home")
    assert found.code == 0, found.err
    assert [type(one["answer"]) for one in found.json] == [str] * 3
    again = load("talks", folder / "home").predict([{"prompt": _prompt(one)} for one in talks(3)])
    assert [one["answer"] for one in found.json] == [one.answer for one in again]


def test_a_row_is_followed_token_by_token(folder, trained, monkeypatch):
    monkeypatch.chdir(folder)
    stations = call("trace", "recipe.yaml", "--row", "1", "--json", "--home", "home").json
    learnt = next(one["value"] for one in stations if one["station"] == "learnt")
    assert [next(iter(one)) for one in learnt] == ["read", "learnt", "read", "learnt"]
    assert learnt[1]["learnt"] == "it is broken [SEP]"
    assert learnt[3]["learnt"] == "it is fine [SEP]"
    assert learnt[0]["read"].startswith("[CLS] ")


def test_the_same_recipe_makes_the_same_bytes(folder, trained, monkeypatch):
    monkeypatch.chdir(folder)
    assert main(["train", "recipe.yaml", "--home", "again", "--json"]) == 0
    again = Registry(folder / "again").resolve("talks")
    assert again.manifest["weights"] == trained.manifest["weights"]


def test_adapters_train_and_leave_a_plain_model(folder, monkeypatch):
    monkeypatch.chdir(folder)
    found = call("train", "recipe.yaml", "--home", "lora", "--json", "--set", "strategy={kind: lora, rank: 4}")
    assert found.code == 0, found.err
    files = Registry(folder / "lora").resolve("talks").manifest["files"]
    assert "weights.safetensors" in files
    report = json.loads(Registry(folder / "lora").resolve("talks").read("report.json"))
    assert report["metrics"]["token_loss"]["value"] < report["baselines"]["zero_shot"]["token_loss"]["value"]


@pytest.mark.parametrize("line", ["base.packing=true", "train.gradient_checkpointing=true", "train.micro_batch=3"])
def test_other_ways_to_compute_come_to_the_same_figures(folder, trained, report, monkeypatch, line):
    monkeypatch.chdir(folder)
    found = call("train", "recipe.yaml", "--home", f"home-{line.partition('=')[0]}", "--json", "--set", line)
    assert found.code == 0, found.err
    expected = report["metrics"]["token_loss"]["value"]
    assert found.json["metrics"]["token_loss"]["value"] == pytest.approx(expected, rel=0.02)


@pytest.mark.parametrize(
    ("line", "fact"),
    [
        ("base.path=./nothing", "no language model could be loaded from this"),
        ("base.template=chatml", "is no template"),
        ("base=minilm", "gives no vector for each answer"),
        ("task=classification", "hf_causal gives no vector for each row"),
        ("decide=auto", "decide"),
        ("balance=class_weights", "balance"),
    ],
)
def test_what_cannot_be_is_refused_before_training(folder, monkeypatch, line, fact):
    monkeypatch.chdir(folder)
    found = call("train", "recipe.yaml", "--home", "refused", "--set", line)
    assert found.code == 2
    assert fact in found.err
    assert not list((folder / "refused").glob("versions/*"))
