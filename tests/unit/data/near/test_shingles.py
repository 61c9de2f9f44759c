import unicodedata

import numpy as np
import polars as pl
import pytest

from tunesmith.data.near import shingles
from tunesmith.data.near.shingles import NOTHING, blocks, normalised, shingled


def normal(*texts):
    return normalised(pl.DataFrame({"text": list(texts)}, schema={"text": pl.String}), ["text"]).to_list()


def sets(texts):
    found = []
    for block in blocks(pl.Series(texts)):
        made = shingled(block)
        ends = [*made.starts[1:], len(made.hashes)]
        found += [set(made.hashes[start:stop].tolist()) for start, stop in zip(made.starts, ends, strict=True)]
    return found


def test_texts_that_differ_in_case_width_or_space_are_equal_once_normalised():
    assert normal("  A\tB  c\n", "ａ b C") == ["a b c", "a b c"]
    assert normal("STRASSE", "Straße") == ["strasse", "strasse"]
    assert normal("ΟΔΟΣ", "οδος", "οδοσ") == ["οδοσ"] * 3
    assert normal("e\u0301t\u00e9") == ["\u00e9t\u00e9"]
    assert normal(None, "", " \t") == [NOTHING] * 3


@pytest.mark.parametrize("start", [0x00A1, 0x0370, 0x0400, 0x1E00, 0x3040, 0xFB00, 0xFF00])
def test_letters_are_folded_as_the_standard_library_folds_them(start):
    letters = [chr(code) for code in range(start, start + 0x90) if unicodedata.category(chr(code))[0] == "L"]
    ours = normal(*[f"x{letter}x" for letter in letters])
    theirs = [unicodedata.normalize("NFKC", f"x{one}x").casefold() for one in letters]
    differ = [one for one, a, b in zip(letters, ours, theirs, strict=True) if a != unicodedata.normalize("NFKC", b)]
    assert len(differ) <= 3, differ


def test_columns_are_joined_and_do_not_run_into_each_other():
    frame = pl.DataFrame({"a": ["ab", "a", None], "b": ["c", "bc", "abc"]})
    assert len(set(normalised(frame, ["a", "b"]))) == 3


def test_equal_shingles_have_equal_hashes_and_others_do_not():
    one, other, third = sets(["hello world", "say hello world again", "entirely else"])
    assert one <= other
    assert not one & third
    assert len(one) == len("hello world") - 4


def test_a_short_text_is_one_shingle():
    found = sets(["seven77", "seven78", "seven77", "a", NOTHING, "eight888"])
    assert [len(one) for one in found] == [1, 1, 1, 1, 1, 4]
    assert found[0] == found[2]
    assert len({frozenset(one) for one in found[:5]}) == 4


def test_shingles_are_of_characters_not_of_bytes():
    (found,) = sets(["日本語の文章の例です"])
    assert len(found) == 10 - 4


def test_texts_hash_alike_whatever_stands_around_them(monkeypatch):
    random = np.random.default_rng(0)
    letters = np.array(list("abcdefgh ij日é"))
    texts = ["".join(random.choice(letters, size)) or NOTHING for size in random.integers(0, 40, 200)]
    alone = [sets([text])[0] for text in texts]
    assert sets(texts) == alone
    monkeypatch.setattr(shingles, "BLOCK", 50)
    monkeypatch.setattr(shingles, "CHUNK", 300)
    assert sets(texts) == alone


def test_hashes_are_spread_evenly():
    random = np.random.default_rng(0)
    (found,) = sets(["".join(random.choice(list("etaoin shrdlu"), 20_000))])
    share = np.bincount(np.array(sorted(found), np.uint32) >> 28, minlength=16) / len(found)
    assert share == pytest.approx(np.full(16, 1 / 16), abs=0.01)
