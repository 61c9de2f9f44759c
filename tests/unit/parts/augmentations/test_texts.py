"""What happens to texts: words that go, words that change places, slips of the finger, synonyms."""

from collections import Counter

import polars as pl
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from tunesmith.core.draws import Draws
from tunesmith.core.errors import DataError, NotFoundError
from tunesmith.core.part import resolve
from tunesmith.parts.augmentations import Place
from tunesmith.parts.augmentations._keyboard import neighbours
from tunesmith.parts.augmentations._word_list import read_word_list
from tunesmith.parts.augmentations.synonym import Synonym
from tunesmith.parts.augmentations.token_deletion import TokenDeletion
from tunesmith.parts.augmentations.token_swap import TokenSwap
from tunesmith.parts.augmentations.typo import Typo

TEXT = "The quick  brown fox, jumps over the lazy dog's tail."
ROWS = 300
TEXTS = pl.Series("note", [TEXT] * ROWS)
DRAWS = Draws.of([f"row {at}" for at in range(ROWS)])


def changed(part, texts=TEXTS, place=None):
    return part.build(texts, place or Place(None))(texts, DRAWS.take(range(len(texts)))).to_list()


def test_each_word_is_left_out_with_its_probability():
    found = changed(TokenDeletion(share=0.3))
    left = [one.split() for one in found]
    assert sum(map(len, left)) / (10 * ROWS) == pytest.approx(0.7, abs=0.04)
    for words in left:
        rest = iter(TEXT.split())
        assert all(word in rest for word in words), "in their order"
    assert all(one == one.strip() for one in found)
    assert all("  " not in one or "quick  " in one for one in found), "the space goes with its word"


def test_one_word_stays_in_any_case():
    assert set(map(len, map(str.split, changed(TokenDeletion(share=1.0))))) == {1}


def test_swapped_words_are_the_same_words_and_the_spaces_stay():
    found = changed(TokenSwap(share=0.1))
    for one in found:
        assert Counter(one.split()) == Counter(TEXT.split())
        assert one != TEXT
        assert sum(new != old for new, old in zip(one.split(), TEXT.split(), strict=True)) == 2, "one swap of two words"
        assert one.count("  ") == 1
    assert len(set(found)) > 30


def test_slips_are_near_the_letter_and_as_many_as_asked_for():
    keys = neighbours("qwerty")
    for one in changed(Typo(slips=["neighbour"], share=0.05)):
        assert len(one) == len(TEXT)
        wrong = [(new, old) for new, old in zip(one, TEXT, strict=True) if new != old]
        assert len(wrong) == 2  # of 41 letters
        for new, old in wrong:
            codes, counts = keys
            assert new in "".join(map(chr, codes[ord(old), : counts[ord(old)]]))
            assert new.isupper() == old.isupper()


@pytest.mark.parametrize(("slip", "length"), [("drop", -1), ("double", 1), ("swap", 0)])
def test_a_slip_changes_one_letter(slip, length):
    for one in changed(Typo(slips=[slip])):
        assert one != TEXT or slip == "swap"  # two equal letters swapped look as before
        assert len(one) - len(TEXT) in (length, 1), "what cannot be swapped is doubled"
        gained, lost = Counter(one) - Counter(TEXT), Counter(TEXT) - Counter(one)
        assert gained.total() == (len(one) > len(TEXT))
        assert lost.total() == (len(one) < len(TEXT))


def test_keys_beside_each_other_are_so_both_ways():
    for keyboard in ("qwerty", "qwertz", "azerty"):
        codes, counts = neighbours(keyboard)
        near = {chr(at): {chr(one) for one in codes[at, : counts[at]]} for at in range(256) if counts[at]}
        assert all(key in near[other] for key, others in near.items() for other in others)
    codes, counts = neighbours("qwerty")
    assert "".join(sorted(map(chr, codes[ord("g"), : counts[ord("g")]]))) == "bfhtvy"


@pytest.fixture
def place(tmp_path):
    (tmp_path / "words.txt").write_text("quick: fast, rapid\nlazy: idle\ndog's: cat's\ntail: tail end\n", "utf-8")
    return Place(tmp_path)


