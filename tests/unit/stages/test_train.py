"""A whole training as a run sees it: kept layers, interruptions, races, the rate's probe, the clock."""

from __future__ import annotations

import math
import os
from dataclasses import replace

import numpy as np
import pytest
import torch

from tunesmith.core.errors import CheckpointError, RecipeError, TrainingError
from tunesmith.core.ids import digest
from tunesmith.data import Ragged
from tunesmith.model.network import Network
from tunesmith.parts.bases._transformer import TransformerEncoder
from tunesmith.stages import train as stage
from tunesmith.stages.train import train
from tunesmith.training import prefix
from tunesmith.training.checkpoint import Checkpoints
from tunesmith.training.course import Course
from tunesmith.training.loop import Loop
from tunesmith.training.settings import Places
from unit.training.small import job, rows, said, store


@pytest.fixture(autouse=True)
def _no_waiting_for_the_disk(monkeypatch):
    monkeypatch.setattr(os, "fsync", lambda handle: None)


class Killed(BaseException):
    """Stands for kill -9: nothing of ours catches it."""


def run(of):
    """Train and return the outcome."""
    model = of.start(of.seed)
    assert isinstance(model, Network)
    return train(model, of)


def print_of(trained):
    """Return the digest of every weight, and the curve."""
    return digest(trained.model.files()["weights.safetensors"]), trained.curve


def places(folder, is_resumed=False, key="k" * 16):
    return Places(folder / "run", key, is_resumed)


def killed_at(of, steps):
    """Train until one of these steps (in sum over all starts) is taken; return the outcome, None where killed."""
    taken = []

    def watch(step):
        taken.append(step.number)
        if len(taken) in steps:
            raise Killed

    try:
        return run(replace(of, watch=watch))
    except Killed:
        return None


def killed_again_and_again(make, folder, every):
    """Train, be killed after so many steps, resume, and so on to the end; return the outcome and the kills."""
    kills, is_resumed = 0, False
    while True:
        found = killed_at(make(places(folder, is_resumed)), {every})
        if found is not None:
            return found, kills
        kills, is_resumed = kills + 1, True
        assert kills < 100


KINDS = {
    "soup and drop-out": {"dropout": 0.3, "average": "soup", "epochs": 4},
    "running average": {"dropout": 0.3, "average": "ema", "ema_decay": 0.8},
    "micro-batches": {"dropout": 0.3, "micro_batch": 4, "gradient_checkpointing": True},
    "patience": {"epochs": 20, "patience": 2, "optimizer": {"learning_rate": 1e-12}, "average": "none"},
    "gradual": {"strategy": "gradual", "dropout": 0.2},
    "lora": {"strategy": {"kind": "lora", "rank": 2, "dropout": 0.2}},
    "freeze": {"strategy": {"kind": "freeze", "layers": 2}, "dropout": 0.3},
    "head": {"strategy": "head", "dropout": 0.3},
    "contrastive": {"strategy": {"kind": "contrastive", "steps": 2}},
    "penalties": {"regularizers": ["l2_sp", "mixup", "r_drop"], "dropout": 0.3},
    "balanced batches": {"strategy": "head", "dropout": 0.3, "balance": "balanced_batches"},
    "oversampled": {"kind": "table", "dropout": 0.3, "balance": "oversample", "batch_size": 5},
    "table and momentum": {"kind": "table", "dropout": 0.3, "optimizer": {"kind": "sgd", "momentum": 0.9}},
}


@pytest.mark.parametrize("kind", KINDS)
def test_a_training_killed_after_every_step_ends_as_if_it_never_was(kind, tmp_path):
    """A checkpoint is written behind each step: the step that a process is killed in is taken again by the next."""

    def make(where):
        return job(checkpoint_seconds=0, places=where, **KINDS[kind])

    expected = run(job(**KINDS[kind]))
    found, kills = killed_again_and_again(make, tmp_path, 3)
    assert kills >= 2
    assert print_of(found)[0] == print_of(expected)[0]
    assert found.curve == expected.curve
    assert np.array_equal(found.after, expected.after)


