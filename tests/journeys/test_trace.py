"""One row at each station, held as golden text: a text row, a mixed row and a table's row."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from journeys.checks import refused
from journeys.rows import mixed, table, tags, texts, write

GOLDEN = Path(__file__).parent / "golden"
ROWS = {"text": 6, "mixed": 4, "table": 3, "tags": 5}
RECIPES = {
    "text": "data: text.csv\ntarget: label\nbase: minilm\n",
    "mixed": "data: mixed.jsonl\ntarget: stays\n",
    "tags": "data: tags.jsonl\ntarget: tags\nsplit: {near_duplicates: ignore}\n",
    "table": "data: table.csv\ntarget: churn\nbase: tabular_net\n",
}


@pytest.fixture
def folder(tmp_path):
    return write(tmp_path, text_csv=texts(), mixed_jsonl=mixed(), table_csv=table(), tags_jsonl=tags())


@pytest.mark.parametrize("kind", ROWS)
def test_a_row_goes_down_the_line_as_it_always_did(tunesmith, folder, kind):
    write(folder, recipe_yaml=RECIPES[kind])
    outcome = tunesmith("trace", "recipe.yaml", "--row", ROWS[kind])
    assert outcome.code == 0, outcome.err
    assert outcome.out == (GOLDEN / f"{kind}.txt").read_text("utf-8")
    assert not (folder / ".tunesmith").exists(), "looking changes nothing"


@pytest.mark.parametrize("kind", ["text", "mixed", "table"])
def test_after_training_the_line_goes_on_to_the_answer(tunesmith, trained, kind):
    version = trained(kind)
    outcome = tunesmith("trace", version.recipe, "--row", ROWS[kind], "--home", version.home, "--json")
    stations = {one["station"]: one["value"] for one in outcome.json}
    sixth = "target" if kind == "table" else "tokens"
    assert list(stations)[:6] == ["read", "identify", "check", "split", "encode", sixth]
    assert list(stations)[-2:] == ["output", "answer"]
    assert len(stations["output"]) == 2
    answer = stations["answer"]
    assert answer["version"] == version.label
    assert answer["id"] == stations["identify"]["id"]
    given = tunesmith("predict", version.label, version.data, "--home", version.home, "--json").json
    same = given[ROWS[kind] - 1]
    assert (answer["row"], answer["id"], answer["answer"]) == (same["row"], same["id"], same["answer"])
    assert answer["scores"] == pytest.approx(same["scores"], abs=1e-5)


def test_the_golden_line_is_the_trained_one_but_for_its_end(tunesmith, trained):
    """Training moves no station before the answer (the batches are those of another size)."""
    version = trained("mixed")
    told = tunesmith("trace", version.recipe, "--row", ROWS["mixed"], "--home", version.home).out
    before, _, after = told.partition("\noutput")
    assert before + "\n" == (GOLDEN / "mixed.txt").read_text("utf-8")
    assert re.sub(r"-?\d+\.\d+", "#", after.splitlines()[0]).strip() == "[#, #]"


def test_a_row_is_found_by_its_id_as_by_its_number(tunesmith, folder):
    write(folder, recipe_yaml=RECIPES["table"])
    first = tunesmith("trace", "recipe.yaml", "--row", 3, "--json").json
    name = first[1]["value"]["id"]
    assert tunesmith("trace", "recipe.yaml", "--row", name, "--json").json == first


def test_another_recipe_has_no_answer_yet(tunesmith, trained):
    version = trained("network")
    options = ["--row", 3, "--home", version.home, "--json"]
    stations = [one["station"] for one in tunesmith("trace", version.recipe, *options, "--set", "seed=7").json]
    assert "encode" in stations
    assert "answer" not in stations


def test_a_row_without_a_label_says_where_its_line_ends(tunesmith, folder):
    lines = table(40).splitlines()
    lines[4] = lines[4].rpartition(",")[0] + ","
    write(folder, table_csv="\n".join(lines), recipe_yaml=RECIPES["table"])
    stations = tunesmith("trace", "recipe.yaml", "--row", 4, "--json").json
    assert stations[-1]["station"] == "clean"
    assert "no label" in stations[-1]["value"][0]["why"]
    stations.pop()
    assert stations[-1]["station"] == "split"
    assert stations[-1]["value"] == {"split": "dropped", "because": "it has no label"}
    refused(tunesmith("trace", "recipe.yaml", "--row", "41"), "--row 41", "rows 1 to 40")


def test_a_missing_number_is_told_as_missing(tunesmith, folder):
    write(folder, recipe_yaml=RECIPES["mixed"])
    stations = tunesmith("trace", "recipe.yaml", "--row", 1, "--json").json
    encoded = next(one["value"] for one in stations if one["station"] == "encode")
    assert encoded["months"] is None
    assert encoded["plan"] in (1, 2)


def test_a_near_row_says_whom_it_follows(tunesmith, folder):
    lines = table(40).splitlines()
    age, city, minutes, churn = lines[3].split(",")
    lines.append(f"{age},{city},{float(minutes) + 0.01:.2f},{churn}")
    write(folder, table_csv="\n".join(lines), recipe_yaml=RECIPES["table"])
    first, copy = (tunesmith("trace", "recipe.yaml", "--row", row, "--json").json[3]["value"] for row in (3, 41))
    assert copy == {"split": first["split"], "because": "near to table.csv row 3 (1.00)"}
