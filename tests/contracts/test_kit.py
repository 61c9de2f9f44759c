"""The kit itself: every promise that is broken on purpose is told, so that a green kit means something."""

from functools import partial

import numpy as np
import polars as pl
import pytest
import torch

from tunesmith.core.errors import GuardError
from tunesmith.core.part import PARTS_VARIABLE, find
from tunesmith.data.written import Written
from tunesmith.parts.augmentations.flip import Flip
from tunesmith.parts.augmentations.number_noise import NumberNoise
from tunesmith.parts.augmentations.typo import Typo
from tunesmith.parts.balances.class_weights import ClassWeights
from tunesmith.parts.balances.oversample import Oversample
from tunesmith.parts.baselines.majority import Majority
from tunesmith.parts.baselines.nearest_answer import NearestAnswer
from tunesmith.parts.bases.gbdt import Gbdt
from tunesmith.parts.bases.tabular_net import TabularNet
from tunesmith.parts.checks import Finding
from tunesmith.parts.checks.missing import Missing
from tunesmith.parts.engines.local import Local
from tunesmith.parts.guards.finite_loss import FiniteLoss
from tunesmith.parts.losses.squared import Squared
from tunesmith.parts.modalities.number import Number
from tunesmith.parts.optimizers.sgd import Sgd
from tunesmith.parts.regularizers.l2 import L2
from tunesmith.parts.regularizers.l2_sp import L2Sp
from tunesmith.parts.regularizers.mixup import Mixup
from tunesmith.parts.regularizers.r_drop import RDrop
from tunesmith.parts.strategies import hold
from tunesmith.parts.strategies.contrastive import Contrastive
from tunesmith.parts.strategies.full import Full
from tunesmith.parts.strategies.gradual import Gradual
from tunesmith.parts.strategies.lora import Lora
from tunesmith.parts.tasks.classification import Classification
from tunesmith.testing import (
    augmentations,
    balances,
    baselines,
    bases,
    check_part,
    checks,
    engines,
    fitted,
    guards,
    losses,
    modalities,
    optimizers,
    regularizers,
    strategies,
    tasks,
)


def broken(part, **methods):
    """Return an instance of the part's class with some methods replaced."""
    return type(part.__name__, (part,), {"__module__": __name__, "__doc__": "Broken."} | methods)()


def loss_of(rule):
    return broken(Squared, build=lambda self, targets, width: rule)


class _Doubled(torch.autograd.Function):
    @staticmethod
    def forward(context, outputs, values):
        context.save_for_backward(outputs, values)
        return (outputs.float()[:, 0] - values) ** 2

    @staticmethod
    def backward(context, upstream):
        outputs, values = context.saved_tensors
        return (4 * (outputs[:, 0] - values) * upstream)[:, None], None


LOSSES = {
    "shape": lambda outputs, values: ((outputs.float()[:, 0] - values) ** 2).mean(),
    "finite differences": _Doubled.apply,
    "the truth must hurt less": lambda outputs, values: -((outputs.float()[:, 0] - values) ** 2),
    "stay finite": lambda outputs, values: (outputs.float()[:, 0] - values).abs().exp(),
    "rows beside it": lambda outputs, values: (outputs.float()[:, 0] - values.mean()) ** 2 + values**2,
}


@pytest.mark.parametrize("sentence", LOSSES)
def test_a_broken_loss_is_told(sentence):
    with pytest.raises(AssertionError, match=sentence):
        losses.check(loss_of(LOSSES[sentence]))


