"""READ ME FIRST. The life of a run, top to bottom: one recipe in, one registered version out."""

from __future__ import annotations

import time
from dataclasses import dataclass, field, replace
from pathlib import Path

from .chronicle import Chapter, account, manifest_of, stored_files
from .core.events import Events
from .data import Dataset
from .handover import Scene, forget, job, kept, places, question
from .parts.guards import Evidence
from .recipe import Recipe, origins
from .recipe_text import RecipeText
from .registry import Registry
from .stages import baseline, inspect
from .stages.build import Blueprint, build, rebuild
from .stages.encode import encode, fit_codec
from .stages.read import read
from .stages.split import NAMES, split
from .stages.train import train
from .stages.watch import Watch
from .version import Version


@dataclass(frozen=True, slots=True)
class Run:
    """A recipe, the folder its paths start from, where versions live, and who listens."""

    recipe: Recipe
    folder: Path
    home: Path
    events: Events = field(default_factory=Events)
    text: RecipeText | None = None
    is_resumed: bool = False


@dataclass(frozen=True, slots=True)
class Understood:
    """Identified rows, the recipe with everything found written down, and where each value came from."""

    rows: Dataset
    recipe: Recipe
    meaning: inspect.Meaning
    origins: dict[str, str]


def understand(run: Run) -> Understood:
    """Read the rows, find what they mean, give each its lasting id."""
    rows = read(run.recipe.data, run.folder, run.events)
    meaning = inspect.infer(rows, run.recipe.given())
    recipe = run.recipe.filled(meaning)
    numeric = [name for name, modality in meaning.inputs.items() if modality.gives == "numbers"]
    rows = rows.identified(list(meaning.inputs), numeric, recipe.data.id)
    for column, why in meaning.left_out.items():
        run.events.note("inspect", f"column '{column}' is no input: {why}; `data: {{inputs: [...]}}` says otherwise")
    return Understood(rows, recipe, meaning, origins(recipe, run.text, meaning.inferred))


def divide(known: Understood, watch: Watch) -> dict[str, Dataset]:
    """Drop rows without a label, divide the others, and let the guards look at both."""
    rows, target, how = known.rows, known.meaning.target, known.recipe.split
    watch.at("read", Evidence(splits={"all": rows}, target=target))
    divided = split(rows.where(rows.frame[target].is_not_null()), how, target)
    parts = {name: divided.in_split(name) for name in NAMES}
    watch.at("split", Evidence(splits=parts, target=target, are_leaks_allowed=how.leaks == "allow"))
    return parts


def tell(run: Run) -> Version:
    """Train, judge and register; nothing is registered unless every line before the last was reached."""
    started, watch, events = time.monotonic(), Watch(), run.events
    registry = Registry(run.home)
    registry.expect(run.recipe.title())
    known = understand(run)
    recipe, meaning = known.recipe, known.meaning
    recipe.train.engine.start()
    findings = [one.as_json(known.rows) for one in inspect.findings(known.rows, meaning, events)]
    parts = divide(known, watch)

    codec = fit_codec(parts["train"], meaning.inputs, meaning.target, meaning.task)
    device, store = str(recipe.train.engine.device()), kept(run.home, recipe)
    plan = Blueprint(recipe.body(), codec, recipe.seed, recipe.train.dropout, device, store)
    model = build(plan)
    encoded = {name: model.prepare(encode(rows, codec)) for name, rows in parts.items()}
    watch.at("encoded", Evidence(splits=parts, codec=codec, encoded=encoded))

    features = baseline.frozen_features(model, encoded, events)
    scene = Scene(watch, events, lambda seed: build(replace(plan, seed=seed)), run.home, run.is_resumed)
    trained = train(model, job(recipe, codec, encoded, scene))
    model = trained.model
    watch.at("trained", Evidence(before=trained.before, after=trained.after))

    outputs = baseline.answer(question(recipe, codec, encoded, features), events)
    chapter = Chapter(recipe, known.origins, parts, codec, findings)
    outputs["model"] = model.outputs(encoded["test"])
    report = account(chapter, encoded["test"], outputs, trained.curve, events) | {"training": trained.account}
    weights = model.files()
    again = rebuild(replace(plan, device="cpu", store=None), weights)
    sample = encoded["validation"]
    watch.at("saved", Evidence(before=model.outputs(sample), after=again.outputs(sample)))
    report |= {"guards": list(watch.said.values()), "seconds": round(time.monotonic() - started, 3)}
    files = weights | stored_files(chapter, report)
    stored = registry.publish(recipe.title(), files, manifest_of(chapter, weights, report))
    forget(places(recipe, encoded, scene))
    return Version.open(stored)
