"""The page on guards is true: it has a row for each guard in the folder, at its station, and no other."""

import re
from pathlib import Path

from tunesmith.core.part import find, kinds

PAGE = (Path(__file__).parents[2] / "docs" / "guards.md").read_text("utf-8")


def test_every_guard_stands_in_the_table_at_its_station():
    rows = dict(re.findall(r"^\| `(\w+)` \| (\w+) \|", PAGE, flags=re.M))
    assert rows == {kind: find("parts.guards", kind).station for kind in kinds("parts.guards")}
