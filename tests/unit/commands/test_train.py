"""What `train` prints: how training went stands between the rows and the verdict, where there was any."""

from __future__ import annotations

from types import SimpleNamespace
from typing import Any, cast

from tunesmith.commands.train import describe, summary
from tunesmith.version import Version
from unit.pages.sample_reports import classification, metric


def version(**values: Any) -> Version:
    report = SimpleNamespace(values=classification() | {"metrics": {"accuracy": metric(0.912)}} | values)
    manifest = {"weights": "ab" * 32}
    stored = SimpleNamespace(digest="cd" * 32, manifest=manifest)
    return cast(Version, SimpleNamespace(label="reviews@3", stored=stored, report=report))


def test_one_line_says_how_training_went():
    lines = describe(version()).splitlines()
    at = next(at for at, line in enumerate(lines) if line.startswith("trained"))
    told = "40 of 60 steps in 2 min 5 s (1 min 3 s expected), best at step 40, 2 weights averaged, 1 step skipped"
    assert lines[at] == f"trained   {told}"
    assert lines[at - 1].startswith("rows")
    assert lines[at + 1].startswith("verdict")


def test_a_fitted_base_has_no_such_line():
    assert "trained" not in describe(version(training={}))
    assert summary(version(training={}))["training"] is None


def test_the_json_holds_the_account():
    assert summary(version())["training"]["happened"]["steps"] == 40


def test_a_judge_has_its_line_and_metrics_of_texts_their_words():
    rate = {"value": 0.7, "low": 0.6, "high": 0.8}
    counts = {"rows": 20, "test_rows": 300, "wins": 12, "losses": 4, "ties": 4, "win_rate": rate}
    measured = {"metrics": {"token_loss": metric(1.2), "bleu": metric(0.3)}, "baselines": {"majority": {}}}
    made = version(**measured, judged=counts)
    told = "win rate 0.7 [0.6, 0.8] on 20 of 300 test rows: 12 won, 4 lost, 4 tied against the untouched base"
    assert f"judge     {told}" in describe(made).splitlines()
    assert "token_loss  surprise at each token" in describe(made)
    assert "-           not measured" in describe(made)
    assert summary(made)["judged"] == counts
    failed = describe(version(judged={"command": "x", "failed": "it ended"}))
    assert "judge     none, as it failed: it ended" in failed
    assert "judge  " not in describe(version())
    assert "not measured" not in describe(version())
