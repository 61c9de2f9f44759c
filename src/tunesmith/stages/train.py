"""From a job to a trained model: what is prepared before the first step, and what is tidied up after the last."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np
import torch

from ..core.errors import RecipeError, TrainingError, TunesmithError, first_line
from ..core.ids import value_digest
from ..core.seed import derive
from ..data import Rows
from ..model import Curve, Model
from ..model.activations import digest_of_weights
from ..model.fitted import Fitted
from ..model.network import Network
from ..parts.bases import Ask
from ..parts.strategies import Strategy
from ..training.checkpoint import Checkpoints
from ..training.course import Course
from ..training.estimate import Estimate, clock, estimate, steps_within
from ..training.groups import peak_rate
from ..training.loop import Loop
from ..training.memory import peak_bytes
from ..training.prefix import shorten
from ..training.race import race
from ..training.randomness import manual_seed, random_state, restore_random
from ..training.rates import probe_rate
from ..training.resume import Keeper, adopt, spread
from ..training.settings import Job, Plan
from ..training.shortage import is_of_memory
from ..training.statistics import undisturbed
from ..training.variants import variants
from ..training.warm import warm
from ..training.weighting import balanced_rows

CHECKED_ROWS = 5  # an odd number, so that the last micro-batch is a smaller one
PROBED_STEPS = 100  # a shorter training is not worth trials of its learning rate
SAMPLE_ROWS = 64  # validation rows that are compared before and after the strategy's finish


@dataclass(frozen=True, slots=True)
class Trained:
    """What training came to.

    `before` and `after` are outputs of some validation rows around `strategy.finish`; `account` tells as JSON values
    what was expected, what happened, and what the monitor saw.
    """

    model: Model
    curve: Curve
    before: Rows
    after: Rows
    account: dict[str, Any] = field(default_factory=dict)


def train(model: Model, job: Job) -> Trained:
    """Return the trained model: this one, or that of another seed where it came out better. `job.watch` may raise.

    Raises TrainingError where training cannot be completed, InterruptedTrainingError where it was told to stop.
    """
    if isinstance(model, Network):
        before = model.probe()
        with ExitStack() as held, _memory_told():
            trained = _train_networks(model, job, held)
        return trained if before is None else _with_forgetting(trained, before)
    assert isinstance(model, Fitted)
    with job.events.stage("train", 1) as advance:
        model.fit(*balanced_rows(job, model.width), Ask(job.form, model.width, job.seed))
        advance(1)
    outputs = model.outputs(job.validation)
    judged = job.measure(outputs)
    curve = Curve(validations=[{"step": 1, "epoch": 1.0, "loss": judged.loss, "is_best": True} | judged.shown()])
    return Trained(model, curve, outputs, outputs)


def _with_forgetting(trained: Trained, before: dict[str, float]) -> Trained:
    """Return the training with the loss on the probe text before and after it in its account."""
    assert isinstance(trained.model, Network)
    after = trained.model.probe()
    assert after is not None
    told = {"tokens": before["tokens"], "before": before["loss"], "after": after["loss"]}
    return replace(trained, account=trained.account | {"forgetting": told})


@contextmanager
def _memory_told() -> Iterator[None]:
    """Turn memory that ends beside the steps, which see to it themselves, into a TrainingError."""
    try:
        yield
    except (RuntimeError, MemoryError) as error:
        if isinstance(error, TunesmithError) or not is_of_memory(error):
            raise
        reason = first_line(error)
        raise TrainingError(
            f"training: memory does not suffice for measuring rows, without a step ({reason}); nothing was registered; "
            "use a lower base.max_tokens or a smaller base"
        ) from error


@dataclass(slots=True)
class _Entry:
    """One start of the training: its loop, and what has to be known to tidy up."""

    loop: Loop
    names: set[str]
    warmed: set[str]
    keeper: Keeper
    variant: str = ""


def _train_networks(model: Network, job: Job, held: ExitStack) -> Trained:
    """Run one start, or race several. `held` keeps other processes off the run's checkpoints meanwhile."""
    begun = time.monotonic()
    plan = Plan.of(job)
    rate = _rate(job)
    seeds = [job.seed, *(derive(job.seed, "start", at) % 2**31 for at in range(1, job.how.seeds))]
    forms = variants(job, _drops_out(model, job))
    starts = [(seed, name, one) for seed in seeds for name, one in forms.items()]
    entries = []
    expected: Estimate | None = None
    for at, (seed, variant, form) in enumerate(starts):
        one = model if at == 0 else job.start(seed)
        assert isinstance(one, Network)
        entry = _prepare(one, form, plan, rate, seed, variant)
        if entry.keeper.store is not None:
            held.enter_context(entry.keeper.store.hold())
        if expected is None:
            _check_chance(entry.loop)
            expected = estimate(entry.loop)
            if job.how.minutes is not None:
                plan = Plan.of(job, steps_within(60 * job.how.minutes / len(starts), expected, plan))
                entry.loop.plan = plan
                expected = replace(expected, steps=plan.total, seconds=min(expected.seconds, 60 * job.how.minutes))
            job.events.note("train", expected.words())
            _check_sums(entry.loop)
        entry.loop.micro = expected.micro_batch
        entries.append(entry)
    assert expected is not None
    winner, remarks = _run(entries, job)
    members = winner.loop.settle()
    seconds = time.monotonic() - begun
    happened = {
        "steps": winner.loop.progress.number,
        "seconds": round(seconds, 3),
        "memory_bytes": peak_bytes(winner.loop.model.device),
        "skipped_steps": winner.loop.progress.skipped,
        "averaged_weights": members,
        "seed": winner.loop.seed,
        "learning_rate": rate,
    } | ({"regularizer": winner.variant} if winner.variant else {})
    account = {"expected": expected.as_json(), "happened": happened, "remarks": remarks}
    job.events.note("train", f"took {clock(seconds)}, {clock(expected.seconds)} were expected")
    return _finish(winner, job, account)


