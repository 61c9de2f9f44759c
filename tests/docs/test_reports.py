"""The page on reports of language models is true: every metric is explained, its recipe trains, its judge judges."""

import json
import re
from pathlib import Path

from journeys.conftest import call
from tunesmith.pages.meanings import WRITTEN
from tunesmith.registry import Registry
from tunesmith.stages.judge import MADE_UP
from tunesmith.testing import tiny

PAGE = (Path(__file__).parents[2] / "docs" / "reports.md").read_text("utf-8")
QUICK = ["base.template=plain", "base.max_tokens=32", "base.writing.max_new_tokens=4", "train.epochs=1"]
FEW = ["split.near_duplicates=ignore", "checks.near_duplicates=off", "checks.conversations=off"]


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)\n```$", PAGE, flags=re.M | re.S)


def test_every_metric_is_explained():
    assert re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.M) == list(WRITTEN)


def test_the_recipe_trains_and_the_judge_judges(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    tiny.save_language(tmp_path / "model")
    (code,), (recipe,) = blocks("python"), blocks("yaml")
    (tmp_path / "judge.py").write_text(code, "utf-8")
    (tmp_path / "recipe.yaml").write_text(recipe, "utf-8")
    rows = (f"is order {at} late,it is {'fine' if at % 3 else 'late'}" for at in range(60))
    (tmp_path / "rows.csv").write_text("\n".join(["prompt,answer", *rows]), "utf-8")
    settings = [part for one in (*QUICK, *FEW) for part in ("--set", one)]
    made = call("train", "recipe.yaml", "--json", *settings)
    assert made.code == 0, made.err
    judged = made.json["judged"]
    assert judged["rows"] == made.json["test_rows"]
    assert {"wins", "losses", "ties", "win_rate"} <= set(judged)
    sample, asked = map(json.loads, blocks("json"))
    report = json.loads(Registry(tmp_path / ".tunesmith").resolve("rows").read("report.json"))
    assert set(report["samples"][0]) == set(sample)
    assert set(asked) == set(MADE_UP)
    assert {name for name in made.json["baselines"] if f"`{name}`" in PAGE} == set(made.json["baselines"])
