"""A text told while it is written: only what no later token changes or takes back."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from transformers.generation.streamers import BaseStreamer

Hear = Callable[[str], None]
HALF = "\N{REPLACEMENT CHARACTER}"  # stands for the first bytes of a letter whose others are still to come


class Pieces(BaseStreamer):
    """Takes tokens as transformers writes them, and tells the letters that they make.

    Held back are half letters, and what may be the beginning of a text at which the answer stops.
    """

    def __init__(self, tokenizer: Any, stops: Sequence[str], hear: Hear) -> None:
        self.tokenizer, self.stops, self.hear = tokenizer, stops, hear
        self.tokens: list[int] = []
        self.told = ""
        self.is_begun = False

    def put(self, value: Any) -> None:
        """Take the tokens of the question, which come first and are not told, or the next one of the answer."""
        if not self.is_begun:
            self.is_begun = True
            return
        self.tokens += value.flatten().tolist()
        text = self.tokenizer.decode(self.tokens, skip_special_tokens=True)
        if not any(stop in text for stop in self.stops):
            self._tell(text.rstrip(HALF)[: len(text) - self._begun(text)])

    def end(self) -> None:
        """Do nothing: the whole text is told by `finish`."""

    def finish(self, text: str) -> None:
        """Tell what is left of the whole text."""
        self._tell(text)

    def _tell(self, text: str) -> None:
        if len(text) > len(self.told) and text.startswith(self.told):
            self.hear(text[len(self.told) :])
            self.told = text

    def _begun(self, text: str) -> int:
        """Return how many letters at the end may belong to a stop."""
        sizes = (size for stop in self.stops for size in range(1, len(stop)) if text.endswith(stop[:size]))
        return max(sizes, default=0)
