"""`tunesmith eject`: what is written needs no tunesmith, and comes to the same numbers without it."""

import ast
import json
import runpy
import shutil
import subprocess
import sys
from types import SimpleNamespace

import numpy as np
import pytest
import torch
import transformers
import yaml

from tunesmith.cli import main
from tunesmith.core.errors import DataError, GuardError, RecipeError
from tunesmith.ejected import check_folder, eject
from tunesmith.ejected.model import encoder_of
from tunesmith.ejected.refusals import refuse_model, refuse_training
from tunesmith.registry import Registry
from tunesmith.testing.tiny import save_language
from tunesmith.version import load

RECIPE = """
data: rows.csv
target: answer
task: chat
base: {{kind: hf_causal, path: {base}, template: {template}, max_tokens: 48, writing: {{max_new_tokens: 4}}}}
train:
  epochs: 2
  batch_size: 8
  micro_batch: 3
  engine: {{precision: fp32, threads: 1, run_on: cpu}}
  optimizer: {{learning_rate: 1e-2}}
"""
ALONE = """
import builtins, importlib.abc, runpy, sys
class Absent(importlib.abc.MetaPathFinder):
    def find_spec(self, name, path=None, target=None):
        if name.partition(".")[0] == "tunesmith":
            raise ModuleNotFoundError(name)
sys.meta_path.insert(0, Absent())
try:
    import tunesmith
except ModuleNotFoundError:
    print("tunesmith is absent")
runpy.run_path(sys.argv[1], run_name="__main__")
assert not any(name.partition(".")[0] == "tunesmith" for name in sys.modules)
"""


def rows(count=48):
    words = ["it", "is", "fine", "works", "great", "broken", "late", "poor", "order"]
    draw = np.random.default_rng(0)
    said = [" ".join(draw.choice(words, draw.integers(2, 7))) for _ in range(count)]
    return "prompt,answer\n" + "".join(f"what {at} {one},{one}\n" for at, one in enumerate(said))


def trained(folder, name, *settings, template="plain"):
    (folder / "recipe.yaml").write_text(RECIPE.format(base=folder / "base", template=template), "utf-8")
    given = [word for one in (f"name={name}", *settings) for word in ("--set", one)]
    assert main(["train", str(folder / "recipe.yaml"), "--home", str(folder / "home"), *given]) == 0


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("eject")
    save_language(folder / "base")
    (folder / "rows.csv").write_text(rows(), "utf-8")
    trained(folder, "plain")
    return folder


def run(place, name, folder, *more):
    return main(["eject", name, str(folder), "--home", str(place / "home"), "--from", str(place), *more])


@pytest.fixture(scope="module")
def written(place):
    folder = place / "written"
    assert run(place, "plain", folder) == 0
    return folder


def alone(script):
    """Run a script where tunesmith cannot be imported; return what it printed."""
    command = [sys.executable, "-I", "-c", ALONE, str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, cwd=script.parent)
    assert done.returncode == 0, done.stderr
    told = done.stdout.splitlines()
    assert told[0] == "tunesmith is absent"
    return told


def here(script, capsys):
    """Run a script in this process, which is quicker; return what it printed."""
    capsys.readouterr()
    runpy.run_path(str(script), run_name="__main__")
    return capsys.readouterr().out.splitlines()


def weights_of(place, name):
    return Registry(place / "home").resolve(name).manifest["weights"]


def test_the_script_trains_to_the_same_weights_without_tunesmith(place, written):
    told = alone(written / "train.py")
    assert told[-1] == weights_of(place, "plain")
    found = transformers.AutoModelForCausalLM.from_pretrained(written / "trained")
    ours = encoder_of(load("plain", place / "home")).body.state_dict()
    assert all(one.equal(ours[name]) for name, one in found.state_dict().items())
    assert transformers.AutoTokenizer.from_pretrained(written / "trained").chat_template


def test_another_number_at_its_top_gives_other_weights(place, written, tmp_path, capsys):
    shutil.copy(written / "rows.npz", tmp_path)
    text = (written / "train.py").read_text("utf-8")
    changed = text.replace("WEIGHT_DECAY = 0.01", "WEIGHT_DECAY = 0.02")
    assert changed != text
    (tmp_path / "train.py").write_text(changed, "utf-8")
    told = here(tmp_path / "train.py", capsys)
    assert told[-1] != weights_of(place, "plain")
    assert told[-2].startswith("other weights")


