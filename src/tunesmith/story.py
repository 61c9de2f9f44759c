"""READ ME FIRST. The life of a run, top to bottom: one recipe in, one registered version out."""

from __future__ import annotations

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path

from .chronicle import Chapter, account, manifest_of, stored_files
from .core.events import Events
from .handover import Divided, Scene, Turns, Understood, augmenting, forget, job, kept, learnt, question, testify
from .opinions import table
from .parts.checks import Finding
from .parts.guards import Evidence
from .recipe import Recipe, origins
from .recipe_text import RecipeText
from .registry import Registry
from .stages import baseline, check, decide, inspect
from .stages.build import Blueprint, build, rebuild
from .stages.clean import clean
from .stages.encode import encode
from .stages.read import read
from .stages.split import split
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


def understand(run: Run) -> Understood:
    """Read the rows, find what they mean, give each its lasting id."""
    rows = inspect.gathered(read(run.recipe.data, run.folder, run.events), run.recipe.target, run.recipe.task)
    meaning = inspect.infer(rows, run.recipe.given())
    recipe = run.recipe.filled(meaning)
    rows = rows.identified(list(meaning.inputs), meaning.numeric, recipe.data.id)
    for column, why in meaning.left_out.items():
        run.events.note("inspect", f"column '{column}' is no input: {why}; `data: {{inputs: [...]}}` says otherwise")
    return Understood(rows, recipe, meaning, origins(recipe, run.text, meaning.inferred), run.folder)


def divide(known: Understood, findings: Sequence[Finding], watch: Watch, events: Events) -> Divided:
    """Drop rows without a label, divide the others, clean them, and let the guards look at them."""
    rows, target = known.rows, known.meaning.target
    watch.at("read", Evidence(splits={"all": rows}, target=target))
    division = split(rows.where(rows.frame[target].is_not_null()), known.recipe.split, known.roles(), events)
    cleaned = clean(rows, division.rows, findings, known.recipe.clean, known.shape(events))
    divided = Divided(division, cleaned)
    watch.at("split", Evidence(splits=divided.parts, target=target, apart=division.apart))
    return divided


def tell(run: Run) -> Version | None:
    """Train, judge and register; nothing is registered unless every line before the last was reached.

    None in a process that only helped another one to train.
    """
    started, registry = time.monotonic(), Registry(run.home)
    registry.expect(run.recipe.title())
    known = understand(run)
    with run.recipe.train.engine.joined():
        return _train(run, known, registry, started)


def _train(run: Run, known: Understood, registry: Registry, started: float) -> Version | None:
    """Walk the stages; several processes walk side by side as far as training goes, then the first one alone."""
    watch, events, recipe = Watch(), run.events, known.recipe
    engine, judge = recipe.train.engine, known.judge(events)
    findings = check.findings(table(known, run.home, events, is_training=True), recipe.checks, events)
    divided = divide(known, findings, watch, events)
    parts, cleaned = divided.parts, divided.cleaned

    store = kept(run.home, recipe)
    augmenter = augmenting(known, parts["train"], store, events)
    codec = learnt(known, divided)
    plan = Blueprint(recipe.body(), codec, recipe.seed, recipe.train.dropout, str(engine.device()), store)
    model = build(plan)
    with engine.in_turn():
        encoded = {name: model.prepare(encode(rows, codec)) for name, rows in parts.items()}
        features = baseline.frozen(model, encoded, events) if engine.is_first else None
    watch.at("encoded", testify(model, parts, codec, encoded))

    turns = Turns(augmenter, codec, model, encoded["train"])
    augmented = turns.begin(parts, watch, events)
    scene = Scene(watch, events, lambda seed: build(replace(plan, seed=seed)), run.home, run.is_resumed, turns)
    trained = train(model, work := job(recipe, codec, encoded, scene))
    if not engine.is_first:
        return None
    model = trained.model
    watch.at("trained", Evidence(before=trained.before, after=trained.after))

    asked = question(recipe, codec, encoded, features)
    outputs = baseline.answer(asked, events) | {"model": model.answer(asked.test)}
    systems = decide.each(recipe.decide, codec, encoded, outputs, events)
    told = [one.as_json(known.rows) for one in findings]
    chapter = Chapter(recipe, known.origins, parts, systems["model"].codec, told, cleaned, divided.division.account())
    report = account(chapter, encoded["test"], systems, trained.curve, events, judge) | {"training": trained.account}
    weights = model.files()
    again = rebuild(replace(plan, device="cpu", store=None), weights)
    sample = encoded["validation"]
    watch.at("saved", Evidence(before=model.outputs(sample), after=again.outputs(sample)))
    seconds = round(time.monotonic() - started, 3)
    report |= {"augment": augmented, "guards": list(watch.said.values()), "seconds": seconds}
    files = weights | stored_files(chapter, report)
    stored = registry.publish(recipe.title(), files, manifest_of(chapter, weights, report))
    forget(work.places)
    return Version.open(stored)
