"""A report's figures are those of the answers; the same recipe gives the same bytes; commands keep their word."""

from __future__ import annotations

import pytest


@pytest.mark.parametrize("kind", ["table", "text", "mixed", "network"])
def test_trains(trained, kind):
    print(trained(kind).summary["metrics"]["accuracy"], trained(kind).summary["seconds"])
