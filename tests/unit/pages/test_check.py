"""The check page: a person sees the offending rows."""

from __future__ import annotations

import pytest

from tunesmith.pages import render_check
from unit.pages.sample_reports import Page, check

HOSTILE = "<script>alert(1)</script>"


def test_the_offending_row_is_seen_whole():
    text = Page(render_check(check())).text
    for seen in ("1 error to mend before training", "contradictions", "12", "Fine, I guess.", "pos", "and 43 more"):
        assert seen in text
    assert "Keep the label that is right." in text


def test_columns_show_kind_missing_and_examples():
    text = Page(render_check(check())).text
    assert "text text 3 <0.1% 5,900 Great" in text
    assert "label target category 0 2 pos neg" in text


@pytest.mark.parametrize(
    ("findings", "words"),
    [
        ([], "Nothing found"),
        (None, "Not checked"),
        ([{"check": "duplicates", "severity": "warning"}], "1 finding to look at"),
        ([{"severity": "error"}, {"severity": "error"}], "2 errors to mend"),
    ],
)
def test_the_head_says_how_it_stands(findings, words):
    assert words in Page(render_check(check() | {"findings": findings})).text


def test_the_most_severe_finding_stands_first():
    found = [{"check": name, "severity": name, "count": 1} for name in ("info", "odd", "error", "warning")]
    text = Page(render_check(check() | {"findings": found})).text
    places = [text.index(f"{name} {name} 1 row") for name in ("error", "warning", "info", "odd")]
    assert places == sorted(places)


@pytest.mark.parametrize("key", ["source", "rows", "target", "columns", "findings"])
@pytest.mark.parametrize("broken", [None, 3, "text", [], [3, {}], {"a": [1]}, [{"rows": 3, "examples": 1}]])
def test_a_broken_block_leaves_the_page(key, broken):
    Page(render_check(check() | {key: broken}))


def test_an_empty_check_names_what_is_missing():
    assert "Not recorded, so not shown: the number of rows" in Page(render_check({})).text


def finding(**row):
    place = {"row": 12, "id": "ab", "score": 1.0, "inputs": {"text": "fine", "city": "berlin"}, "target": "pos"}
    return check() | {"findings": [{"check": "categories", "column": "city", "rows": [place | row], "count": 1}]}


def test_the_value_at_fault_is_marked_and_comes_first():
    page = Page(render_check(finding()))
    assert [tag for tag, _ in page.tags].count("mark") == 1
    assert page.text.index("berlin") < page.text.index("fine")


@pytest.mark.parametrize(
    ("suggestion", "seen"), [("Berlin", "berlin → Berlin"), (None, "berlin → missing"), (3, "→ 3")]
)
def test_a_suggestion_is_shown_as_before_and_after(suggestion, seen):
    assert seen in Page(render_check(finding(suggestion=suggestion))).text


def test_a_suggestion_that_changes_nothing_is_not_shown():
    assert "→" not in Page(render_check(finding(suggestion="berlin"))).text


def test_a_suggestion_for_the_target_stands_by_the_target():
    one = finding(suggestion="neg")
    one["findings"][0]["column"] = "label"
    assert "pos → neg" in Page(render_check(one)).text


def test_a_row_stands_beside_the_row_it_repeats():
    original = {"inputs": {"text": "fine!", "city": "Bern"}, "target": "neg"}
    text = Page(render_check(finding(repeats="reviews.csv row 3", original=original))).text
    for seen in ("This row holds", "reviews.csv row 3 holds", "fine!", "target neg"):
        assert seen in text


def test_findings_without_values_show_suggestions_and_origins_in_columns():
    row = {"row": 4, "id": "x", "score": 0.9, "suggestion": "Bern", "repeats": "reviews.csv row 1"}
    text = Page(render_check(check() | {"findings": [{"check": "near", "column": "city", "rows": [row]}]})).text
    assert "Repeats Suggestion" in text
    assert "reviews.csv row 1 Bern" in text


GOOD = "data:image/jpeg;base64,/9j/4AAQSkZJRg=="


@pytest.mark.parametrize(
    ("address", "pictures", "signs"),
    [
        (GOOD, 1, 0),
        (None, 0, 1),
        ("", 0, 0),
        ("data:image/svg+xml;base64,PHN2Zz4=", 0, 1),
        ("https://example.org/track.png", 0, 1),
        (GOOD + '" onerror="alert(1)', 0, 1),
        ("javascript:alert(1)", 0, 1),
        (3, 0, 1),
    ],
)
def test_only_a_picture_in_the_page_itself_is_shown(address, pictures, signs):
    page = Page(render_check(finding(inputs={"text": "a", "city": "b.png"}, pictures={"city": address})))
    shown = [attributes for tag, attributes in page.tags if tag == "img"]
    assert [one["src"] for one in shown] == [GOOD] * pictures
    assert sum(attributes.get("class") == "no-picture" for _, attributes in page.tags) == signs


def test_many_columns_unfold():
    wide = {f"c{at}": str(at) for at in range(30)}
    text = Page(render_check(finding(inputs=wide, columns_left_out=970))).text
    assert "22 columns more" in text
    assert "and 970 columns more, not shown here" in text


@pytest.mark.parametrize("key", ["inputs", "original", "pictures", "suggestion", "repeats", "columns_left_out"])
@pytest.mark.parametrize("broken", [None, 3, "text", [], {"a": [1]}, {"inputs": {"a": {}}}])
def test_a_broken_row_leaves_the_page(key, broken):
    Page(render_check(finding(**{key: broken})))


def test_hostile_rows_are_only_text():
    hostile = check() | {"source": HOSTILE, "target": HOSTILE}
    hostile["columns"] = [{"name": HOSTILE, "kind": HOSTILE, "examples": [HOSTILE, HOSTILE * 9]}]
    row = {"row": HOSTILE, "id": HOSTILE, "score": HOSTILE, "inputs": {HOSTILE: HOSTILE}, "target": HOSTILE}
    row |= {"original": dict(row), "repeats": HOSTILE, "suggestion": f"{HOSTILE}!", "pictures": {HOSTILE: HOSTILE}}
    hostile["findings"] = [dict.fromkeys(("check", "severity", "column", "advice"), HOSTILE) | {"rows": [row]}]
    page = Page(render_check(hostile))
    assert "script" not in {tag for tag, _ in page.tags}
    assert "img" not in {tag for tag, _ in page.tags}
    assert page.text.count(HOSTILE) >= 10