@pytest.mark.parametrize("seconds", [0, 1e9])
def test_a_race_killed_again_and_again_ends_as_if_it_never_was(seconds, tmp_path):
    """Checkpoints seldom written are behind by steps, for each start by others."""
    how = {"kind": "table", "dropout": 0.3, "seeds": 3, "epochs": 4}
    expected = run(job(**how))

    def make(where):
        return job(checkpoint_seconds=seconds, places=where, **how)

    if seconds:
        for steps in (3, 11, 20):
            assert killed_at(make(places(tmp_path, steps > 3)), {steps}) is None
        found = run(make(places(tmp_path, True)))
    else:
        found, kills = killed_again_and_again(make, tmp_path, 4)
        assert kills >= 5
    assert print_of(found) == print_of(expected)
    assert found.account["happened"]["seed"] == expected.account["happened"]["seed"]


def test_a_damaged_newest_checkpoint_is_passed_over(tmp_path):
    expected = run(job(dropout=0.3))
    assert killed_at(job(dropout=0.3, checkpoint_seconds=0, places=places(tmp_path)), {6}) is None
    newest = sorted((tmp_path / "run" / "seed-0").glob("step-*"))[-1] / "tensors.safetensors"
    newest.write_bytes(newest.read_bytes()[:-100])
    of = job(dropout=0.3, places=places(tmp_path, True))
    assert print_of(run(of)) == print_of(expected)
    assert any("is cut short" in text for text in said(of, "warning"))
    assert any("resumed at step 4 of 9" in text for text in said(of, "note"))


def test_a_resume_without_checkpoint_begins_and_says_so(tmp_path):
    of = job(places=places(tmp_path, True))
    assert print_of(run(of)) == print_of(run(job()))
    assert any("starts from the beginning" in text for text in said(of, "note"))


def test_a_start_that_is_no_resume_forgets_what_is_there(tmp_path):
    assert killed_at(job(checkpoint_seconds=0, places=places(tmp_path)), {6}) is None
    of = job(places=places(tmp_path))
    assert print_of(run(of)) == print_of(run(job()))
    assert not any("resumed" in text for text in said(of, "note"))
    assert list(tmp_path.rglob("step-*")) == []


def test_a_checkpoint_of_another_run_is_not_taken(tmp_path):
    assert killed_at(job(checkpoint_seconds=0, places=places(tmp_path)), {6}) is None
    of = job(places=places(tmp_path, True, key="another key 1234"))
    assert print_of(run(of)) == print_of(run(job()))
    assert any("is of another run" in text for text in said(of, "warning"))


def test_a_checkpoint_of_other_starting_weights_is_not_taken(tmp_path):
    """A base folder may hold other weights than before; layers that are frozen would be mixed with foreign ones."""
    how = {"strategy": {"kind": "freeze", "layers": 2}}
    assert killed_at(job(checkpoint_seconds=0, places=places(tmp_path), **how), {6}) is None

    def other(of):
        def start(seed):
            model = of.start(seed)
            with torch.no_grad():
                model.net.encoders["body"].body.embeddings.word_embeddings.weight.mul_(1.5)
            return model

        return replace(of, start=start)

    of = other(job(places=places(tmp_path, True), **how))
    assert print_of(run(of)) == print_of(run(other(job(**how))))
    assert any("is of another run" in text for text in said(of, "warning"))


def test_two_processes_do_not_train_the_same_run(tmp_path):
    of = job(places=places(tmp_path))
    folder = of.places.checkpoints / "seed-0"
    with Checkpoints(folder, "any").hold(), pytest.raises(CheckpointError, match="seed-0"):
        run(of)


def counted(monkeypatch):
    """Count the rows that the frozen layers are run on by themselves."""
    rows = []
    lower = TransformerEncoder.lower

    def count(self, tensors, depth):
        rows.append(len(tensors["tokens"]))
        return lower(self, tensors, depth)

    monkeypatch.setattr(TransformerEncoder, "lower", count)
    return rows


FREEZE = {"strategy": {"kind": "freeze", "layers": 2}, "dropout": 0.3}


@pytest.mark.parametrize("how", [FREEZE, FREEZE | {"strategy": {"kind": "freeze", "layers": 4}}, {"strategy": "head"}])
def test_kept_layers_change_no_number(how, tmp_path):
    """Drop-out inside the frozen layers is off in both ways, and above them drawn alike."""
    with_store = run(job(store=store(tmp_path), **how))
    in_memory = run(job(**how))
    without = run(job(cache_gigabytes=0, **how))
    assert print_of(with_store) == print_of(in_memory)
    losses = [[step["loss"] for step in one.curve.steps] for one in (with_store, without)]
    np.testing.assert_allclose(*losses, atol=2e-6)
    weights = [one.model.net.state_dict() for one in (with_store, without)]
    assert all(float((weights[0][name] - value).abs().max()) < 2e-5 for name, value in weights[1].items())


