"""One step: micro-batches, memory that ends, losses that are not finite, running averages."""

import math

import numpy as np
import pytest
import torch

from tunesmith.core.errors import GuardError, TrainingError
from tunesmith.parts.guards import Evidence
from tunesmith.parts.guards.accumulation import Accumulation
from tunesmith.training.loop import Loop
from unit.training.small import job, largest_gap, loop, said, steps, weights

CLOSE = 2e-5  # of weights after some steps of Adam, which divides by what may be near nothing


def gradients(one, rows=10):
    """Return the gradients of a batch, by name."""
    one.wake()
    one.passes(np.arange(rows))
    return {name: value.grad.clone() for name, value in one.moving.items()}


@pytest.mark.parametrize("kind", ["text", "table"])
@pytest.mark.parametrize("micro", [4, 1, 3])
@pytest.mark.parametrize("regularizers", [[], [{"kind": "l2", "weight": 0.1}], ["l2_sp", "l1"]], ids=str)
def test_a_batch_in_pieces_has_the_batchs_gradient(kind, micro, regularizers):
    whole = gradients(loop(job(kind, regularizers=regularizers)))
    parts = gradients(loop(job(kind, regularizers=regularizers, micro_batch=micro)))
    for name, one in whole.items():
        gap = float((one - parts[name]).norm() / one.norm().clamp(min=1e-3))
        assert gap < 1e-4, name


@pytest.mark.parametrize("micro", [10, 4, 1])
def test_a_training_in_pieces_is_the_training(micro):
    whole, parts = (loop(job(optimizer="sgd", micro_batch=size)) for size in (10, micro))
    np.testing.assert_allclose(steps(parts), steps(whole), atol=1e-5)
    assert largest_gap(weights(parts), weights(whole)) < CLOSE
    assert whole.micro == 10
    assert parts.micro == micro


def test_the_loss_of_a_step_is_the_mean_over_its_rows():
    one = loop(job(micro_batch=4))
    with torch.no_grad():
        outputs = one.model.net(one.model.collate(one.job.train, np.arange(10)))
        expected = torch.nn.functional.cross_entropy(outputs, one.labels[:10])
    one.wake()
    assert math.isclose(one.passes(np.arange(10)), float(expected), rel_tol=1e-5)


def averaged_over_pieces(self, rows, batch):
    return right(self, rows, batch) * (batch / len(rows))


right = Loop.loss


@pytest.mark.parametrize("kind", ["text", "table"])
def test_the_guard_sees_gradients_that_are_averaged_over_pieces(monkeypatch, kind):
    one = loop(job(kind))
    few = np.arange(5)
    assert "sum to the batch's gradient" in Accumulation().check(
        Evidence(before=one.gradient(few, 1), after=one.gradient(few, 2))
    )
    monkeypatch.setattr(Loop, "loss", averaged_over_pieces)
    with pytest.raises(GuardError, match=r"differs from the batch's own"):
        Accumulation().check(Evidence(before=one.gradient(few, 1), after=one.gradient(few, 2)))


def test_the_guards_gradient_leaves_no_trace():
    one = loop(job(dropout=0.5, micro_batch=4, regularizers=["l2_sp"]))
    before, random = weights(one), torch.get_rng_state()
    one.gradient(np.arange(5), 2)
    assert largest_gap(weights(one), before) == 0.0
    assert torch.get_rng_state().equal(random)
    assert one.micro == 4
    assert len(one.penalties) == 1
    assert all(value.grad is None for value in one.moving.values())


ERRORS = {
    "accelerator": torch.OutOfMemoryError("CUDA out of memory. Tried to allocate 2 GiB"),
    "accelerator of another wording": torch.OutOfMemoryError("allocation failed"),
    "processor": RuntimeError("[enforce fail] DefaultCPUAllocator: can't allocate memory: you tried to allocate"),
    "python": MemoryError(),
}


