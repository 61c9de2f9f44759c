"""Configurations of other tools: every key is found again, means the same, and no file is overwritten."""

import json
from pathlib import Path

import pytest
import yaml

from tunesmith.cli import main
from tunesmith.commands.import_config import TOOLS, _Loader, tell_apart
from tunesmith.core.errors import RecipeError
from tunesmith.recipe import load

NEEDED = ("model_name_or_path", "base_model", "dataset", "datasets", "dataset_name", "stage", "rl")
SAMPLES = Path(__file__).parent / "samples"
FILES = {"llama-factory": "llama_factory.yaml", "axolotl": "axolotl.yaml", "trl": "trl.yaml"}


def values(tool):
    return yaml.load((SAMPLES / FILES[tool]).read_text("utf-8"), Loader=_Loader)


def keys(given):
    """Return every key, those of listed data sets each with its place."""
    found = []
    for name, value in given.items():
        is_listed = isinstance(value, list) and value and all(isinstance(one, dict) for one in value)
        found += [f"{name}.{at}.{key}" for at, one in enumerate(value) for key in one] if is_listed else [name]
    return found


def draft(tool, folder=SAMPLES, without=(), **changes):
    given = {name: one for name, one in values(tool).items() if name not in without} | changes
    return TOOLS[tool].read(given, folder)


def why(made, key):
    (found,) = [one.why for one in made.left if one.key == key]
    return found


@pytest.mark.parametrize("tool", FILES)
def test_every_key_is_in_the_recipe_or_in_the_list(tool):
    made = draft(tool)
    left = [one.key for one in made.left]
    assert sorted([*made.carried, *left]) == sorted(keys(values(tool)))
    lines = made.text("x").splitlines()
    for key, path in made.carried.items():
        assert f"# carried over: {key}: {path}" in lines
        at = made.recipe
        for name in path.split("."):
            assert name in at, f"{key} is said to stand at {path}"
            at = at[name]
    for key in left:
        assert any(line.startswith(f"# not carried over: {key}: ") for line in lines)
    assert not made.open


@pytest.mark.parametrize("tool", FILES)
def test_the_recipe_loads_and_says_the_same(tool, tmp_path):
    made = draft(tool)
    (tmp_path / "recipe.yaml").write_text(made.text("x"), "utf-8")
    recipe, text = load(tmp_path / "recipe.yaml")
    assert text.values == made.recipe
    assert recipe.base.kind == "hf_causal"
    assert recipe.target == "answer"


@pytest.mark.parametrize("tool", FILES)
def test_the_tool_is_told_by_the_keys(tool):
    assert tell_apart(values(tool), "x") == tool


@pytest.mark.parametrize("tool", FILES)
def test_any_value_of_any_key_gives_a_recipe_or_a_sentence(tool):
    for key in values(tool):
        for value in (-1, "${VALUE}", [], True):
            try:
                made = draft(tool, **{key: value})
            except RecipeError:
                assert key in NEEDED
                continue
            given = values(tool) | {key: value}
            assert sorted([*made.carried, *(one.key for one in made.left)]) == sorted(keys(given)) or key == "datasets"


def test_llama_factory():
    made = draft("llama-factory")
    assert made.recipe["data"] == {"kind": "chat", "path": ["data/identity.json", "data/support.json"]}
    assert made.recipe["base"] == {
        "kind": "hf_causal",
        "path": "HuggingFaceTB/SmolLM2-135M-Instruct",
        "max_tokens": 512,
        "packing": False,
        "turns": "last",
    }
    assert made.recipe["strategy"] == {"kind": "lora", "rank": 16, "alpha": 64, "dropout": 0.1}
    train = made.recipe["train"]
    assert (train["batch_size"], train["micro_batch"], train["epochs"], train["clip"]) == (16, 2, 3, 0.5)
    wanted = {"kind": "adamw", "learning_rate": 1e-4, "weight_decay": 0.01, "schedule": "cosine", "warmup": 0.1}
    assert train["optimizer"] == wanted | {"layer_decay": 1.0}
    assert (made.recipe["seed"], made.recipe["split"]) == (7, {"validation": 0.05})
    assert train["engine"] == {"precision": "bf16"}
    assert why(made, "something_new") == "nothing here is known by that name"
    assert "tokenizer's own" in why(made, "template")


