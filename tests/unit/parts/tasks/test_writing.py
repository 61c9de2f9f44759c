"""The settings of tasks that write: a judge is a command that can be started without a shell."""

import pytest
from pydantic import ValidationError

from tunesmith.parts.tasks.chat import Chat
from tunesmith.parts.tasks.seq2seq import Seq2seq


@pytest.mark.parametrize("task", [Chat, Seq2seq])
@pytest.mark.parametrize("command", ["python judge.py", "sh -c 'cat | python judge.py'", "./judge --model 'a b'"])
def test_a_command_is_taken(task, command):
    assert task(judge=command).judge == command
    assert task(judge=command).judge_rows == 200
    assert task().judge is None


@pytest.mark.parametrize(
    ("command", "fact"),
    [
        ("", "the command is empty"),
        ("python 'judge.py", "is no command .*quote it"),
        ("cat | python judge.py", r"'\|' is for a shell, and there is none; write `sh -c"),
        ("python judge.py > out", "'>' is for a shell"),
    ],
)
def test_what_cannot_be_started_is_refused(command, fact):
    with pytest.raises(ValidationError, match=fact):
        Chat(judge=command)


def test_some_row_is_asked_about():
    with pytest.raises(ValidationError, match="judge_rows"):
        Chat(judge="judge", judge_rows=0)
