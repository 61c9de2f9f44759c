"""Rows that nearly repeat an earlier one."""

import numpy as np
import polars as pl
import pytest

from tunesmith.data.dataset import Dataset
from tunesmith.parts.checks import Table
from tunesmith.parts.checks.near_duplicates import NearDuplicates

FOX = "the quick brown fox jumps over the lazy dog and runs away from the wolf"
HEN = "a fat brown hen sits on five warm eggs and waits for a very long time"
OWL = "owls hunt at night, when mice that came out to feed do not expect them"


def find(text, label=None, task="classification", **fields):
    frame = pl.DataFrame({"text": text} | ({"label": label} if label else {}))
    table = Table(Dataset.of(frame, "rows.csv"), ("text",), "label" if label else None, task, (), {"text": "text"})
    return NearDuplicates(**fields).find(table)


def test_the_later_row_is_listed_with_the_one_it_repeats():
    (finding,) = find([FOX, HEN, OWL, FOX + "!"])
    assert (finding.rows, finding.origins, finding.severity) == ((3,), (0,), "warning")
    assert 0.9 < finding.scores[0] < 1
    assert "1 row nearly repeats an earlier row, in 1 group (rows.csv row 4 is 9" in finding.advice


def test_sentences_of_words_are_compared_as_texts():
    frame = pl.DataFrame({"words": [FOX.split(), HEN.split(), [*FOX.split(), "!"]]})
    table = Table(Dataset.of(frame, "rows.conll"), ("words",), None, "tagging", (), {"words": "words"})
    (finding,) = NearDuplicates().find(table)
    assert (finding.rows, finding.origins) == ((2,), (0,))


def test_letters_and_spaces_alone_make_a_near_copy():
    (finding,) = find([FOX, HEN, FOX.upper()])
    assert (finding.rows, finding.scores) == ((2,), (1.0,))


def test_exact_copies_are_left_to_duplicates():
    assert find([FOX, FOX, HEN, HEN]) == []
    (finding,) = find([FOX, FOX, HEN, FOX + "!"])
    assert (finding.rows, finding.origins) == ((3,), (0,))


def test_a_row_repeats_the_one_most_like_it():
    (finding,) = find([FOX, FOX + " again and again and yet again", FOX + " again and again."], similarity=0.6)
    assert finding.origins == (0, 1)


def test_the_similarity_asked_for_is_a_field():
    assert find([FOX, FOX + " again and again and yet again"]) == []
    assert find([FOX, FOX + " again and again and yet again"], similarity=0.6)[0].rows == (1,)


def test_near_rows_with_another_answer_come_first():
    odd, near = find([FOX, HEN, FOX + "!", HEN + "!"], ["x", "y", "z", "y"])
    assert (odd.rows, odd.origins, odd.column, odd.severity) == ((2,), (0,), "label", "warning")
    assert near.rows == (2, 3)
    assert "another value of 'label' (rows.csv row 3 is 9" in odd.advice
    assert "'x', 'z'" in odd.advice


def test_a_missing_answer_contradicts_nothing():
    assert len(find([FOX, FOX + "!"], ["x", None])) == 1


def test_labels_are_a_set():
    assert len(find([FOX, FOX + "!"], [["x", "y"], ["y", "x"]], "multilabel")) == 1
    assert len(find([FOX, FOX + "!"], [["x", "y"], ["y"]], "multilabel")) == 2


def test_values_contradict_where_they_lie_far_apart():
    texts, prices = [FOX, FOX + "!", HEN, OWL], [10.0, 11.0, 20.0, 0.0]
    assert len(find(texts, prices, "regression")) == 1
    assert len(find(texts, prices, "regression", differs=0.05)) == 2
    assert len(find(texts, [10.0, 30.0, 20.0, 0.0], "regression")) == 2
    assert len(find(texts, [10.0, None, 20.0, 0.0], "regression")) == 1


def numbers(count):
    chance = np.random.default_rng(0)
    columns = {f"column {at}": chance.normal(size=300) for at in range(count)}
    columns = {name: np.append(values, values[7] + 1e-5) for name, values in columns.items()}
    return Table(Dataset.of(pl.DataFrame(columns), "rows.csv"), tuple(columns), None)


def test_rows_of_several_numbers_are_compared_and_those_of_few_are_not():
    (finding,) = NearDuplicates().find(numbers(5))
    assert (finding.rows, finding.origins) == ((300,), (7,))
    assert NearDuplicates().find(numbers(2)) == []


def test_an_image_that_cannot_be_read_is_near_to_nothing(tmp_path):
    (tmp_path / "one.png").write_bytes(b"no picture")
    data = Dataset.of(pl.DataFrame({"image": ["one.png", "two.png"]}), "rows.csv")
    assert NearDuplicates().find(Table(data, ("image",), kinds={"image": "image"}, folder=tmp_path)) == []


def test_a_column_of_a_kind_that_is_not_compared_is_left_out():
    data = Dataset.of(pl.DataFrame({"text": [FOX, FOX + "!"], "odd": [[1], [2]]}), "rows.csv")
    (finding,) = NearDuplicates().find(Table(data, ("text", "odd"), kinds={"text": "text", "odd": "chat"}))
    assert finding.rows == (1,)


@pytest.mark.parametrize("text", [["a", "b"], [None, None], ["", " "]])
def test_short_and_missing_texts_are_near_nothing(text):
    assert find(text) == []
