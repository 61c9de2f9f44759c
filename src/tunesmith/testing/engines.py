"""What an engine promises: it can say what it is, and gives torch a device and a precision."""

from __future__ import annotations

from ..core.ids import canonical
from ..core.need import lazy
from ..parts.engines import Engine
from .promise import promise

torch = lazy("torch")


def check(engine: Engine) -> None:
    """Hold one engine to its promises."""
    words = engine.describe()
    are_texts = all(isinstance(one, str) and one for pair in words.items() for one in pair)
    promise(bool(words) and are_texts, engine, f"describe() must map texts to texts, not {words!r}")
    promise(bool(canonical(words)), engine, "describe() must be JSON values")
    device = engine.device()
    promise(isinstance(device, torch.device), engine, f"device() must be a torch device, not {device!r}")
    with engine.autocast():
        product = torch.ones(2, 2, device=device) @ torch.ones(2, 2, device=device)
    promise(bool((product == 2).all()), engine, "a product of ones inside autocast() is wrong")