def _check_sums(loop: Loop) -> None:
    """Let the guard compare the gradient of a few short rows as one batch with their sum over micro-batches."""
    order = np.arange(len(loop.job.train)) if loop.lengths is None else np.argsort(loop.lengths, kind="stable")
    few = order[:CHECKED_ROWS]
    loop.job.check(loop.gradient(few, 1), loop.gradient(few, 2))


def _check_chance(loop: Loop) -> None:
    """Refuse a penalty on what drop-out alone makes different where nothing drops out. Raises RecipeError."""
    idle = [one.kind for one in loop.job.how.regularizers if one.needs_dropout]  # type: ignore[union-attr]
    if not idle:
        return
    loop.wake()
    if not _differs(loop.model, loop.job):
        raise RecipeError(
            f"train.regularizers: {idle[0]} compares two passes that differ by drop-out alone, and no layer that moves "
            "drops anything out; set train.dropout (0.1 is usual), or the base's own dropout where it has one"
        )


def _drops_out(model: Network, job: Job) -> bool:
    """Tell whether two passes over a row differ, where the answer decides what is raced."""
    if job.how.regularizers != "auto":
        return False
    model.net.train()
    return _differs(model, job)


def _differs(model: Network, job: Job) -> bool:
    """Tell whether two passes over a few rows give different outputs; random streams are left where they were."""
    random, few = random_state(), np.arange(min(CHECKED_ROWS, len(job.train)))
    with torch.no_grad(), undisturbed(model.net):
        first, second = (model.net(model.collate(job.train, few), True)[0] for _ in range(2))
    restore_random(random)
    return not first.equal(second)


def _rate(job: Job) -> float:
    """Return the peak learning rate, after trials where the recipe asks for them or the base's rate is not known."""
    asked = job.how.optimizer.learning_rate
    if asked != "probe" and not (asked == "auto" and not job.is_rate_known and Plan.of(job).total >= PROBED_STEPS):
        return peak_rate(job)

    def fresh(trial: Job, plan: Plan, rate: float) -> Loop:
        one = job.start(job.seed)
        assert isinstance(one, Network)
        return _prepare(one, next(iter(variants(trial, False).values())), plan, rate, job.seed).loop

    return probe_rate(job, peak_rate(job), fresh)


