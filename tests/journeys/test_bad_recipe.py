"""Bad recipes: every mistake at once, each with its line and what was meant; nothing registered."""

from __future__ import annotations

import pytest

from journeys.checks import HOME, refused
from journeys.rows import prices, table, texts, write

GOOD = "data: rows.csv\ntarget: churn\n"
BAD_RECIPES = {
    "unknown key": (f"{GOOD}bases: gbdt\n", ["r.yaml:3: bases: unknown key", "did you mean 'base'?"]),
    "unknown key of a section": (f"{GOOD}train: {{epoch: 3}}\n", ["r.yaml:3: train.epoch", "did you mean 'epochs'?"]),
    "unknown key of a part": (
        f"{GOOD}base:\n  kind: gbdt\n  iteration: 3\n",
        ["r.yaml:5: base.iteration: unknown key", "did you mean 'iterations'?"],
    ),
    "unknown key of a part's part": (
        f"{GOOD}train:\n  optimizer:\n    learning_rat: 1e-3\n",
        ["r.yaml:5: train.optimizer.learning_rat", "did you mean 'learning_rate'?"],
    ),
    "unknown key of the data": (
        "data: {path: rows.csv, delimeter: ';'}\n",
        ["r.yaml:1: data.delimeter", "did you mean 'delimiter'?"],
    ),
    "unknown base": (f"{GOOD}base: gbtd\n", ["r.yaml:3: base: unknown kind 'gbtd'", "did you mean 'gbdt'?", "minilm"]),
    "unknown task": (f"{GOOD}task: regresion\n", ["r.yaml:3: task", "'regresion'", "did you mean 'regression'?"]),
    "unknown loss": (f"{GOOD}train: {{loss: focl}}\n", ["r.yaml:3: train.loss", "did you mean 'focal'?"]),
    "unknown strategy": (f"{GOOD}strategy: loar\n", ["r.yaml:3: strategy", "did you mean 'lora'?"]),
    "unknown modality": (
        "data: {path: rows.csv, inputs: {age: numbr}}\n",
        ["r.yaml:1: data.inputs.age", "did you mean 'number'?"],
    ),
    "a kind that is no word": (f"{GOOD}base: 3\n", ["r.yaml:3: base", "needs a name", "gbdt"]),
    "text for a number": (f"{GOOD}seed: many\n", ["r.yaml:3: seed", "integer", "got 'many'"]),
    "list for a text": (f"{GOOD}name: [churn]\n", ["r.yaml:3: name", "string", "got ['churn']"]),
    "number out of range": (f"{GOOD}split: {{test: 1.5}}\n", ["r.yaml:3: split.test", "less than 1", "got 1.5"]),
    "negative rate": (
        f"{GOOD}train: {{optimizer: {{learning_rate: -1}}}}\n",
        ["r.yaml:3: train.optimizer.learning_rate", "greater than 0", "got -1"],
    ),
    "no rows left": (f"{GOOD}split: {{validation: 0.5, test: 0.5}}\n", ["r.yaml:3: split", "must be below 1"]),
    "nan": (f"{GOOD}train: {{clip: .nan}}\n", ["r.yaml:3: train.clip", "number"]),
    "name that is no file name": (f"{GOOD}name: a/b\n", ["r.yaml:3: name", "got 'a/b'"]),
    "no data": ("target: churn\n", ["r.yaml:1: data: is required"]),
    "unknown ending": ("data: rows.docx\n", ["r.yaml:1: data", "'.docx' is not known", ".csv"]),
    "split without train": ("data: {path: {test: rows.csv}}\n", ["r.yaml:1: data.path", "at least `train:`"]),
    "split of another name": ("data: {path: {trian: rows.csv}}\n", ["r.yaml:1: data.path.trian", "'train'"]),
    "no YAML": ("data: [rows.csv\ntarget: churn\n", ["r.yaml:2", "no YAML"]),
    "tab": ("data: rows.csv\nsplit:\n\ttest: 0.3\n", ["r.yaml:3", "no YAML"]),
    "key twice": (f"{GOOD}seed: 1\nseed: 2\n", ["r.yaml:4: seed: the key is given twice", "keep one"]),
    "inner key twice": (f"{GOOD}train:\n  epochs: 1\n  epochs: 2\n", ["r.yaml:5: train.epochs", "twice"]),
    "a list": ("- data: rows.csv\n", ["r.yaml:1", "key: value"]),
    "a word": ("rows.csv\n", ["r.yaml:1", "key: value"]),
    "nothing": ("", ["r.yaml:1", "key: value", "data and target"]),
    "binary": (b"\xff\xfe\x00\x81", ["r.yaml", "cannot be read", "UTF-8"]),
    "a tag": ("data: !!python/object/apply:os.system [true]\n", ["r.yaml:1", "no YAML"]),
    "an anchor to itself": ("data: &a {path: *a}\n", ["r.yaml:1"]),
}


