"""What the story hands to its larger stages: the baselines' question and the training's job."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np

from .core.events import Events
from .core.ids import value_digest
from .core.libraries import libraries
from .data import Codec, Dataset, Encoded
from .data.encoded import flat
from .data.store import ArrayStore
from .model import Model
from .model.activations import digest_of
from .model.network import Network
from .parts.augmentations import Place
from .parts.baselines import Question
from .parts.checks import Table
from .parts.guards import Evidence
from .parts.tasks import Task
from .parts.tasks._writing import WritingTask
from .recipe import Recipe
from .stages import decide, evaluate
from .stages.augment import Augmenter, Turn, ask, augment
from .stages.baseline import Frozen
from .stages.clean import Cleaned, Shape
from .stages.encode import encode, fit_codec
from .stages.inspect import Meaning
from .stages.judge import Judge
from .stages.split import NAMES, Division, Roles
from .stages.watch import Watch
from .training.settings import Job, Places


@dataclass(frozen=True, slots=True)
class Understood:
    """Identified rows, the recipe with everything found written down, and where each value came from.

    `folder` is where the recipe's paths start.
    """

    rows: Dataset
    recipe: Recipe
    meaning: Meaning
    origins: dict[str, str]
    folder: Path

    def table(self) -> Table:
        """Return what the checks look at."""
        meaning = self.meaning
        return Table(
            self.rows,
            tuple(meaning.inputs),
            meaning.target,
            meaning.task.kind,
            tuple(meaning.left_out),
            meaning.kinds,
            self.rows.folder,
            self.recipe.split.group,
            self.recipe.split.time,
            tasks=meaning.task.apart,
        )

    def roles(self) -> Roles:
        """Return what dividing the rows asks of the columns."""
        return Roles(self.meaning.target, self.meaning.task.form, self.meaning.kinds, self.rows.folder)

    def shape(self, events: Events) -> Shape:
        """Return what cleaning needs to know of the columns, and who hears what was done."""
        return Shape(self.meaning.target, self.meaning.kinds, events, self.meaning.task.form)

    def judge(self, events: Events) -> Judge | None:
        """Return who compares texts, if the task names a command, after a trial. Raises RecipeError where it fails."""
        task = self.meaning.task
        if not isinstance(task, WritingTask) or task.judge is None:
            return None
        found = Judge(task.judge, self.folder, task.judge_rows)
        if self.recipe.train.engine.is_first:
            found.trial(events)
        return found


@dataclass(frozen=True)
class Divided:
    """How the rows were divided, and what cleaning left of them."""

    division: Division
    cleaned: Cleaned

    @cached_property
    def parts(self) -> dict[str, Dataset]:
        """The cleaned rows by split."""
        return {name: self.cleaned.rows.in_split(name) for name in NAMES}


def learnt(known: Understood, divided: Divided) -> Codec:
    """Return the codec: what columns and target teach, from the training rows alone.

    Raises RecipeError where the recipe decides by thresholds that these labels do not have.
    """
    meaning, replacements = known.meaning, divided.cleaned.replacements
    group = known.recipe.split.group
    codec = fit_codec(divided.parts["train"], meaning.inputs, meaning.target, meaning.task, replacements, group)
    decide.check(known.recipe.decide, codec)
    return codec


FEW = 6  # rows that are run together and one by one


def testify(model: Model, splits: Mapping[str, Dataset], codec: Codec, encoded: Mapping[str, Encoded]) -> Evidence:
    """Return what guards are shown of encoded rows: the rows, and how the model takes a few in other company."""
    plain = Evidence(splits=splits, codec=codec, encoded=encoded)
    if not isinstance(model, Network):
        return plain
    places = np.arange(min(FEW, len(encoded["train"])))
    few = encoded["train"].take(places)
    together = flat(model.outputs(few))
    alone = np.concatenate([flat(model.outputs(few.take(places[at : at + 1]))) for at in places])
    found = replace(plain, before=together, after=alone, marks=model.marks())
    if not model.writes:
        return found
    served = model.prepare(encode(splits["train"].take(places), codec, labelled=False), is_kept=False)
    return replace(found, served=served)


def question(recipe: Recipe, codec: Codec, encoded: Mapping[str, Encoded], frozen: Frozen | None) -> Question:
    """Return what the baselines are asked, with the frozen body's vectors where there are any.

    Where thresholds are chosen, the rows asked for are the validation rows and then the test rows.
    """
    task, asked = _task(codec), encoded["test"]
    vectors: list[Any] = [None, None] if frozen is None else [frozen.rows, frozen.texts]
    if recipe.decide.is_auto:
        asked = encoded["validation"].followed_by(asked)
        vectors = [one and {**one, "test": np.concatenate([one["validation"], one["test"]])} for one in vectors]
    splits = (encoded["train"], encoded["validation"], asked)
    plain = Question(*splits, task.form, task.width(codec.target_state), recipe.seed, recipe.body().kind, *vectors)
    untouched = {} if frozen is None else frozen.untouched
    return replace(plain, several=task.layout(codec.target_state), untouched=untouched)


GIGABYTE = 1 << 30


@dataclass(frozen=True, slots=True)
class Scene:
    """What stands around a training: who watches, who listens, how to start anew, and where versions live."""

    watch: Watch
    events: Events
    start: Callable[[int], Model]
    home: Path
    is_resumed: bool
    turns: Turns | None = None
    """What augmentation makes of the training rows; None: they are as they were encoded."""


def augmenting(known: Understood, train: Dataset, store: ArrayStore | None, events: Events) -> Augmenter:
    """Return what makes each epoch's rows out of the training rows."""
    recipe, meaning = known.recipe, known.meaning
    asked = ask(meaning.inputs, meaning.target, meaning.task)
    place = Place(known.folder, store, str(recipe.train.engine.device()), events)
    return augment(train, recipe.augment, asked, recipe.seed, place)


