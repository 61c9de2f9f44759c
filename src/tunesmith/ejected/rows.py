"""A version's rows as they were trained on, read again from where its recipe found them."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..core.errors import DataError, NotFoundError
from ..core.events import Events
from ..data import Codec, Dataset, Encoded
from ..data.chats import Message
from ..data.prompts import conversations
from ..opinions import table
from ..recipe import Recipe
from ..registry import StoredVersion
from ..stages import check
from ..stages.encode import encode
from ..stages.watch import Watch
from ..story import Run, divide, understand

SPLITS = ("train", "validation")


@dataclass(frozen=True, slots=True)
class Rows:
    """The recipe of a run, and its training and validation rows, cleaned."""

    recipe: Recipe
    parts: Mapping[str, Dataset]

    def encoded(self, codec: Codec, split: str) -> Encoded:
        """Return the rows of a split as arrays, with their answers."""
        return encode(self.parts[split], codec)

    def chats(self, codec: Codec, split: str) -> list[list[Message]]:
        """Return what is asked in each row of a split."""
        return conversations(self.encoded(codec, split).inputs)


def again(stored: StoredVersion, home: Path, place: Path) -> Rows:
    """Return the rows that a version was trained on; `place` is the folder that its recipe's paths start from.

    Raises DataError where they cannot be read, or are others by now.
    """
    recipe = Recipe.model_validate(json.loads(stored.read("recipe.json")))
    events = Events()
    try:
        known = understand(Run(recipe, place, home, events))
        found = check.findings(table(known, home, events, is_training=True), recipe.checks, events)
        parts = divide(known, found, Watch(), events).parts
    except (DataError, NotFoundError) as error:
        raise DataError(
            f"{stored.label}: its rows cannot be had again ({error}); --from DIR names the folder that the recipe's "
            "paths start from, --model-only needs no rows"
        ) from error
    ids = json.loads(stored.read("rows.json"))
    for name in SPLITS:
        if list(parts[name].ids) != ids[name]:
            raise DataError(
                f"{stored.label}: the {name} rows of {recipe.data.title()} are not those that it was trained on; "
                "bring the data back as it was, or use --model-only, which needs no rows"
            )
    return Rows(recipe, {name: parts[name] for name in SPLITS})
