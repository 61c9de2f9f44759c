"""The page on checks says what the checks are: their kinds, their fields with the values they have, their remedies."""

import re
from pathlib import Path

import pytest

from tunesmith.core.part import find
from tunesmith.parts.checks import chosen

PAGE = (Path(__file__).parents[2] / "docs" / "checks.md").read_text("utf-8")
ROWS = re.findall(r"^\| `(\w+)` \|[^|]+\|([^|]*)\|([^|]*)\|$", PAGE, re.MULTILINE)


def test_the_table_is_read():
    assert {"leakage", "drift", "outliers", "near_duplicates", "split_leakage"} <= {kind for kind, _, _ in ROWS}


@pytest.mark.parametrize(("kind", "fields", "remedies"), ROWS, ids=[row[0] for row in ROWS])
def test_fields_and_remedies_are_those_of_the_check(kind, fields, remedies):
    check = find("parts.checks", kind)()
    written = dict(re.findall(r"`(\w+): ([^`]+)`", fields))
    assert written == {name: str(getattr(check, name)) for name in type(check).model_fields}
    assert [one.strip() for one in remedies.split(",") if one.strip()] == list(check.remedies)


def test_the_example_can_be_written_in_a_recipe():
    assert chosen({"leakage": {"score": 0.95}, "near_duplicates": {"similarity": 0.9}, "outliers": False})
    assert "checks: {leakage: {score: 0.95}, near_duplicates: {similarity: 0.9}, outliers: off}" in PAGE
