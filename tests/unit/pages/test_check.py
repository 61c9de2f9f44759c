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


def test_hostile_rows_are_only_text():
    hostile = check() | {"source": HOSTILE, "target": HOSTILE}
    hostile["columns"] = [{"name": HOSTILE, "kind": HOSTILE, "examples": [HOSTILE, HOSTILE * 9]}]
    row = {"row": HOSTILE, "id": HOSTILE, "score": HOSTILE, "inputs": {HOSTILE: HOSTILE}, "target": HOSTILE}
    hostile["findings"] = [dict.fromkeys(("check", "severity", "column", "advice"), HOSTILE) | {"rows": [row]}]
    page = Page(render_check(hostile))
    assert "script" not in {tag for tag, _ in page.tags}
    assert page.text.count(HOSTILE) >= 10
