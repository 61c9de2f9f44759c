"""Single pieces of Tunesmith turned off, to see what each is worth. One that this version lacks is told of."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from tunesmith.parts.engines import _measuring, local
from tunesmith.training.loop import Loop


class AbsentError(LookupError):
    """This version has no such piece."""


def turn_off(name: str) -> Callable[[Any], None]:
    """Turn a piece off, now where it belongs to the process; return what is to be done to the body once it is built."""
    if name == "pinning":
        _replace(_measuring, "spread_workers", lambda wake: 0)
    elif name == "allocator":
        _replace(local, "keep_freed_memory", lambda: False)
    elif name == "selection":
        _replace(Loop, "settle", _stay)
    elif name == "kernel":
        return lambda body: _replace(body, "kernel", None)
    elif name == "narrowing":
        return lambda body: _replace(body, "narrow", lambda inputs: None)
    else:
        raise AbsentError(f"there is no piece '{name}' to turn off")
    return lambda body: None


def _replace(owner: Any, name: str, value: object) -> None:
    if not hasattr(owner, name):
        raise AbsentError(f"this version has no {name}")
    setattr(owner, name, value)


def _stay(loop: Loop) -> int:
    """Keep the last step's weights, in place of the best ones by validation or their average."""
    loop.model.net.eval()
    return 1
