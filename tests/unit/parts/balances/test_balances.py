"""What each balance weighs and draws."""

import numpy as np
import pytest
from pydantic import ValidationError

from tunesmith.core.part import resolve
from tunesmith.core.seed import stream
from tunesmith.parts.balances.balanced_batches import BalancedBatches
from tunesmith.parts.balances.class_weights import ClassWeights
from tunesmith.parts.balances.oversample import Oversample
from tunesmith.parts.balances.undersample import Undersample

TARGETS = np.random.default_rng(0).permutation(np.repeat([0, 1, 2], [90, 9, 1]))


def epoch(balance, targets=TARGETS, size=10, seed=0, lengths=None):
    return list(balance.batches(targets, size, stream(seed, "epoch"), lengths))


def counts(balance, **options):
    return np.bincount(TARGETS[np.concatenate(epoch(balance, **options))], minlength=3).tolist()


def test_inverse_frequencies_make_classes_alike_in_sum():
    weights = ClassWeights().weights(TARGETS, 3)
    assert weights == pytest.approx([100 / 270, 100 / 27, 100 / 3])
    assert (weights * [90, 9, 1]).tolist() == pytest.approx([100 / 3] * 3)


def test_effective_numbers_are_those_of_the_paper():
    beta = 0.99
    paper = (1 - beta) / (1 - beta ** np.array([90, 9, 1]))
    weights = ClassWeights(beta=beta).weights(TARGETS, 3)
    assert weights / weights[2] == pytest.approx(paper / paper[2])
    assert weights[TARGETS].mean() == pytest.approx(1)


def test_effective_numbers_lie_between_no_weights_and_inverse_frequencies():
    assert ClassWeights(beta=0.0).weights(TARGETS, 3).tolist() == pytest.approx([1, 1, 1])
    near = ClassWeights(beta=1 - 1e-9).weights(TARGETS, 3)
    assert near == pytest.approx(ClassWeights().weights(TARGETS, 3), rel=1e-5)


def test_a_labels_yes_counts_as_often_as_there_is_a_no():
    labels = np.array([[1, 0], [1, 0], [1, 1], [0, 0]], np.float32)
    assert ClassWeights().weights(labels, 2).tolist() == [1 / 3, 3]
    assert ClassWeights(beta=0.0).weights(labels, 2).tolist() == [1, 1]
    everywhere = ClassWeights().weights(np.ones((4, 1), np.float32), 1)
    assert everywhere.tolist() == [0.25], "a label that every row has is still learnt"


@pytest.mark.parametrize(("ratio", "wanted"), [(1.0, [90, 90, 90]), (0.5, [90, 45, 45]), (0.05, [90, 9, 4])])
def test_oversampling_draws_up_to_the_ratio(ratio, wanted):
    balance = Oversample(ratio=ratio)
    assert counts(balance) == wanted
    assert balance.rows_per_epoch(TARGETS) == sum(wanted)
    drawn = np.bincount(np.concatenate(epoch(balance)), minlength=100)
    assert (drawn[TARGETS == 0] == 1).all()
    nine = drawn[TARGETS == 1]
    assert nine.min() == wanted[1] // 9, "each of its rows equally often, but for a rest"
    assert nine.max() <= nine.min() + 1


@pytest.mark.parametrize(("ratio", "wanted"), [(1.0, [1, 1, 1]), (0.25, [4, 4, 1]), (0.1, [10, 9, 1])])
def test_undersampling_draws_down_to_the_ratio(ratio, wanted):
    balance = Undersample(ratio=ratio)
    assert counts(balance) == wanted
    assert np.bincount(np.concatenate(epoch(balance))).max() == 1


def test_in_time_undersampling_sees_every_row():
    seen = {at for seed in range(120) for one in epoch(Undersample(ratio=0.1), seed=seed) for at in one.tolist()}
    assert len(seen) == 100


@pytest.mark.parametrize("balance", [Oversample(), Undersample(ratio=0.1), BalancedBatches()], ids=lambda one: one.kind)
def test_the_seed_alone_decides(balance):
    first, again, other = epoch(balance), epoch(balance), epoch(balance, seed=1)
    assert all(np.array_equal(*pair) for pair in zip(first, again, strict=True))
    assert not np.array_equal(np.concatenate(first), np.concatenate(other))


