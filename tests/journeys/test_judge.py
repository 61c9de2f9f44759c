"""A language model's training shows what was written before and after, and a judge of one's own compares both."""

import json
import shlex
import sys

import pytest

from journeys.rows import write
from tunesmith.registry import Registry
from tunesmith.testing import tiny

WORDS = ("late", "fine", "great", "broken", "poor")
RECIPE = (
    "data: rows.csv\ntarget: answer\ntask: {{kind: chat{task}}}\n"
    "base: {{kind: hf_causal, path: {body}, template: plain, max_tokens: 32, writing: {{max_new_tokens: 6}}}}\n"
    "split: {{near_duplicates: ignore}}\nchecks: {{near_duplicates: off, conversations: off{checks}}}\n"
    "train: {{epochs: 2, engine: {{precision: fp32, threads: 1}}, optimizer: {{kind: adamw, learning_rate: 0.003}}}}\n"
)
JUDGE = """
import json, sys
log = open("asked.jsonl", "a")
for line in sys.stdin:
    row = json.loads(line)
    log.write(line)
    first, second = (sum(one in row["right"].split() for one in row[key].split()) for key in ("one", "other"))
    print("one" if first > second else "other" if second > first else "tie", flush=True)
"""
MAIL = "ann.lee@mail.example.org"


def rows():
    lines = [f"is order {number} {WORDS[number % 5]},it is {WORDS[number % 5]} {MAIL}" for number in range(60)]
    return "\n".join(["prompt,answer", *lines]) + "\n"


def train(tunesmith, folder, judge=None, checks=""):
    tiny.save_language(folder / "body")
    command = "" if judge is None else f", judge: {json.dumps(shlex.join([sys.executable, judge]))}, judge_rows: 5"
    write(folder, rows_csv=rows(), recipe_yaml=RECIPE.format(task=command, checks=checks, body=folder / "body"))
    return tunesmith("train", folder / "recipe.yaml", "--home", folder / "home")


def report_of(folder):
    return json.loads(Registry(folder / "home").resolve("rows").read("report.json"))


def test_both_texts_are_shown_and_judged(tunesmith, tmp_path, monkeypatch):
    elsewhere = tmp_path / "elsewhere"
    elsewhere.mkdir()
    (tmp_path / "judge.py").write_text(JUDGE, "utf-8")
    monkeypatch.chdir(elsewhere)
    made = train(tunesmith, tmp_path, "judge.py")
    assert made.code == 0, made.err
    report = report_of(tmp_path)
    judged, samples = report["judged"], report["samples"]
    assert judged["rows"] == 5 == judged["wins"] + judged["losses"] + judged["ties"]
    assert judged["test_rows"] == report["rows"]["test"] > 5
    assert judged["win_rate"]["low"] < judged["win_rate"]["value"] < judged["win_rate"]["high"]
    assert len(samples) == min(12, report["rows"]["test"])
    assert {"row", "id", "inputs", "target", "before", "after"} == set(samples[0])
    asked = [json.loads(line) for line in (tmp_path / "asked.jsonl").read_text("utf-8").splitlines()]
    assert len(asked) == 1 + 5 - judged["same"], "one made-up row before training, and the rows after it"
    texts = {one[side] for one in samples for side in ("before", "after")}
    assert any({one["one"], one["other"]} <= texts for one in asked[1:])
    (line,) = (line for line in made.out.splitlines() if line.startswith("judge"))
    assert f"on 5 of {report['rows']['test']} test rows" in line
    assert "surprise at each token" in made.out
    assert tunesmith("report", "rows", "--home", tmp_path / "home", "-o", "page.html").code == 0
    page = (elsewhere / "page.html").read_text("utf-8")
    assert "Before and after" in page
    assert "The judge" in page
    assert MAIL in json.dumps(asked), "a judge is told what stands in the rows"
    assert MAIL not in page
    assert MAIL not in json.dumps(report)
    assert "[email]" in samples[0]["target"]


def test_a_judge_that_cannot_judge_is_found_out_before_training(tunesmith, tmp_path):
    (tmp_path / "judge.py").write_text("print('yes')", "utf-8")
    made = train(tunesmith, tmp_path, "judge.py")
    assert made.code == 2
    assert "answered 'yes' in line 1; print one, other or tie" in made.err
    assert "untouched model" not in made.err
    assert not (tmp_path / "home" / "runs").exists()


def test_a_judge_that_fails_later_costs_no_training(tunesmith, tmp_path):
    told = JUDGE.replace("for line in sys.stdin:", "for line in sys.stdin:\n    assert 'two' in line, line")
    (tmp_path / "judge.py").write_text(told, "utf-8")
    made = train(tunesmith, tmp_path, "judge.py")
    assert made.code == 0, made.err
    assert "the version is kept without the judge's figures" in made.err
    failed = report_of(tmp_path)["judged"]["failed"]
    assert "ended with exit code 1" in failed
    assert MAIL not in failed
    assert "none, as it failed" in made.out


@pytest.mark.parametrize("checks", [", personal_data: off"])
def test_the_recipe_can_want_samples_in_the_clear(tunesmith, tmp_path, checks):
    assert train(tunesmith, tmp_path, checks=checks).code == 0
    report = report_of(tmp_path)
    assert MAIL in report["samples"][0]["target"]
    assert "judged" not in report
