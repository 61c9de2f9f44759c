"""Texts said in other words, by way of another language (Sennrich et al., ACL 2016; for classes Xie et al. 2020)."""

from __future__ import annotations

import json
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Self

import numpy as np
import polars as pl
from pydantic import Field

from ...core.draws import Draws
from ...core.errors import DataError, NotFoundError, StoreError
from ...core.ids import tree_digest
from ...core.need import lazy
from ...data.store import content_key
from . import Change, ColumnAugmentation, Kind, Place

if TYPE_CHECKING:
    from . import _translation as translation
else:
    translation = lazy("tunesmith.parts.augmentations._translation")

FORMULA = 1  # counted up whenever the same models come to other texts

Batch = tuple[str, ...]


class BackTranslation(ColumnAugmentation):
    """Texts are translated there and back by two sequence-to-sequence models on this machine.

    The likeliest words are taken, not drawn ones, so a text has one answer, and each is translated once: when an epoch
    first shows it, in a batch with the training texts of like length. Who stands in a batch does not depend on chance,
    so that the last digits of a model's arithmetic do not either. It comes before other augmentations of its columns.
    """

    works_on: ClassVar[frozenset[Kind]] = frozenset({"text"})
    reads_originals: ClassVar[bool] = True

    there: str = Field(min_length=1)
    """The folder of the model that translates into the other language, relative to the recipe."""
    back: str = Field(min_length=1)
    """The folder of the model that translates from it."""
    batch_size: int = Field(16, ge=1)
    """Texts that are translated at a time."""
    max_tokens: int = Field(256, ge=4)
    """Longer texts and translations are cut here."""
    beams: int = Field(1, ge=1)
    """How many translations are followed at a time: more may be better, and take as many times longer."""

    @classmethod
    def samples(cls) -> list[Self]:
        """Return one with folders that are only read when they are needed."""
        return [cls(there="en-de", back="de-en", max_tokens=8)]

    def files(self) -> list[str]:
        """Return both folders."""
        return [self.there, self.back]

    def build(self, train: pl.Series, place: Place) -> Change:
        """Return the change. Raises NotFoundError where a folder is missing, DataError where it holds no model."""
        for name in self.files():
            _refuse_missing(place.folder / name)
        texts = pl.DataFrame({"text": train.drop_nulls().unique()})
        ordered = texts.sort(pl.col("text").str.len_chars(), "text")["text"].to_list()
        batches = [tuple(ordered[at : at + self.batch_size]) for at in range(0, len(ordered), self.batch_size)]
        batch_of = {text: batch for batch in batches for text in batch}
        known: dict[str, str] = {}

        def translated(column: pl.Series, draws: Draws) -> pl.Series:
            new = dict.fromkeys(batch_of.get(text, (text,)) for text in column.to_list() if text not in known)
            known.update(self._translated(sorted(new), place))
            found = pl.Series([known[text] for text in column.to_list()], dtype=pl.String)
            return found.zip_with(found != "", column)  # an empty text would count as a missing one

        return translated

    def _translated(self, batches: list[Batch], place: Place) -> dict[str, str]:
        """Return every text of these batches translated there and back, kept ones from the store."""
        if not batches:
            return {}
        how = translation.Decoding(self.max_tokens, self.beams, place.device)
        models = [tree_digest(place.folder / name) for name in self.files()]
        keys = {one: content_key(FORMULA, "back translation", *models, *how.versions(), *one) for one in batches}
        found = {batch: texts for batch in batches if (texts := _stored(keys[batch], place)) is not None}
        new = [batch for batch in batches if batch not in found]
        if new:
            with place.events.stage("back translation", 2 * len(new)) as advance:
                there = translation.translate(place.folder / self.there, new, how, advance)
                again = translation.translate(
                    place.folder / self.back, there, how, lambda done: advance(len(new) + done)
                )
            for batch, texts in zip(new, again, strict=True):
                found[batch] = texts
                _store(keys[batch], texts, place)
        return {text: other for batch in batches for text, other in zip(batch, found[batch], strict=True)}


def _stored(key: str, place: Place) -> list[str] | None:
    arrays = None if place.store is None else place.store.get(key, verify=True)
    return None if arrays is None else json.loads(arrays["texts"].tobytes())


def _store(key: str, texts: Iterable[str], place: Place) -> None:
    if place.store is not None:
        with suppress(StoreError):
            place.store.put(key, {"texts": np.frombuffer(json.dumps(list(texts)).encode(), np.uint8)})


def _refuse_missing(folder: Path) -> None:
    if not folder.is_dir():
        raise NotFoundError(
            f"{folder}: there is no such folder; give that of a sequence-to-sequence model, such as a MarianMT model "
            "saved by transformers; the path starts at the recipe's folder"
        )
    if not (folder / "config.json").is_file():
        raise DataError(f"{folder}: there is no config.json in this folder; give that of a saved model")