@pytest.mark.parametrize("command", ["train", "check", "show"])
@pytest.mark.parametrize("case", BAD_RECIPES)
def test_a_mistake_is_told_with_its_line(tunesmith, tmp_path, case, command):
    text, wanted = BAD_RECIPES[case]
    write(tmp_path, rows_csv=table(40), r_yaml=text)
    refused(tunesmith(command, "r.yaml"), *wanted)
    assert not HOME.exists()


def test_all_mistakes_are_told_at_once_in_the_order_of_the_file(tunesmith, tmp_path):
    text = "data: rows.csv\ntraget: churn\nseed: many\nbase: gbtd\ntrain:\n  epoch: 3\n  batch_size: 0\n"
    write(tmp_path, rows_csv=table(40), r_yaml=text)
    outcome = tunesmith("train", "r.yaml")
    refused(outcome, "errors:")
    told = outcome.err.splitlines()[1:]
    assert [line.split(": ")[0] for line in told] == [f"r.yaml:{line}" for line in (2, 3, 4, 6, 7)]
    assert "did you mean 'target'?" in told[0]


def test_mistakes_on_line_ten_come_after_those_on_line_nine(tunesmith, tmp_path):
    text = "data: rows.csv\n" + "#\n" * 7 + "seed: many\nnamee: x\n"
    write(tmp_path, rows_csv=table(40), r_yaml=text)
    told = tunesmith("train", "r.yaml").err.splitlines()[1:]
    assert [line.split(": ")[0] for line in told] == ["r.yaml:9", "r.yaml:10"]


BAD_SETTINGS = {
    "no equals sign": ("train.epochs", ["--set train.epochs", "key.path=value"]),
    "no key": ("=3", ["--set =3", "key.path=value"]),
    "empty step": ("train..epochs=3", ["--set train..epochs=3", "key.path=value"]),
    "unknown key": ("train.epoch=3", ["--set: train.epoch", "did you mean 'epochs'?"]),
    "bad value": ("train.epochs=many", ["--set: train.epochs", "integer", "'auto'", "got 'many'"]),
    "unknown kind": ("base=gbtd", ["--set: base", "did you mean 'gbdt'?"]),
    "no YAML": ("split={test: ", ["--set split={test: ", "no YAML"]),
    "below a value": ("seed.more=3", ["--set: seed"]),
    "a section made a value": ("train=3", ["--set: train", "got 3"]),
}


@pytest.mark.parametrize("case", BAD_SETTINGS)
def test_a_mistake_in_set_is_told(tunesmith, tmp_path, case):
    setting, wanted = BAD_SETTINGS[case]
    write(tmp_path, rows_csv=table(40), r_yaml=GOOD)
    refused(tunesmith("train", "r.yaml", "--set", setting), *wanted)
    assert not HOME.exists()


def test_mistakes_of_file_and_command_line_are_told_together(tunesmith, tmp_path):
    write(tmp_path, rows_csv=table(40), r_yaml=f"{GOOD}sede: 3\n")
    refused(tunesmith("train", "r.yaml", "--set", "train.epoch=3"), "r.yaml:3: sede", "--set: train.epoch")


