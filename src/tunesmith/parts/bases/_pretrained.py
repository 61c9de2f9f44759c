"""What loading from transformers has in common: silence, errors that say what to do, whole weights, layers by name."""

from __future__ import annotations

import contextlib
import json
from collections.abc import Collection, Iterator, Mapping
from pathlib import Path
from typing import Any

import transformers
from safetensors import SafetensorError
from torch import nn

from ...core.errors import DataError, first_line

PROBE = "dropout"  # configuration fields with this in their name


@contextlib.contextmanager
def loading(where: str, what: str, remedy: str) -> Iterator[None]:
    """Let transformers load `what` from a folder or a name without a word of its own.

    Raises DataError instead of whatever it raises, with the remedy; a DataError passes as it is.
    """
    transformers.utils.logging.set_verbosity_error()
    transformers.utils.logging.disable_progress_bar()
    try:
        yield
    except DataError:
        raise
    except (OSError, ValueError, KeyError, AttributeError, RuntimeError, SafetensorError) as error:
        kind = "folder" if Path(where).is_dir() else "name"
        raise DataError(
            f"base '{where}': no {what} could be loaded from this {kind}: {first_line(error)}; {remedy}"
        ) from error


def refuse_holes(where: str, told: Mapping[str, Any], unread: str | None = None) -> None:
    """Raise DataError where a weight is missing or misshapen, as transformers would draw it at random.

    `told` is transformers' own report of its loading; weights with `unread` in their names do not matter.
    """
    names = sorted(str(one) for one in (*told["missing_keys"], *told["mismatched_keys"]))
    missing = [one for one in names if unread is None or unread not in one]
    if missing:
        raise DataError(
            f"base '{where}': {len(missing)} weights are not in the file or have another shape, such as {missing[0]}; "
            "they would start at random; get a whole copy of the model"
        )


def set_dropout(config: Any, dropout: float | None) -> None:
    """Set every share of a configuration that is switched off in training, where one is given."""
    for name in [name for name in config.to_dict() if PROBE in name and dropout is not None]:
        if isinstance(getattr(config, name), (int, float)):
            setattr(config, name, dropout)


def processor(where: str) -> dict[str, Any]:
    """Return how the model wants its pictures, from the file beside its weights."""
    file = transformers.utils.cached_file(where, "preprocessor_config.json")
    content: dict[str, Any] = json.loads(Path(str(file)).read_text("utf-8"))
    return content


def depths(body: nn.Module, blocks: Collection[str]) -> list[list[nn.Module]]:
    """Return what stands before the first block, then each block with what stands between it and the next.

    `blocks` are the names of the classes that are layers.
    """
    found: list[list[nn.Module]] = [[]]
    inside: set[int] = set()
    for module in body.modules():
        if id(module) in inside:
            continue
        if type(module).__name__ in blocks:
            found.append([module])
        elif list(module.parameters(recurse=False)):
            found[-1].append(module)
        else:
            continue
        inside |= {id(one) for one in module.modules()}
    return found