@pytest.mark.parametrize(
    ("strategy", "is_kept"),
    [
        ({"kind": "freeze", "layers": 0}, False),  # embeddings alone are looked up as fast as read back
        ({"kind": "freeze", "layers": 1}, True),
        ({"kind": "freeze", "layers": 4}, True),
        ("head", True),
        ("full", False),
        ("gradual", False),
        ({"kind": "lora", "rank": 2}, False),
        ({"kind": "contrastive", "steps": 2}, True),
    ],
    ids=str,
)
def test_which_strategies_have_layers_to_keep(strategy, is_kept, monkeypatch):
    seen = []

    def noted(model, of):
        found = prefix.shorten(model, of)
        seen.append(found is not of)
        return found

    monkeypatch.setattr(stage, "shorten", noted)
    run(job(epochs=1, strategy=strategy))
    assert seen == [is_kept]


def test_a_second_run_reads_what_the_first_one_kept(monkeypatch, tmp_path):
    rows = counted(monkeypatch)
    first = run(job(store=store(tmp_path), **FREEZE))
    assert sum(rows) == 46, "every row once, for three epochs and all validations"
    second = run(job(store=store(tmp_path), **FREEZE))
    assert sum(rows) == 46
    assert print_of(first) == print_of(second)
    run(job(store=store(tmp_path), **FREEZE, seed=1))
    assert sum(rows) == 46, "another seed begins with the same base"


def test_a_race_keeps_them_once_for_all_starts(monkeypatch, tmp_path):
    rows = counted(monkeypatch)
    run(job(store=store(tmp_path), seeds=2, **FREEZE))
    assert sum(rows) == 46


@pytest.mark.parametrize("gigabytes", [1e-6, 1e-5])
def test_where_there_is_no_room_they_run_in_every_step(gigabytes, tmp_path, monkeypatch):
    expected = run(job(cache_gigabytes=0, **FREEZE))
    of = job(cache_gigabytes=gigabytes, store=store(tmp_path, gigabytes), **FREEZE)
    assert print_of(run(of)) == print_of(expected)
    assert any("run in every step" in text and "cache_gigabytes" in text for text in said(of, "note"))


def test_where_the_store_is_full_they_run_in_every_step(tmp_path):
    expected = run(job(cache_gigabytes=0, **FREEZE))
    of = job(store=store(tmp_path, 1e-5), **FREEZE)
    assert print_of(run(of)) == print_of(expected)
    assert any("no room" in text and "run in every step" in text for text in said(of, "warning"))


def test_memory_that_ends_while_measuring_halves_the_pieces():
    of = job()

    def start(seed):
        model = job().start(seed)

        def hook(module, tensors, outputs):
            if module.training and len(tensors[0]["body"]["tokens"]) > 3 + 1:  # the estimate looks at four rows
                raise torch.OutOfMemoryError("CUDA out of memory")

        model.net.register_forward_hook(hook)
        return model

    of = replace(of, start=start)
    found = run(of)
    assert found.account["expected"]["micro_batch"] == 3
    assert found.account["happened"]["steps"] == 9


def test_the_account_says_what_was_expected_and_what_happened():
    found = run(job(average="soup")).account
    assert found["expected"]["steps"] == found["happened"]["steps"] == 9
    assert found["expected"]["micro_batch"] == 10
    assert found["expected"]["seconds"] > 0
    assert found["happened"]["skipped_steps"] == 0
    assert 1 <= found["happened"]["averaged_weights"] <= 3


def test_the_guard_is_shown_a_gradient_computed_twice(monkeypatch):
    seen = []
    run(replace(job(), check=lambda whole, parts: seen.append((whole, parts))))
    ((whole, parts),) = seen
    np.testing.assert_allclose(whole, parts, atol=1e-5 * np.abs(whole).max())
    right = Loop.loss
    monkeypatch.setattr(Loop, "loss", lambda self, rows, batch: right(self, rows, batch) * (batch / len(rows)))
    run(replace(job(), check=lambda whole, parts: seen.append((whole, parts))))
    whole, parts = seen[1]
    assert np.linalg.norm(whole - parts) > 1e-2 * np.linalg.norm(whole)


VARIANTS = ["plain", "label_smoothing", "r_drop"]