IMPOSSIBLE = {
    "gbdt on text": ("data: text.csv\nbase: gbdt\n", ["gbdt", "column 'review' is text", "base: minilm"]),
    "minilm on a table": (f"{GOOD}base: minilm\n", ["minilm", "text", "base: gbdt"]),
    "strategy of gbdt": (f"{GOOD}base: gbdt\nstrategy: lora\n", ["strategy", "gbdt", "remove it"]),
    "train of gbdt": (f"{GOOD}base: gbdt\ntrain: {{epochs: 3}}\n", ["train", "gbdt", "remove it"]),
    "loss for values": (
        f"{GOOD}base: tabular_net\ntrain: {{loss: squared}}\n",
        ["train.loss: squared cannot judge classification", "cross_entropy", "focal"],
    ),
    "loss for classes": (
        "data: prices.csv\ntarget: price\nbase: tabular_net\ntrain: {loss: focal}\n",
        ["train.loss: focal cannot judge regression", "huber", "squared"],
    ),
    "regression of words": (
        f"{GOOD}task: regression\n",
        ["row 1, column 'churn'", "not a finite number", "task"],
    ),
    "number of words": (
        "data: {path: rows.csv, inputs: {city: number}}\ntarget: churn\n",
        ["rows.csv row 1, column 'city'", "is not a number"],
    ),
    "freeze more than there is": (
        f"{GOOD}base: tabular_net\nstrategy: {{kind: freeze, layers: 1}}\n",
        ["strategy.layers", "0 layers"],
    ),
    "an unknown base by path": (
        "data: text.csv\nbase: ./no-such-folder\n",
        ["./no-such-folder", "no encoder", "base: minilm"],
    ),
    "a device that is not there": (
        f"{GOOD}base: tabular_net\ntrain: {{engine: {{run_on: cuda}}}}\n",
        ["train.engine.run_on", "cuda", "auto"],
    ),
}


@pytest.mark.parametrize("case", IMPOSSIBLE)
def test_what_cannot_go_together_is_told(tunesmith, tmp_path, case):
    text, wanted = IMPOSSIBLE[case]
    write(tmp_path, rows_csv=table(40), text_csv=texts(), prices_csv="\n".join(prices(40)), r_yaml=text)
    refused(tunesmith("train", "r.yaml"), *wanted)
    assert not HOME.exists()


def test_a_missing_recipe_names_the_near_one(tunesmith, tmp_path):
    write(tmp_path, rows_csv=table(40), recipe_yaml=GOOD)
    for command in ("train", "show", "check"):
        refused(tunesmith(command, "recpie.yaml"), "recpie.yaml", "no such file", "did you mean 'recipe.yaml'?")
    refused(tunesmith("trace", "recpie.yaml", "--row", "1"), "recpie.yaml", "did you mean 'recipe.yaml'?")


def test_a_missing_recipe_with_none_near_says_how_to_write_one(tunesmith):
    refused(tunesmith("train", "recipe.yaml"), "recipe.yaml", "no such file", "tunesmith init")


def test_a_folder_is_no_recipe(tunesmith, tmp_path):
    (tmp_path / "r.yaml").mkdir()
    refused(tunesmith("train", "r.yaml"), "r.yaml", "cannot be read")


def test_init_does_not_overwrite(tunesmith, tmp_path):
    write(tmp_path, rows_csv=table(40), recipe_yaml="mine")
    refused(tunesmith("init", "rows.csv", "--target", "churn"), "recipe.yaml", "exists already", "--force")
    assert (tmp_path / "recipe.yaml").read_text() == "mine"
    assert tunesmith("init", "rows.csv", "--target", "churn", "--force").code == 0


def test_init_writes_a_recipe_that_loads(tunesmith, tmp_path):
    write(tmp_path, rows_csv=table(40))
    assert tunesmith("init", "rows.csv", "--target", "churn", "-o", "deep/r.yaml").code == 2, "no such folder"
    made = tunesmith("init", "rows.csv", "--json", "-o", "r.yaml").json
    assert made == {
        "recipe": "r.yaml",
        "task": "classification",
        "target": "churn",
        "inputs": {"age": "number", "city": "category", "minutes": "number"},
        "notes": [],
    }
    shown = tunesmith("show", "r.yaml", "--json").json
    assert shown["origins"]["target"].startswith("r.yaml:")


@pytest.mark.parametrize("arguments", [[], ["trian"], ["train"], ["train", "a", "b"], ["--jsn"]])
def test_wrong_usage_ends_with_two(tunesmith, arguments):
    refused(tunesmith(*arguments), "usage: tunesmith")
