"""Whole trainings of pairs, ranked documents, ordered classes and several targets, on rows made for it."""

import json

import numpy as np
import polars as pl
import pytest

from tunesmith.core.errors import RecipeError, SchemaError
from tunesmith.recipe import Recipe
from tunesmith.story import Run, tell
from tunesmith.testing import tiny

WORDS = ("fine", "great", "works", "broken", "late", "poor", "order", "it", "is")
SHORT = {"epochs": 2, "optimizer": {"kind": "adamw", "learning_rate": 0.003}}


def told(folder, rows, **recipe):
    """Train on rows, a data frame, and return the version."""
    rows.write_ndjson(folder / "rows.jsonl")
    values = {"data": str(folder / "rows.jsonl"), "checks": {"near_duplicates": "off"}} | recipe
    return tell(Run(Recipe.model_validate(values), folder, folder / "home"))


def base(folder, **fields):
    tiny.save(folder / "tiny")
    return {"kind": "hf_encoder", "path": str(folder / "tiny"), **fields}


def table(rows=240, seed=0):
    random = np.random.default_rng(seed)
    signal, noise = random.normal(size=(2, rows))
    grade = np.digitize(signal + 0.3 * noise, [-0.8, 0.0, 0.8])
    return pl.DataFrame(
        {
            "size": signal,
            "age": noise,
            "price": 10 + 3 * signal + 0.2 * random.normal(size=rows),
            "grade": np.array(["poor", "fair", "good", "best"])[grade],
        }
    )


def documents(queries=40, seed=0):
    """Rows of a query, five documents each; those that repeat its words are relevant."""
    random = np.random.default_rng(seed)
    rows = []
    for number in range(queries):
        words = random.choice(WORDS, 3, replace=False)
        for at in range(5):
            others = random.choice([one for one in WORDS if one not in words], 3, replace=False)
            shared = 2 - at if at < 2 else 0
            text = " ".join([*words[:shared], *others[shared:], str(number), "abcde"[at]])
            rows.append({"query": f"{' '.join(words)} {number}", "document": text, "relevance": shared})
    return pl.DataFrame(rows)


def test_an_order_of_classes(tmp_path):
    task = {"kind": "ordinal", "order": ["poor", "fair", "good", "best"]}
    version = told(tmp_path, table().drop("price"), target="grade", task=task, base="tabular_net", train=SHORT)
    report = version.report.values
    assert report["primary"] == "mae"
    assert report["classes"] == task["order"]
    assert {"quadratic_kappa", "within_one", "accuracy"} <= set(report["metrics"])
    assert report["baselines"]["majority"]["quadratic_kappa"]["value"] == pytest.approx(0.0, abs=1e-9)
    assert version.predict([{"size": 3.0, "age": 0.0}])[0].answer in task["order"]


def test_several_targets_in_one_model(tmp_path):
    rows = table().with_columns(price=pl.when(pl.int_range(pl.len()) % 7 > 0).then("price"))
    task = {"price": "regression", "grade": {"kind": "ordinal", "order": ["poor", "fair", "good", "best"]}}
    version = told(tmp_path, rows, target=task, train=SHORT)
    report = version.report.values
    assert (report["primary"], report["target"], report["base"]) == ("merit", "price + grade", "tabular_net")
    assert {"price.rmse", "grade.mae", "merit"} <= set(report["metrics"])
    assert {"majority", "classical", "linear_probe"} <= set(report["baselines"])
    assert set(version.predict([{"size": 1.0, "age": 0.0}])[0].answer) == {"price", "grade"}
    measured = version.evaluate(rows)
    assert measured["rows"] == 240
    assert measured["metrics"]["merit"]["value"] > 0
    with pytest.raises(SchemaError, match="price \\+ grade"):
        version.evaluate(rows.drop("price"))


def test_a_list_of_targets_finds_their_tasks(tmp_path):
    version = told(tmp_path, table(), target=["price", "grade"], train=SHORT)
    parts = json.loads(version.stored.read("recipe.json"))["task"]["parts"]
    assert [one["kind"] for one in parts.values()] == ["regression", "classification"]


def test_trees_answer_a_single_target(tmp_path):
    with pytest.raises(RecipeError, match=r"gbdt does not learn the labels of several.*tabular_net"):
        told(tmp_path, table(), target=["price", "grade"], base="gbdt")


def test_documents_in_order(tmp_path):
    task = {"kind": "ranking", "query": "query"}
    version = told(
        tmp_path,
        documents(),
        target="relevance",
        task=task,
        base=base(tmp_path, pairs="apart"),
        train=SHORT,
        split={"leaks": "allow"},
    )
    report = version.report.values
    assert report["primary"] == "ndcg"
    assert {"pair_overlap", "cosine"} <= set(report["baselines"])
    assert report["recipe"]["split"]["group"] == "query"
    assert set(report["inputs"]) == {"query", "document"}
    assert 0.6 < report["baselines"]["pair_overlap"]["ndcg"]["value"] <= 1.0
    majority = report["baselines"]["majority"]["mrr"]["value"]
    assert 0.3 < majority < 0.8, "ties are worth what a shuffle is"
    split = {name: json.loads(version.stored.read("rows.json"))[name] for name in ("train", "test")}
    assert split["train"]
    assert version.evaluate(documents(seed=1))["metrics"]["ndcg"]["value"] > 0.3


def test_a_group_that_parts_queries_is_refused(tmp_path):
    rows = documents(8).with_columns(site=pl.int_range(pl.len()) % 4)
    with pytest.raises(RecipeError, match=r"split.group: ranking keeps the rows of one 'query' on one side"):
        told(tmp_path, rows, target="relevance", task={"kind": "ranking", "query": "query"}, split={"group": "site"})


def test_pairs_have_baselines_of_their_own(tmp_path):
    rows = documents(60).with_columns(same=(pl.col("relevance") > 0).cast(pl.Int64)).drop("relevance")
    version = told(tmp_path, rows, target="same", base=base(tmp_path), train=SHORT, split={"leaks": "allow"})
    report = version.report.values
    assert {"pair_overlap", "cosine", "classical", "linear_probe", "majority"} == set(report["baselines"])
    assert "base/texts.json" in version.stored.manifest["files"]
