import math
import warnings

import numpy as np
import pytest
import sklearn.metrics as reference
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import pearsonr, spearmanr

from tunesmith.core.errors import DataError
from tunesmith.core.statistics import intervals
from tunesmith.data.metrics import HIGHER_IS_BETTER, confusion, measure, per_class, reliability

CLASS_METRICS = {
    *("accuracy", "balanced_accuracy", "precision_macro", "recall_macro", "f1_macro"),
    *("roc_auc", "pr_auc", "log_loss", "calibration_error"),
}
SEVERAL_METRICS = CLASS_METRICS - {"accuracy", "balanced_accuracy"} | {"subset_accuracy", "f1_micro"}
VALUE_METRICS = {"mae", "rmse", "r2", "spearman", "pearson"}
OTHERS = {  # of tasks that measure themselves
    *("quadratic_kappa", "within_one", "ndcg", "mrr", "word_accuracy", "merit", "recall_100"),
    *("map", "map_50", "map_75", "map_small", "map_medium", "map_large"),
    *("span_f1", "exact_match", "span_f1_has_answer", "exact_match_has_answer", "exact_match_no_answer"),
    *("entity_precision", "entity_recall", "entity_f1", "entity_f1_macro"),
    *("token_f1", "rouge_l", "chrf", "bleu", "token_loss", "perplexity", "token_accuracy"),
}
FORMS = ("class", "classes", "value")
MACRO = ("precision", "recall", "f1")