def test_drawn_rows_of_like_length_stand_together():
    lengths = np.random.default_rng(1).integers(1, 60, 100)
    plain, near = (epoch(Oversample(), lengths=one) for one in (None, lengths))
    spread = [np.mean([np.ptp(lengths[one]) for one in made]) for made in (plain, near)]
    assert spread[1] < spread[0] / 4
    assert sorted(np.bincount(np.concatenate(near))) == sorted(np.bincount(np.concatenate(plain)))


def test_batches_hold_the_classes_in_equal_shares_as_far_as_rows_last():
    made = epoch(BalancedBatches(), size=9)
    assert [len(one) for one in sorted(made, key=len, reverse=True)] == [9] * 11 + [1]
    for one in (one for one in made if len(one) == 9):
        assert len(set(one.tolist())) == 9, "no row is in a batch twice"
        assert np.bincount(TARGETS[one], minlength=3).tolist() == [4, 4, 1]


def test_what_cannot_be_divided_goes_round():
    targets = np.repeat([0, 1, 2], 40)
    made = [np.bincount(targets[one], minlength=3) for one in epoch(BalancedBatches(), targets, 10)]
    assert all(one.max() - one.min() == 1 for one in made)
    assert np.sum(made, axis=0).tolist() == [40, 40, 40]


def test_with_more_classes_than_rows_in_a_batch_the_classes_take_turns():
    targets = np.repeat(np.arange(7), 6)
    made = epoch(BalancedBatches(), targets, 3)
    assert all(len(set(targets[one])) == 3 for one in made)
    assert np.bincount(targets[np.concatenate(made)]).tolist() == [6] * 7


def test_rows_of_a_class_come_equally_often():
    targets = np.repeat([0, 1], [100, 7])
    drawn = np.bincount(np.concatenate(epoch(BalancedBatches(), targets, 8)), minlength=107)
    assert drawn[100:].max() - drawn[100:].min() <= 1
    assert drawn[:100].max() == 1


def test_a_class_without_rows_is_passed_over():
    targets = np.array([0, 0, 0, 3])
    assert ClassWeights().weights(targets, 5)[[0, 3]].sum() > 0
    for balance in (Oversample(), Undersample(), BalancedBatches()):
        assert set(targets[np.concatenate(epoch(balance, targets, 2))]) == {0, 3}


def test_one_class_has_nothing_to_balance():
    targets = np.zeros(5, np.int64)
    assert ClassWeights().weights(targets, 1).tolist() == [1]
    for balance in (Oversample(), Undersample(), BalancedBatches()):
        assert sorted(np.concatenate(epoch(balance, targets, 2)).tolist()) == list(range(5))


@pytest.mark.parametrize("kind", ["oversample", "undersample"])
@pytest.mark.parametrize("ratio", [0, -1, 1.01, float("nan"), "half"])
def test_a_ratio_out_of_range_is_refused(kind, ratio):
    with pytest.raises(ValidationError, match="ratio"):
        resolve("parts.balances", {"kind": kind, "ratio": ratio})


@pytest.mark.parametrize("beta", [1, -0.1])
def test_a_beta_out_of_range_is_refused(beta):
    with pytest.raises(ValidationError, match="beta"):
        ClassWeights(beta=beta)


def test_tasks_without_classes_of_their_own_are_refused_with_a_reason():
    assert "no classes" in ClassWeights().refuse("value", "regression")
    assert ClassWeights().refuse("classes", "multilabel") is None
    for balance in (Oversample(), Undersample(), BalancedBatches()):
        assert "class_weights" in balance.refuse("classes", "multilabel")


def test_it_says_what_it_does_to_the_smallest_and_the_largest_class():
    words = Oversample(ratio=0.5).words(TARGETS, ["a", "b", "c"])
    assert words == "oversample: 'c' has 1 rows, an epoch has 45; 'a' has 90 rows, an epoch has 90"
    assert "each counts 33.3" in ClassWeights().words(TARGETS, ["a", "b", "c"])