class Turns:
    """The training rows as arrays: `train`, new rows included, and what each epoch shows of them."""

    def __init__(self, augmenter: Augmenter, codec: Codec, model: Model, plain: Encoded) -> None:
        """`plain` are the training rows as they were read, encoded."""
        self.augmenter, self.codec, self.model = augmenter, codec, model
        self.train = model.prepare(encode(augmenter.rows, codec)) if augmenter.added else plain
        self._last: tuple[int, Turn, Encoded] | None = None

    def turn(self, epoch: int) -> tuple[Turn, Encoded]:
        """Return an epoch's rows, and them as arrays; the last epoch asked for is remembered."""
        if not self.augmenter.is_anew:
            return self.augmenter.turn(epoch), self.train
        if self._last is None or self._last[0] != epoch:
            turn = self.augmenter.turn(epoch)
            self._last = epoch, turn, self.model.prepare(self._encoded(turn, epoch), is_kept=False)
        return self._last[1:]

    def _encoded(self, turn: Turn, epoch: int) -> Encoded:
        """Return an epoch's rows encoded, and the pixels of images, which are decoded once, as the epoch shows them."""
        encoded = self.train
        if any(self.augmenter.changes):
            encoded = replace(encode(turn.rows, self.codec, labelled=False), targets=self.train.targets)
        plain = self.train.inputs.get("pixels")
        if plain is None:
            return encoded
        shown, targets = plain, encoded.targets
        if self.augmenter.has_images:
            shown = self.augmenter.pixels(epoch, np.asarray(plain))
            if self.augmenter.question.form == "boxes":
                targets = self.augmenter.boxes(epoch, targets)
        return replace(encoded, inputs=dict(encoded.inputs) | {"pixels": shown}, targets=targets)

    def anew(self, epoch: int) -> Encoded:
        """Return an epoch's rows as arrays."""
        return self.turn(epoch)[1]

    def begin(self, parts: Mapping[str, Dataset], watch: Watch, events: Events) -> dict[str, Any]:
        """Let the guards look at the first epoch's rows, and return what the report says of them."""
        splits, encoded = {**parts, "train": self.augmenter.rows}, {"train": self.train}
        if not self.augmenter.parts:
            watch.at("augmented", Evidence(splits=splits, encoded=encoded))
            return {}
        turn, arrays = self.turn(0)
        watch.at(
            "augmented", Evidence(splits=splits | {"augmented": turn.rows}, encoded=encoded | {"augmented": arrays})
        )
        return self.augmenter.account(turn, events)


def job(recipe: Recipe, codec: Codec, encoded: Mapping[str, Encoded], scene: Scene) -> Job:
    """Return what training needs; the guards look at every step."""
    task, base, validation, turns = _task(codec), recipe.body(), encoded["validation"], scene.turns
    assert validation.targets is not None
    train = encoded["train"] if turns is None else turns.train
    targets, names, layout = train.targets, task.classes(codec.target_state), task.layout(codec.target_state)
    if recipe.balance is not None and targets is not None and names is not None:
        scene.events.note("balance", recipe.balance.words(targets, names))
    return Job(
        train=train,
        validation=validation,
        how=recipe.train,
        strategy=recipe.strategy,
        loss=recipe.loss().model_copy(update={"places": layout} if layout else {}),
        base_rate=base.learning_rate,
        is_rate_known=base.is_rate_known,
        form=task.form,
        measure=evaluate.validation_measure(task, validation, codec.target_state),
        watch=lambda step: scene.watch.at("step", Evidence(loss=step.loss, step=step.number, skipped=step.skipped)),
        seed=recipe.seed,
        check=lambda one, several: scene.watch.at("start", Evidence(before=one, after=several)),
        events=scene.events,
        start=scene.start,
        places=places(recipe, encoded, scene),
        anew=turns.anew if turns is not None and turns.augmenter.is_anew else None,
        balance=recipe.balance,
    )


def places(recipe: Recipe, encoded: Mapping[str, Encoded], scene: Scene) -> Places:
    """Return where the run's checkpoints are: a folder that follows from all that decides its numbers."""
    rows = [digest_of(one.inputs) for name, one in encoded.items() if name != "test"]
    labels = [digest_of({"targets": one.targets}) for one in encoded.values() if one.targets is not None]
    turns = scene.turns if recipe.augment else None
    more = [] if turns is None else [turns.augmenter.key, digest_of(turns.train.inputs)]
    key = value_digest([recipe.digest(), rows, labels, more, recipe.train.engine.decisive(), libraries()])
    return Places(scene.home / "runs" / key[:16], key, scene.is_resumed)


def forget(where: Places) -> None:
    """Remove a run's checkpoints, once its version is registered."""
    if where.checkpoints is not None:
        shutil.rmtree(where.checkpoints, ignore_errors=True)


def kept(home: Path, recipe: Recipe) -> ArrayStore | None:
    """Return where arrays that cost time are kept between runs, None where the recipe allows no space."""
    limit = int(recipe.train.cache_gigabytes * GIGABYTE)
    return ArrayStore(home / "cache", limit) if limit else None


def _task(codec: Codec) -> Task:
    assert isinstance(codec.task, Task)
    return codec.task
