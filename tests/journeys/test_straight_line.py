"""A report's figures are those of the answers; the same recipe gives the same bytes; commands keep their word."""

from __future__ import annotations

import csv
import io
import json
import math
import subprocess
import sys
from pathlib import Path

import polars as pl
import pytest

from journeys.checks import environment, refused
from journeys.rows import table, write
from tunesmith.registry import Registry

KINDS = ["table", "text", "mixed", "network"]
TARGETS = {"table": "churn", "text": "label", "mixed": "stays", "network": "churn"}


def rows_of(path: Path) -> list[dict]:
    text = path.read_text("utf-8")
    return (
        list(map(json.loads, text.splitlines())) if path.suffix == ".jsonl" else list(csv.DictReader(io.StringIO(text)))
    )


def split_of(version) -> dict[str, list[str]]:
    return json.loads(Registry(version.home).resolve(version.label).read("rows.json"))


@pytest.mark.parametrize("kind", KINDS)
def test_the_answers_give_the_figures_of_the_report(tunesmith, trained, kind):
    version, target = trained(kind), TARGETS[kind]
    answers = tunesmith("predict", version.label, version.data, "--home", version.home, "--json").json
    labels = {one["id"]: row[target] for one, row in zip(answers, rows_of(version.data), strict=True)}
    given = {one["id"]: one for one in answers}
    tested = split_of(version)["test"]
    assert len(tested) == version.summary["test_rows"]
    right = [given[one]["answer"] == labels[one] for one in tested]
    assert sum(right) / len(right) == pytest.approx(version.summary["metrics"]["accuracy"]["value"], abs=1e-9)
    surprise = [-math.log(given[one]["scores"][labels[one]]) for one in tested]
    wanted = version.summary["metrics"]["log_loss"]["value"]
    assert sum(surprise) / len(surprise) == pytest.approx(wanted, abs=1e-5 if kind != "table" else 1e-9)


@pytest.mark.parametrize("kind", [*KINDS, "tags"])
def test_evaluating_the_test_rows_gives_the_report_again(tunesmith, trained, tmp_path, kind):
    version = trained(kind)
    answers = tunesmith("predict", version.label, version.data, "--home", version.home, "--json").json
    tested = set(split_of(version)["test"])
    kept = [row for one, row in zip(answers, rows_of(version.data), strict=True) if one["id"] in tested]
    name = f"test{version.data.suffix}"
    if version.data.suffix == ".jsonl":
        (tmp_path / name).write_text("".join(json.dumps(row) + "\n" for row in kept), "utf-8")
    else:
        pl.DataFrame(kept).write_csv(tmp_path / name)
    found = tunesmith("evaluate", version.label, name, "--home", version.home, "--json").json
    assert found["rows"] == version.summary["test_rows"]
    assert found["metrics"].keys() == version.summary["metrics"].keys()
    for metric, wanted in version.summary["metrics"].items():
        assert found["metrics"][metric] == pytest.approx(wanted, abs=1e-9), metric


@pytest.mark.parametrize("kind", [*KINDS, "tags"])
def test_rows_keep_their_ids_from_training_to_prediction(tunesmith, trained, kind):
    version = trained(kind)
    answers = tunesmith("predict", version.label, version.data, "--home", version.home, "--json").json
    known = [one for ids in split_of(version).values() for one in ids]
    assert len(set(known)) == len(known) == len(answers)
    assert {one["id"] for one in answers} == set(known)
    assert [one["row"] for one in answers] == list(range(1, len(answers) + 1))


def test_a_row_has_one_id_in_csv_jsonl_parquet_and_by_hand(tunesmith, trained, tmp_path):
    version = trained("table")
    frame = pl.read_csv(version.data)
    frame.write_parquet(tmp_path / "rows.parquet")
    frame.write_ndjson(tmp_path / "rows.jsonl")
    first = json.dumps({name: frame[name][0] for name in ("minutes", "city", "age")})
    homed = ["--home", version.home, "--json"]
    answers = [
        tunesmith("predict", version.label, name, *homed).json for name in (version.data, "rows.parquet", "rows.jsonl")
    ]
    assert answers[0] == answers[1] == answers[2]
    assert tunesmith("predict", version.label, "--row", first, *homed).json == answers[0][:1]


@pytest.mark.parametrize("kind", ["table", "text", "network", "tags"])
def test_the_same_recipe_gives_the_same_weights(tunesmith, trained, kind):
    version = trained(kind)
    again = tunesmith("train", version.recipe, "--json").json
    assert again["weights"] == version.summary["weights"]
    assert again["metrics"] == version.summary["metrics"]
    assert again["baselines"] == version.summary["baselines"]
    assert again["comparisons"] == version.summary["comparisons"]


