"""Questions to long texts from the file to the answer: trained, told, served, measured, and the same bytes again."""

import json
from pathlib import Path

import polars as pl
import pytest

from tunesmith.cli import main
from tunesmith.registry import Registry
from tunesmith.testing import tiny

NAMES = ("ann", "bob", "eve", "kim", "lee", "max", "pat", "sue", "tom", "zoe")
FILLER = "it is fine and works. the order is late but it is great. "
RECIPE = (
    "data: {kind: squad, path: qa.json}\ntarget: answers\n"
    "split: {group: title, validation: 0.25, test: 0.25, near_duplicates: ignore}\n"
    "base: {kind: hf_encoder, path: ./body, max_tokens: 32, stride: 8}\nchecks: {near_duplicates: off}\n"
    "clean: {duplicates: keep}\n"
    "train: {epochs: 16, patience: 16, batch_size: 8, engine: {precision: fp32}, "
    "optimizer: {kind: adamw, learning_rate: 0.01}}\n"
)


def squad():
    """Return articles of long texts: who broke it stands in them, or nobody did."""
    articles = []
    for number in range(24):
        name, pad = NAMES[number % 10], FILLER * (number % 3)
        context = f"{pad}{name} broke order {number}. {FILLER}"
        found = {"text": name, "answer_start": len(pad)}
        asked = [{"id": f"{number}a", "question": f"who broke order {number}", "answers": [found]}]
        asked.append({"id": f"{number}b", "question": f"who is poor {number}", "answers": [], "is_impossible": True})
        articles.append({"title": f"t{number}", "paragraphs": [{"context": context, "qas": asked}]})
    return {"version": "v2.0", "data": articles}


def questions():
    """Return the ids of the questions in their order."""
    return [question["id"] for one in squad()["data"] for question in one["paragraphs"][0]["qas"]]


@pytest.fixture(scope="module")
def folder(tmp_path_factory) -> Path:
    made = tmp_path_factory.mktemp("spans")
    (made / "qa.json").write_text(json.dumps(squad()), "utf-8")
    (made / "recipe.yaml").write_text(RECIPE, "utf-8")
    tiny.save(made / "body")
    return made


@pytest.fixture(scope="module")
def trained(folder):
    with pytest.MonkeyPatch.context() as patch:
        patch.chdir(folder)
        assert main(["train", "recipe.yaml", "--home", "home", "--json"]) == 0
    return Registry(folder / "home").resolve("qa")


@pytest.fixture
def run(tunesmith, folder, monkeypatch):
    monkeypatch.chdir(folder)
    return tunesmith


def test_the_report_tells_both_parts_and_the_baselines_apart(trained):
    report = json.loads(trained.read("report.json"))
    assert report["primary"] == "span_f1"
    assert {"span_f1", "exact_match", "span_f1_has_answer", "exact_match_no_answer"} <= report["metrics"].keys()
    assert report["baselines"].keys() == {"first_words", "overlap"}
    assert json.loads(trained.read("codec.json"))["target_state"] == {"has_unanswerable": True}
    assert list(report["inputs"]) == ["question", "context"]


def test_titles_stay_on_one_side(trained, run):
    answers = run("predict", "qa", "qa.json", "--home", "home", "--json").json
    names = [one[:-1] for one in questions()]
    splits = {split: set(ids) for split, ids in json.loads(trained.read("rows.json")).items()}
    sides: dict[str, set] = {}
    for answer, title in zip(answers, names, strict=True):
        sides.setdefault(title, set()).update(split for split, ids in splits.items() if answer["id"] in ids)
    assert all(len(one) == 1 for one in sides.values())


def test_answers_stand_where_they_say(trained, run):
    answers = run("predict", "qa", "qa.json", "--home", "home", "--json").json
    contexts = [one["paragraphs"][0]["context"] for one in squad()["data"] for _ in range(2)]
    assert {len(one["answer"]) for one in answers} == {0, 1}, "or nothing was learnt, and nothing is held here"
    for answer, context in zip(answers, contexts, strict=True):
        assert 0.0 <= answer["confidence"] <= 1.0
        for one in answer["answer"]:
            assert context[one["start"] :].startswith(one["text"])


def test_what_is_served_is_what_was_measured(trained, run, folder):
    answers = run("predict", "qa", "qa.json", "--home", "home", "--json").json
    tested = set(json.loads(trained.read("rows.json"))["test"])
    kept = {name for one, name in zip(answers, questions(), strict=True) if one["id"] in tested}
    few = squad()
    for paragraph in (one["paragraphs"][0] for one in few["data"]):
        paragraph["qas"] = [one for one in paragraph["qas"] if one["id"] in kept]
    (folder / "test.json").write_text(json.dumps(few), "utf-8")
    found = run("evaluate", "qa", "test.json", "--home", "home", "--json").json
    report = json.loads(trained.read("report.json"))
    for name, wanted in report["metrics"].items():
        assert found["metrics"][name]["value"] == pytest.approx(wanted["value"], abs=1e-9), name
    single = run(
        "predict",
        "qa",
        "--row",
        json.dumps({"question": "who broke order 0", "context": "ann broke order 0."}),
        "--home",
        "home",
        "--json",
    ).json
    assert len(single) == 1
    told = run("predict", "qa", "qa.json", "--home", "home", "-o", "answers.csv")
    assert told.code == 0, told.err
    given = [json.loads(one or "[]") for one in pl.read_csv("answers.csv")["answer"]]
    assert given == [one["answer"] for one in answers]
    assert run("predict", "qa", "qa.json", "--home", "home").code == 0


def test_same_seed_same_bytes(trained, run):
    assert run("train", "recipe.yaml", "--home", "again", "--json").code == 0
    other = Registry(Path("again")).resolve("qa")
    assert other.manifest["weights"] == trained.manifest["weights"]


def test_a_row_can_be_followed_and_the_page_shows_answers_in_their_text(trained, run):
    stations = run("trace", "recipe.yaml", "--row", "1", "--home", "home", "--json").json
    by_name = {one["station"]: one["value"] for one in stations}
    assert by_name["target"]["value"] == [{"text": "ann", "start": 0}]
    assert by_name["target"]["encoded"] == [[0, 3]]
    assert "answer" in by_name
    assert run("report", "qa", "--home", "home", "-o", "page.html").code == 0
    assert "Worst errors" in Path("page.html").read_text("utf-8")


def test_two_questions_to_one_text_do_not_contradict_each_other(run, folder):
    text = RECIPE.replace("checks: {near_duplicates: off}\n", "")
    (folder / "checked.yaml").write_text(text, "utf-8")
    found = run("check", "checked.yaml", "--home", "home", "--json").json["findings"]
    near = [one for one in found if one["check"] == "near_duplicates"]
    assert near, "or there is nothing that could contradict"
    assert all(one["column"] is None for one in near)


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ("base: gbdt", "no vector for each window"),
        ("train: {loss: cross_entropy}", "cannot judge spans"),
        ("augment: [typo]", "moves the answers"),
        ("data: {kind: squad, path: qa.json, inputs: [question]}", "no input column holds the answers"),
    ],
)
def test_what_cannot_work_is_refused_before_training(run, folder, change, says):
    key = change.partition(":")[0]
    lines = [line for line in RECIPE.splitlines() if not line.startswith(f"{key}:")]
    if key == "base":
        lines = [line for line in lines if not line.startswith("train:")]
    (folder / "odd.yaml").write_text("\n".join([*lines, change]) + "\n", "utf-8")
    told = run("train", "odd.yaml", "--home", "odd")
    assert told.code != 0
    assert says in told.err
