"""The page on checks is true: a row for each check, with its fields, defaults and remedies, and no other."""

import re
from pathlib import Path

import yaml

from tunesmith.core.part import find, kinds

PAGE = (Path(__file__).parents[2] / "docs" / "checks.md").read_text("utf-8")
ROWS = re.findall(r"^\| `(\w+)` \|[^|]*\|([^|]*)\|([^|]*)\|$", PAGE, flags=re.M)


def test_every_check_stands_in_the_table_once():
    assert sorted(kind for kind, _, _ in ROWS) == sorted(kinds("parts.checks"))


def test_fields_and_their_defaults_are_those_of_the_check():
    for kind, written, _ in ROWS:
        part = find("parts.checks", kind)
        fields = [yaml.safe_load(one) for one in re.findall("`([^`]+)`", written)]
        names = [name for one in fields for name in (one if isinstance(one, dict) else [one])]
        assert sorted(names) == sorted(part.model_fields), kind
        defaults = {name: value for one in fields if isinstance(one, dict) for name, value in one.items()}
        assert {name: part.model_fields[name].default for name in defaults} == defaults, kind


def test_remedies_are_those_of_the_check():
    for kind, _, written in ROWS:
        assert set(filter(None, written.strip().split(", "))) <= set(find("parts.checks", kind).remedies), kind
