"""Several texts of a row as one sequence of tokens, in the order of their columns, the longest cut first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from tokenizers import Tokenizer

from ...data import Ragged

SEPARATORS = ("[SEP]", "</s>", "<sep>", "<|endoftext|>")


@dataclass(frozen=True, slots=True)
class Frame:
    """The tokens a tokenizer puts before, between and behind two texts (int32), as its post-processor writes a pair.

    `is_typed`: whether it tells the second text from the first by token type ids of 1 (Devlin et al., NAACL 2019,
    section 3). Where it knows no pairs, a separator, or the tokens of a line break, stand between.
    """

    before: np.ndarray
    between: np.ndarray
    behind: np.ndarray
    is_typed: bool

    @classmethod
    def of(cls, tokenizer: Tokenizer) -> Frame:
        """Read it off a pair that is written for this purpose."""
        probe = tokenizer.encode("a", "b")
        ids, sides = np.array(probe.ids, np.int32), np.array([-1 if one is None else one for one in probe.sequence_ids])
        first, second = np.flatnonzero(sides == 0), np.flatnonzero(sides == 1)
        between = ids[first[-1] + 1 : second[0]]
        if not len(between):
            name = separator(tokenizer)
            known = tokenizer.token_to_id(name)
            plain = tokenizer.encode(name, add_special_tokens=False).ids if known is None else [known]
            between = np.array(plain, np.int32)
        types = np.array(probe.type_ids)
        is_typed = bool((types[first] == 0).all() and (types[second] == 1).all())
        return cls(ids[: first[0]], between, ids[second[-1] + 1 :], is_typed)

    def around(self, columns: Sequence[Ragged], most: int) -> tuple[Ragged, Ragged]:
        """Return tokens and token types (0 up to the first text's end, then 1) of rows of at most `most` tokens.

        `columns` hold each text's tokens without anything around them.
        """
        joints = len(columns) - 1
        room = most - len(self.before) - joints * len(self.between) - len(self.behind)
        kept = shortened(np.stack([one.lengths for one in columns], axis=1), max(room, 0))
        lengths = kept.sum(axis=1) + most - room
        rows = Ragged.cut(np.zeros(int(lengths.sum()), np.int32), lengths)
        types = Ragged.cut(np.ones(int(lengths.sum()), np.int32), lengths)
        cursor = rows.offsets[:-1].copy()
        for at, column in enumerate(columns):
            _write(rows.values, cursor, self.between if at else self.before)
            if at == 1:
                types.values[_steps(rows.offsets[:-1], cursor - rows.offsets[:-1])] = 0
            rows.values[_steps(cursor, kept[:, at])] = column.values[_steps(column.offsets[:-1], kept[:, at])]
            cursor += kept[:, at]
        _write(rows.values, cursor, self.behind)
        return rows, types


def separator(tokenizer: Tokenizer) -> str:
    """Return the token that stands between texts, a line break where there is none."""
    return next((name for name in SEPARATORS if tokenizer.token_to_id(name) is not None), "\n")


def shortened(lengths: np.ndarray, room: int) -> np.ndarray:
    """Return how many tokens of each text stay, int64 (rows, texts), so that a row's sum is at most `room`.

    The longest text is cut first, down to the next longest, then both: no text is cut that is shorter than an even
    share, and none is dropped for standing last.
    """
    kept = np.zeros_like(lengths)
    order = np.argsort(lengths, axis=1, kind="stable")
    left, rows = np.full(len(lengths), room, np.int64), np.arange(len(lengths))
    for done, at in enumerate(order.T):
        kept[rows, at] = np.minimum(lengths[rows, at], left // (lengths.shape[1] - done))
        left -= kept[rows, at]
    return kept


def _write(values: np.ndarray, cursor: np.ndarray, tokens: np.ndarray) -> None:
    """Write the same tokens at each row's cursor, and move it behind them."""
    for token in tokens:
        values[cursor] = token
        cursor += 1


def _steps(starts: np.ndarray, lengths: np.ndarray) -> np.ndarray:
    """Return start, start + 1, ... of each row, one after another, int64 (sum of lengths,)."""
    ends = np.cumsum(lengths)
    return np.arange(int(ends[-1]) if len(ends) else 0) + np.repeat(starts - (ends - lengths), lengths)
