"""Batch norms in training: at rest, or kept, averaged, resumed and put back together with the weights."""

import math
from dataclasses import replace

import numpy as np
import pytest
import torch

from tunesmith.core.errors import RecipeError, TrainingError
from tunesmith.data import Encoded
from tunesmith.model.network import Net, Network
from tunesmith.parts.bases import Shape
from tunesmith.parts.bases._architectures import DEVIATION, MEAN
from tunesmith.parts.bases._local import LocalEncoder
from tunesmith.parts.bases._resnet import CifarResNet
from tunesmith.parts.bases._vision import View
from tunesmith.parts.strategies import Strategy
from tunesmith.training.checkpoint import Checkpoints
from tunesmith.training.estimate import estimate
from tunesmith.training.resume import adopt, capture
from tunesmith.training.statistics import undisturbed
from unit.training.small import job, judge, loop, steps, weights
from unit.training.test_loop import plant

SIDE = 8
VIEW = View(height=SIDE, width=SIDE, short_side=SIDE, mean=MEAN, deviation=DEVIATION)
STATISTIC = ("running_mean", "running_var")


def network(policy, seed=0):
    """Return a network of eight layers whose statistics are those of some training before."""
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(7)
        body = CifarResNet(1)
        for name, one in body.named_buffers():
            if name.endswith("running_mean"):
                one.normal_(std=0.1)
            elif name.endswith("running_var"):
                one.uniform_(0.5, 1.5)
    encoder = LocalEncoder(body, VIEW, policy, "cifar_resnet20")
    return Network(Net({"body": encoder}, 2, 0.0, seed), Shape(images=((SIDE, SIDE),)), "body", torch.device("cpu"))


def rows(count, seed):
    random = np.random.default_rng(seed)
    targets = np.arange(count) % 2
    pixels = random.integers(0, 128, (count, SIDE, SIDE, 3)) + 100 * targets[:, None, None, None]
    return Encoded(tuple(f"{seed}-{at}" for at in range(count)), {"pixels": pixels.astype(np.uint8)}, targets)


def of(policy, **train):
    """Return a job over dark and bright images."""
    validation = rows(12, 2)
    return replace(
        job(**train),
        train=rows(26, 1),
        validation=validation,
        measure=lambda outputs: judge(validation, outputs),
        start=lambda seed: network(policy, seed),
    )


def statistics(one):
    return {name: value for name, value in weights(one).items() if name.endswith(STATISTIC)}


def are_equal(one, other):
    return one.keys() == other.keys() and all(np.array_equal(value, other[name]) for name, value in one.items())


def outputs(one):
    return one.model.outputs(one.job.validation)


@pytest.mark.parametrize("policy", ["frozen", "re_estimated"])
def test_statistics_rest_through_a_training(policy):
    one = loop(of(policy))
    before = statistics(one)
    steps(one)
    assert are_equal(statistics(one), before)
    assert not one.statistics


def test_trained_statistics_move_with_each_step_and_not_in_validation():
    one = loop(of("trained"))
    seen = [statistics(one)]
    for number in (1, 2):
        steps(one, number)
        seen.append(statistics(one))
        one.validate()
        assert are_equal(statistics(one), seen[-1])
    assert not any(np.array_equal(seen[0][name], seen[1][name]) for name in seen[0])
    assert not any(np.array_equal(seen[1][name], seen[2][name]) for name in seen[0])


@pytest.mark.parametrize("average", ["none", "soup", "ema"])
def test_the_kept_weights_come_back_with_their_statistics(average):
    """What was measured as the best answers the same once it is put back: its statistics are its own."""
    one = loop(of("trained", average=average, ema_decay=0.5, epochs=4))
    found = {}
    for at in range(1, one.plan.total + 1):
        steps(one, at)
        said = one.validate()
        if said["is_best"]:
            found = said
    steps_after = statistics(one)
    assert one.settle() >= 1
    if average == "soup" and len(one.best.kept) > 1:
        measured = one.job.measure(outputs(one))
        assert (measured.merit, -measured.loss) >= one.best.kept[0][0]
    else:
        np.testing.assert_allclose(outputs(one), found["outputs"], atol=1e-6)
    assert found["step"] == one.plan.total or not are_equal(statistics(one), steps_after)