@pytest.mark.parametrize(
    "settings",
    [
        ["train.average=ema", "train.optimizer.schedule=cosine", "train.validations=3"],
        ["train.average=none", "train.optimizer.learning_rate=0.2", "train.patience=1", "train.epochs=6"],
        ["train.gradient_checkpointing=true", "train.engine.precision=bf16", "train.micro_batch=auto", "seed=3"],
    ],
    ids=["ema", "stopped", "checkpointing"],
)
def test_other_settings_come_out_the_same_too(place, tmp_path, settings, capsys):
    trained(place, "other", *settings)
    assert run(place, "other", tmp_path / "out") == 0
    assert here(tmp_path / "out" / "train.py", capsys)[-1] == weights_of(place, "other")


def test_the_script_imports_nothing_but_four_libraries(written):
    tree = ast.parse((written / "train.py").read_text("utf-8"))
    names = {one.names[0].name for one in ast.walk(tree) if isinstance(one, ast.Import)}
    names |= {str(one.module) for one in ast.walk(tree) if isinstance(one, ast.ImportFrom)}
    outside = {one.partition(".")[0] for one in names} - set(sys.stdlib_module_names)
    assert outside == {"numpy", "safetensors", "torch", "transformers"}
    assert "$" not in (written / "train.py").read_text("utf-8")


def test_the_rows_are_those_of_the_version_by_their_ids(place, written):
    ids = json.loads(Registry(place / "home").resolve("plain").read("rows.json"))
    with np.load(written / "rows.npz") as file:
        for split in ("train", "validation"):
            assert file[f"{split}_ids"].tolist() == ids[split]
            assert len(file[f"{split}_offsets"]) == len(ids[split]) + 1
            assert file[f"{split}_weights"].shape == file[f"{split}_tokens"].shape
    lines = (written / "rows.jsonl").read_text("utf-8").splitlines()
    assert len(lines) == len(ids["train"])
    assert [one["role"] for one in json.loads(lines[0])["messages"]] == ["user", "assistant"]


def test_the_model_is_in_the_form_of_the_hub(place, written):
    model = written / "model"
    config = json.loads((model / "config.json").read_text("utf-8"))
    assert config["architectures"] == ["LlamaForCausalLM"]
    assert config["torch_dtype"] == "float32"
    assert json.loads((model / "tokenizer_config.json").read_text("utf-8"))["chat_template"]
    assert {"generation_config.json", "model.safetensors", "tokenizer.json"} <= {one.name for one in model.iterdir()}
    from safetensors import safe_open

    with safe_open(model / "model.safetensors", "pt") as file:
        names = set(file.keys())
    assert "model.embed_tokens.weight" in names
    assert "lm_head.weight" not in names, "tied weights are left out"


def test_the_model_loads_as_it_is_and_gives_the_versions_logits_and_texts(place, written):
    version = load("plain", place / "home")
    encoder = encoder_of(version)
    model = transformers.AutoModelForCausalLM.from_pretrained(written / "model")
    words = transformers.AutoTokenizer.from_pretrained(written / "model")
    talk = [{"role": "user", "content": "what 3 it is late"}]
    tokens = words.apply_chat_template(talk, add_generation_prompt=True, return_tensors="pt", return_dict=False)
    with torch.no_grad():
        assert torch.equal(model(tokens).logits, encoder.body(tokens).logits)
    new = model.generate(tokens, attention_mask=torch.ones_like(tokens))[0, tokens.shape[1] :]
    text = words.decode(new, skip_special_tokens=True)
    assert text == version.predict([{"prompt": "what 3 it is late"}])[0].answer


def test_a_token_that_begins_texts_is_put_into_the_template(place, tmp_path):
    version = load("plain", place / "home")
    encoder = encoder_of(version)
    from tokenizers import processors

    begin = encoder.tokenizer.bos_token
    special = [(begin, encoder.tokenizer.bos_token_id)]
    backend = encoder.tokenizer.backend_tokenizer
    backend.post_processor = processors.TemplateProcessing(single=f"{begin} $A", special_tokens=special)
    assert encoder.begin_token is not None
    eject(version, tmp_path / "out", place / "home", place, is_model_alone=True)
    words = transformers.AutoTokenizer.from_pretrained(tmp_path / "out" / "model")
    talk = [{"role": "user", "content": "it is late"}]
    found = words.apply_chat_template(talk, add_generation_prompt=True, return_dict=False)
    assert found == words("it is late").input_ids[: len(found)]
    assert found[0] == encoder.tokenizer.bos_token_id


