"""A version that writes can be told how, for one call; one that does not write says so."""

import pytest

from tunesmith.core.errors import DataError
from tunesmith.version import load

ASKED = ["where is order 3", "hello", "it is broken and late and poor"]


@pytest.fixture
def prompts(trained):
    return trained("prompts")


@pytest.fixture
def predict(tunesmith, prompts):
    def answers(*options):
        asked = [part for text in ASKED for part in ("--text", text)]
        outcome = tunesmith("predict", prompts.label, *asked, *options, "--json", "--home", prompts.home)
        assert outcome.code == 0, outcome.err
        return [one["answer"] for one in outcome.json]

    return answers


def test_every_option_is_heard_for_one_call(predict):
    usual = predict()
    assert all(0 < len(one.split()) <= 12 for one in usual)
    assert predict("--max-new-tokens", 2) == [" ".join(one.split()[:2]) for one in usual]
    stop = usual[0][:1]
    assert predict("--stop", stop, "--stop", "never said")[0] == ""
    assert predict("--beams", 4) != usual
    drawn = predict("--temperature", 1.5, "--seed", 3)
    assert drawn != usual
    assert drawn == predict("--temperature", 1.5, "--seed", 3)
    assert drawn != predict("--temperature", 1.5, "--seed", 4)
    assert predict("--temperature", 1.5, "--top-p", 1e-6) == usual
    assert predict() == usual


def test_python_takes_the_same_options(prompts, predict):
    version = load(prompts.label, prompts.home)
    answers = [one.answer for one in version.predict(ASKED, writing={"max_new_tokens": 3})]
    assert answers == predict("--max-new-tokens", 3)
    assert [one.answer for one in version.predict(ASKED)] == predict()


@pytest.mark.parametrize(
    ("options", "fact"),
    [
        (["--temperature", -1], "writing: temperature should be greater than or equal to 0"),
        (["--top-p", 0.9], "writing: top_p .* add a temperature"),
        (["--max-new-tokens", 200], "max_new_tokens is 200, and the model reads 128 tokens"),
    ],
)
def test_what_cannot_be_is_bad_input(tunesmith, prompts, options, fact):
    outcome = tunesmith("predict", prompts.label, "--text", "hello", *options, "--home", prompts.home)
    assert outcome.code == 2
    with pytest.raises(DataError, match=fact):
        raise DataError(outcome.err)


def test_a_version_that_writes_nothing_says_so(tunesmith, trained):
    table = trained("table")
    outcome = tunesmith("predict", table.label, table.data, "--temperature", 1, "--seed", 1, "--home", table.home)
    assert outcome.code == 2
    assert outcome.err == f"error: {table.label} writes no texts, so it has no temperature, seed; leave that out\n"
