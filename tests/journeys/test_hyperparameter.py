"""One hyperparameter from the recipe, or from --set, to the optimiser; and every field of a recipe is read."""

from __future__ import annotations

import ast
import importlib
import inspect
import pkgutil
from pathlib import Path

import pytest
import torch
from peft.tuners.lora import LoraLayer

import tunesmith
from journeys.rows import table, texts, write
from tunesmith.core.part import Part, Section, find, kinds
from tunesmith.parts.optimizers.adamw import Adamw
from tunesmith.parts.optimizers.sgd import Sgd
from tunesmith.recipe import Recipe, load
from tunesmith.story import Run, tell
from tunesmith.training import loop
from tunesmith.training.groups import HEAD_SCALE

PACKAGE = Path(tunesmith.__file__).parent


class Reached(Exception):
    """The optimiser was built; no step is needed to look at it."""

    def __init__(self, optimizer: torch.optim.Optimizer, net: torch.nn.Module) -> None:
        super().__init__()
        self.optimizer = optimizer
        self.net = net


@pytest.fixture
def reach(tmp_path, monkeypatch):
    """Run a recipe as far as the optimiser and return that, with the network it moves."""
    nets = []
    groups = loop.parameter_groups

    def remember(model, *rest):
        nets.append(model.net)
        return groups(model, *rest)

    monkeypatch.setattr(loop, "parameter_groups", remember)
    for kind in (Adamw, Sgd):
        built = kind.build

        def build(self, parameters, built=built):
            raise Reached(built(self, parameters), nets[-1])

        monkeypatch.setattr(kind, "build", build)

    def run(text: str, *settings: str) -> Reached:
        write(tmp_path, rows_csv=table(60), text_csv=texts(), recipe_yaml=text)
        recipe, written = load(tmp_path / "recipe.yaml", list(settings))
        with pytest.raises(Reached) as reached:
            tell(Run(recipe, tmp_path, tmp_path / "home", text=written))
        return reached.value

    return run


TABLE = "data: rows.csv\ntarget: churn\nbase: tabular_net\n"
TEXT = "data: text.csv\ntarget: label\nbase: minilm\n"


def rates(reached: Reached) -> list[float]:
    return sorted({group["lr"] for group in reached.optimizer.param_groups})


@pytest.mark.parametrize("written", ["1e-3", "0.001", "1.0e-3", ".001"])
@pytest.mark.parametrize("way", ["yaml", "set"])
def test_a_learning_rate_reaches_the_parameter_groups(reach, written, way):
    if way == "yaml":
        reached = reach(f"{TABLE}train:\n  optimizer: {{learning_rate: {written}, layer_decay: 1.0}}\n")
    else:
        settings = (f"train.optimizer.learning_rate={written}", "train.optimizer.layer_decay=1.0")
        reached = reach(TABLE, *settings)
    assert rates(reached) == pytest.approx([1e-3, 1e-3 * HEAD_SCALE])


def test_set_goes_before_the_file(reach):
    text = f"{TABLE}train: {{optimizer: {{learning_rate: 1e-3, layer_decay: 1.0}}}}\n"
    assert min(rates(reach(text, "train.optimizer.learning_rate=2e-4"))) == pytest.approx(2e-4)


def test_layer_decay_gives_every_layer_its_rate(reach):
    reached = reach(f"{TEXT}train: {{optimizer: {{learning_rate: 1e-3, layer_decay: 0.5}}}}\n")
    body = [1e-3 * 0.5**depth for depth in range(1, 8)]
    assert rates(reached) == pytest.approx(sorted([*body, 1e-3 * HEAD_SCALE]))
    embeddings = dict(reached.net.named_parameters())["encoders.body.body.embeddings.word_embeddings.weight"]
    lowest = min(reached.optimizer.param_groups, key=lambda group: group["lr"])
    assert any(one is embeddings for one in lowest["params"])


def test_every_parameter_is_in_one_group(reach):
    reached = reach(TEXT)
    moved = [id(one) for group in reached.optimizer.param_groups for one in group["params"]]
    assert len(moved) == len(set(moved))
    assert set(moved) == {id(one) for one in reached.net.parameters()}


