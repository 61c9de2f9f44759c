"""A rare class, from the recipe to the served answer: weighed, drawn, decided for, and told of."""

from __future__ import annotations

import random

import polars as pl
import pytest

from journeys.checks import HOME, nothing_registered, refused
from journeys.rows import table, write
from tunesmith.testing import tiny
from tunesmith.version import load

SUBJECTS = ("order", "parcel", "invoice", "kettle", "refund", "app", "courier")
WORDS = {"ham": ("is fine", "is great", "works"), "spam": ("is broken", "is late", "is poor")}
TEXT = (
    "data: rows.csv\ntarget: label\nbase: {kind: hf_encoder, path: ./body, dropout: 0}\nstrategy: head\n"
    "train: {epochs: 12, patience: 99, optimizer: {learning_rate: 0.01}, engine: {precision: fp32, threads: 1}}\n"
)


def rare_texts(count: int = 300) -> str:
    """Return a CSV in which one label in ten is `spam`, and one in eight texts belies its label."""
    draw = random.Random(4)
    lines = ["text,label"]
    for number in range(count):
        label = "spam" if number % 10 == 0 else "ham"
        words = WORDS[label] if draw.random() > 0.125 else WORDS["ham"]
        lines.append(f"{draw.choice(SUBJECTS)} {number} {draw.choice(words)},{label}")
    return "\n".join(lines) + "\n"


@pytest.fixture
def texts(tmp_path):
    write(tmp_path, rows_csv=rare_texts(), recipe_yaml=TEXT)
    tiny.save(tmp_path / "body")


def train(tunesmith, *settings: str):
    """Train with some settings and return the report as it was stored."""
    outcome = tunesmith("train", "recipe.yaml", "--json", *(part for one in settings for part in ("--set", one)))
    assert outcome.code == 0, outcome.err
    return outcome, load(outcome.json["version"], HOME).report.values


def recall(report) -> float:
    return report["per_class"]["spam"]["recall"]["value"]


def test_the_rare_class_is_found_with_a_balance(tunesmith, texts):
    _, plain = train(tunesmith)
    assert recall(plain) == 0, "without one it is not"
    for kind in ("class_weights", "oversample"):
        outcome, balanced = train(tunesmith, f"balance={kind}")
        assert recall(balanced) > 0.2
        assert f"balance: {kind}: 'spam' has " in outcome.err
        assert balanced["recipe"]["balance"]["kind"] == kind


def test_the_rare_class_is_found_with_a_threshold(tunesmith, texts, tmp_path):
    outcome, report = train(tunesmith, "decide=auto")
    assert recall(report) > 0.2
    found = report["decision"]["classes"]["spam"]
    assert 0 < found["threshold"] < 0.5
    assert found["value"] > found["value_at_half"]
    assert max(one["value"] for one in found["curve"]) <= found["value"] + 1e-9
    assert set(report["decision"]["baselines"]) == set(report["baselines"]), "what the model may, the baselines may too"
    assert "decide: 'spam' is answered from probability" in outcome.err
    tunesmith("report", outcome.json["version"], "-o", "report.html")
    assert "Decision threshold" in (tmp_path / "report.html").read_text("utf-8")


ROWS = "data: table.csv\ntarget: churn\nbase: {kind: gbdt, iterations: 20}\ndecide: auto\n"


def test_what_is_served_is_what_was_measured(tunesmith, tmp_path):
    lines = table(400).splitlines()
    rare = [one for number, one in enumerate(lines[1:]) if one.endswith("no") or number % 5 == 0]
    write(tmp_path, table_csv="\n".join([lines[0], *rare]) + "\n", recipe_yaml=ROWS)
    outcome, report = train(tunesmith, "decide.cost={miss: 20, false_alarm: 1}")
    label, ((name, found),) = outcome.json["version"], report["decision"]["classes"].items()
    assert name == "yes"
    answers = tunesmith("predict", label, "table.csv", "--json").json
    decided = ["yes" if one["scores"]["yes"] >= found["threshold"] else "no" for one in answers]
    likelier = ["yes" if one["scores"]["yes"] > 0.5 else "no" for one in answers]
    assert [one["answer"] for one in answers] == decided != likelier
    assert all(one["confidence"] == one["scores"][one["answer"]] for one in answers)
    truth = pl.read_csv("table.csv")["churn"].to_list()
    measured = tunesmith("evaluate", label, "table.csv", "--json").json
    right = sum(one == other for one, other in zip(decided, truth, strict=True)) / len(truth)
    assert measured["metrics"]["accuracy"]["value"] == pytest.approx(right)
    names = ["no", "yes"]
    counts = [[sum(pair == (t, a) for pair in zip(truth, decided, strict=True)) for a in names] for t in names]
    assert measured["confusion"]["counts"] == counts
    assert report["decision"]["metric"] == "cost"


