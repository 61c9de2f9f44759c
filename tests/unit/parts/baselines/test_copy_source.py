"""The source as an answer: the last column, or what the user said last."""

import numpy as np

from tunesmith.data import Encoded
from tunesmith.parts.baselines import Question
from tunesmith.parts.baselines.copy_source import CopySource


def question(form, cells):
    held = np.empty((len(cells), 1 if form == "chat" else 2), object)
    held[:, -1] = cells
    held[:, 0] = cells if form == "chat" else "never this"
    rows = Encoded(tuple(map(str, range(len(cells)))), {form: held}, np.array(["x"] * len(cells), object))
    return Question(rows, rows, rows, form="text", width=2, seed=0, base="tiny")


def test_the_last_text_is_the_answer():
    found = CopySource().outputs(question("text", ["a dog", "", " two "]))
    assert found.texts.tolist() == ["a dog", "", " two "]
    assert found.lengths.tolist() == [0, 0, 0]


def test_of_a_conversation_it_is_what_the_user_said_last():
    user, other = {"role": "user", "content": "a dog"}, {"role": "assistant", "content": "no"}
    talks = [[user], [user, other], [{"role": "user", "content": "first"}, other, user, other], [other], []]
    assert CopySource().outputs(question("chat", talks)).texts.tolist() == ["a dog", "a dog", "a dog", "", ""]


def test_it_needs_texts():
    assert CopySource().applies(question("text", ["a"]))
    assert CopySource().applies(question("chat", [[]]))
    assert not CopySource().applies(question("pixels", ["a"]))