BALANCES = {
    "must be 1, not": (ClassWeights, {"weights": lambda self, targets, width: np.array([1.0, 2.0, 3.0])}),
    "above 0": (ClassWeights, {"weights": lambda self, targets, width: np.zeros(width)}),
    "must be float64": (ClassWeights, {"weights": lambda self, targets, width: np.ones(width, np.float32)}),
    "must not count less": (Oversample, {"quotas": lambda self, counts: counts * np.array([3, 2, 1])}),
    "rows of every class": (
        Oversample,
        {
            "quotas": lambda self, counts: np.where(counts > 9, counts + 1, 0),
            "emphasis": lambda self, targets, width: np.ones(width),
        },
    ),
    "the same generator": (Oversample, {"draw": lambda self, targets, generator: np.random.permutation(targets.size)}),
    "rows_per_epoch": (Oversample, {"rows_per_epoch": lambda self, targets: 7}),
    "say why values": (Oversample, {"refuse": lambda self, form, task: None}),
}


@pytest.mark.parametrize("sentence", BALANCES)
def test_a_broken_balance_is_told(sentence):
    part, methods = BALANCES[sentence]
    with pytest.raises(AssertionError, match=sentence):
        balances.check(broken(part, **methods))


MODALITIES = {
    "rows are beside it": {"encode": lambda self, column, state: _ranks(column)},
    "encode.. gave float64": {"encode": lambda self, column, state: np.zeros(len(column))},
    "must be in 0..1": {"suits": classmethod(lambda cls, column: 2.0)},
    "JSON": {"fit": lambda self, column: {"mean": (1.0, 2.0)}},
    "missing values": {"encode": lambda self, column, state: np.zeros(len(column), np.float32)},
}


def _ranks(column):
    return np.arange(len(column), dtype=np.float32)


@pytest.mark.parametrize("sentence", MODALITIES)
def test_a_broken_modality_is_told(sentence):
    with pytest.raises(AssertionError, match=sentence):
        modalities.check(broken(Number, **MODALITIES[sentence]))


TASKS = {
    "came back as": {"answers": lambda self, scores, state: _swapped(self, scores, state)},
    "sum to 1": {"scores": lambda self, outputs, state: 1 / (1 + np.exp(-np.clip(outputs, -50, 50)))},
    "turn every target column away": {"refuse": lambda self, target: (0, "the label is odd")},
    "no metric": {"primary": property(lambda self: "charm")},
    "not in training": {"encode": lambda self, target, state: _lenient(target, state)},
    "order of the rows": {"fit": lambda self, target: {"classes": target.unique(maintain_order=True).to_list()}},
}


def _swapped(task, scores, state):
    return Classification.answers(task, scores[:, ::-1], state)


def _lenient(target, state):
    names = [str(one) for one in state["classes"]]
    return np.array([names.index(str(one)) if str(one) in names else 0 for one in target], dtype=np.int64)


@pytest.mark.parametrize("sentence", TASKS)
def test_a_broken_task_is_told(sentence):
    with pytest.raises(AssertionError, match=sentence):
        tasks.check(broken(Classification, **TASKS[sentence]))


OPTIMIZERS = {
    "downhill": {"build": lambda self, groups: torch.optim.SGD(list(groups), lr=0.1, maximize=True)},
    "keep each group's rate": {
        "build": lambda self, groups: torch.optim.SGD([one for group in groups for one in group["params"]], lr=0.05)
    },
    "must be in 0..1": {"factor": lambda self, step, steps: 2.0},
    "never rise again": {"factor": lambda self, step, steps: float(step % 2)},
    "ends at": {"factor": lambda self, step, steps: 1.0},
}


@pytest.mark.parametrize("sentence", OPTIMIZERS)
def test_a_broken_optimizer_is_told(sentence):
    with pytest.raises(AssertionError, match=sentence):
        optimizers.check(broken(Sgd, **OPTIMIZERS[sentence]))


def _matrices(net):
    return [one for one in net.parameters() if one.requires_grad and one.ndim >= 2]


def _upside_down(self, net):
    matrices = _matrices(net)

    def penalty(scene):
        pull = sum(one.square().sum() for one in matrices)
        return 2 * pull.detach() - pull

    return penalty


