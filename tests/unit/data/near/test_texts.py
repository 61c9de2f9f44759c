import numpy as np
import polars as pl
import pytest

from tunesmith.core.errors import DataError
from tunesmith.data.near import groups, near_pairs, shingles
from tunesmith.data.near.jaccard import jaccard
from tunesmith.data.near.shingles import normalised


def found(texts, threshold=0.8, **columns):
    kinds = {"text": "text"} | {name: kind for name, (kind, _) in columns.items()}
    frame = pl.DataFrame({"text": texts} | {name: values for name, (_, values) in columns.items()})
    return near_pairs(frame, kinds, threshold)


def listed(pairs):
    return list(zip(pairs.first.tolist(), pairs.second.tolist(), strict=True))


def sentences(random, count, words=30):
    vocabulary = [
        "".join(random.choice(list("abcdefghijklmnopqrstuvwxyz"), size)) for size in random.integers(2, 9, 2000)
    ]
    return [" ".join(random.choice(vocabulary, words)) for _ in range(count)]


def edited(random, text, edits):
    letters = list(text)
    for at in random.integers(0, len(letters), edits):
        letters[at] = random.choice([letters[at] + "q", "", "z"])
    return "".join(letters)


def shingle_sets(texts):
    normal = normalised(pl.DataFrame({"text": texts}), ["text"])
    return [{text[at : at + 5] for at in range(len(text) - 4)} for text in normal]


def brute(texts):
    sets = shingle_sets(texts)
    pairs = ((one, other) for other in range(len(sets)) for one in range(other))
    return {(a, b): len(sets[a] & sets[b]) / len(sets[a] | sets[b]) for a, b in pairs if sets[a] & sets[b]}


def test_edited_copies_are_found_as_brute_force_finds_them():
    random = np.random.default_rng(0)
    texts = sentences(random, 400)
    texts += [edited(random, text, int(random.integers(1, 8))) for text in texts]
    truth = {pair: value for pair, value in brute(texts).items() if value >= 0.8}
    near = found(texts)
    ours = dict(zip(listed(near), near.similarity.tolist(), strict=True))
    assert ours.keys() <= truth.keys()  # precision 1
    assert len(ours) >= 0.97 * len(truth) > 200
    assert all(ours[pair] == pytest.approx(truth[pair], abs=1e-5) for pair in ours)


def test_recall_at_the_threshold_is_what_the_formula_says():
    random = np.random.default_rng(1)
    texts = sentences(random, 2000)
    texts += [edited(random, text, 5) for text in texts]
    exact = jaccard(normalised(pl.DataFrame({"text": texts}), ["text"]), np.arange(2000), np.arange(2000, 4000))
    at_threshold = np.flatnonzero((exact >= 0.8) & (exact < 0.83))
    ours = set(listed(found(texts)))
    hits = sum((one, one + 2000) in ours for one in at_threshold.tolist())
    assert len(at_threshold) > 100
    assert hits / len(at_threshold) >= 0.95  # 0.984 at 0.8 and rising; 0.95 is three deviations below


def test_a_lower_threshold_lets_more_through():
    one, other = "the quick brown fox jumps over the lazy dog", "the quick brown fox jumps over a lazy dog"
    assert listed(found([one, other], threshold=0.8)) == []
    assert listed(found([one, other], threshold=0.6)) == [(0, 1)]


def test_short_texts_are_near_where_equal_after_normalisation():
    assert listed(found(["yes", "Yes ", "no", "yep", "YES"])) == [(0, 1), (0, 4), (1, 4)]


def test_many_equal_rows_are_linked_to_the_first_only():
    near = found(["the same old text again and again"] * 500 + ["The same old text again and again!"])
    assert len(near) == 500
    assert set(near.first.tolist()) == {0}
    assert near.similarity[:-1].tolist() == [1.0] * 499
    assert near.similarity[-1] < 1.0


def test_boilerplate_does_not_explode_and_its_near_rows_are_found():
    random = np.random.default_rng(2)
    prefix = "Dear customer, thank you for contacting the support of our shop. We have received your message. " * 3
    texts = [prefix + tail for tail in sentences(random, 1500, words=12)]
    texts += [text + "." for text in texts[:200]]
    near = found(texts, threshold=0.97)
    pairs = set(listed(near))
    assert len(pairs) < 60 * len(texts)
    assert sum((one, one + 1500) in pairs for one in range(200)) >= 190


