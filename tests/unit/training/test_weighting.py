"""Class weights around losses, and what is drawn beside micro-batches, kept layers and fitted bases."""

from dataclasses import replace

import numpy as np
import pytest
import torch

from tunesmith.core.errors import RecipeError
from tunesmith.model.network import VECTORS
from tunesmith.parts.balances.class_weights import ClassWeights
from tunesmith.parts.balances.oversample import Oversample
from tunesmith.parts.balances.undersample import Undersample
from tunesmith.parts.losses import Loss
from tunesmith.parts.losses.cross_entropy import CrossEntropy
from tunesmith.training.prefix import shorten
from tunesmith.training.weighting import balanced_rows, weighed
from unit.training.small import job, largest_gap, loop, steps, weights

OUTPUTS = torch.from_numpy(np.random.default_rng(0).normal(size=(6, 3)).astype(np.float32))
CLASSES = np.array([0, 0, 0, 1, 1, 2])
LABELS = np.array([[1, 0, 0], [1, 1, 0], [1, 0, 1], [1, 1, 0], [0, 0, 0], [1, 0, 0]], np.float32)


def asked(targets, loss="cross_entropy", balance=None):
    made = job("table", count=6)
    form = "class" if targets.ndim == 1 else "classes"
    train = replace(made.train, targets=targets)
    return replace(made, train=train, form=form, loss=Loss.model_validate(loss), balance=balance or ClassWeights())


def test_cross_entropy_is_weighed_as_torch_does_but_for_the_mean():
    found = weighed(asked(CLASSES), 3)(OUTPUTS, torch.from_numpy(CLASSES))
    own = torch.tensor([6 / 9, 6 / 6, 6 / 3])
    wanted = torch.nn.functional.cross_entropy(OUTPUTS, torch.from_numpy(CLASSES), weight=own, reduction="none")
    torch.testing.assert_close(found, wanted)
    assert own[CLASSES].mean() == 1, "divided by the rows, it is torch's weighted mean over the training rows"


def test_labels_are_weighed_as_torch_does():
    found = weighed(asked(LABELS), 3)(OUTPUTS, torch.from_numpy(LABELS))
    positive = torch.tensor([1 / 5, 4 / 2, 5 / 1])
    wanted = torch.nn.functional.binary_cross_entropy_with_logits(
        OUTPUTS, torch.from_numpy(LABELS), pos_weight=positive, reduction="none"
    )
    torch.testing.assert_close(found, wanted.mean(dim=1))


@pytest.mark.parametrize("targets", [CLASSES, LABELS], ids=["class", "classes"])
def test_focal_loss_is_weighed_too(targets):
    plain, labels = replace(asked(targets, "focal"), balance=None), torch.from_numpy(targets)
    alike = asked(targets, "focal", ClassWeights(beta=0.0))
    torch.testing.assert_close(weighed(alike, 3)(OUTPUTS, labels), weighed(plain, 3)(OUTPUTS, labels))
    found = weighed(asked(targets, "focal"), 3)(OUTPUTS, labels)
    if targets.ndim == 1:
        torch.testing.assert_close(found, weighed(plain, 3)(OUTPUTS, labels) * torch.tensor([2 / 3, 1, 2])[labels])
    else:
        doubt = torch.nn.functional.binary_cross_entropy_with_logits(OUTPUTS, labels, reduction="none")
        each = (1 - (-doubt).exp()) ** 2 * doubt * torch.where(labels > 0, torch.tensor([0.2, 2, 5]), 1.0)
        torch.testing.assert_close(found, each.mean(dim=1))


def test_a_balance_without_weights_leaves_the_loss():
    made = asked(CLASSES, balance=Oversample())
    found = weighed(made, 3)(OUTPUTS, torch.from_numpy(CLASSES))
    torch.testing.assert_close(found, CrossEntropy().build(CLASSES, 3)(OUTPUTS, torch.from_numpy(CLASSES)))


class Worst(CrossEntropy):
    """The loss of the worst label of a row."""

    def build(self, targets, width):
        """Return it."""
        binary = torch.nn.functional.binary_cross_entropy_with_logits
        return lambda outputs, labels: binary(outputs, labels, reduction="none").amax(dim=1)


def test_a_loss_that_is_no_mean_over_labels_cannot_be_weighed_by_label():
    with pytest.raises(RecipeError, match="not the mean of each label's own loss"):
        weighed(replace(asked(LABELS), loss=Worst()), 3)


BALANCES = ["class_weights", "oversample", {"kind": "undersample", "ratio": 0.8}, "balanced_batches"]


@pytest.mark.parametrize("balance", BALANCES, ids=str)
def test_a_balanced_training_in_pieces_is_the_training(balance):
    how = {"optimizer": {"kind": "sgd", "learning_rate": 0.01}, "balance": balance}
    whole, parts = (loop(job(micro_batch=size, **how)) for size in (10, 3))
    np.testing.assert_allclose(steps(parts), steps(whole), atol=1e-5)
    assert largest_gap(weights(parts), weights(whole)) < 2e-5


@pytest.mark.parametrize("balance", BALANCES, ids=str)
def test_an_epoch_has_the_steps_that_were_planned_each_epoch_others(balance):
    one = loop(job("table", count=33, balance=balance))
    epochs = []
    for number in range(2):
        one.progress.number = number * one.plan.per_epoch
        epochs.append(list(one.order()))
        assert len(epochs[-1]) == one.plan.per_epoch
    assert not np.array_equal(np.concatenate(epochs[0]), np.concatenate(epochs[1]))
    one.progress.number = one.plan.per_epoch + 1
    assert all(np.array_equal(*pair) for pair in zip(one.order(), epochs[1][1:], strict=True))


def test_rows_drawn_twice_are_kept_once():
    made = job(strategy="head", balance="oversample", count=33)
    model = made.start(0)
    body = model.net.encoders[model.body]
    made.strategy.prepare(body, body.layers())
    near = shorten(model, made)
    assert near.train.inputs[VECTORS].shape[0] == 33
    assert near.rows_per_epoch > 33
    assert near.balance == made.balance


def test_a_fitted_base_gets_weights_beside_the_rows():
    made = asked(CLASSES)
    validation = replace(made.validation, targets=np.array([2, 0] * 10))
    train, other = balanced_rows(replace(made, validation=validation), 3)
    assert train.weights.tolist() == pytest.approx([2 / 3] * 3 + [1, 1, 2])
    assert other.weights[:2].tolist() == pytest.approx([2, 2 / 3])
    assert train.ids == made.train.ids


def test_a_fitted_base_gets_each_labels_weights():
    made = asked(LABELS)
    validation = replace(made.validation, targets=np.tile(LABELS[:2], (10, 1)))
    train, other = balanced_rows(replace(made, validation=validation), 3)
    np.testing.assert_allclose(train.weights[:2], [[0.2, 1, 1], [0.2, 2, 1]])
    assert other.weights.shape == (20, 3)


@pytest.mark.parametrize(
    ("balance", "rows", "emphasis"),
    [(Oversample(), [3, 3, 3], [1, 1.5, 3]), (Undersample(), [1, 1, 1], [1 / 3, 0.5, 1])],
)
def test_a_fitted_base_gets_rows_repeated_or_left_out(balance, rows, emphasis):
    made = asked(CLASSES, balance=balance)
    validation = replace(made.validation, targets=np.array([0, 1, 2, 2] * 5))
    train, other = balanced_rows(replace(made, validation=validation), 3)
    assert np.bincount(train.targets).tolist() == rows
    assert train.weights is None
    assert other.weights[:3].tolist() == pytest.approx(emphasis)