def test_synonyms_stand_in_for_their_words(place):
    found = set(changed(Synonym(path="words.txt"), place=place))
    assert found == {
        TEXT.replace("quick", "fast"),
        TEXT.replace("quick", "rapid"),
        TEXT.replace("lazy", "idle"),
        TEXT.replace("dog's", "cat's"),
        TEXT.replace("tail", "tail end"),
    }


def test_synonyms_keep_the_case(place):
    texts = pl.Series(["Quick!", "QUICK!", "quick!", "quicker", "unquick", "no such word", "Tail", "TAIL"])
    found = changed(Synonym(path="words.txt"), texts, place)
    assert found[0] in ("Fast!", "Rapid!")
    assert found[1] in ("FAST!", "RAPID!")
    assert found[2] in ("fast!", "rapid!")
    assert found[3:] == ["quicker", "unquick", "no such word", "Tail end", "TAIL END"]


@pytest.mark.parametrize(
    ("name", "text"),
    [
        ("words.txt", "# mine\nGood: fine, great\n\nbad:poor\ngood: great, nice\n"),
        ("words.csv", 'word,synonym\ngood,fine,great\nbad,poor\nGood,"great, nice"\n'),
        ("words.csv", "good,fine,great\nbad,poor,\ngood,nice\n"),
        (
            "words.jsonl",
            '{"word": "good", "synonyms": ["fine", "great", "good"]}\n\n{"word": "bad", "synonyms": ["poor"]}\n'
            '{"word": "good", "synonyms": ["nice"]}\n',
        ),
    ],
)
def test_lists_are_read_in_each_form(tmp_path, name, text):
    (tmp_path / name).write_text("\ufeff" + text, "utf-8")
    assert read_word_list(tmp_path / name) == {"good": ["fine", "great", "nice"], "bad": ["poor"]}


@pytest.mark.parametrize(
    ("name", "text", "wanted"),
    [
        ("words.txt", "good: fine\nbad\n", "words.txt line 2: 'bad' has no colon"),
        ("words.txt", "good: fine\nsign in: log in\n", "words.txt line 2: 'sign in' is not a single word"),
        ("words.txt", "good: good, \n", "words.txt line 1: 'good' has no synonym"),
        ("words.csv", "word,synonym\ngood\n", "words.csv line 2: 'good' has no synonym"),
        ("words.txt", "\n# nothing\n", "words.txt: the word list is empty"),
        ("words.jsonl", '{"word": "good"}', "words.jsonl line 1: an entry looks like"),
        ("words.jsonl", '\n["good"]', "words.jsonl line 2: an entry looks like"),
        ("words.jsonl", '{"word": ', "words.jsonl line 1: this is no JSON"),
    ],
)
def test_a_faulty_entry_is_told_by_line(tmp_path, name, text, wanted):
    (tmp_path / name).write_text(text, "utf-8")
    with pytest.raises(DataError) as error:
        read_word_list(tmp_path / name)
    assert wanted in str(error.value)


def test_a_list_that_is_no_text_or_is_not_there_is_told(tmp_path):
    (tmp_path / "words.txt").write_bytes(b"good: \xff\xfe")
    with pytest.raises(DataError, match="cannot be read"):
        read_word_list(tmp_path / "words.txt")
    with pytest.raises(NotFoundError, match="no such word list"):
        read_word_list(tmp_path / "none.txt")


KINDS = ("token_deletion", "token_swap", {"kind": "synonym", "path": "words.txt"}, "typo")


@pytest.mark.parametrize("kind", KINDS, ids=str)
@settings(max_examples=60, deadline=None)
@given(texts=st.lists(st.text(st.characters(codec="utf-8"), max_size=30), max_size=6))
def test_any_text_is_taken_and_none_is_emptied(tmp_path_factory, kind, texts):
    folder = tmp_path_factory.getbasetemp()
    (folder / "words.txt").write_text("a: b", "utf-8")
    part = resolve("parts.augmentations", kind)
    column = pl.Series("note", texts, dtype=pl.String)
    ids = [str(at) for at in range(len(texts))]
    found = part.build(column, Place(folder))(column, Draws.of(ids))
    assert found.dtype == pl.String
    assert len(found) == len(texts)
    assert [one == "" for one in found] == [one == "" for one in texts]
    alone = [part.build(column, Place(folder))(column[[at]], Draws.of([one]))[0] for at, one in enumerate(ids)]
    assert alone == found.to_list()
