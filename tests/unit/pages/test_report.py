"""The report page: figures in five seconds, nothing loaded, nothing run, nothing lost where blocks are missing."""

from __future__ import annotations

import re
from xml.etree import ElementTree

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.pages import render
from unit.pages.sample_reports import Page, classification, metric, regression

HOSTILE = (
    "</style></svg><script>alert(1)</script><img src=x onerror='alert(2)'>\" onload=\"alert(3)&amp;\x00\ud800\u202e"
)
SAMPLES = {
    "binary": classification(),
    "many classes": classification(77),
    "twelve classes": classification(12),
    "regression": regression(),
    "nearly empty": {"name": "draft"},
    "empty": {},
}
KEYS = sorted(set(classification()) | set(regression()))


def poisoned(value):
    """Return the value with every text, key and all, made hostile."""
    if isinstance(value, dict):
        return {key: poisoned(item) for key, item in value.items()}
    if isinstance(value, list):
        return [poisoned(item) for item in value]
    return HOSTILE if isinstance(value, str) else value


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_is_well_formed_and_the_same_each_time(name):
    markup = render(SAMPLES[name])
    Page(markup)
    markup.encode("utf-8")
    assert markup.startswith("<!doctype html>")
    assert render(SAMPLES[name]) == markup


@pytest.mark.parametrize("name", SAMPLES)
def test_every_chart_is_xml_with_a_title_and_its_figures_in_words(name):
    drawings = re.findall(r"<svg.*?</svg>", render(SAMPLES[name]), re.DOTALL)
    for drawing in drawings:
        root = ElementTree.fromstring(drawing)
        assert root.get("role") == "img"
        title = root.findtext("title")
        assert title
        assert len(root.get("aria-label", "")) > len(title) + 5
    assert bool(drawings) is (name not in {"nearly empty", "empty"})


@pytest.mark.parametrize("name", SAMPLES)
def test_a_page_loads_and_runs_nothing(name):
    markup = render(SAMPLES[name])
    page = Page(markup)
    assert {tag for tag, _ in page.tags}.isdisjoint(
        {"script", "link", "img", "iframe", "object", "embed", "base", "form"}
    )
    for _, attributes in page.tags:
        assert not any(key == "src" or key.startswith("on") for key in attributes)
        assert (attributes.get("href") or "#").startswith("#")
    assert not re.search(r"https?://|url\(|@import", markup)


def test_the_head_tells_verdict_metric_lead_and_rows():
    page = Page(render(classification()))
    head = page.text.split("Against baselines")[0]
    for figure in ("Ship", "It beats every baseline.", "0.912", "[0.890, 0.931]", "1,204", "better than linear probe"):
        assert figure in head
    assert "+0.067" in head
    assert "[+0.049, +0.085], p < 0.001, paired bootstrap" in head
    assert "the strongest baseline" in head


def test_a_threshold_is_told_with_what_others_were_worth():
    text = Page(render(classification())).text
    assert "F1 macro 0.812 from 0.310 on" in text
    assert "Chosen on 602 validation rows" in text
    assert "0 of the 602 validation rows are of it" in text
    report = classification()
    report["decision"]["classes"]["class_1"]["positives"] = 17
    assert "class_1 0.310 0.812 0.755 17" in Page(render(report)).text
    fixed = {"classes": {"yes": {"threshold": 0.3}}, "baselines": {}}
    assert "As the recipe says" in Page(render(classification() | {"decision": fixed})).text
    assert "Decision threshold" not in Page(render(classification() | {"decision": None})).text


def test_what_accuracy_hides_stands_beside_it_and_below_the_verdict():
    report = classification()
    report["metrics"] |= {"f1_macro": metric(0.61), "pr_auc": metric(0.55), "balanced_accuracy": metric(0.6)}
    report["verdict"]["note"] = "accuracy says little on these rows"
    report["baselines"]["majority"] |= {"f1_macro": metric(0.49)}
    page = Page(render(report)).text
    head = page.split("Against baselines")[0]
    for words in ("F1 macro 0.610 [0.590, 0.630]", "PR AUC 0.550", "balanced accuracy 0.600", "accuracy says little"):
        assert words in head
    assert "[0.470, 0.510]" in page, "the baselines' intervals too"