def _prepare(model: Network, job: Job, plan: Plan, rate: float, seed: int, variant: str = "") -> _Entry:
    """Return a loop before its first step, every weight that it will not move set apart."""
    manual_seed(seed)
    places = job.places
    key = "" if places.checkpoints is None else value_digest([places.key, digest_of_weights([model.net])])
    body: Any = model.net.encoders[model.body]
    names = {name for name, _ in model.net.named_parameters()}
    for encoder in model.net.encoders.values():
        encoder.adapt(job.train.inputs)  # type: ignore[operator]
    if job.how.engine.is_sharded:
        for encoder in model.net.encoders.values():
            encoder.run_modules()  # type: ignore[operator]
    job.strategy.prepare(body, body.layers())
    early = {id(one) for one in job.strategy.ever_moves(body, body.layers())}
    warmed = {name for name, one in model.net.named_parameters() if id(one) in early}
    warm(model, job, seed)
    job.strategy.settle(body, body.layers())
    near = shorten(model, job)
    if not job.how.regularizers and job.anew is None:  # which words an epoch brings is known when it begins
        for encoder in model.net.encoders.values():
            encoder.narrow([job.train.inputs, job.validation.inputs])  # type: ignore[operator]
    if job.how.gradient_checkpointing:
        body.save_memory()
    loop = Loop(model, near, plan, rate, seed)
    folder = (
        None if places.checkpoints is None else places.checkpoints / "-".join(filter(None, (f"seed-{seed}", variant)))
    )
    store = Checkpoints(folder, key) if folder is not None and job.how.engine.is_first else None
    return _Entry(loop, names, warmed, Keeper(store, job.how.checkpoint_seconds), variant)


def _run(entries: list[_Entry], job: Job) -> tuple[_Entry, list[dict[str, Any]]]:
    """Take all steps of one start, or of a race; return the winner and what the monitor said of it."""
    total = sum(entry.loop.plan.total for entry in entries)
    with job.events.stage("train", total) as advance:
        courses = []
        for entry in entries:
            others = [one.loop for one in entries if one is not entry]

            def tell(done: int, others: list[Loop] = others, **fields: float) -> None:
                advance(done + sum(one.progress.number for one in others), **fields)

            seconds = None if job.how.minutes is None else 60 * job.how.minutes / len(entries)
            courses.append(Course(entry.loop, entry.keeper, tell, seconds))
            _resume(entry, job)
        winner = race(courses)
    winner.close()
    return entries[courses.index(winner)], winner.loop.progress.remarks


def _resume(entry: _Entry, job: Job) -> None:
    """Go on from the last whole checkpoint where that is asked for; say what was found in any case."""
    store, state = entry.keeper.store, None
    if store is not None and job.places.is_resumed:
        found = store.latest()
        for sentence in found.refused:
            job.events.warn("train", sentence)
        if found.state is None:
            job.events.note("train", "no checkpoint of this run is here; it starts from the beginning")
        state = found.state
    elif store is not None:
        store.clear()
    state = spread(state, job.how.engine)
    if state is None:
        return
    adopt(entry.loop, state)
    job.events.note("train", f"resumed at step {entry.loop.progress.number} of {entry.loop.plan.total}")


def _finish(entry: _Entry, job: Job, account: dict[str, Any]) -> Trained:
    """Let the strategy tidy up, and note which weights are still the base's own."""
    model = entry.loop.model
    entry.loop.gather_up()
    body: Any = model.net.encoders[model.body]
    for encoder in model.net.encoders.values():
        encoder.widen()  # type: ignore[operator]
    sample = job.validation.take(np.arange(min(SAMPLE_ROWS, len(job.validation))))
    before = model.outputs(sample)
    is_tidy = type(job.strategy).finish is Strategy.finish  # nothing to merge: the same outputs again
    moved = set(entry.loop.moving) | entry.warmed
    job.strategy.finish(body)
    model.net.eval()
    is_adapted = any(name not in entry.names for name in moved)
    model.frozen = frozenset() if is_adapted else frozenset(entry.names - moved)
    return Trained(model, entry.loop.progress.curve, before, before if is_tidy else model.outputs(sample), account)