def test_nothing_is_near_to_nothing():
    assert len(found([None, None, "", " \t"])) == 0
    assert len(found([None, None], number=("number", [1.0, 1.0]))) == 1  # the number is there


def test_categories_must_be_equal_and_numbers_close():
    text, other = "the quick brown fox jumps over the lazy dog", "The quick brown fox jumps over the lazy dog!"
    assert listed(found([text, other], kind=("category", ["a", "b"]))) == []
    assert listed(found([text, other], kind=("category", ["a", "a"]))) == [(0, 1)]
    assert listed(found([text, other], kind=("category", [None, None]))) == [(0, 1)]
    prices = [10.0, 10.0001, *range(20)]
    texts = [text, other, *[f"{at} something else entirely" for at in range(20)]]
    assert listed(found(texts, price=("number", prices)))[:1] == [(0, 1)]
    assert listed(found(texts, price=("number", [10.0, 11.0, *range(20)]))) == []
    assert listed(found(texts, price=("number", [10.0, None, *range(20)]))) == []


def test_order_and_number_of_rows_change_no_pair():
    random = np.random.default_rng(3)
    texts = sentences(random, 150)
    texts += [edited(random, text, 3) for text in texts]
    order = random.permutation(len(texts))
    shuffled = found([texts[at] for at in order])
    back = {tuple(sorted((int(order[a]), int(order[b])))) for a, b in listed(shuffled)}
    assert back == set(listed(found(texts)))


def test_groups_join_what_is_linked():
    near = found(["one and the same sentence here"] * 3 + ["One and the same sentence here!", "other text altogether"])
    assert groups(near, 5).tolist() == [0, 0, 0, 0, 4]


def test_unknown_columns_and_kinds_are_named():
    frame = pl.DataFrame({"text": ["a", "b"]})
    with pytest.raises(DataError, match=r"no column 'body'.*columns: text"):
        near_pairs(frame, {"body": "text"})
    with pytest.raises(DataError, match=r"column 'text': unknown kind 'word'.*known: text"):
        near_pairs(frame, {"text": "word"})


def test_a_low_threshold_finds_typing_errors_in_short_texts():
    random = np.random.default_rng(4)
    texts = sentences(random, 600, words=8)
    texts += [text[:at] + "#" + text[at + 1 :] for text, at in zip(texts, random.integers(0, 25, 600), strict=True)]
    truth = {pair for pair, value in brute(texts).items() if value >= 0.6}
    ours = set(listed(found(texts, threshold=0.6)))
    assert ours <= truth
    assert len(ours) >= 0.97 * len(truth) >= 560


@pytest.mark.parametrize("threshold", [0.0, 0.59, 1.01])
def test_a_threshold_that_no_plan_serves_is_refused(threshold):
    with pytest.raises(DataError, match="threshold is"):
        found(["some text or other", "some other text"], threshold=threshold)


@pytest.mark.parametrize("rows", [0, 1])
def test_few_rows_have_no_pairs(rows):
    frame = pl.DataFrame({"text": ["a long enough text"] * rows}, schema={"text": pl.String})
    assert len(near_pairs(frame, {"text": "text"})) == 0
    assert len(near_pairs(frame, {})) == 0


def test_text_that_is_one_long_run_is_handled():
    near = found(["a" * 200_000, "a" * 199_000, "b" * 100_000, "\U0001f600" * 50, "\U0001f600" * 49])
    assert listed(near) == [(0, 1), (3, 4)]


def test_how_much_is_done_rises_to_the_whole(monkeypatch):
    monkeypatch.setattr(shingles, "BLOCK", 400)
    texts = sentences(np.random.default_rng(5), 60)
    told = []
    near_pairs(pl.DataFrame({"text": [*texts, *(f"{text}." for text in texts)]}), {"text": "text"}, told=told.append)
    assert told == sorted(told)
    assert told[-1] == 1.0
    assert len({share for share in told if 0 < share < 0.3}) > 5, "while texts are sketched"
    assert len({share for share in told if 0.3 < share < 0.5}) > 20, "while candidates are looked for"