def test_llama_factory_looks_its_data_sets_up(tmp_path):
    info = {
        "identity": {"file_name": "who.json"},
        "support": {"file_name": "support.jsonl", "formatting": "sharegpt", "columns": {"messages": "talk"}},
        "far": {"hf_hub_url": "owner/rows", "subset": "small"},
    }
    (tmp_path / "data").mkdir()
    (tmp_path / "data" / "dataset_info.json").write_text(json.dumps(info), "utf-8")
    assert draft("llama-factory", tmp_path).recipe["data"]["path"] == ["data/who.json", "data/support.jsonl"]
    hub = draft("llama-factory", tmp_path, dataset="far")
    assert hub.recipe["data"] == {"kind": "hub", "path": "owner/rows", "config": "small", "split": "train"}
    assert why(draft("llama-factory", tmp_path, dataset="identity,far"), "dataset").startswith("a recipe reads files")


def test_shares_that_leave_nothing_to_train_on_are_left():
    made = draft("llama-factory", val_size=0.9)
    assert "split" not in made.recipe or "validation" not in made.recipe["split"]
    assert "below 1" in why(made, "val_size")


def test_what_the_tool_does_by_itself_is_written_down():
    made = draft("llama-factory", without=["lora_alpha", "learning_rate", "num_train_epochs", "lr_scheduler_type"])
    assert made.recipe["strategy"]["alpha"] == 32
    assert made.recipe["train"]["optimizer"]["learning_rate"] == 5e-5
    assert (made.recipe["train"]["epochs"], made.recipe["train"]["optimizer"]["schedule"]) == (3, "linear")
    assert made.assumed["strategy.alpha"] == 32


def test_axolotl():
    made = draft("axolotl")
    assert made.recipe["data"] == {
        "kind": "chat",
        "path": ["data/support.jsonl", "data/more.jsonl"],
        "format": "messages",
    }
    assert made.recipe["strategy"] == {"kind": "lora", "rank": 8, "alpha": 16, "dropout": 0.0}
    assert (made.recipe["train"]["batch_size"], made.recipe["train"]["epochs"]) == (8, 3)
    assert made.recipe["train"]["optimizer"]["warmup"] == 0.03
    assert made.recipe["train"]["optimizer"]["kind"] == "adamw"
    assert made.carried["datasets.1.path"] == "data.path"
    assert "not quantized" in why(made, "adapter")
    assert "only answers" in why(made, "train_on_inputs")
    assert "one data set of the Hub" in why(made, "datasets.2.path")
    assert "share of the steps" in why(made, "warmup_steps")
    assert why(made, "num_epochs") == "it is no whole number"
    hub = draft("axolotl", datasets=[{"path": "tatsu-lab/alpaca", "type": "alpaca"}], adapter=None)
    assert hub.recipe["data"] == {"kind": "hub", "path": "tatsu-lab/alpaca", "split": "train"}
    assert hub.recipe["strategy"] == {"kind": "full"}
    assert any("need columns `prompt` and `answer`" in note for note in hub.notes)


