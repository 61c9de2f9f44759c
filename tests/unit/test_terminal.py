"""What a terminal shows: tables with remarks, and which check is at work."""

import pytest

from tunesmith.core.events import Event
from tunesmith.terminal import Screen, remarked


@pytest.mark.parametrize("width", [20, 40, 80, 300])
def test_remarks_are_wrapped_to_the_terminal(monkeypatch, width):
    monkeypatch.setenv("COLUMNS", str(width))
    said = remarked(["severity", "rows"], [["warning", 3], ["info", 12]], ["words " * 60, "few"])
    assert max(map(len, said.splitlines())) <= max(width, 40)
    assert said.splitlines()[0].split() == ["severity", "rows"]
    assert said.endswith("info        12\n  few")


@pytest.mark.parametrize("cell", ["a\nb", "x" * 500, "\x1b[31mred", "", "a\tb"])
def test_a_row_stays_one_line_whatever_its_cells(cell):
    said = remarked(["name", "rows"], [[cell, 1]], [f"see {cell}"])
    assert len(said.splitlines()[0:2]) == 2
    assert "\x1b" not in said
    assert said.splitlines()[1].split()[-1] == "1"


def test_a_slow_check_is_named(capsys, monkeypatch):
    screen = Screen()
    screen.hear(Event("start", "check", 0.0, {"total": 9}))
    screen.spoken = -100.0
    screen.hear(Event("progress", "check", 0.0, {"done": 3, "total": 9, "doing": "images"}))
    assert "check: 3 of 9" in capsys.readouterr().err
