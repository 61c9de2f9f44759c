"""`tunesmith chat`: a conversation with a version that writes, in the terminal or line by line."""

from __future__ import annotations

import contextlib
import importlib
import json
import signal
import sys
import threading
import unicodedata
from argparse import Namespace
from collections.abc import Iterator

from rich.console import Console

from ..core.errors import DataError, TunesmithError
from ..version import load
from . import Answer
from ._session import Session
from ._writing import given

PROMPT = "> "


def run(options: Namespace) -> Answer:
    """Talk until the lines end. At a terminal a mistake is told and the talk goes on, else it ends it."""
    version = load(options.version, options.home).writing(given(options))
    version.conversation([{"role": "user", "content": "?"}])  # refuses now what it would refuse later
    talk = _Talk(Session(version), options.json)
    if talk.is_live:
        talk.notice(f"{version.label}; /help shows what can be done, Ctrl-D ends")
        _at_a_terminal(talk)
    else:
        for line in _lines():
            if not talk.take(line):
                break
    return Answer(None, "", is_silent=True)


class _Talk:
    """A session with its input and output."""

    def __init__(self, session: Session, is_json: bool) -> None:
        self.session, self.is_json = session, is_json
        self.is_live = not is_json and sys.stdin.isatty() and sys.stdout.isatty()
        self.console = Console(stderr=True, highlight=False)

    def notice(self, text: str) -> None:
        """Say something beside the conversation."""
        self.console.print(text, style="dim", markup=False, soft_wrap=True)

    def take(self, line: str) -> bool:
        """Answer a line or obey it; return whether the talk goes on."""
        text = line.rstrip("\r\n")
        if not text.strip():
            return True
        if text.startswith("/") and not text.startswith("//"):
            told = self.session.obey(text)
            if told:
                self.notice(told)
            return told is not None
        self._answer(text[1:] if text.startswith("//") else text)
        return True

    def _answer(self, prompt: str) -> None:
        turn = self.session.ask(prompt, self._hear, is_stoppable=self.is_live)
        if self.is_json:
            _put(json.dumps({"turn": len(self.session.turns), **turn.as_json()}, ensure_ascii=False))
        _put("\n")
        if turn.is_stopped:
            self.notice("stopped" if turn.answer else "stopped before a word was said; the question is forgotten")
        if turn.left_out:
            self.notice(f"the conversation's first {turn.left_out} tokens had no room and were left out")

    def _hear(self, piece: str) -> None:
        if not self.is_json:
            _put(_harmless(piece) if self.is_live else piece)


def _at_a_terminal(talk: _Talk) -> None:
    """Read lines with the terminal's own editing until Ctrl-D; Ctrl-C ends what is going on, not the talk."""
    with contextlib.suppress(ImportError):
        importlib.import_module("readline")
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, signal.SIG_DFL)  # else it would only stop an answer, as Ctrl-C does
    while True:
        try:
            if not talk.take(_encodable(input(PROMPT))):
                return
        except EOFError:
            _put("\n")
            return
        except KeyboardInterrupt:
            _put("\n")
        except TunesmithError as error:
            talk.notice(str(error))


def _lines() -> Iterator[str]:
    """Yield the lines of stdin. Raises DataError where one is no UTF-8."""
    try:
        for line in sys.stdin:
            yield _encodable(line)
    except UnicodeDecodeError as error:
        raise DataError(f"stdin: byte {error.start} of a line is no UTF-8; send text in UTF-8") from error


def _encodable(line: str) -> str:
    try:
        line.encode("utf-8")
    except UnicodeEncodeError as error:
        raise DataError(f"'{line[: error.start]}': what follows is no UTF-8; send text in UTF-8") from error
    return line


def _put(text: str) -> None:
    sys.stdout.write(text)
    sys.stdout.flush()


def _harmless(text: str) -> str:
    """Return a text without signs that a terminal would obey."""
    return "".join(sign if sign in "\n\t" or unicodedata.category(sign) != "Cc" else " " for sign in text)
