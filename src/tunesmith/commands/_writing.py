"""The options of writing, which every command has that lets a version write."""

from __future__ import annotations

from argparse import ArgumentParser, Namespace
from typing import Any

FIELDS = ("max_new_tokens", "temperature", "top_p", "beams", "stop", "seed")


def add(one: ArgumentParser) -> None:
    """Add the options to a command's parser."""
    how = one.add_argument_group("how texts are written", "instead of what the recipe says under `base.writing`")
    how.add_argument("--max-new-tokens", type=int, metavar="N", help="an answer ends here at the latest")
    how.add_argument("--temperature", type=float, metavar="T", help="draw tokens, more freely the higher; 0: likeliest")
    how.add_argument("--top-p", type=float, metavar="P", help="draw from the likeliest that make up this share")
    how.add_argument("--beams", type=int, metavar="N", help="how many answers are followed side by side")
    how.add_argument("--stop", action="append", metavar="TEXT", help="end before this text (may be repeated)")
    how.add_argument("--seed", type=int, metavar="N", help="what drawn tokens follow from")


def given(options: Namespace) -> dict[str, Any]:
    """Return the options that were given, by their names in `base.writing`."""
    return {name: getattr(options, name) for name in FIELDS if getattr(options, name, None) is not None}