def test_weight_decay_is_for_matrices_only(reach):
    reached = reach(TABLE, "train.optimizer.weight_decay=0.25")
    for group in reached.optimizer.param_groups:
        assert {one.ndim >= 2 for one in group["params"]} == {group["weight_decay"] == 0.25}
        assert group["weight_decay"] in (0.0, 0.25)


def test_the_optimiser_and_its_own_fields_are_those_asked_for(reach):
    reached = reach(TABLE, "train.optimizer={kind: adamw, beta1: 0.8, beta2: 0.95, epsilon: 1e-6}")
    assert isinstance(reached.optimizer, torch.optim.AdamW)
    assert reached.optimizer.param_groups[0]["betas"] == (0.8, 0.95)
    assert reached.optimizer.param_groups[0]["eps"] == 1e-6
    reached = reach(TABLE, "train.optimizer={kind: sgd, momentum: 0.7, nesterov: true}")
    assert isinstance(reached.optimizer, torch.optim.SGD)
    assert reached.optimizer.param_groups[0]["momentum"] == 0.7
    assert reached.optimizer.param_groups[0]["nesterov"] is True


def moving(reached: Reached) -> set[str]:
    """Return the names of the parameters that move, which are those that the optimiser has."""
    held = {id(one) for group in reached.optimizer.param_groups for one in group["params"]}
    names = {name for name, one in reached.net.named_parameters() if one.requires_grad}
    assert names == {name for name, one in reached.net.named_parameters() if id(one) in held}
    return names


HEAD = {"head.weight", "head.bias"}
LAYER = "encoders.body.body.encoder.layer."


def test_head_moves_the_head_alone(reach):
    assert moving(reach(TEXT, "strategy=head")) == HEAD


def test_freeze_keeps_the_embeddings_and_the_first_layers(reach):
    names = moving(reach(TEXT, "strategy={kind: freeze, layers: 4}")) - HEAD
    assert {name.removeprefix(LAYER)[0] for name in names} == {"4", "5"}
    assert all(name.startswith(LAYER) for name in names)


def test_lora_moves_its_own_matrices_of_the_rank_asked_for(reach):
    reached = reach(TEXT, "strategy={kind: lora, rank: 5, alpha: 15}")
    names = moving(reached) - HEAD
    assert names
    assert all("lora_" in name for name in names)
    parameters = dict(reached.net.named_parameters())
    assert {parameters[name].shape[0] for name in names if "lora_A" in name} == {5}
    layers = [one for one in reached.net.modules() if isinstance(one, LoraLayer)]
    assert {one.scaling["default"] for one in layers} == {3.0}
    assert {one.lora_dropout["default"].p for one in layers} == {0.05}


def test_full_moves_everything(reach):
    reached = reach(TEXT, "strategy=full")
    assert moving(reached) == {name for name, _ in reached.net.named_parameters()}


def test_dropout_reaches_every_layer(reach):
    reached = reach(TEXT, "base={kind: minilm, dropout: 0.3}", "train.dropout=0.2")
    rates = {name: one.p for name, one in reached.net.named_modules() if isinstance(one, torch.nn.Dropout)}
    assert rates.pop("dropout") == 0.2
    assert set(rates.values()) == {0.3}


def test_show_tells_where_each_value_came_from(tunesmith, tmp_path):
    write(tmp_path, rows_csv=table(60), recipe_yaml=f"{TABLE}train:\n  optimizer:\n    learning_rate: 1e-3\n")
    shown = tunesmith("show", "recipe.yaml", "--set", "train.epochs=3", "--json").json
    assert shown["recipe"]["train"]["optimizer"]["learning_rate"] == 1e-3
    assert shown["recipe"]["train"]["epochs"] == 3
    origins = shown["origins"]
    assert origins["train.optimizer.learning_rate"] == "recipe.yaml:6"
    assert origins["train.epochs"] == "--set"
    assert origins["train.batch_size"] == "default"
    assert origins["task.kind"] == "inferred"
    assert origins["base.kind"] == "recipe.yaml:3"
    assert origins["base.width"] == "default"
    assert origins["data.path"] == "recipe.yaml:1"
    assert origins["data.inputs.age.kind"] == "inferred"
    assert origins["data.id"] == "default"


