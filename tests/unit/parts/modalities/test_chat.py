"""Conversations as an input: told from plain texts, refused by their first broken cell, encoded to messages."""

import polars as pl
import pytest

from tunesmith.data import Dataset
from tunesmith.data.chats import written
from tunesmith.parts.modalities.chat import Chat
from tunesmith.stages.inspect import guess_modality

SAID = [{"role": "user", "content": "Hello?"}, {"role": "assistant", "content": "Hi."}]


@pytest.mark.parametrize(
    ("cells", "kind"),
    [
        ([written(SAID)] * 3, "chat"),
        ([written(SAID), None, *(f"a plain question number {at}" for at in range(9))], "chat"),
        ([written(SAID), *(f"a plain question number {at}" for at in range(10))], "text"),
        (['[{"role": 5}]', '[{"role"', "[1, 2]"] * 3, "category"),
        ([None, None], "text"),
    ],
)
def test_what_a_column_is_taken_for(cells, kind):
    column = pl.Series("prompt", cells, pl.String)
    assert Chat.suits(column) == (0.95 if kind == "chat" else 0.0)
    if kind != "text" or len(cells) > 2:
        assert guess_modality(Dataset.of(column.to_frame(), "rows"), "prompt").kind == kind


def test_long_columns_are_sampled_evenly():
    column = pl.Series(["plain"] * 10_000 + [written(SAID)] * 10_000)
    assert Chat.suits(column) == 0.95
    assert Chat.suits(pl.Series([1, 2])) == 0.0


def test_the_first_broken_cell_is_named():
    column = pl.Series([None, "plain", written(SAID), '[{"role": "user"}]', '[{"role"'])
    position, fact = Chat().refuse(column)
    assert position == 3
    assert "message 1: no 'content'" in fact
    assert Chat().refuse(column[:3]) is None
    assert "several values" in Chat().refuse(pl.Series([["a"]]))[1]


def test_cells_become_messages():
    rows = Chat().encode(pl.Series([written(SAID), "Hello?", "", None]), {})
    assert rows.tolist() == [SAID, SAID[:1], [], []]