def _all_weights(self, net):
    return lambda scene: self.weight * sum(one.square().sum() for one in net.parameters())


def _to_shared_chance(self, net):
    return lambda scene: self.weight * (torch.rand(()) + scene.outputs.square().mean())


def _untouched_state(self, net):
    calls = []

    def penalty(scene):
        calls.append(1)
        return len(calls) * self.weight * scene.outputs.square().mean()

    return penalty


def _noisy_build(self, net):
    with torch.no_grad():
        next(net.parameters()).add_(0.1)
    return L2.build(self, net)


def _start_at_zero(self, net):
    return L2.build(L2(weight=self.weight), net)


REGULARIZERS = {
    "must be a scalar": (L2, lambda self, net: lambda scene: scene.outputs.square().mean(dim=1)),
    "must be float32": (L2, lambda self, net: lambda scene: scene.outputs.double().square().mean()),
    "must be finite": (L2, lambda self, net: lambda scene: scene.outputs.square().mean() / (len(scene.outputs) - 1)),
    "must not be negative": (L2, lambda self, net: lambda scene: -scene.outputs.square().mean()),
    "generator, not torch's": (Mixup, _to_shared_chance),
    "the same state of the generator": (Mixup, _untouched_state),
    "must lower the penalty": (L2, _upside_down),
    "must have a gradient": (L2, lambda self, net: lambda scene: scene.outputs.detach().square().mean()),
    "twice the `weight`": (L2, lambda self, net: lambda scene: scene.outputs.square().mean()),
    "must sum to the whole": (L2, lambda self, net: lambda scene: self.weight * scene.outputs.square().sum()),
    "must not count": (L2, _all_weights),
    "leave the net as it is": (L2, _noisy_build),
    "must not say which weights": (L2, lambda self, net: L2.build(self, net.requires_grad_(False))),
    "build.. must not draw": (L2, lambda self, net: (torch.rand(1), L2.build(self, net))[1]),
    "at their start must cost 0": (L2Sp, _start_at_zero),
    "without dropout must cost 0": (RDrop, _start_at_zero),
}


@pytest.mark.parametrize("sentence", REGULARIZERS)
def test_a_broken_regularizer_is_told(sentence):
    part, build = REGULARIZERS[sentence]
    with pytest.raises(AssertionError, match=sentence):
        regularizers.check(broken(part, build=build))


def _noise(body):
    with torch.no_grad():
        list(body.parameters())[-1].add_(0.5)


STRATEGIES = {
    "prepare.. must leave": (Full, {"prepare": lambda self, body, layers: _noise(body)}),
    "restore the architecture": (Lora, {"finish": lambda self, body: None}),
    "finish.. must leave": (Full, {"finish": lambda self, body: _noise(body)}),
    "settle.. must leave": (Full, {"settle": lambda self, body, layers: _noise(body)}),
    "3 weights may move but": (Full, {"prepare": lambda self, body, layers: _spare(body)}),
    "are not in ever_moves": (Gradual, {"ever_moves": lambda self, body, layers: [*layers[-1][0].parameters()]}),
    "each weight once": (Full, {"ever_moves": lambda self, body, layers: 2 * list(body.parameters())}),
    "not free even in the last": (Gradual, {"release": lambda self, layers, done: False}),
    "must not freeze": (Full, {"release": lambda self, layers, done: hold(layers[-1])}),
    "returned False at": (Gradual, {"release": lambda self, layers, done: _silent(self, layers, done)}),
    "returned True at": (Full, {"release": lambda self, layers, done: True}),
    "free nothing more": (Gradual, {"release": lambda self, layers, done: _one_more(layers)}),
    "refuse the form 'classes' with": (Full, {"forms": frozenset({"class", "value"})}),
    "before its first step": (Contrastive, {"warm": lambda self, scene: _late(self, scene)}),
    "take the 5 steps": (Full, {"warm_steps": lambda self, rows: 5}),
    "moved no weight": (Contrastive, {"ever_moves": lambda self, body, layers: [torch.nn.Parameter(torch.zeros(1))]}),
    "tells of 7 steps": (Contrastive, {"warm": lambda self, scene: _step(self, scene, total=7)}),
    "finite scalar that has a gradient": (Contrastive, {"warm": lambda self, scene: _step(self, scene, scale=np.nan)}),
}