def test_show_tells_of_inputs_given_by_name_and_by_kind(tunesmith, tmp_path):
    write(tmp_path, rows_csv=table(60), a_yaml="data:\n  path: rows.csv\n  inputs: [age, city]\ntarget: churn\n")
    write(tmp_path, b_yaml="data:\n  path: rows.csv\n  inputs:\n    age: category\ntarget: churn\n")
    origins = tunesmith("show", "a.yaml", "--json").json["origins"]
    assert origins["data.inputs.city.kind"] == "inferred"
    assert origins["data.kind"] == "inferred"
    assert origins["base.kind"] == "inferred"
    assert origins["base.leaves"] == "default"
    origins = tunesmith("show", "b.yaml", "--json", "--set", "base=tabular_net").json["origins"]
    assert origins["data.inputs.age.kind"] == "b.yaml:4"
    assert origins["base.kind"] == "--set"
    assert origins["base.depth"] == "default"


def sections() -> dict[str, type[Section]]:
    """Return every section a recipe may hold: the recipe's own and those of every part."""
    found = {"recipe": Recipe}
    for name, field in Recipe.model_fields.items():
        for one in (field.annotation, *getattr(field.annotation, "__args__", ())):
            if inspect.isclass(one) and issubclass(one, Section) and not issubclass(one, Part):
                found[name] = one
    families = [f"parts.{one.name}" for one in pkgutil.iter_modules([str(PACKAGE / "parts")])] + ["data.sources"]
    for family in families:
        importlib.import_module(f"tunesmith.{family}")
        found |= {f"{family}.{kind}": find(family, kind) for kind in kinds(family)}
    return found


def test_every_field_of_a_recipe_is_read_somewhere():
    """A field that nothing reads is a promise that is not kept."""
    nodes = [node for path in PACKAGE.rglob("*.py") for node in ast.walk(ast.parse(path.read_text("utf-8")))]
    read = {node.attr for node in nodes if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Load)}
    found = sections()
    assert {"recipe", "split", "train", "parts.strategies.lora", "data.sources.csv"} <= found.keys()
    fields = {f"{where}: {name}" for where, one in found.items() for name in one.model_fields}
    assert len(fields) > 60
    unread = sorted(one for one in fields if one.partition(": ")[2] not in read)
    assert unread == []


OUTSIDE = {
    "data.sources": {"inputs", "id"},  # Recipe.given hands them to the stage that finds the columns' meaning
    # opinions.py asks the judges before the check looks; the veil over what is shown is drawn for all checks
    "parts.checks": {"by", "folds", "most_rows", "mask"},
    "parts.tasks": {"judge", "judge_rows"},  # stages/judge.py asks the user's command, from handover.py
    "parts.optimizers": {"learning_rate", "weight_decay", "layer_decay"},  # the loop makes the parameter groups
}


def source_of(part: type[Part]) -> str:
    """Return the text of the file of a part and of those it is derived from."""
    own = [kind for kind in part.__mro__ if kind.__module__.startswith("tunesmith")]
    return "".join(Path(inspect.getfile(kind)).read_text("utf-8") for kind in own)


def test_every_field_of_a_part_is_read_where_its_behaviour_is():
    """Names recur across parts, so that each part's file, or its family's, must read its fields itself."""
    parts = {where: one for where, one in sections().items() if issubclass(one, Part)}
    for where, one in parts.items():
        outside = OUTSIDE.get(where.rpartition(".")[0], set())
        unread = [name for name in one.model_fields if name not in outside and f"self.{name}" not in source_of(one)]
        assert unread == [], where


def test_every_field_is_documented():
    fields = [
        (f"{where}: {name}", field) for where, one in sections().items() for name, field in one.model_fields.items()
    ]
    assert [name for name, field in fields if not field.description] == []