def race_of(seeds, **how):
    """Race on a table; return the outcome and the courses."""
    courses = []
    run_until = Course.run_until

    def noted(self, number):
        if self not in courses:
            courses.append(self)
        return run_until(self, number)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Course, "run_until", noted)
        patch.setattr(Course, "__eq__", object.__eq__)
        patch.setattr(Course, "__hash__", object.__hash__)
        of = job("table", seeds=seeds, epochs=8, patience=1000, average="none", **how)
        return run(of), courses, of


def test_a_race_ends_with_the_best_by_validation_and_drops_the_worse_half_twice():
    found, courses, _ = race_of(4, count=60)
    steps = [one.loop.progress.number for one in courses]
    total = courses[0].loop.plan.total
    assert sorted(steps) == [total // 4, total // 4, total // 2, total]
    best = {one.loop.seed: one.loop.best.key for one in courses}
    last = [one for one in courses if one.loop.progress.number == total]
    assert found.account["happened"]["seed"] == last[0].loop.seed
    assert found.model is last[0].loop.model
    half = [one for one in courses if one.loop.progress.number >= total // 2]
    dropped = [one for one in courses if one.loop.progress.number == total // 4]

    def key(one, until):
        return max(tuple(v["key"]) for v in one.loop.progress.curve.validations if v["step"] <= until)

    assert min(key(one, total // 4) for one in half) >= max(key(one, total // 4) for one in dropped)
    assert len(best) == 4


def test_a_race_is_deterministic_and_its_first_start_is_the_plain_run():
    (first, courses, of), (second, _, _) = race_of(3, dropout=0.3), race_of(3, dropout=0.3)
    assert print_of(first) == print_of(second)
    plain = run(replace(of, how=of.how.model_copy(update={"seeds": 1})))
    mine = next(one for one in courses if one.loop.seed == of.seed).loop.progress.curve.steps
    assert mine == plain.curve.steps[: len(mine)]


@pytest.mark.parametrize(("dropout", "names"), [(0.0, ["plain", "label_smoothing"]), (0.3, VARIANTS)])
def test_auto_regularizers_race_and_validation_decides(dropout, names):
    found, courses, _ = race_of(1, count=60, regularizers="auto", dropout=dropout)
    raced = [(bool(one.loop.penalties), one.loop.job.loss.label_smoothing) for one in courses]
    assert raced == [(False, 0.0), (False, 0.1), (True, 0.0)][: len(names)]
    total = courses[0].loop.plan.total
    ends = [one for one in courses if one.loop.progress.number == total]
    winner = max(ends, key=lambda one: one.loop.best.key)
    assert found.account["happened"]["regularizer"] == names[courses.index(winner)]


def test_auto_regularizers_race_where_a_seed_would_have_been_alone():
    found, courses, of = race_of(1, regularizers="auto")
    plain = run(replace(of, how=of.how.model_copy(update={"regularizers": []})))
    mine = courses[0].loop.progress.curve.steps
    assert mine == plain.curve.steps[: len(mine)], "the first start is the training as it would be without the race"
    assert "regularizer" not in plain.account["happened"]
    assert found.account["happened"]["regularizer"] in VARIANTS


RATE = {"kind": "adamw", "learning_rate": "probe", "layer_decay": 1.0}


@pytest.mark.parametrize("best", [1.0, 3.0, 1 / 3, 9.0, 1 / 9])
def test_the_probe_finds_the_planted_rate(best, monkeypatch):
    """Validation loss is made to follow the distance to a rate; all else is a real short training."""
    of = job("table", optimizer=RATE, epochs=10)
    known = of.base_rate
    validate = Loop.validate

    def planted(self):
        return validate(self) | {"loss": abs(math.log(self.rate / (known * best)))}

    monkeypatch.setattr(Loop, "validate", planted)
    found = run(of)
    assert found.account["happened"]["learning_rate"] == pytest.approx(known * best)
    assert any("chosen by validation loss" in text for text in said(of, "note"))


def test_a_rate_that_diverges_is_not_chosen():
    of = replace(job("table", optimizer=RATE | {"learning_rate": "probe"}, epochs=10), base_rate=1e-3)
    tried = []
    validate = Loop.validate

    def planted(self):
        if self.rate > 2e-3:
            raise TrainingError("planted")
        tried.append(self.rate)
        return validate(self)

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(Loop, "validate", planted)
        found = run(of)
    assert found.account["happened"]["learning_rate"] <= 1e-3 * 1.0001


def test_where_every_rate_diverges_the_probe_says_so(monkeypatch):
    def planted(self):
        raise TrainingError("planted")

    monkeypatch.setattr(Loop, "validate", planted)
    with pytest.raises(TrainingError, match=r"every rate tried .* ended not finite"):
        run(job("table", optimizer=RATE))


def test_the_probe_leaves_no_trace():
    """A training at the rate it finds is the training with that rate written down."""
    probed = run(job("table", optimizer=RATE, dropout=0.3))
    rate = probed.account["happened"]["learning_rate"]
    written = run(job("table", optimizer=RATE | {"learning_rate": rate}, dropout=0.3))
    assert print_of(probed) == print_of(written)


def test_a_probe_is_repeated_at_a_resume_and_finds_the_same(tmp_path):
    how = {"kind": "table", "optimizer": RATE, "dropout": 0.3}
    expected = run(job(**how))
    assert killed_at(job(checkpoint_seconds=0, places=places(tmp_path), **how), {6}) is None
    assert print_of(run(job(places=places(tmp_path, True), **how))) == print_of(expected)


def test_penalties_on_drop_out_need_some():
    with pytest.raises(RecipeError, match=r"r_drop.*train\.dropout") as caught:
        run(job(regularizers=["r_drop"]))
    assert "base" in str(caught.value)
    run(job(regularizers=["r_drop"], dropout=0.1, epochs=1))


def test_drop_out_in_frozen_layers_is_none():
    with pytest.raises(RecipeError, match="r_drop"):
        run(job(regularizers=["r_drop"], dropout=0.3, strategy="head"))


def test_a_strategy_that_cannot_use_the_labels_is_refused():
    of = job(strategy={"kind": "contrastive", "steps": 2})
    values = of.train.targets.astype(np.float32)
    of = replace(of, form="value", train=replace(of.train, targets=values))
    with pytest.raises(RecipeError, match=r"contrastive needs targets of the form class, not value"):
        run(of)


def test_minutes_make_the_schedule_end_within_them():
    of = job("table", minutes=1.0, epochs=5000, batch_size=26, patience=100_000, validations=1)
    sizes = []

    def steps_within(seconds, found, plan):
        sizes.append((seconds, plan.total))
        return 6

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(stage, "steps_within", steps_within)
        found = run(of)
    assert sizes == [(60.0, 5000)]
    assert found.account["happened"]["steps"] == found.account["expected"]["steps"] == 6
    assert found.curve.steps[-1]["learning_rate"] < found.curve.steps[0]["learning_rate"], "the rate fell to the end"


def test_the_strategy_is_finished_and_what_was_kept_back_is_back():
    found = run(job(strategy={"kind": "lora", "rank": 2}))
    names = set(found.model.net.state_dict())
    assert names == set(job().start(0).net.state_dict())
    np.testing.assert_allclose(found.before, found.after, atol=1e-5)


def test_frozen_weights_are_still_the_bases_own():
    found = run(job(**FREEZE))
    start = job().start(0).net.state_dict()
    assert found.model.frozen
    assert all(torch.equal(found.model.net.state_dict()[name], start[name]) for name in found.model.frozen)
    assert all(name.startswith("encoders.body.body.e") for name in found.model.frozen)


@pytest.mark.parametrize("how", [FREEZE, {"strategy": "full"}], ids=["freeze", "full"])
def test_rows_that_epochs_show_anew_are_neither_kept_nor_narrowed(how, monkeypatch, tmp_path):
    """Each epoch brings words that the training rows lack; what was kept of those would stand for them."""
    asked, kept = [], counted(monkeypatch)
    of = job(store=store(tmp_path), **how)

    def anew(epoch):
        asked.append(epoch)
        shown = rows("text", len(of.train), "train")
        tokens = shown.inputs["tokens"]
        other = np.where(tokens.values >= 20, 20 + (tokens.values + epoch) % 20, tokens.values)
        return replace(shown, inputs=shown.inputs | {"tokens": Ragged(other.astype(np.int32), tokens.offsets)})

    found = run(replace(of, anew=anew))
    assert asked == [0, 1, 2]
    assert kept == []
    assert print_of(found) == print_of(run(replace(of, anew=anew)))
    assert print_of(found)[0] != print_of(run(of))[0]
    same = run(replace(of, anew=lambda epoch: of.train)).curve.steps
    assert same[0]["loss"] == pytest.approx(run(of).curve.steps[0]["loss"], abs=2e-6)