def test_every_label_has_a_threshold_of_its_own(tunesmith, tmp_path):
    lines = table(300).splitlines()
    tagged = [f"{one},{'old|far' if at % 3 else 'far'}{'|rare' if at % 6 == 0 else ''}" for at, one in enumerate(lines)]
    tagged[0] = f"{lines[0]},tags"
    write(tmp_path, rows_csv="\n".join(tagged) + "\n")
    write(
        tmp_path,
        recipe_yaml="data: {path: rows.csv, inputs: [age, city, minutes]}\ntarget: tags\ntask: multilabel\n"
        "base: {kind: gbdt, iterations: 10}\ndecide: auto\nbalance: class_weights\n",
    )
    outcome, report = train(tunesmith)
    classes = report["decision"]["classes"]
    assert set(classes) == {"far", "old", "rare"}
    assert "every validation row" not in outcome.err
    assert classes["far"]["threshold"] == 0.5
    assert "so no threshold can be chosen" in outcome.err, "all rows are far"
    for one in tunesmith("predict", outcome.json["version"], "rows.csv", "--json").json:
        held = [name for name, score in one["scores"].items() if score >= classes[name]["threshold"]]
        assert one["answer"] == held


def test_a_fixed_threshold_is_taken_as_it_is(tunesmith, tmp_path):
    write(tmp_path, table_csv=table(120), recipe_yaml=ROWS)
    outcome, report = train(tunesmith, "decide={threshold: 0.2, positive: no}")
    assert report["decision"]["classes"] == {"no": {"threshold": 0.2}}
    for one in tunesmith("predict", outcome.json["version"], "table.csv", "--json").json:
        assert one["answer"] == ("no" if one["scores"]["no"] >= 0.2 else "yes")


BAD = {
    "a balance for a quantity": ("minutes", "balance=oversample", ["no classes to balance", "regression"]),
    "a threshold for a quantity": ("minutes", "decide=auto", ["regression", "remove `decide`"]),
    "a threshold for three classes": ("city", "decide=auto", ["divides two classes", "'city' has 3", "balance"]),
    "another threshold for three": ("city", "decide=0.3", ["divides two classes", "'city' has 3"]),
    "batches of a fitted base": ("churn", "balance=balanced_batches", ["fitted in one go", "class_weights"]),
    "a ratio out of range": ("churn", "balance={kind: undersample, ratio: 0}", ["balance.ratio", "greater than 0"]),
    "a threshold out of range": ("churn", "decide.threshold=1", ["decide.threshold", "less than 1"]),
    "no such class": ("churn", "decide={threshold: auto, positive: maybe}", ["no class 'maybe'", "'no' and 'yes'"]),
    "an aim of nothing": ("churn", "decide={metric: f1}", ["threshold: auto"]),
    "two aims": ("churn", "decide={threshold: auto, metric: f1, cost: {miss: 2}}", ["two aims"]),
    "a free mistake": ("churn", "decide={threshold: auto, cost: {miss: 0}}", ["decide.cost.miss", "greater than 0"]),
    "no such metric": ("churn", "decide={threshold: auto, metric: accuracy}", ["decide.metric", "f1_macro"]),
    "no such kind": ("churn", "balance=overample", ["did you mean 'oversample'"]),
}


@pytest.mark.parametrize("case", BAD)
def test_what_cannot_be_is_refused(tunesmith, tmp_path, case):
    target, setting, wanted = BAD[case]
    recipe = f"data: table.csv\ntarget: {target}\nbase: {{kind: gbdt, iterations: 5}}\n"
    write(tmp_path, table_csv=table(120), recipe_yaml=recipe)
    refused(tunesmith("train", "recipe.yaml", "--json", "--set", setting), *wanted)
    nothing_registered()


def test_one_class_is_refused_with_a_balance_too(tunesmith, tmp_path):
    rows = [one for one in table(120).splitlines() if not one.endswith("yes")]
    write(tmp_path, table_csv="\n".join(rows) + "\n", recipe_yaml=f"{ROWS}balance: oversample\n")
    refused(tunesmith("train", "recipe.yaml", "--json"), "have the value 'no'")
    nothing_registered()


def test_several_labels_are_not_drawn(tunesmith, tmp_path):
    rows = "\n".join(f"{at},{'a|b' if at % 2 else 'a|c' if at % 3 else 'b'}" for at in range(60))
    write(tmp_path, table_csv=f"number,tags\n{rows}\n")
    write(
        tmp_path,
        recipe_yaml="data: {path: table.csv, inputs: [number]}\ntarget: tags\ntask: multilabel\n"
        "base: gbdt\nbalance: undersample\n",
    )
    refused(tunesmith("train", "recipe.yaml", "--json"), "several labels", "balance: class_weights")