@pytest.mark.parametrize("policy", ["frozen", "trained"])
@pytest.mark.parametrize("average", ["soup", "ema"])
def test_a_resumed_training_comes_to_the_same_bytes(tmp_path, policy, average):
    def course(one, until):
        for at in range(one.progress.number + 1, until + 1):
            steps(one, at)
            one.validate()

    through = loop(of(policy, average=average))
    course(through, through.plan.total)
    first = loop(of(policy, average=average))
    course(first, 4)
    store = Checkpoints(tmp_path, "k" * 16)
    with store.hold():
        store.save(capture(first))
    second = loop(of(policy, average=average))
    adopt(second, store.latest().state)
    for parameter, moments in second.optimizer.state.items():
        assert moments["exp_avg"].stride() == parameter.stride()
    course(second, second.plan.total)
    assert are_equal(weights(second), weights(through))
    for one in (second, through):
        one.settle()
    assert are_equal(weights(second), weights(through))


def test_a_saved_model_answers_as_the_one_in_memory():
    one = loop(of("trained"))
    steps(one)
    one.validate()
    one.settle()
    again = network("trained", 5)
    again.load(one.model.files())
    found = outputs(one)
    np.testing.assert_array_equal(again.outputs(one.job.validation), found)
    alone = [again.outputs(one.job.validation.take(np.array([at]))) for at in range(12)]
    np.testing.assert_allclose(np.concatenate(alone), found, atol=1e-5)


def test_a_step_that_was_not_taken_leaves_the_statistics():
    one = plant(loop(of("trained")), math.nan, {2})
    steps(one, 1)
    before = statistics(one)
    steps(one, 2)
    assert one.progress.skipped == 1
    assert are_equal(statistics(one), before)


def test_tries_leave_the_statistics():
    one = loop(of("trained"))
    before = weights(one)
    estimate(one)
    one.gradient(np.arange(5), 2)
    assert are_equal(weights(one), before)
    one.wake()
    with undisturbed(one.model.net):
        one.passes(np.arange(4))
        assert not are_equal(statistics(one), {name: before[name] for name in statistics(one)})
    assert are_equal(statistics(one), {name: before[name] for name in statistics(one)})


def test_a_batch_is_not_taken_in_parts():
    with pytest.raises(RecipeError, match=r"micro_batch: 4 would take it in parts"):
        loop(of("trained", micro_batch=4))
    assert loop(of("trained", micro_batch=10)).micro == 10
    assert loop(of("frozen", micro_batch=4)).micro == 4


def test_a_batch_too_large_for_memory_is_refused_instead_of_halved(monkeypatch):
    one = loop(of("trained"))
    monkeypatch.setattr(type(one), "_run", short)
    with pytest.raises(TrainingError, match=r"does not suffice for 10 row\(s\).*lower train.batch_size or"):
        one.accumulate(np.arange(10))


def short(self, positions):
    raise MemoryError


def test_layers_that_a_strategy_freezes_keep_their_statistics():
    one = loop(of("trained", strategy={"kind": "freeze", "layers": 1}))
    before = statistics(one)
    steps(one)
    after = statistics(one)
    resting = {name for name in before if np.array_equal(before[name], after[name])}
    assert resting == {name for name in before if "layer2" not in name and "layer3" not in name}
    assert one.statistics.keys() == before.keys() - resting


def test_a_head_alone_may_have_its_batches_in_parts():
    one = loop(of("trained", strategy="head", micro_batch=4))
    before = statistics(one)
    steps(one)
    assert not one.statistics
    assert are_equal(statistics(one), before)


@pytest.mark.parametrize("strategy", ["gradual", {"kind": "freeze", "layers": 2}, "lora", "head", "full"], ids=str)
def test_every_strategy_trains_and_tidies_up(strategy):
    one = loop(of("frozen", strategy=strategy))
    names = set(network("frozen").net.state_dict())
    losses = steps(one)
    assert losses[-1] < losses[0]
    before = outputs(one)
    Strategy.model_validate(strategy).finish(one.model.net.encoders["body"])
    assert set(one.model.net.state_dict()) == names
    np.testing.assert_allclose(outputs(one), before, rtol=1e-5, atol=1e-5)