def softmax(logits):
    powers = np.exp(logits - logits.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


def draw(form, seed, rows=60, classes=4):
    """Truth and scores that know something of it; every score is rounded, so many are tied."""
    generator = np.random.default_rng(seed)
    if form == "value":
        truth = np.round(generator.normal(size=rows), 1)
        return truth, np.round(truth + generator.normal(size=rows), 1)
    if form == "classes":
        truth = generator.integers(0, 2, (rows, classes))
        return truth, np.round(np.clip(0.3 * truth + 0.7 * generator.random((rows, classes)), 0, 1), 1)
    truth = generator.permutation(np.arange(rows) % classes)
    return truth, softmax(np.round(generator.normal(size=(rows, classes)) + np.eye(classes)[truth]))


def perfect(form, truth):
    return np.eye(4)[truth] if form == "class" else truth.astype(float)


def point(form, truth, scores, weights=None):
    weights = np.ones(len(truth)) if weights is None else weights
    return {name: float(values[0]) for name, values in measure(form, truth, scores, weights[None]).items()}


def expected(form, truth, scores, weight):
    """The same figures from scikit-learn and scipy, but for the calibration error."""
    if form == "value":
        return {
            "mae": reference.mean_absolute_error(truth, scores, sample_weight=weight),
            "rmse": reference.root_mean_squared_error(truth, scores, sample_weight=weight),
            "r2": reference.r2_score(truth, scores, sample_weight=weight),
        }
    several = form == "classes"
    answers = (scores >= 0.5).astype(int) if several else scores.argmax(axis=1)
    options = {"sample_weight": weight, "zero_division": 0}
    macro = reference.precision_recall_fscore_support(truth, answers, average="macro", **options)
    found = {f"{name}_macro": value for name, value in zip(MACRO, macro, strict=False)}
    if several:
        cell_weight = np.repeat(weight, truth.shape[1])
        return found | {
            "subset_accuracy": reference.accuracy_score(truth, answers, sample_weight=weight),
            "f1_micro": reference.f1_score(truth, answers, average="micro", **options),
            "roc_auc": reference.roc_auc_score(truth, scores, sample_weight=weight),
            "pr_auc": reference.average_precision_score(truth, scores, sample_weight=weight),
            "log_loss": reference.log_loss(truth.ravel(), y_proba=scores.ravel(), sample_weight=cell_weight),
        }
    binary = scores.shape[1] == 2
    ranked = scores[:, 1] if binary else scores
    indicators = np.eye(scores.shape[1])[truth]
    return found | {
        "accuracy": reference.accuracy_score(truth, answers, sample_weight=weight),
        "balanced_accuracy": reference.balanced_accuracy_score(truth, answers, sample_weight=weight),
        "roc_auc": reference.roc_auc_score(truth, ranked, sample_weight=weight, multi_class="ovr"),
        "pr_auc": reference.average_precision_score(indicators, scores, sample_weight=weight),
        "log_loss": reference.log_loss(truth, y_proba=scores, sample_weight=weight),
    }


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("classes", [2, 3, 7])
@pytest.mark.parametrize("seed", range(6))
def test_every_metric_is_that_of_scikit_learn_with_sample_weights(form, classes, seed):
    truth, scores = draw(form, seed, classes=classes)
    generator = np.random.default_rng(seed)
    for weight in (np.ones(60), generator.exponential(size=60), generator.integers(1, 5, 60).astype(float)):
        found, wanted = point(form, truth, scores, weight), expected(form, truth, scores, weight)
        assert {name: found[name] for name in wanted} == pytest.approx(wanted, rel=1e-9, abs=1e-12)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("seed", range(4))
def test_counts_as_weights_are_the_rows_repeated(form, seed):
    truth, scores = draw(form, seed)
    weights = np.random.default_rng(seed).integers(0, 4, (5, 60)).astype(float)
    found = measure(form, truth, scores, weights)
    for index, counts in enumerate(weights.astype(int)):
        repeated = point(form, np.repeat(truth, counts, axis=0), np.repeat(scores, counts, axis=0))
        assert {name: values[index] for name, values in found.items()} == pytest.approx(repeated, rel=1e-9)


@settings(max_examples=80, deadline=None)
@given(st.integers(2, 5), st.data())
def test_any_labels_and_any_ties_rank_as_in_scikit_learn(classes, data):
    rows = data.draw(st.integers(2, 25))
    truth = np.array(data.draw(st.lists(st.integers(0, classes - 1), min_size=rows, max_size=rows)))
    drawn = data.draw(st.lists(st.integers(0, 3), min_size=rows * classes, max_size=rows * classes))
    scores = softmax(np.array(drawn, dtype=float).reshape(rows, classes))
    weight = np.array(data.draw(st.lists(st.integers(1, 9), min_size=rows, max_size=rows)), dtype=float)
    present = [1] if classes == 2 else np.unique(truth)
    sides = [truth == index for index in present if 0 < (truth == index).sum() < rows]
    columns = [scores[:, index] for index in present if 0 < (truth == index).sum() < rows]
    areas = [reference.roc_auc_score(*pair, sample_weight=weight) for pair in zip(sides, columns, strict=True)]
    assert point("class", truth, scores, weight)["roc_auc"] == pytest.approx(
        np.mean(areas) if areas else math.nan, nan_ok=True
    )
    held = np.unique(truth)
    precise = [reference.average_precision_score(truth == at, scores[:, at], sample_weight=weight) for at in held]
    assert point("class", truth, scores, weight)["pr_auc"] == pytest.approx(np.mean(precise))
    macro = reference.f1_score(truth, scores.argmax(axis=1), average="macro", sample_weight=weight, zero_division=0)
    assert point("class", truth, scores, weight)["f1_macro"] == pytest.approx(macro)


@pytest.mark.parametrize("seed", range(4))
def test_spearman_is_that_of_scipy_on_repeated_rows(seed):
    truth, scores = draw("value", seed)
    counts = np.random.default_rng(seed).integers(0, 3, 60)
    wanted = spearmanr(np.repeat(truth, counts), np.repeat(scores, counts)).statistic
    assert point("value", truth, scores, counts.astype(float))["spearman"] == pytest.approx(wanted)


@pytest.mark.parametrize("seed", range(4))
def test_pearson_is_that_of_scipy_on_repeated_rows(seed):
    truth, scores = draw("value", seed)
    counts = np.random.default_rng(seed).integers(0, 3, 60)
    wanted = pearsonr(np.repeat(truth, counts), np.repeat(scores, counts)).statistic
    assert point("value", truth, scores, counts.astype(float))["pearson"] == pytest.approx(wanted)
    shifted = point("value", truth + 1e6, 3 * scores - 7, counts.astype(float))
    assert shifted["pearson"] == pytest.approx(wanted, abs=1e-6), "it does not see scale and place"
    assert point("value", truth, -scores, counts.astype(float))["pearson"] == pytest.approx(-wanted)


def test_pearson_of_constant_scores_is_undefined():
    assert math.isnan(point("value", np.arange(7.0), np.full(7, 0.3))["pearson"])


@pytest.mark.parametrize(
    ("form", "names"), [("class", CLASS_METRICS), ("classes", SEVERAL_METRICS), ("value", VALUE_METRICS)]
)
def test_every_form_has_its_metrics_and_each_has_a_direction(form, names):
    found = measure(form, *draw(form, 0), np.ones((3, 60)))
    assert set(found) == names <= set(HIGHER_IS_BETTER)
    assert all(values.shape == (3,) and values.dtype == np.float64 for values in found.values())


def test_no_direction_is_given_for_a_metric_that_does_not_exist():
    assert set(HIGHER_IS_BETTER) == CLASS_METRICS | SEVERAL_METRICS | VALUE_METRICS | OTHERS


@pytest.mark.parametrize("form", FORMS)
def test_perfect_answers_score_best(form):
    truth, _ = draw(form, 0)
    found = point(form, truth, perfect(form, truth))
    best = {name: 1.0 if higher else 0.0 for name, higher in HIGHER_IS_BETTER.items()}
    assert found == pytest.approx({name: best[name] for name in found}, abs=1e-9)


@pytest.mark.parametrize("form", FORMS)
def test_perfect_answers_beat_good_ones_and_good_ones_shuffled_ones(form):
    truth, scores = draw(form, 3, rows=400)
    shuffled = np.random.default_rng(0).permutation(scores)
    best, good, bad = (point(form, truth, given) for given in (perfect(form, truth), scores, shuffled))
    for name, higher in HIGHER_IS_BETTER.items():
        if name in best:
            assert (best[name] > good[name]) == higher, name
            if name != "calibration_error" or form == "class":
                assert (good[name] > bad[name]) == higher, name


@pytest.mark.parametrize("classes", [2, 5])
def test_shuffled_answers_score_chance(classes):
    truth, scores = draw("class", 0, rows=4000, classes=classes)
    found = point("class", truth, np.random.default_rng(1).permutation(scores))
    for name in ("accuracy", "balanced_accuracy", "precision_macro", "recall_macro", "f1_macro"):
        assert found[name] == pytest.approx(1 / classes, abs=0.03), name
    assert found["roc_auc"] == pytest.approx(0.5, abs=0.03)


def test_shuffled_numbers_and_cells_score_chance():
    truth, scores = draw("value", 0, rows=4000)
    shuffled = point("value", truth, np.random.default_rng(1).permutation(scores))
    assert shuffled["r2"] < 0
    assert shuffled["spearman"] == pytest.approx(0, abs=0.05)
    truth, scores = draw("classes", 0, rows=4000)
    assert point("classes", truth, np.random.default_rng(1).permutation(scores))["roc_auc"] == pytest.approx(
        0.5, abs=0.03
    )


@pytest.mark.parametrize("form", FORMS)
def test_every_metric_gets_a_bootstrap_interval(form):
    truth, scores = draw(form, 2)
    found = intervals(lambda weights: measure(form, truth, scores, weights), 60, np.random.default_rng(0), 100)
    assert {name: one.value for name, one in found.items()} == pytest.approx(point(form, truth, scores))
    assert all(one.low < one.value < one.high for one in found.values() if one.value not in (0, 1))


@pytest.mark.parametrize("form", FORMS)
def test_the_order_of_the_rows_does_not_matter(form):
    truth, scores = draw(form, 1)
    weight = np.random.default_rng(1).exponential(size=60)
    order = np.random.default_rng(2).permutation(60)
    assert point(form, truth[order], scores[order], weight[order]) == pytest.approx(point(form, truth, scores, weight))


@pytest.mark.parametrize("form", FORMS)
def test_nothing_is_measured_without_rows_or_without_weight(form):
    truth, scores = draw(form, 0)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        none = point(form, truth[:0], scores[:0], np.ones(0))
        unweighted = point(form, truth, scores, np.zeros(60))
    assert all(math.isnan(value) for value in [*none.values(), *unweighted.values()])


def test_one_class_alone_cannot_be_ranked_but_is_measured():
    scores = np.array([[0.8, 0.2], [0.4, 0.6], [0.9, 0.1]])
    found = point("class", np.zeros(3, np.int64), scores)
    assert math.isnan(found["roc_auc"])
    assert found["accuracy"] == found["balanced_accuracy"] == pytest.approx(2 / 3)
    assert found["recall_macro"] == pytest.approx(1 / 3)


def test_only_a_resample_without_positives_is_undefined():
    truth, scores = np.array([0, 0, 1]), np.array([[0.9, 0.1], [0.4, 0.6], [0.5, 0.5]])
    areas = measure("class", truth, scores, np.array([[1.0, 1, 1], [2, 1, 0], [0, 0, 3], [0, 1, 2]]))["roc_auc"]
    assert areas.tolist() == pytest.approx([0.5, math.nan, math.nan, 0.0], nan_ok=True)


def test_classes_absent_from_the_test_rows_are_left_out_of_the_means():
    truth, answers = np.array([0, 0, 2, 2]), np.array([0, 0, 2, 4])
    found = point("class", truth, np.eye(6)[answers] * 0.95 + 0.05 / 6)
    assert found["recall_macro"] == pytest.approx((1 + 0.5 + 0) / 3)
    assert found["balanced_accuracy"] == pytest.approx(0.75)
    assert found["roc_auc"] == pytest.approx((1 + 0.75) / 2)
    assert point("class", truth, np.eye(6)[truth])["f1_macro"] == 1.0


def test_a_resample_averages_the_classes_it_holds():
    truth = np.array([0, 1, 2])
    found = measure("class", truth, np.eye(3)[truth], np.array([[1.0, 1, 1], [2, 1, 0]]))
    assert found["recall_macro"].tolist() == [1, 1]
    assert found["balanced_accuracy"].tolist() == [1, 1]


def test_a_multilabel_class_that_never_occurs_is_left_out():
    truth = np.array([[1, 0, 0], [0, 1, 0], [1, 1, 0]])
    found = point("classes", truth, truth.astype(float))
    assert found["f1_macro"] == found["roc_auc"] == 1.0


def test_a_constant_truth_has_nothing_to_explain():
    found = point("value", np.full(7, 0.1), np.arange(7.0), np.random.default_rng(0).exponential(size=7))
    assert math.isnan(found["r2"])
    assert math.isnan(found["spearman"])
    assert math.isnan(found["pearson"])
    assert found["mae"] > 0


def test_r2_is_undefined_only_in_resamples_of_one_value():
    truth = np.array([1e6, 1e6 + 1, 1e6 + 3])
    found = measure("value", truth, truth + 1, np.array([[1.0, 1, 1], [3, 0, 0], [0, 0, 3]]))["r2"]
    assert found[0] == pytest.approx(reference.r2_score(truth, truth + 1))
    assert np.isnan(found[1:]).all()


def test_rounding_is_not_mistaken_for_variance():
    truth = np.random.default_rng(0).normal(size=50)
    assert np.isnan(measure("value", truth, truth + 1, 7 * np.eye(50))["r2"]).all()


def test_of_two_classes_the_second_is_ranked():
    scores = np.array([[0.5, 0.5], [0.51, 0.5]])  # rounded: the columns do not mirror each other
    assert point("class", np.array([0, 1]), scores)["roc_auc"] == 0.5


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_certain_mistake_costs_what_scikit_learn_says(dtype):
    truth, scores = np.array([0, 1, 1]), np.array([[1, 0], [1, 0], [0.25, 0.75]], dtype=dtype)
    assert point("class", truth, scores)["log_loss"] == pytest.approx(
        reference.log_loss(truth, y_proba=scores), rel=1e-6
    )


def test_rows_of_rounded_probabilities_are_renormalised():
    truth, scores = np.array([0, 1]), np.array([[0.5, 0.49], [0.2, 0.81]])
    wanted = -(math.log(0.5 / 0.99) + math.log(0.81 / 1.01)) / 2
    assert point("class", truth, scores)["log_loss"] == pytest.approx(wanted)


def test_calibration_error_by_hand_and_from_its_bins():
    scores = np.array([[0.9, 0.1], [0.9, 0.1], [0.3, 0.7], [0.45, 0.55]])
    truth = np.array([0, 1, 1, 1])
    assert point("class", truth, scores)["calibration_error"] == pytest.approx((2 * 0.4 + 0.3 + 0.45) / 4)
    assert reliability(truth, scores) == [
        pytest.approx({"low": 8 / 15, "high": 9 / 15, "rows": 1, "confidence": 0.55, "accuracy": 1.0}),
        pytest.approx({"low": 10 / 15, "high": 11 / 15, "rows": 1, "confidence": 0.7, "accuracy": 1.0}),
        pytest.approx({"low": 13 / 15, "high": 14 / 15, "rows": 2, "confidence": 0.9, "accuracy": 0.5}),
    ]


@pytest.mark.parametrize("form", ["class", "classes"])
@pytest.mark.parametrize("seed", range(3))
def test_the_bins_add_up_to_the_calibration_error(form, seed):
    truth, scores = draw(form, seed)
    bins = reliability(truth, scores)
    answers = sum(one["rows"] for one in bins)
    gap = sum(one["rows"] * abs(one["confidence"] - one["accuracy"]) for one in bins) / answers
    assert answers == truth.size
    assert all(one["low"] < one["confidence"] <= one["high"] + 1e-12 for one in bins)
    assert gap == pytest.approx(point(form, truth, scores)["calibration_error"])


def test_a_confidence_on_an_edge_belongs_to_the_bin_below():
    edge = float(np.linspace(0, 1, 16)[9])
    assert [one["high"] for one in reliability(np.array([0]), np.array([[edge, 1 - edge]]))] == pytest.approx([edge])


def test_certainty_falls_into_the_last_bin():
    assert [one["high"] for one in reliability(np.array([0, 1]), np.eye(2))] == [1.0]
    assert reliability(np.empty(0, np.int64), np.empty((0, 2))) == []


@pytest.mark.parametrize("form", ["class", "classes"])
@pytest.mark.parametrize("seed", range(4))
def test_figures_per_class_are_those_of_scikit_learn(form, seed):
    truth, scores = draw(form, seed, rows=12, classes=6)
    answers = (scores >= 0.5).astype(int) if form == "classes" else scores.argmax(axis=1)
    weights = np.random.default_rng(seed).exponential(size=(3, 12))
    found = per_class(truth, scores, weights)
    assert sorted(found) == list(range(6))
    for index, weight in enumerate(weights):
        options = {"labels": range(6), "sample_weight": weight, "zero_division": np.nan}
        wanted = reference.precision_recall_fscore_support(truth, answers, **options)
        for name, values in zip(MACRO, wanted, strict=False):
            given = [found[number][name][index] for number in range(6)]
            assert given == pytest.approx(values.tolist(), nan_ok=True), name
        for number in range(6):
            positive = truth[:, number] if form == "classes" else truth == number
            precise = reference.average_precision_score(positive, scores[:, number], sample_weight=weight)
            assert found[number]["pr_auc"][index] == pytest.approx(precise if positive.any() else math.nan, nan_ok=True)


def test_figures_of_a_class_that_is_missing_are_undefined():
    found = per_class(np.array([0, 1]), np.array([[0.9, 0.1, 0.0], [0.8, 0.2, 0.0]]), np.ones((1, 2)))
    assert {name: float(values[0]) for name, values in found[0].items()} == pytest.approx(
        {"precision": 0.5, "recall": 1.0, "f1": 2 / 3, "pr_auc": 1.0}
    )
    assert math.isnan(found[1]["precision"][0])
    assert found[1]["recall"][0] == found[1]["f1"][0] == 0
    assert all(math.isnan(values[0]) for values in found[2].values())


def test_confusion_counts_truth_down_and_answers_across():
    truth, answers = np.array([0, 0, 1, 3]), np.array([0, 1, 1, 0])
    found = confusion(truth, answers, 4)
    assert found.dtype == np.int64
    assert np.array_equal(found, reference.confusion_matrix(truth, answers, labels=range(4)))
    assert confusion(np.empty(0, np.int64), np.empty(0, np.int64), 2).tolist() == [[0, 0], [0, 0]]


@pytest.mark.parametrize("form", ["class", "classes"])
def test_answers_may_be_others_than_the_likeliest(form):
    truth, scores = draw(form, 0, classes=2)
    answers = scores[:, 1] >= 0.2 if form == "class" else scores >= [0.3, 0.7]
    found = measure(form, truth, scores, np.ones((1, 60)), answers.astype(int))
    plain = measure(form, truth, scores, np.ones((1, 60)))
    assert found["f1_macro"][0] == pytest.approx(reference.f1_score(truth, answers, average="macro"))
    assert found["f1_macro"][0] != plain["f1_macro"][0]
    assert [found[name][0] for name in ("roc_auc", "pr_auc")] == [plain[name][0] for name in ("roc_auc", "pr_auc")]
    recall = reference.recall_score(truth, answers, average=None)
    by_class = per_class(truth, scores, np.ones((1, 60)), answers)
    assert [by_class[at]["recall"][0] for at in range(2)] == pytest.approx(recall.tolist())
    bins = reliability(truth, scores, answers)
    right = sum(one["rows"] * one["accuracy"] for one in bins)
    assert right == pytest.approx((truth == answers).sum())
    assert min(one["confidence"] for one in bins) < 0.5, "the confidence is that of the answer given"


@pytest.mark.parametrize("form", ["class", "classes"])
def test_one_metric_alone_is_that_among_all(form):
    truth, scores = draw(form, 0)
    every = measure(form, truth, scores, np.ones((1, 60)))
    for name, values in every.items():
        assert measure(form, truth, scores, np.ones((1, 60)), only=name)[name] == values
    assert every.keys() - measure(form, truth, scores, np.ones((1, 60)), only="f1_macro").keys() == {
        "roc_auc",
        "pr_auc",
    }


def test_answers_that_do_not_fit_are_refused():
    scores = np.full((2, 2), 0.5)
    with pytest.raises(DataError, match="give one per row"):
        measure("class", np.array([0, 1]), scores, np.ones((1, 2)), np.array([1]))
    with pytest.raises(DataError, match="not one of the 2 known"):
        measure("class", np.array([0, 1]), scores, np.ones((1, 2)), np.array([1, 2]))


def test_inputs_are_left_as_they_were():
    truth, scores = draw("class", 0)
    weights = np.ones((2, 60))
    copies = [array.copy() for array in (truth, scores, weights)]
    measure("class", truth, scores, weights)
    assert all(np.array_equal(*pair) for pair in zip(copies, (truth, scores, weights), strict=True))


HALVES = np.full((2, 2), 0.5)
BAD = {
    "more targets than scores": ("class", [0, 1, 1], HALVES, "shape"),
    "flat scores for classes": ("class", [0, 1], [0.5, 0.5], "shape"),
    "one column too few": ("classes", [[0, 1], [1, 0]], HALVES[:, :1], "shape"),
    "columns for numbers": ("value", [1.0, 2.0], HALVES, "shape"),
    "a class without a column": ("class", [0, 2], HALVES, "class 2 at position 1"),
    "a negative class": ("class", [-1, 0], HALVES, "class -1 at position 0"),
    "half a class": ("class", [0, 0.5], HALVES, "class 0.5 at position 1"),
    "a missing target": ("class", [0, math.nan], HALVES, "class nan at position 1"),
    "a cell that is neither": ("classes", [[0, 1], [2, 0]], HALVES, "class 2 at position 1"),
    "a score that is not a number": ("class", [0, 1], [[0.5, 0.5], [math.nan, 1]], "score at position 1 is nan"),
    "an infinite number": ("value", [1, 2], [math.inf, 0], "score at position 0 is inf"),
    "a target that is not a number": ("value", [1, math.nan], [1, 2], "target at position 1 is nan"),
    "logits": ("class", [0, 1], [[0.5, 0.5], [3.0, -2.0]], "position 1 are not probabilities.*softmax"),
    "logits that look like shares": ("class", [0, 1], [[0.5, 0.5], [0.9, 0.9]], "position 1 are not prob.*softmax"),
    "logits of cells": ("classes", [[0, 1], [1, 0]], [[0.5, 0.5], [-1, 0]], "position 1 are not prob.*sigmoid"),
    "an unknown form": ("tags", [0, 1], HALVES, "unknown form 'tags'.*class, classes, value"),
}


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_refused_with_its_place(case):
    form, truth, scores, message = BAD[case]
    with pytest.raises(DataError, match=message):
        measure(form, np.array(truth), np.array(scores), np.ones((1, len(truth))))


@pytest.mark.parametrize("weights", [np.ones(2), np.ones((1, 3)), np.array([[1, -1]]), np.array([[1, math.nan]])])
def test_bad_weights_are_refused(weights):
    with pytest.raises(DataError, match="weight"):
        measure("class", np.array([0, 1]), HALVES, weights)
    with pytest.raises(DataError, match="weight"):
        per_class(np.array([0, 1]), HALVES, weights)


def test_a_bad_confusion_is_refused():
    with pytest.raises(DataError, match="2 targets but 1 answers"):
        confusion(np.array([0, 1]), np.array([0]), 2)
    with pytest.raises(DataError, match="class 2 at position 1 is not one of the 2 known"):
        confusion(np.array([0, 1]), np.array([0, 2]), 2)