def test_another_seed_gives_other_weights_on_the_same_rows(tunesmith, trained):
    version = trained("network")
    other = tunesmith("train", version.recipe, "--json", "--set", "seed=1").json
    assert other["weights"] != version.summary["weights"]
    rows = Registry(Path(".tunesmith")).resolve(other["version"]).manifest["rows"]
    assert rows == Registry(version.home).resolve(version.label).manifest["rows"]


METRICS = {"accuracy", "f1_macro", "roc_auc", "log_loss", "calibration_error", "precision_macro", "recall_macro"}
FIELDS = {
    "init": {"recipe", "task", "inputs", "target"},
    "show": {"recipe", "origins"},
    "check": {"rows", "columns", "findings"},
    "train": {"version", "digest", "task", "metrics", "baselines", "verdict", "test_rows", "seconds"},
    "predict": {"row", "id", "answer", "confidence", "scores"},
    "evaluate": {"metrics", "slices", "calibration", "rows"},
    "report": {"path"},
    "trace": {"station", "value"},
    "versions": {"version", "digest", "created", "task", "base", "metrics", "aliases", "verdict"},
    "inspect": {"manifest", "lineage", "events"},
    "verify": {"ok", "checked", "problems"},
    "doctor": {"ok", "checks", "libraries", "device"},
}


def arguments_of(version) -> dict[str, list]:
    return {
        "init": [version.data],
        "show": [version.recipe],
        "check": [version.data],
        "predict": [version.label, version.data],
        "evaluate": [version.label, version.data, "--slice", "city"],
        "report": [version.label],
        "trace": [version.recipe, "--row", "1"],
        "versions": [],
        "inspect": [version.label],
        "verify": [],
        "doctor": [],
    }


@pytest.mark.parametrize("command", [name for name in FIELDS if name != "train"])
def test_json_holds_what_the_contract_says(tunesmith, trained, command):
    version = trained("table")
    outcome = tunesmith(command, *arguments_of(version)[command], "--home", version.home, "--json")
    assert outcome.code in (0, 1), outcome.err
    value = outcome.json
    found = value[0] if isinstance(value, list) else value
    assert FIELDS[command] <= found.keys()
    plain = tunesmith(
        command, *arguments_of(version)[command], "--home", version.home, *(["--force"] * (command == "init"))
    )
    assert plain.code == outcome.code
    assert plain.out.strip()


def test_training_holds_what_the_contract_says(trained):
    for kind in KINDS:
        summary = trained(kind).summary
        assert FIELDS["train"] <= summary.keys()
        assert summary["verdict"] in ("ship", "hold", "no better than baseline")
        assert summary["metrics"].keys() >= METRICS
        for metrics in (summary["metrics"], *summary["baselines"].values()):
            assert all({"value", "low", "high"} <= one.keys() for one in metrics.values())
    assert {"majority", "classical"} <= trained("table").summary["baselines"].keys()
    assert {"majority", "classical", "linear_probe"} <= trained("text").summary["baselines"].keys()


def test_findings_and_slices_hold_what_the_contract_says(tunesmith, trained, tmp_path):
    write(tmp_path, rows_csv=table(30) + "\n".join(table(30).splitlines()[1:4]) + "\n")
    found = tunesmith("check", "rows.csv", "--json").json["findings"]
    twice = next(one for one in found if one["check"] == "duplicates")
    assert {"check", "severity", "count", "rows", "advice"} <= twice.keys()
    assert {31, 32, 33} <= {one["row"] for one in twice["rows"]}
    assert all(one["id"] and 0 <= one["score"] <= 1 for one in twice["rows"])
    version = trained("table")
    options = ["--slice", "city", "--home", version.home, "--json"]
    slices = tunesmith("evaluate", version.label, version.data, *options).json["slices"]["city"]
    assert sum(one["rows"] for one in slices.values()) == 120
    assert set(slices) == {"Bern", "Basel", "Chur"}
    assert all(one["metrics"].keys() >= METRICS for one in slices.values())