@pytest.mark.parametrize("template", ["plain", "default"])
def test_trls_file_holds_names_that_trl_knows_and_the_numbers_of_the_run(place, tmp_path, template):
    trained(place, f"by-{template}", template=template)
    assert run(place, f"by-{template}", tmp_path / "out") == 0
    said = yaml.safe_load((tmp_path / "out" / "trl.yaml").read_text("utf-8"))
    assert said.keys() <= KNOWN
    assert said["model_name_or_path"] == str(place / "base")
    assert said["datasets"] == [{"path": "json", "data_files": "rows.jsonl"}]
    expected = {"num_train_epochs": 2, "max_length": 48, "packing": False, "assistant_only_loss": True, "bf16": False}
    numbers = {"per_device_train_batch_size": 8, "weight_decay": 0.01, "adam_epsilon": 1e-8, "learning_rate": 0.009}
    assert {name: said[name] for name in expected | numbers} == expected | numbers
    words = transformers.AutoTokenizer.from_pretrained(tmp_path / "out" / "model")
    marked = (tmp_path / "out" / said["chat_template_path"]).read_text("utf-8")
    talk = json.loads((tmp_path / "out" / "rows.jsonl").read_text("utf-8").splitlines()[0])["messages"]
    told = words.apply_chat_template(
        talk, chat_template=marked, return_dict=True, return_assistant_tokens_mask=True, tokenize=True
    )
    assert told["input_ids"] == words.apply_chat_template(talk, return_dict=False)
    learnt = [one for one, mask in zip(told["input_ids"], told["assistant_masks"], strict=True) if mask]
    answer = words(talk[-1]["content"] + words.eos_token, add_special_tokens=False).input_ids
    if template == "default":
        assert learnt == answer
    else:
        assert answer[1:] == learnt[1 - len(answer) :], "its first word is joined with the question's last one"


def test_the_answer_under_json_holds_what_was_written(place, tmp_path, capsys):
    assert run(place, "plain", tmp_path / "out", "--json") == 0
    value = json.loads(capsys.readouterr().out)
    assert value["version"] == "plain@1"
    assert value["weights"] == weights_of(place, "plain")
    assert value["rows"].keys() == {"train", "validation"}
    assert value["remarks"] == []
    found = {one.relative_to(tmp_path / "out").as_posix() for one in (tmp_path / "out").rglob("*") if one.is_file()}
    assert set(value["files"]) == found


def test_rows_that_changed_are_refused_but_the_model_alone_needs_none(place, tmp_path, capsys):
    (tmp_path / "rows.csv").write_text(rows(24), "utf-8")
    arguments = ["eject", "plain", str(tmp_path / "out"), "--home", str(place / "home"), "--from"]
    assert main([*arguments, str(tmp_path)]) == 2
    assert "are not those that it was trained on" in capsys.readouterr().err
    assert main([*arguments, str(tmp_path / "nowhere")]) == 2
    assert "--from DIR" in capsys.readouterr().err
    assert {one.name for one in tmp_path.iterdir()} == {"rows.csv"}
    assert main([*arguments, str(tmp_path / "nowhere"), "--model-only"]) == 0
    assert [one.name for one in (tmp_path / "out").iterdir()] == ["model"]


def test_a_base_that_is_gone_is_told(place, tmp_path, capsys):
    (place / "base").rename(place / "away")
    try:
        assert run(place, "plain", tmp_path / "out", "--json") == 0
    finally:
        (place / "away").rename(place / "base")
    (remark,) = json.loads(capsys.readouterr().out)["remarks"]
    assert remark.startswith(f"train.py: '{place / 'base'}' is no folder here")


def test_a_folder_that_is_taken_is_refused_before_any_work(place, tmp_path, capsys):
    (tmp_path / "full").mkdir()
    (tmp_path / "full" / "mine.txt").write_text("mine")
    (tmp_path / "file").write_text("mine")
    for name, fact in (("full", "not empty"), ("file", "a file"), ("file/below", "nothing can be written")):
        assert main(["eject", "no-such-version", str(tmp_path / name), "--home", str(place / "home")]) == 2
        assert fact in capsys.readouterr().err
    assert (tmp_path / "full" / "mine.txt").read_text() == "mine"
    (tmp_path / "empty").mkdir()
    check_folder(tmp_path / "empty")
    assert run(place, "plain", tmp_path / "empty", "--model-only") == 0
    assert run(place, "plain", tmp_path / "deep" / "er", "--model-only") == 0


def test_another_model_than_the_versions_is_caught_and_nothing_remains(place, tmp_path, monkeypatch):
    version = load("plain", place / "home")
    own = transformers.AutoModelForCausalLM.from_pretrained

    def moved(*arguments, **settings):
        model = own(*arguments, **settings)
        with torch.no_grad():
            model.get_input_embeddings().weight[5, 0] += 1e-3
        return model

    monkeypatch.setattr(transformers.AutoModelForCausalLM, "from_pretrained", moved)
    with pytest.raises(GuardError, match="other logits"):
        eject(version, tmp_path / "out", place / "home", place, is_model_alone=True)
    assert list(tmp_path.iterdir()) == []