def _spare(body):
    body.spare = torch.nn.ParameterList(torch.zeros(2) for _ in range(3))


def _one_more(layers):
    still = [one for depth in layers for module in depth for one in module.parameters() if not one.requires_grad]
    for one in still[:1]:
        one.requires_grad_(True)
    return bool(still)


def _silent(strategy, layers, done):
    Gradual.release(strategy, layers, done)
    return False


def _late(strategy, scene):
    scene.move(scene.vectors(np.arange(4)).sum(), 1, strategy.warm_steps(len(scene.targets)))
    Contrastive.warm(strategy, scene)


def _step(strategy, scene, total=20, scale=1.0):
    if scene.form != "class":
        Contrastive.warm(strategy, scene)
    scene.move(scene.vectors(np.arange(4)).sum() * scale, 1, total)


@pytest.mark.parametrize("sentence", STRATEGIES)
def test_a_broken_strategy_is_told(sentence):
    part, methods = STRATEGIES[sentence]
    with pytest.raises(AssertionError, match=sentence):
        strategies.check(broken(part, **methods))


def test_a_base_that_forgets_its_seed_or_its_weights_is_told():
    with pytest.raises(AssertionError, match="must read its seed"):
        bases.check(broken(TabularNet, build=lambda self, shape, seed: TabularNet.build(self, shape, 1)))
    with pytest.raises(AssertionError, match=r"random numbers"):
        bases.check(broken(TabularNet, build=_careless))


def _careless(self, shape, seed):
    torch.rand(1)
    return TabularNet.build(self, shape, seed)


FITTED = {
    "can plainly be told": {"outputs": lambda self, state, encoded: 0 * Gbdt.outputs(self, state, encoded)},
    "must be float64": {"outputs": lambda self, state, encoded: Gbdt.outputs(self, state, encoded).astype("f")},
    "must be finite": {"outputs": lambda self, state, encoded: np.nan * Gbdt.outputs(self, state, encoded)},
}


@pytest.mark.parametrize("sentence", FITTED)
def test_a_broken_fitted_base_is_told(sentence):
    with pytest.raises(AssertionError, match=sentence):
        fitted.check(broken(Gbdt, **FITTED[sentence]))


def test_a_guard_that_never_fires_or_always_does_is_told():
    with pytest.raises(AssertionError, match="fault 1 of faults"):
        guards.check(broken(FiniteLoss, check=lambda self, evidence: "fine"))
    with pytest.raises(AssertionError, match="a sound run must pass"):
        guards.check(broken(FiniteLoss, check=_refuse))
    with pytest.raises(AssertionError, match="at least one fault"):
        guards.check(broken(FiniteLoss, faults=classmethod(lambda cls: [])))


def _refuse(self, evidence):
    raise GuardError("step 1: the loss is odd; lower the rate")


def _by_position(self, column, draws):
    return column + pl.Series(np.arange(len(column), dtype=np.float64))


def _filled(self, train, place):
    return lambda column, draws: pl.Series([None] * len(column), dtype=pl.Float64)


AUGMENTATIONS = {
    "whatever rows stand beside it": (NumberNoise, {"build": lambda self, train, place: partial(_by_position, self)}),
    "leave no value of": (NumberNoise, {"build": _filled}),
    "the same draws must give": (NumberNoise, {"build": lambda self, train, place: _anyhow}),
    "must give Float64": (NumberNoise, {"build": lambda self, train, place: lambda column, draws: column.cast(str)}),
    "must not empty": (Typo, {"build": lambda self, train, place: lambda column, draws: column.str.head(0)}),
    "must name a lone": (NumberNoise, {"refuse": lambda self, question: "no"}),
    "images must stay": (Flip, {"apply": lambda self, images, draws: images.astype(float)}),
    "probability 0": (Flip, {"apply": lambda self, images, draws: images[:, ::-1]}),
}