def limit(one, most, error=ERRORS["processor"], after=0):
    """Let memory end, from step `after` on, where more rows than `most` are in it; drop-out was drawn by then."""

    def hook(module, tensors, outputs):
        rows = len(outputs[0] if isinstance(outputs, tuple) else outputs)
        if module.training and rows > most and one.progress.number >= after:
            raise error

    one.model.net.register_forward_hook(hook)
    return one


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_where_memory_ends_the_pieces_are_halved_until_they_fit(error):
    of = job(optimizer="sgd")
    one, undisturbed = limit(loop(of), 3, error), loop(job(optimizer="sgd"))
    np.testing.assert_allclose(steps(one), steps(undisturbed), atol=1e-5)
    assert one.micro == 3
    assert largest_gap(weights(one), weights(undisturbed)) < CLOSE
    warnings = said(of, "warning")
    assert warnings[-1].endswith("from here on 3 rows at a time")
    assert len(warnings) <= 2
    assert all("memory ended at step 1:" in one for one in warnings)


def test_what_was_summed_before_memory_ended_is_not_counted_twice():
    """The second piece fails where the first has left its gradient already."""
    one, undisturbed = loop(job(optimizer="sgd", micro_batch=4)), loop(job(optimizer="sgd", micro_batch=4))
    calls = []

    def hook(module, tensors, outputs):
        calls.append(1)
        if len(calls) == 2:
            raise ERRORS["accelerator"]

    handle = one.model.net.register_forward_hook(hook)
    steps(one, 1)
    handle.remove()
    steps(undisturbed, 1)
    assert one.micro == 2
    assert largest_gap(weights(one), weights(undisturbed)) < CLOSE


def test_with_drop_out_a_halved_training_is_the_one_of_those_pieces():
    """Drop-out is drawn from where it was before the pass that failed: nothing of that pass is left."""
    one = limit(loop(job(dropout=0.3)), 3, after=4)
    losses = steps(one)
    expected = loop(job(dropout=0.3))
    first = steps(expected, 4)
    expected.micro = 3
    assert losses == first + steps(expected)
    assert largest_gap(weights(one), weights(expected)) == 0.0


@pytest.mark.parametrize("error", ERRORS.values(), ids=ERRORS)
def test_a_single_row_that_does_not_fit_is_told(error):
    one = limit(loop(job()), 0, error)
    before = weights(one)
    wanted = r"step 1.*1 row.*nothing was registered.*gradient_checkpointing"
    with pytest.raises(TrainingError, match=wanted) as caught:
        steps(one, 1)
    assert caught.value.exit_code == 4
    assert largest_gap(weights(one), before) == 0.0


def test_an_error_that_is_not_of_memory_passes():
    one = limit(loop(job()), 0, RuntimeError("mat1 and mat2 shapes cannot be multiplied"))
    with pytest.raises(RuntimeError, match="shapes cannot be multiplied"):
        steps(one, 1)
    assert one.micro == 10


BAD = (math.nan, math.inf, -math.inf)


def plant(one, value, at):
    """Let the outputs hold one such number in the given steps (from 1)."""

    def hook(module, tensors, found):
        if module.training and one.progress.number + 1 in at:
            outputs, vectors = found
            return outputs + torch.tensor([[value, 0.0]]), vectors
        return None

    one.model.net.register_forward_hook(hook)
    return one


def plant_gradient(one, value, at):
    """Let a gradient hold one such number in the given steps, while the loss is finite."""

    def hook(gradient):
        return gradient * value if one.progress.number + 1 in at else None

    one.model.net.head.weight.register_hook(hook)
    return one


