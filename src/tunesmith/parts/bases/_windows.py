"""A transformer body that reads a question with a long text, window by window, and gives one vector per token."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np
import torch

from ...core.errors import RecipeError
from ...data import Ragged
from ...data.spans import Places
from ._encoder import Arrays
from ._transformer import TransformerEncoder

LEAST_TOKENS = 24  # below which no room is left beside a question
SHARE = 3  # a question, and what two windows share, each take at most this part of a window


class WindowEncoder(TransformerEncoder):
    """Rows of a question and a text, the last of the columns. Windows of a long text overlap by `stride` tokens.

    Prepared rows have `tokens` and their `types` (0: question, 1: text) of all windows one after another, `pieces` the
    windows' lengths in tokens, `lines` int32 (lines, 4): what there is a vector for. That is the place of its token
    among the row's tokens, and what `Places` says of it. The first token of a window stands for "no answer here"
    (Devlin et al., NAACL 2019, section 4.3).
    """

    stride: int = 0

    def prepare(self, inputs: Arrays) -> dict[str, np.ndarray | Ragged]:
        """Add `tokens`, `types`, `pieces` and `lines`. Raises RecipeError where `max_tokens` leaves no room."""
        if self.max_tokens < LEAST_TOKENS:
            raise RecipeError(f"base.max_tokens: {self.max_tokens} leave no room for a text; give {LEAST_TOKENS}")
        texts = np.asarray(inputs["text"])
        questions = self._shortened([" ".join(row[:-1]) for row in texts])
        most = self.max_tokens // SHARE
        self.tokenizer.enable_truncation(self.max_tokens, stride=min(self.stride, most), strategy="only_second")
        coded = self.tokenizer.encode_batch(list(zip(questions, texts[:, -1].tolist(), strict=True)))
        self.tokenizer.enable_truncation(self.max_tokens)
        rows = [_row([one, *one.overflowing]) for one in coded]
        names = ("tokens", "types", "pieces")
        flat = {name: Ragged.of([row[at] for row in rows]) for at, name in enumerate(names)}
        lines = [row[3] for row in rows]
        together = np.concatenate(lines) if lines else np.zeros((0, 4), np.int32)
        return dict(inputs) | flat | {"lines": Ragged.cut(together, np.array([len(one) for one in lines], np.int64))}

    def preparation(self) -> str:
        """Return the tokenizer, its cut, and how windows overlap."""
        return f"windows {self.stride} {super().preparation()}"

    def units(self, inputs: Arrays) -> np.ndarray:
        """Return the number of lines of each row."""
        return _ragged(inputs, "lines").lengths

    def places(self, inputs: Arrays) -> Places:
        """Return what each line stands for."""
        lines = _ragged(inputs, "lines")
        return Places(lines.values[:, 1:], lines.offsets, np.asarray(inputs["text"])[:, -1])

    def collate(self, inputs: Arrays, positions: np.ndarray) -> dict[str, torch.Tensor]:
        """Return `tokens` int64, `mask` bool, `types` int64 where the body has them, and `lines` int64.

        All are (windows, longest) but `lines`, which are places in these.
        """
        tokens, types, pieces, lines = (
            _ragged(inputs, name).take(positions) for name in ("tokens", "types", "pieces", "lines")
        )
        cut = Ragged.cut(tokens.values, pieces.values)
        every = np.arange(len(cut))
        padded, mask = cut.padded(every, self.pad)
        sorts, _ = Ragged(types.values, cut.offsets).padded(every, 0)
        if self._places is not None:
            padded = self._places[padded]
        flat = lines.values[:, 0] + tokens.offsets[lines.owners]  # among the tokens of all windows
        window = np.searchsorted(cut.offsets, flat, side="right") - 1
        where = window * padded.shape[1] + flat - cut.offsets[window]
        found = {"tokens": padded, "mask": mask, "lines": where.astype(np.int64)}
        if int(getattr(self.body.config, "type_vocab_size", 0) or 0) > 1:
            found["types"] = sorts
        return {name: torch.from_numpy(one) for name, one in found.items()}

    def forward(self, tensors: Mapping[str, torch.Tensor]) -> torch.Tensor:
        """Return the last layer's state of each line's token, float (lines, width)."""
        states_BTD = self._states(tensors).float()
        return states_BTD.flatten(0, 1)[tensors["lines"]]

    @property
    def can_split(self) -> bool:
        """Whether kept states of lower layers can stand for them: not yet, as they know no windows."""
        return False

    def _shortened(self, questions: list[str]) -> list[str]:
        """Return questions cut where they would take more than their share of a window."""
        most = self.max_tokens // SHARE
        coded = self.tokenizer.encode_batch(questions, add_special_tokens=False)
        return [
            text if len(one.ids) <= most else text[: one.offsets[most - 1][1]]
            for text, one in zip(questions, coded, strict=True)
        ]


def _row(windows: list[Any]) -> tuple[list[int], list[int], list[int], np.ndarray]:
    """Return tokens, types, the windows' lengths, and the lines of a row."""
    tokens: list[int] = []
    types: list[int] = []
    lines = []
    for one in windows:
        begin = len(tokens)
        is_text = np.array([part == 1 for part in one.sequence_ids], bool)
        offsets = np.asarray(one.offsets, np.int32).reshape(-1, 2)
        places = np.flatnonzero(is_text & (offsets[:, 0] < offsets[:, 1])).astype(np.int32)
        own = np.zeros((1 + len(places), 4), np.int32)
        own[0] = begin, 1, 0, 0
        own[1:, 0] = begin + places
        own[1:, 2:] = offsets[places]
        lines.append(own)
        tokens += one.ids
        types += one.type_ids
    return tokens, types, [len(one.ids) for one in windows], np.concatenate(lines)


def _ragged(inputs: Arrays, name: str) -> Ragged:
    found = inputs[name]
    assert isinstance(found, Ragged)
    return found