def _anyhow(column, draws):
    return column + np.random.default_rng().normal()


@pytest.mark.parametrize("sentence", AUGMENTATIONS)
def test_a_broken_augmentation_is_told(sentence):
    part, methods = AUGMENTATIONS[sentence]
    with pytest.raises(AssertionError, match=sentence):
        augmentations.check(broken(part, **methods))


def test_a_check_that_points_nowhere_is_told():
    def find_beyond(self, table):
        return [Finding(self.kind, "info", (len(table.data),), (1.0,), "look again")]

    with pytest.raises(AssertionError, match="positions in"):
        checks.check(broken(Missing, find=find_beyond, kind=property(lambda self: "missing")))


TEXTS = {
    "must be `Written`": lambda self, asked: np.zeros((len(asked.test), 2)),
    "rows for": lambda self, asked: Written.of(["Oslo"]),
    "a text for each row": lambda self, asked: Written.of([None] * len(asked.test)),
    "must be the same": lambda self, asked: Written.of([str(np.random.default_rng().random())] * len(asked.test)),
}


@pytest.mark.parametrize("sentence", TEXTS)
def test_a_baseline_that_writes_amiss_is_told(sentence):
    with pytest.raises(AssertionError, match=sentence):
        baselines.check(broken(NearestAnswer, outputs=TEXTS[sentence]))
    with pytest.raises(AssertionError, match="no to every"):
        baselines.check(broken(NearestAnswer, applies=lambda self, asked: False))


def test_a_baseline_of_another_shape_and_an_engine_without_words_are_told():
    with pytest.raises(AssertionError, match="gave shape"):
        baselines.check(broken(Majority, outputs=lambda self, question: np.zeros((3, 1))))
    with pytest.raises(AssertionError, match="texts to texts"):
        engines.check(broken(Local, describe=lambda self: {"threads": 2}))


SQUARED = "from tunesmith.parts.losses.squared import Squared as Like"
ABSTRACT = "from tunesmith.parts.losses import Loss as Like"
CARELESS = {
    "begin with a docstring": [SQUARED, "class Plain(Like):", "    'Plain.'"],
    "docstring of its own": ["'Plain.'", SQUARED, "class Plain(Like):", "    pass"],
    "must be called Plain": ["'Plain.'", SQUARED, "class Other(Like):", "    'It.'"],
    "field 'power' needs": ["'Plain.'", SQUARED, "class Plain(Like):", "    'It.'", "    power: float = 2.0"],
    "method 'show' needs": ["'Plain.'", SQUARED, "class Plain(Like):", "    'It.'", "    def show(self): ..."],
    "still to be written: build": ["'Plain.'", ABSTRACT, "class Plain(Like):", "    'It.'"],
    "fields cannot be set": [
        "'Plain.'",
        SQUARED,
        "class Plain(Like, frozen=False):",
        "    'It.'",
        "    x: int = 1",
        "    'X.'",
    ],
    "no field must be refused": ["'Plain.'", SQUARED, "class Plain(Like, extra='ignore'):", "    'It.'"],
}


@pytest.mark.parametrize("sentence", CARELESS)
def test_a_careless_file_is_told(sentence, tmp_path, monkeypatch):
    folder = tmp_path / "losses"
    folder.mkdir()
    (folder / "plain.py").write_text("\n".join([*CARELESS[sentence], ""]))
    monkeypatch.setenv(PARTS_VARIABLE, str(tmp_path))
    with pytest.raises(AssertionError, match=sentence):
        check_part(find("parts.losses", "plain"))
