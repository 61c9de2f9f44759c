"""What a language model writes: the same alone and among others, cut where asked, drawn anew by a seed alone."""

from itertools import pairwise

import numpy as np
import pytest
import torch

from stories import convert
from tunesmith.core.errors import DataError
from tunesmith.data import Ragged
from tunesmith.parts.bases import _generation as generation
from tunesmith.parts.bases._causal import from_folder
from tunesmith.parts.bases._language import Reading
from tunesmith.parts.bases._writing import Writing
from tunesmith.testing import tiny

BEGINNINGS = [
    "Once",
    "Lily had a red ball and",
    "The dog",
    "One day, a boy named Tim went to the big park with his mom",
]


@pytest.fixture(scope="module")
def random_model(tmp_path_factory):
    folder = tmp_path_factory.mktemp("language")
    tiny.save_language(folder)
    return from_folder(str(folder), "plain", Reading(64, "all", Writing(max_new_tokens=12)))


@pytest.fixture(scope="module")
def trained_model(assets, tmp_path_factory):
    folder = convert(assets / "weights" / "stories260K", tmp_path_factory.mktemp("stories"))
    return from_folder(str(folder), "plain", Reading(256, "all", Writing(max_new_tokens=24)))


@pytest.fixture(params=["random_model", "trained_model"])
def model(request):
    return request.getfixturevalue(request.param)


def asked(model, texts=BEGINNINGS):
    rows = np.array([[one] for one in texts], object)
    return model.prepare({"text": rows})["asked"]


def texts(model, tokens, **changes):
    how = model.reading.writing.changed(changes)
    return generation.write(model.body, model.tokenizer, tokens, how).tolist()


def alone(model, tokens, **changes):
    return [texts(model, Ragged.of([row]), **changes)[0] for row in tokens]


def test_rows_of_other_lengths_beside_it_change_no_answer(model):
    tokens = asked(model)
    assert len(set(tokens.lengths.tolist())) > 2, "the rows must be padded for this to mean anything"
    together = texts(model, tokens)
    assert together == alone(model, tokens)
    assert together == texts(model, tokens)
    assert len(set(together)) > 1


def test_beams_of_several_rows_are_those_of_each(model):
    tokens = asked(model)
    assert texts(model, tokens, beams=3) == alone(model, tokens, beams=3)


def test_greedy_takes_the_likeliest_token_each_time(trained_model):
    (row,) = asked(trained_model, ["Once upon a time"])
    (text,) = texts(trained_model, Ragged.of([row]), max_new_tokens=8)
    ids = torch.from_numpy(row.astype(np.int64))[None]
    for _ in range(8):
        with torch.no_grad():
            ids = torch.cat([ids, trained_model.body(ids).logits[:, -1:].argmax(-1)], dim=1)
    assert text == trained_model.tokenizer.decode(ids[0, len(row) :], skip_special_tokens=True)


def test_drawn_tokens_follow_from_the_seed(model):
    tokens = asked(model)
    drawn = [texts(model, tokens, temperature=1.0, seed=seed) for seed in (0, 0, 1)]
    assert drawn[0] == drawn[1] != drawn[2]
    assert drawn[0] != texts(model, tokens)
    torch.manual_seed(7)
    before = torch.random.get_rng_state()
    assert texts(model, tokens, temperature=1.0) == drawn[0]
    assert torch.equal(torch.random.get_rng_state(), before), "others' random numbers stay as they were"


def test_the_smallest_share_leaves_the_likeliest_token(model):
    tokens = asked(model)
    assert texts(model, tokens, temperature=1.0, top_p=1e-6) == texts(model, tokens)


def test_an_answer_ends_before_the_first_stop(model):
    tokens = asked(model)
    whole = texts(model, tokens)
    long = max(whole, key=len)
    early, late = long[4:6], long[-3:]
    assert early.strip()
    found = texts(model, tokens, stop=[late, early])
    assert found == [min((one.partition(stop)[0] for stop in (late, early)), key=len) for one in whole]
    assert found != whole


def likelihood(model, row, answer):
    """Return the mean log-probability of an answer's tokens behind those of a row."""
    ids = torch.tensor([[*row.tolist(), *answer]])
    with torch.no_grad():
        told = model.body(ids).logits[0, len(row) - 1 : -1].log_softmax(-1)
    return float(told[range(len(answer)), answer].mean())


def test_beams_find_what_is_at_least_as_likely(model):
    how = {
        one: generation.settings(model.body, model.tokenizer, Writing(max_new_tokens=8, beams=one)) for one in (1, 8)
    }
    found = {1: [], 8: []}
    for row in asked(model):
        ids = torch.from_numpy(row.astype(np.int64))[None]
        for beams, config in how.items():
            answer = model.body.generate(input_ids=ids, generation_config=config)[0, len(row) :].tolist()
            found[beams].append(likelihood(model, row, answer))
    assert all(more >= less - 1e-5 for less, more in zip(found[1], found[8], strict=True))
    assert sum(found[8]) > sum(found[1]), "and somewhere more likely"


def test_a_longer_answer_begins_with_the_shorter(model):
    tokens = asked(model)
    lengths = [texts(model, tokens, max_new_tokens=count) for count in (2, 5, 9)]
    for shorter, longer in pairwise(lengths):
        assert all(one.startswith(other) for one, other in zip(longer, shorter, strict=True))
    assert lengths[0] != lengths[2]


def test_other_options_leave_the_body_as_it_was(random_model):
    other = random_model.writing({"max_new_tokens": 3, "stop": ["x"]})
    assert (other.reading.writing.max_new_tokens, other.reading.writing.stop) == (3, ["x"])
    assert random_model.reading.writing == Writing(max_new_tokens=12)
    assert other.body is random_model.body


@pytest.mark.parametrize(
    ("changes", "fact"),
    [
        ({"temperature": -1.0}, "temperature should be greater than or equal to 0"),
        ({"temperature": 1e-9}, r"temperature is 0, .* or at least 0\.01"),
        ({"top_p": 0.0, "temperature": 1.0}, "top_p should be greater than 0"),
        ({"top_p": 0.5}, "add a temperature"),
        ({"beams": 0}, "beams should be greater"),
        ({"max_new_tokens": 0}, "max_new_tokens should be"),
        ({"stop": [""]}, r"stop\.0 "),
        ({"stops": ["x"]}, "stops .*known: max_new_tokens, beams"),
        ({"max_new_tokens": 128}, "max_new_tokens is 128, and the model reads 128 tokens"),
    ],
)
def test_what_cannot_be_heeded_is_refused(random_model, changes, fact):
    with pytest.raises(DataError, match=fact):
        random_model.writing(changes)
