"""Lists of words are compared as the text they make; other lists are left out."""

import polars as pl

from tunesmith.data.near import comparable


def test_lists_of_words_are_texts():
    frame = pl.DataFrame({"words": [["a", None, "b"], None], "size": [1, 2], "tags": [["x"], ["y"]]})
    texts, kinds = comparable(frame, {"words": "words", "size": "number", "tags": "category"})
    assert texts["words"].to_list() == ["a b", None]
    assert kinds == {"words": "text", "size": "number"}
