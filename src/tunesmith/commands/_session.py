"""A conversation with a version: what was said, and the orders that change it."""

from __future__ import annotations

import json
from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from ..core.errors import DataError
from ..data.chats import Message
from ..version import Version

ORDERS = {
    "/reset": "forget what was said, but not the system's message",
    "/system TEXT": "put this before the conversation from now on; without TEXT, nothing",
    "/undo": "take back the last question and its answer",
    "/save FILE": "append the conversation to a file, as one line of JSON",
    "/help": "show this; a message that begins with / is written with //",
    "/quit": "end, as Ctrl-D does; Ctrl-C stops an answer",
}


@dataclass(frozen=True, slots=True)
class Turn:
    """A question and what the version wrote. `left_out` tokens at the conversation's beginning had no room."""

    prompt: str
    answer: str
    prompt_tokens: int
    left_out: int
    is_stopped: bool = False

    def as_json(self) -> dict[str, Any]:
        """Return the turn as JSON values."""
        counts = {"prompt_tokens": self.prompt_tokens, "left_out_tokens": self.left_out}
        return {"prompt": self.prompt, "answer": self.answer, **counts, "is_stopped": self.is_stopped}


@dataclass(slots=True)
class Session:
    """What was said to a version, and its answers."""

    version: Version
    turns: list[Turn] = field(default_factory=list)
    system: str = ""

    def messages(self, prompt: str | None = None) -> list[Message]:
        """Return all that was said, and what is said now."""
        found = [{"role": "system", "content": self.system}] if self.system else []
        for turn in self.turns:
            found += [{"role": "user", "content": turn.prompt}, {"role": "assistant", "content": turn.answer}]
        return found if prompt is None else [*found, {"role": "user", "content": prompt}]

    def ask(self, prompt: str, hear: Callable[[str], None], is_stoppable: bool = False) -> Turn:
        """Return the answer to a message, of which `hear` is given each piece.

        An interrupt stops a stoppable answer, and what was heard of it counts as said; where that is nothing, the
        question is forgotten. Raises DataError where the conversation cannot be answered.
        """
        encoded = self.version.conversation(self.messages(prompt))
        asked, cut = encoded.inputs["asked"], encoded.inputs.get("left_out")
        heard: list[str] = []

        def both(piece: str) -> None:
            heard.append(piece)
            hear(piece)

        counts = len(asked[0]), 0 if cut is None else int(cut[0])
        try:
            turn = Turn(prompt, self.version.model.tell(encoded, both), *counts)
        except KeyboardInterrupt:
            if not is_stoppable:
                raise
            turn = Turn(prompt, "".join(heard), *counts, is_stopped=True)
        if turn.answer or not turn.is_stopped:
            self.turns.append(turn)
        return turn

    def obey(self, line: str) -> str | None:
        """Do what an order says, and return what to tell of it; None: end. Raises DataError where it cannot be done."""
        name, _, rest = line.strip().partition(" ")
        known = {order.partition(" ")[0] for order in ORDERS}
        if name not in known:
            raise DataError(
                f"{name} is no order; /help shows them, and a message that begins with / is written with //"
            )
        if name == "/quit":
            return None
        if name == "/system":
            return self._say_before(rest.strip())
        if name == "/save":
            return self._save(rest.strip())
        if rest.strip():
            raise DataError(f"{line.strip()}: {name} stands alone; leave out '{rest.strip()}'")
        return {"/help": _help, "/reset": self._reset, "/undo": self._undo}[name]()

    def _say_before(self, text: str) -> str:
        self.system = text
        return "the system's message stands before all that is said" if text else "there is no system's message"

    def _reset(self) -> str:
        self.turns.clear()
        return "forgotten; the system's message stays" if self.system else "forgotten"

    def _undo(self) -> str:
        if not self.turns:
            raise DataError("/undo: nothing was said yet")
        return f"taken back: {self.turns.pop().prompt}"

    def _save(self, name: str) -> str:
        if not name:
            raise DataError("/save: name a file, as /save chats.jsonl")
        if not self.turns:
            raise DataError(f"/save {name}: nothing was said yet")
        path = Path(name).expanduser()
        line = json.dumps({"messages": self.messages()}, ensure_ascii=False)
        try:
            is_broken = path.exists() and path.stat().st_size > 0 and not path.read_bytes().endswith(b"\n")
            with path.open("a", encoding="utf-8", newline="\n") as file:
                file.write(f"\n{line}\n" if is_broken else f"{line}\n")
        except OSError as error:
            raise DataError(f"/save {name}: {error.strerror or error}; name another file") from error
        return f"appended to {path}"


def _help() -> str:
    width = max(map(len, ORDERS))
    return "\n".join(f"{order:<{width}}  {what}" for order, what in ORDERS.items())