@pytest.mark.parametrize("value", BAD)
@pytest.mark.parametrize("how", [plant, plant_gradient])
def test_a_step_that_is_not_finite_moves_nothing_and_halves_the_rate(how, value):
    one = how(loop(job(average="ema", optimizer={"schedule": "constant", "warmup": 0.0})), value, {3, 4, 5})
    seen, kept = [], []
    for _ in range(2):
        steps_left = one.plan.total if kept else 6
        while one.progress.number < steps_left:
            for positions in one.order():
                seen.append(one.step(positions))
                kept.append(weights(one))
                if one.progress.number >= steps_left:
                    break
    assert [step.skipped for step in seen] == [0, 0, 1, 2, 3, 0, 0, 0, 0]
    assert largest_gap(kept[1], kept[4]) == 0.0
    assert largest_gap(kept[4], kept[5]) > 0.0
    peak = one.rate
    np.testing.assert_allclose([step.rate for step in seen], [peak] * 3 + [peak / 2, peak / 4] + [peak / 8] * 4)
    assert one.progress.skipped == 3
    assert one.average.steps == 6
    assert [entry["step"] for entry in one.progress.curve.steps] == [1, 2, 6, 7, 8, 9]
    assert all(np.isfinite(value).all() for value in kept[-1].values())


def test_a_skipped_step_leaves_the_moments():
    one = plant(loop(job()), math.nan, {3})
    steps(one, 2)
    before = {at: {name: value.clone() for name, value in kept.items()} for at, kept in one.optimizer.state.items()}
    steps(one, 3)
    for at, kept in one.optimizer.state.items():
        assert all(value.equal(before[at][name]) for name, value in kept.items())


def test_validation_before_the_first_good_step_has_no_average_yet():
    one = plant(loop(job(average="ema")), math.nan, {1, 2})
    steps(one, 2)
    found = one.validate()
    assert found["is_best"]
    assert math.isfinite(found["loss"])
    assert one.settle() == 1


def test_outputs_of_validation_that_are_not_finite_are_told():
    one = loop(job())
    with torch.no_grad():
        one.model.net.head.bias.fill_(math.nan)
    with pytest.raises(TrainingError, match="outputs of the validation rows are not finite"):
        one.validate()


@pytest.mark.parametrize("kind", ["text", "table"])
def test_the_running_average_is_the_closed_formula(kind):
    decay = 0.8
    one = loop(job(kind, average="ema", ema_decay=decay))
    kept = []
    for number in range(1, 8):
        steps(one, number)
        kept.append(weights(one))
    shares = [(1 - decay) * decay ** (len(kept) - 1 - at) / (1 - decay ** len(kept)) for at in range(len(kept))]
    found = one.average.weights()
    assert found.keys() == one.moving.keys()
    for name, value in found.items():
        expected = sum(share * after[name].astype(np.float64) for share, after in zip(shares, kept, strict=True))
        np.testing.assert_allclose(value.numpy(), expected, atol=1e-6)


def test_validation_measures_the_average_and_leaves_the_weights():
    one = loop(job(average="ema", ema_decay=0.9, optimizer={"learning_rate": 0.05}))
    steps(one, 6)
    before = weights(one)
    found = one.validate()
    assert largest_gap(weights(one), before) == 0.0
    own = one.model.outputs(one.job.validation)
    assert not np.allclose(found["outputs"], own, atol=1e-4), "the average answers otherwise than the last weights"
    one.settle()
    np.testing.assert_allclose(one.model.outputs(one.job.validation), found["outputs"], atol=1e-6)


def test_training_that_was_never_validated_has_no_best_weights():
    with pytest.raises(TrainingError, match="before validation was measured once"):
        loop(job()).settle()


def test_the_gradient_is_cut_to_the_limit_by_either_rule():
    """The fused rule divides by itself; both see the same gradient."""
    for optimizer in ("sgd", "adamw"):
        one = loop(job(clip=1e-3, optimizer=optimizer))
        seen = []
        one.optimizer.register_step_post_hook(
            lambda rule, *_, seen=seen: seen.append(
                float(torch.nn.utils.get_total_norm([p.grad for g in rule.param_groups for p in g["params"]]))
            )
        )
        for positions in one.order():
            assert one.step(positions).gradient > 1e-3
        np.testing.assert_allclose(seen, 1e-3, rtol=1e-4)
