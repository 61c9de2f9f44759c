"""A judge is a command: asked once for all rows, believed only where it answers each row with one of three words."""

import json
import shlex
import sys

import numpy as np
import pytest

from tunesmith.core.errors import RecipeError
from tunesmith.core.events import Events
from tunesmith.stages.judge import Judge, Pair, judged

LONGER = (
    "import json, sys\n"
    "for line in sys.stdin:\n"
    "    row = json.loads(line)\n"
    "    first, second = len(row['one']), len(row['other'])\n"
    "    print('one' if first > second else 'other' if second > first else 'tie')\n"
)


@pytest.fixture
def judge(tmp_path):
    def of(code):
        (tmp_path / "judge.py").write_text(code, "utf-8")
        return Judge(shlex.join([sys.executable, "judge.py"]), tmp_path)

    return of


def pairs(*lengths):
    """Return pairs of texts of these lengths, ours and the other's."""
    return [Pair(f"asked {at}", "right", "a" * ours, "b" * theirs) for at, (ours, theirs) in enumerate(lengths)]


def test_wins_losses_and_ties_are_those_of_this_version(judge):
    found = judged(judge(LONGER), pairs(*[(3, 1)] * 6, *[(1, 3)] * 2, (2, 2)), None, 0, Events())
    assert (found["rows"], found["wins"], found["losses"], found["ties"], found["same"]) == (9, 6, 2, 1, 0)
    assert found["win_rate"]["value"] == pytest.approx(6.5 / 9)
    assert found["win_rate"]["low"] < 0.5 < found["win_rate"]["high"] < 1


def test_the_order_is_drawn_and_follows_from_the_seed(judge):
    always = judge("import sys\nfor line in sys.stdin:\n    print('one')")
    texts = pairs(*[(3, 1)] * 40)
    found = judged(always, texts, None, 0, Events())
    assert 8 < found["wins"] < 32, "who always says the first is right half of the time"
    assert found["chose_first"] == 40
    assert judged(always, texts, None, 0, Events()) == found
    assert any(judged(always, texts, None, seed, Events())["wins"] != found["wins"] for seed in (1, 2, 3))


def test_equal_texts_are_a_tie_that_nobody_is_asked_about(judge, tmp_path):
    quiet = judge("import sys\nopen('asked', 'w').write(sys.stdin.read())")
    same = [Pair("asked", "right", "it is late", " it  is late\n")] * 3
    found = judged(quiet, same, None, 0, Events())
    assert (found["ties"], found["same"], found["win_rate"]["value"]) == (3, 3, 0.5)
    assert not (tmp_path / "asked").exists()


def test_groups_are_drawn_together(judge):
    texts = pairs(*[(3, 1)] * 30, *[(1, 3)] * 30)
    rate = judged(judge(LONGER), texts, np.repeat(np.arange(12), 5), 0, Events())["win_rate"]
    alone = judged(judge(LONGER), texts, None, 0, Events())["win_rate"]
    assert rate["value"] == alone["value"] == 0.5
    assert rate["high"] - rate["low"] > alone["high"] - alone["low"]
    few = judged(judge(LONGER), texts, np.repeat(np.arange(3), 20), 0, Events())["win_rate"]
    assert (few["low"], few["high"]) == (None, None)


def test_each_row_is_a_line_of_json(judge, tmp_path):
    code = (
        "import sys\nlines = sys.stdin.readlines()\nopen('asked', 'w').writelines(lines)\nprint('tie\\n' * len(lines))"
    )
    text = "two\nlines, ä and \u2028"
    judged(judge(code), [Pair(text, "right", "mine", "theirs")], None, 0, Events())
    (line,) = (tmp_path / "asked").read_text("utf-8").split("\n")[:-1]
    row = json.loads(line)
    assert row["asked"] == text
    assert row["right"] == "right"
    assert {row["one"], row["other"]} == {"mine", "theirs"}
    assert set(row) == {"asked", "right", "one", "other"}


@pytest.mark.parametrize(
    ("code", "fact"),
    [
        ("print('better')", "answered 'better' in line 1; print one, other or tie"),
        ("print('One')", "answered 'One' in line 1"),
        ("pass", "gave 0 answers for 1 rows"),
        ("print('tie\\ntie')", "gave more than 1 answers for 1 rows"),
        ("while True:\n    print('tie')", "gave more than 1 answers"),
        ("import sys\nsys.exit('no key for the model')", r"exit code 1 \(no key for the model\)"),
        ("print('tie')\n1 / 0", r"exit code 1 \(ZeroDivisionError"),
    ],
)
def test_a_command_that_cannot_judge_is_named(judge, code, fact):
    with pytest.raises(RecipeError, match=f"^task.judge: .*{fact}"):
        judge(code).trial(Events())


def test_a_command_that_is_not_there_is_named(tmp_path):
    with pytest.raises(RecipeError, match=r"task.judge: 'no-such-judge' cannot be started in .*No such file"):
        Judge("no-such-judge", tmp_path).trial(Events())


def test_many_long_rows_are_neither_lost_nor_stuck(judge):
    code = "import sys\nfor line in sys.stdin:\n    sys.stderr.write('x' * 5000)\n    print('tie')"
    texts = pairs(*[(5000, 4000)] * 300)
    assert judged(judge(code), texts, None, 0, Events())["ties"] == 300
    with pytest.raises(RecipeError, match="gave 1 answers for 300 rows"):
        judged(judge("print('tie')"), texts, None, 0, Events())