def test_an_error_metric_is_better_when_lower():
    text = Page(render(regression())).text
    assert "better than classical −5,450" in text
    assert "lower is better" in text


def test_a_lead_whose_interval_holds_nought_is_not_called_better():
    report = classification()
    report["comparisons"]["linear_probe"]["difference"] = {"value": 0.004, "low": -0.007, "high": 0.015}
    text = Page(render(report)).text
    assert "not clearly different from linear probe" in text
    assert "better than linear probe" not in text


def test_a_lead_without_a_comparison_is_the_plain_difference():
    text = Page(render(classification() | {"comparisons": None})).text
    assert "better than linear probe +0.067" in text


def test_a_comparison_on_another_metric_is_not_taken_for_the_primary_one():
    report = classification()
    report["comparisons"]["linear_probe"] |= {"metric": "auroc", "difference": {"value": 0.5, "low": 0.4, "high": 0.6}}
    text = Page(render(report)).text
    assert "+0.500" not in text
    assert "+0.067" in text


def test_an_undefined_metric_shows_a_dash_and_the_reason():
    assert "AUROC — one class has no rows" in Page(render(classification())).text


def test_every_block_shows_up_and_is_in_the_contents():
    page = Page(render(classification()))
    expected = {"baselines", "metrics", "decision", "split", "training", "classes", "confusion", "calibration"}
    expected |= {"worst", "findings", "guards", "recipe", "environment"}
    assert page.anchors == expected
    assert {attributes["href"] for tag, attributes in page.tags if tag == "a"} == {f"#{anchor}" for anchor in expected}
    assert "Not recorded" not in page.text
    assert "residuals" in Page(render(regression())).anchors


@pytest.mark.parametrize("key", KEYS)
@pytest.mark.parametrize("gone", [None, "missing", 3.5, "text", [], {}, [1, None, {}], {"a": 1}, [[1]], True])
def test_a_missing_or_broken_block_leaves_the_rest(key, gone):
    for report in (classification(), regression()):
        report[key] = gone
        if gone == "missing":
            del report[key]
        page = Page(render(report))
        assert "reviews" in page.text
        assert len(page.anchors) >= 8


def test_what_is_missing_is_named():
    text = Page(render({"name": "draft", "task": "regression"})).text
    assert "No verdict" in text
    assert "No baseline is recorded." in text
    assert "Not recorded, so not shown:" in text
    assert "residuals" in text
    assert "confusion matrix" not in text


def test_a_model_without_baselines_says_that_nothing_tells_whether_it_is_good():
    text = Page(render(classification() | {"baselines": {}, "comparisons": {}})).text
    assert "No baseline is recorded, so nothing says whether this is good." in text


@pytest.mark.parametrize(
    "report", [classification(), classification(77), regression()], ids=["few", "many", "regression"]
)
def test_hostile_texts_are_only_text(report):
    report = poisoned(report) | {"task": report["task"], HOSTILE: HOSTILE}
    report["metrics"] = {HOSTILE: {"value": 0.5, "low": 0.4, "high": 0.6, "reason": HOSTILE}}
    report["primary"] = HOSTILE
    report["baselines"] = {HOSTILE: {HOSTILE: 0.4}}
    report["per_class"] = {HOSTILE: {"f1": 0.5, "rows": HOSTILE}}
    report["recipe"], report["environment"] = {HOSTILE: {HOSTILE: HOSTILE}}, {HOSTILE: HOSTILE}
    for finding in report["findings"]:
        finding["rows"][0]["inputs"] = {HOSTILE: HOSTILE, "other": [HOSTILE, {HOSTILE: 1}]}
    markup = render(report)
    page = Page(markup)
    tags = {tag for tag, _ in page.tags}
    assert tags.isdisjoint({"script", "img"})
    assert not any(key.startswith("on") for _, attributes in page.tags for key in attributes)
    assert not re.search("[\x00\ud800\u202e]", markup)
    markup.encode("utf-8")
    for drawing in re.findall(r"<svg.*?</svg>", markup, re.DOTALL):
        ElementTree.fromstring(drawing)
    assert "<script>alert(1)</script>" in page.text


JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=6),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3),
    max_leaves=12,
)


@settings(max_examples=60, deadline=None)
@given(st.dictionaries(st.sampled_from(KEYS), JSON, max_size=8))
def test_no_json_can_break_the_page(blocks):
    Page(render(blocks))
    Page(render(classification() | blocks))


@settings(max_examples=60, deadline=None)
@given(st.lists(st.floats() | st.integers() | st.just(1e308) | st.just(5e-324), min_size=4, max_size=4))
def test_no_number_can_break_a_chart(numbers):
    a, b, c, d = numbers
    report = classification() | {
        "metrics": {"accuracy": {"value": a, "low": b, "high": c}},
        "baselines": {"majority": {"accuracy": {"value": d, "low": a, "high": b}}},
        "comparisons": {
            "majority": {"metric": "accuracy", "difference": {"value": c, "low": d, "high": a}, "p_value": b}
        },
        "residuals": {"points": [{"truth": a, "answer": b}, {"truth": c, "answer": d}]},
        "curves": {
            "steps": [{"step": a, "loss": b}, {"step": c, "loss": d}],
            "validations": [{"step": d, "accuracy": c}],
        },
        "calibration": {"bins": [{"rows": a, "confidence": b, "accuracy": c}], "error": d},
        "confusion": {"labels": ["x", "y"], "counts": [[a, b], [c, d]]},
        "rows": {"test": a},
        "seconds": b,
    }
    markup = render(report)
    Page(markup)
    assert not re.search(r'="-?(nan|inf)', markup)


def test_many_classes_show_the_worst_and_the_confused_pairs_instead_of_wallpaper():
    report = classification(77)
    page = Page(render(report))
    assert "20 worst of 77 classes" in page.text
    assert "15 most confused pairs" in page.text
    assert not any(label.startswith("Confusion matrix") for label in page.labels())
    bars = [label for label in page.labels() if label.startswith("F1 of the worst")]
    assert "class_0 · 40 rows 0.500" in bars[0]
    assert not any("class_20 " in label for label in bars)
    assert "class_76" in page.text


def test_baselines_are_sorted_best_first():
    label = next(label for label in Page(render(regression())).labels() if "baselines" in label)
    assert label.index("this version") < label.index("classical") < label.index("mean")


def test_a_long_text_is_clipped_and_whole_underneath():
    report = classification()
    whole = "It broke. " * 60
    markup = render(report)
    assert whole.strip() in markup
    assert "600 characters" in Page(markup).text
    assert markup.count("<summary>") >= 1


def test_failed_guards_stand_first_and_are_counted():
    report = classification()
    report["guards"].append({"guard": "no_leakage", "station": "check", "passed": False, "detail": "column 'id'"})
    text = Page(render(report)).text
    assert "1 of 4 guards failed." in text
    assert text.index("no leakage") < text.index("loss is finite")


def test_a_guard_without_a_result_has_not_passed():
    report = classification() | {"guards": [{"guard": "unsure", "passed": "yes"}]}
    assert "1 of 1 guards failed." in Page(render(report)).text


def test_no_findings_and_not_checked_are_told_apart():
    assert "The checks found nothing." in Page(render(classification() | {"findings": []})).text
    unchecked = Page(render(classification() | {"findings": None}))
    assert "The checks found nothing." not in unchecked.text
    assert "findings in the data" in unchecked.text


def test_chosen_settings_stand_before_the_folded_defaults():
    text = Page(render(classification())).text
    chosen = text[text.index("Settings that were chosen") : text.index("All 3 settings")]
    assert "train.epochs 3 --set" in chosen
    assert "batch_rows" not in chosen
    assert "train.batch_rows 32 default" in text