@pytest.mark.parametrize("name", ["weights.safetensors", "codec.json", "report.json", "rows.json"])
def test_a_tampered_file_is_named_and_answers_nothing(tunesmith, tmp_path, name):
    write(
        tmp_path, rows_csv=table(60), recipe_yaml="data: rows.csv\ntarget: churn\nbase: {kind: gbdt, iterations: 3}\n"
    )
    assert tunesmith("train", "recipe.yaml").code == 0
    digest = Registry(Path(".tunesmith")).resolve("rows").manifest["files"][name]["sha256"]
    path = next(one for one in Path(".tunesmith/objects").rglob("*") if one.parent.name + one.name == digest)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.chmod(0o644)
    path.write_bytes(data)
    refused(tunesmith("predict", "rows", "rows.csv", "--json"), name, digest, "altered", code=1)
    outcome = tunesmith("verify", "--json")
    assert outcome.code == 1
    assert outcome.json["ok"] is False
    assert any(digest in json.dumps(one) for one in outcome.json["problems"])
    assert digest in tunesmith("verify").out
    mended = tunesmith("train", "recipe.yaml", "--json")
    assert mended.code == 0, "the same bytes published again mend the object"


@pytest.mark.parametrize("ending", ["csv", "jsonl", "parquet"])
def test_answers_are_written_in_every_form(tunesmith, trained, tmp_path, ending):
    version = trained("table")
    options = ["--home", version.home, "-o", f"answers.{ending}", "--json"]
    answers = tunesmith("predict", version.label, version.data, *options).json
    path = tmp_path / f"answers.{ending}"
    if ending == "jsonl":
        assert list(map(json.loads, path.read_text("utf-8").splitlines())) == answers
        return
    frame = pl.read_parquet(path) if ending == "parquet" else pl.read_csv(path)
    assert frame.columns == ["row", "id", "answer", "confidence", "score_no", "score_yes"]
    assert frame["id"].to_list() == [one["id"] for one in answers]
    assert frame["answer"].to_list() == [one["answer"] for one in answers]
    assert frame["score_yes"].to_list() == pytest.approx([one["scores"]["yes"] for one in answers])


def test_a_text_by_hand_is_answered_as_in_a_file(tunesmith, trained):
    version = trained("text")
    rows = rows_of(version.data)[:2]
    homed = ["--home", version.home, "--json"]
    given = [part for row in rows for part in ("--text", row["review"])]
    by_hand = tunesmith("predict", version.label, *given, *homed).json
    in_file = tunesmith("predict", version.label, version.data, *homed).json[:2]
    for one, other in zip(by_hand, in_file, strict=True):
        assert (one["id"], one["answer"]) == (other["id"], other["answer"])
        assert one["scores"] == pytest.approx(other["scores"], abs=1e-5)


def test_a_text_by_hand_is_read_from_its_own_letters(tunesmith, trained):
    """What looks like a number, a list or nothing is still the text that was typed."""
    version = trained("text")
    typed = ["42", "null", "[1]", "3.50", ""]
    given = [part for text in typed for part in ("--text", text)]
    assert len(tunesmith("predict", version.label, *given, "--home", version.home, "--json").json) == len(typed)


def test_the_module_and_its_home_work_from_outside(trained, tmp_path):
    version = trained("table")
    command = [sys.executable, "-m", "tunesmith", "versions", "--json"]
    named = environment(TUNESMITH_HOME=str(version.home))
    done = subprocess.run(command, cwd=tmp_path, env=named, capture_output=True, text=True, check=True)
    assert version.label in {one["version"] for one in json.loads(done.stdout)}
    assert done.stderr == ""
    empty = [*command, "--home", "elsewhere"]
    done = subprocess.run(empty, cwd=tmp_path, env=named, capture_output=True, text=True, check=True)
    assert json.loads(done.stdout) == [], "the flag goes before the variable"
    assert list(tmp_path.iterdir()) == []


def test_home_is_taken_from_the_variable(tunesmith, trained, monkeypatch):
    version = trained("table")
    monkeypatch.setenv("TUNESMITH_HOME", str(version.home))
    assert tunesmith("inspect", version.label, "--json").json["digest"] == version.summary["digest"]


def test_the_page_of_a_version_is_written_whole(tunesmith, trained, tmp_path):
    for kind in ("table", "mixed"):
        version = trained(kind)
        name = f"{kind}.html"
        assert tunesmith("report", version.label, "-o", name, "--home", version.home, "--json").json == {"path": name}
        page = (tmp_path / name).read_text("utf-8")
        assert version.label in page
        assert page.rstrip().endswith("</html>")


def test_progress_goes_to_stderr_and_the_answer_to_stdout(tunesmith, tmp_path):
    write(
        tmp_path, rows_csv=table(60), recipe_yaml="data: rows.csv\ntarget: churn\nbase: {kind: gbdt, iterations: 3}\n"
    )
    outcome = tunesmith("train", "recipe.yaml")
    for stage in ("check", "train", "baselines", "evaluate"):
        assert f"{stage}: done in" in outcome.err
    assert "rows@1" in outcome.out
    assert "verdict" in outcome.out