def test_a_version_that_is_no_language_model_is_refused(tmp_path, capsys):
    lines = [f"{one:.3f},{'yes' if one > 0 else 'no'}" for one in np.random.default_rng(0).normal(size=60)]
    (tmp_path / "table.csv").write_text("size,label\n" + "\n".join(lines), "utf-8")
    (tmp_path / "recipe.yaml").write_text("data: table.csv\ntarget: label\nbase: {kind: gbdt, iterations: 3}\n")
    home = ["--home", str(tmp_path / "home")]
    assert main(["train", str(tmp_path / "recipe.yaml"), *home]) == 0
    assert main(["eject", "table", str(tmp_path / "out"), *home]) == 2
    assert "table@1: its base is gbdt, and only language models" in capsys.readouterr().err
    assert not (tmp_path / "out").exists()


PLAIN = {
    "base": {"kind": "hf_causal", "path": "base", "packing": False, "new_tokens": [], "max_tokens": 9},
    "strategy": {"kind": "full", "reinitialise": 0},
    "augment": [],
    "balance": None,
    "train": {
        "engine": {"kind": "local"},
        "optimizer": {"kind": "adamw"},
        "minutes": None,
        "seeds": 1,
        "regularizers": [],
        "loss": None,
    },
}


def told(happened=3, **changes):
    recipe = PLAIN | {name: one for name, one in changes.items() if name in PLAIN}
    recipe["train"] = PLAIN["train"] | {name: one for name, one in changes.items() if name not in PLAIN}
    training = {"expected": {"micro_batch": 3}, "happened": {"micro_batch": happened}}
    stored = SimpleNamespace(read=lambda name: json.dumps(recipe).encode())
    values = {"training": training, "base": "hf_causal"}
    return SimpleNamespace(label="mine@1", stored=stored, report=SimpleNamespace(values=values))


@pytest.mark.parametrize(
    ("name", "value", "fact"),
    [
        ("strategy", {"kind": "lora"}, "strategy lora"),
        ("strategy", {"kind": "full", "reinitialise": 1}, "strategy.reinitialise"),
        ("engine", {"kind": "accelerate"}, "train.engine accelerate"),
        ("optimizer", {"kind": "sgd"}, "train.optimizer sgd"),
        ("minutes", 3.0, "train.minutes"),
        ("seeds", 2, "train.seeds"),
        ("regularizers", "auto", "train.regularizers"),
        ("loss", {"kind": "focal"}, "train.loss focal"),
        ("augment", [{"kind": "typo"}], "augment"),
        ("balance", {"kind": "oversample"}, "balance"),
        ("happened", 1, "memory ended"),
        ("base", {"packing": True}, "base.packing"),
        ("base", {"new_tokens": ["<order>"]}, "base.new_tokens"),
        ("base", {"of_tomorrow": 1}, "base.of_tomorrow"),
        ("of_tomorrow", 1, "train.of_tomorrow"),
        ("optimizer", {"kind": "adamw", "of_tomorrow": 1}, "train.optimizer.of_tomorrow"),
    ],
)
def test_a_run_that_the_script_cannot_say_is_refused_by_the_settings_name(name, value, fact):
    refuse_training(told())
    refuse_model(told())
    with pytest.raises(RecipeError, match=f"mine@1: .*{fact}.*--model-only"):
        refuse_training(told(**{name: value}))


def test_several_settings_are_named_together():
    with pytest.raises(RecipeError, match=r"augment, train\.minutes, train\.seeds"):
        refuse_training(told(minutes=1.0, seeds=2, augment=[{"kind": "typo"}]))


def test_a_place_without_a_folder_above_is_refused(tmp_path):
    (tmp_path / "file").write_text("")
    with pytest.raises(DataError, match="nothing can be written"):
        check_folder(tmp_path / "file" / "one" / "two")


KNOWN = {  # the names in trl.yaml that TRL 1.16 reads: of SFTConfig, ModelConfig and DatasetMixtureConfig
    *("model_name_or_path", "dtype", "datasets", "chat_template_path", "assistant_only_loss", "packing", "max_length"),
    *("truncation_mode", "num_train_epochs", "per_device_train_batch_size", "gradient_accumulation_steps", "seed"),
    *("train_sampling_strategy", "gradient_checkpointing", "bf16", "fp16", "use_cpu", "optim", "learning_rate"),
    *("lr_scheduler_type", "warmup_steps", "weight_decay", "adam_beta1", "adam_beta2", "adam_epsilon"),
    *("max_grad_norm", "output_dir", "eval_strategy", "save_strategy", "report_to"),
}
