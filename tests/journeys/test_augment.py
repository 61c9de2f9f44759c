"""Augmented trainings: the same bytes after a stop as without one, and no row but the training rows changed."""

import json

import pytest

from journeys.checks import nothing_registered, refused
from journeys.rows import table, texts, write
from tunesmith.registry import Registry
from tunesmith.testing import tiny
from tunesmith.training.resume import Keeper

ENGINE = "engine: {precision: fp32, threads: 1}"
TABLE = (
    "data: rows.csv\ntarget: churn\nbase: {kind: tabular_net, width: 8, dropout: 0.2}\n"
    f"train: {{epochs: 4, batch_size: 16, patience: 1000, checkpoint_seconds: 0, {ENGINE}}}\n"
)
TEXT = (
    "data: rows.csv\ntarget: label\nbase: {kind: hf_encoder, path: ./body, dropout: 0.2}\n"
    "strategy: {kind: freeze, layers: 2}\n"
    f"train: {{epochs: 3, batch_size: 8, patience: 1000, checkpoint_seconds: 0, {ENGINE}}}\n"
)
NOISE = "augment: [{kind: number_noise, probability: 0.5}, {kind: number_noise, columns: [age], probability: 0.2}]\n"
WORDS = "augment: [{kind: typo, probability: 0.5}, {kind: synonym, path: words.txt, probability: 0.5}]\n"
RUN = ("train", "recipe.yaml", "--json")


class Killed(BaseException):
    """Stands for kill -9."""


def prepare(folder, kind):
    if kind == "table":
        write(folder, rows_csv=table(60), recipe_yaml=TABLE + NOISE)
    else:
        tiny.save(folder / "body")
        write(folder, rows_csv=texts(), words_txt="parcel: package\nbroke: cracked, split\n", recipe_yaml=TEXT + WORDS)


def killed(tunesmith, monkeypatch, step):
    right = Keeper.save

    def save(self, loop):
        right(self, loop)
        if loop.progress.number == step:
            raise Killed

    with monkeypatch.context() as patch:
        patch.setattr(Keeper, "save", save)
        with pytest.raises(Killed):
            tunesmith(*RUN)


@pytest.mark.parametrize("kind", ["table", "text"])
def test_a_stop_in_the_middle_of_an_epoch_changes_no_byte(tunesmith, monkeypatch, tmp_path, kind):
    prepare(tmp_path, kind)
    killed(tunesmith, monkeypatch, 5)
    resumed = tunesmith(*RUN, "--resume")
    assert "resumed at step 5" in resumed.err
    whole = tunesmith(*RUN, "--home", "other")
    assert resumed.json["weights"] == whole.json["weights"]
    plain = tunesmith(*RUN, "--home", "plain", "--set", "augment=[]")
    assert plain.json["weights"] != whole.json["weights"]
    never = (tmp_path / "recipe.yaml").read_text().replace("probability: 0.5", "probability: 0.0")
    write(tmp_path, never_yaml=never.replace("probability: 0.2", "probability: 0.0"))
    nothing = tunesmith("train", "never.yaml", "--json", "--home", "never")
    assert "is that meant?" in nothing.err
    if kind == "table":  # a text's frozen layers and left-out words are summed up in another order
        assert nothing.json["weights"] == plain.json["weights"]


def test_another_word_list_is_another_run(tunesmith, monkeypatch, tmp_path):
    prepare(tmp_path, "text")
    killed(tunesmith, monkeypatch, 5)
    write(tmp_path, words_txt="parcel: package, box\n")
    assert "it starts from the beginning" in tunesmith(*RUN, "--resume").err


def stored(name):
    version = Registry(".tunesmith").versions()[-1]
    return json.loads(version.read(name))


def test_the_report_tells_what_ran_and_other_rows_are_as_they_were(tunesmith, tmp_path):
    prepare(tmp_path, "table")
    outcome = tunesmith(*RUN)
    assert outcome.code == 0, outcome.err
    told = stored("report.json")["augment"]
    assert [one["columns"] for one in told["parts"]] == [["age", "minutes"], ["age"]]
    assert len(told["examples"]) == 3
    guards = {one["guard"]: one["detail"] for one in stored("report.json")["guards"]}
    assert "training rows differ in the first epoch" in guards["augmented_rows"]
    page = tunesmith("report", outcome.json["version"], "-o", "report.html")
    assert page.code == 0, page.err
    assert "Rows changed in the first epoch" in (tmp_path / "report.html").read_text("utf-8")


@pytest.mark.parametrize("base", ["{kind: gbdt, iterations: 5}", "{kind: tabular_net, width: 8}"])
def test_new_rows_are_trained_on_and_nothing_else(tunesmith, tmp_path, base):
    pytest.importorskip("imblearn")
    write(tmp_path, rows_csv=table(90), recipe_yaml=f"data: rows.csv\ntarget: churn\nbase: {base}\naugment: [smote]\n")
    outcome = tunesmith(*RUN)
    assert outcome.code == 0, outcome.err
    assert "new rows beside" in outcome.err
    names = stored("rows.json")
    assert sum(map(len, names.values())) == 90
    assert not any(one.startswith("smote") for ids in names.values() for one in ids)
    without = tunesmith(*RUN, "--home", "plain", "--set", "augment=[]").json
    assert without["weights"] != outcome.json["weights"]
    assert without["baselines"] == outcome.json["baselines"], "baselines learn from the rows as they are"


@pytest.mark.parametrize(
    ("written", "wanted"),
    [
        ("augment: [flip]", ["augment.0: flip works on image columns, and no input is one"]),
        ("augment: [tippo]", ["recipe.yaml:4: augment", "did you mean 'typo'?"]),
        ("augment: [typo]", ["augment.0: typo works on text columns, and no input is one", "'age' is a number"]),
        ("augment: [{kind: typo, columns: [city]}]", ["'city' is a category"]),
        ("augment: [{kind: number_noise, columns: [city]}]", ["fitting for a category: smote"]),
    ],
)
def test_what_cannot_be_is_refused_before_anything_is_done(tunesmith, tmp_path, written, wanted):
    write(tmp_path, rows_csv=table(60), recipe_yaml=f"data: rows.csv\ntarget: churn\nbase: tabular_net\n{written}\n")
    refused(tunesmith(*RUN), *wanted)
    nothing_registered()


def test_a_base_fitted_in_one_go_says_why_it_takes_no_epochs(tunesmith, tmp_path):
    write(
        tmp_path, rows_csv=table(60), recipe_yaml="data: rows.csv\ntarget: churn\nbase: gbdt\naugment: [number_noise]"
    )
    refused(tunesmith(*RUN), "augment.0: number_noise changes rows anew in each epoch", "base gbdt is fitted in one go")


def test_trace_shows_the_row_as_the_first_epoch_does(tunesmith, tmp_path):
    prepare(tmp_path, "table")
    lines = [tunesmith("trace", "recipe.yaml", "--row", row, "--json").json for row in range(1, 13)]
    found = [{one["station"]: one["value"] for one in line} for line in lines]
    shown = [one["augment"] for one in found if isinstance(one["augment"], dict)]
    changed = [one for one in shown if one["by"]]
    assert 0 < len(changed) <= len(shown)
    assert all(one["epoch"] == 1 and one["values"].keys() <= {"age", "minutes"} for one in shown)
    others = {one["augment"] for one in found if one["augment"] not in shown}
    assert others == {"rows of validation stay as they are", "rows of test stay as they are"}