def test_trl():
    made = draft("trl")
    data = {"kind": "hub", "path": "trl-lib/Capybara", "config": "default", "split": "train"}
    assert made.recipe["data"] == data
    assert (made.recipe["base"]["max_tokens"], made.recipe["base"]["packing"]) == (2048, True)
    assert made.recipe["strategy"] == {"kind": "lora", "rank": 32, "alpha": 16, "dropout": 0.0}
    assert made.recipe["train"]["optimizer"]["warmup"] == 0.03
    assert made.recipe["train"]["optimizer"]["beta2"] == 0.95
    assert made.recipe["train"]["optimizer"]["schedule"] == "linear"
    assert "schedules here are linear, cosine, constant" in why(made, "lr_scheduler_type")
    assert why(made, "seed").startswith("seed: ")
    assert "all linear layers" in why(made, "lora_target_modules")
    several = draft("trl", without=["dataset_name", "dataset_config"], datasets=[{"path": "a/b"}, {"path": "c/d"}])
    assert several.recipe["data"]["path"] == "a/b"
    assert "one data set" in why(several, "datasets.1.path")


@pytest.mark.parametrize(
    ("tool", "changes", "fact"),
    [
        ("llama-factory", {"stage": "dpo"}, "stage: .dpo.: this is no supervised fine-tuning"),
        ("axolotl", {"rl": "kto"}, "rl: .kto.: this learns from preferences"),
        ("llama-factory", {"dataset": None}, "a recipe needs both"),
        ("axolotl", {"base_model": None}, "a recipe needs both"),
        ("trl", {"dataset_name": None}, "a recipe needs both"),
    ],
)
def test_what_is_no_such_training_is_refused(tool, changes, fact):
    with pytest.raises(ValueError, match=fact):
        draft(tool, **changes)


def test_the_command_prints_writes_and_never_overwrites(tmp_path, capsys):
    sample = str(SAMPLES / "trl.yaml")
    assert main(["import", sample]) == 0
    out, err = capsys.readouterr()
    assert yaml.safe_load(out)["data"]["kind"] == "hub"
    assert "not carried over: push_to_hub: true: nothing is sent anywhere" in err
    assert "# not carried over: push_to_hub: true: nothing is sent anywhere" in out
    place = tmp_path / "recipe.yaml"
    assert main(["import", sample, "-o", str(place)]) == 0
    assert place.read_text("utf-8") == out
    assert main(["import", sample, "-o", str(place)]) == 2
    assert "exists already" in capsys.readouterr().err
    assert place.read_text("utf-8") == out


@pytest.mark.parametrize("tool", FILES)
def test_json_is_one_document(tool, capsys):
    assert main(["import", str(SAMPLES / FILES[tool]), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    assert told["from"] == tool
    assert sorted([*told["carried"], *(one["key"] for one in told["left"])]) == sorted(keys(values(tool)))


@pytest.mark.parametrize(
    ("text", "fact"),
    [
        ("a: [1", "this is no YAML"),
        ("- a\n- b\n", "no list of `key: value` lines"),
        ("", "no list of `key: value` lines"),
        ("learning_rate: 1\n", "do not tell which tool"),
        ("base_model: a\nseed: 1\nseed: 2\n", "given.yaml:3: seed: the key is given twice"),
        ("base_model: \udcff", "no text in UTF-8"),
    ],
)
def test_what_is_no_configuration_is_bad_input(tmp_path, capsys, text, fact):
    (tmp_path / "given.yaml").write_bytes(text.encode("utf-8", "surrogateescape"))
    assert main(["import", str(tmp_path / "given.yaml")]) == 2
    assert fact in capsys.readouterr().err
    assert main(["import", str(tmp_path / "absent.yaml")]) == 2
    assert "absent.yaml" in capsys.readouterr().err


def test_the_tool_may_be_said(tmp_path, capsys):
    (tmp_path / "given.yaml").write_text("model_name_or_path: a/b\ndataset_name: c/d\nlearning_rate: 1e-4\n", "utf-8")
    assert main(["import", str(tmp_path / "given.yaml"), "--from", "trl", "--json"]) == 0
    assert json.loads(capsys.readouterr().out)["recipe"]["train"]["optimizer"]["learning_rate"] == 1e-4
    assert main(["import", str(tmp_path / "given.yaml"), "--from", "axolotl"]) == 2
    assert "base_model, datasets: a recipe needs both" in capsys.readouterr().err
