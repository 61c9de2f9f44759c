"""Baselines that write: the answer of the nearest prompt, and the usual one."""

from dataclasses import replace

import numpy as np
import pytest

from tunesmith.data import Encoded
from tunesmith.parts.baselines import Question, nearest_answer
from tunesmith.parts.baselines._answers import usual_text
from tunesmith.parts.baselines.majority import Majority
from tunesmith.parts.baselines.nearest_answer import NearestAnswer

KNOWN = ("How do I reset my password?", "Where is my parcel now?", "Can I reset the alarm?", "Where is my parcel now?")
ANSWERS = ("Press Forgot.", "On its way.", "Hold the button.", "Ask the courier.")


def rows(texts, answers=None, form="text"):
    held = np.empty((len(texts), 1), object)
    for at, text in enumerate(texts):
        held[at, 0] = text
    targets = None if answers is None else np.array(answers, object)
    return Encoded(tuple(map(str, range(len(texts)))), {form: held}, targets)


def question(asked, known=KNOWN, answers=ANSWERS, form="text"):
    train = rows(known, answers, form)
    return Question(train, train, rows(asked, form=form), form="text", width=2, seed=0, base="tiny")


def said(asked, **fields):
    return NearestAnswer().outputs(question(asked, **fields)).texts.tolist()


def test_the_nearest_prompt_gives_the_answer():
    assert said(["my password is lost, reset?", "reset the alarm", "PARCEL?"]) == [
        *("Press Forgot.", "Hold the button.", "On its way.")
    ]


def test_of_the_same_prompts_the_first_answers():
    assert said(["Where is my parcel now?"]) == ["On its way."]


def test_likeness_does_not_grow_with_length():
    known = ("parcel " + " ".join(f"word{at}" for at in range(50)), "parcel lost")
    assert said(["parcel parcel"], known=known, answers=("long", "short")) == ["short"]


def test_without_a_known_word_the_usual_answer_is_given():
    assert said(["xyzzy", ""], answers=("b", "c", "a", "c")) == ["c", "c"]
    assert said(["xyzzy"], known=("", " "), answers=("b", "a")) == ["a"]
    assert said([]) == []


def test_conversations_are_read_whole():
    def talk(text):
        return [
            {"role": "system", "content": "Help."},
            {"role": "user", "content": text},
            {"role": "x", "content": None},
        ]

    known = [talk(text) for text in KNOWN]
    asked = [talk("reset the alarm"), [{"role": "user", "content": "my password"}]]
    assert said(asked, known=known, form="chat") == ["Hold the button.", "Press Forgot."]


def test_columns_are_read_together():
    asked = question(["x"])
    train = replace(asked.train, inputs={"text": np.array([["red", "car"], ["red", "boat"]], object)})
    train = replace(train, targets=np.array(["drive", "row"], object))
    test = replace(asked.test, inputs={"text": np.array([["boat", "red"]], object)})
    assert NearestAnswer().outputs(replace(asked, train=train, test=test)).texts.tolist() == ["row"]


@pytest.mark.parametrize("cells", [1, 9, 1 << 23])
def test_blocks_do_not_matter(cells, monkeypatch):
    monkeypatch.setattr(nearest_answer, "CELLS", cells)
    assert said(list(KNOWN[:3]) * 3) == list(ANSWERS[:3]) * 3


def test_it_applies_to_prompts_alone():
    assert NearestAnswer().applies(question(["x"]))
    assert not NearestAnswer().applies(question(["x"], form="pixels"))


def test_the_majority_writes_the_usual_text():
    found = Majority().outputs(question(["x", "y"], answers=("b", "a", "b", "a")))
    assert found.texts.tolist() == ["a", "a"], "the first in order of equally frequent ones"
    assert found.lengths.tolist() == [0, 0]
    assert usual_text(np.array(["b", "a", "b"], object)) == "b"
