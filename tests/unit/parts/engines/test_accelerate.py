"""What several processes agree upon, tried without starting any: the launcher's variables, shares, turns, endings."""

import threading

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from pydantic import ValidationError
from torch import distributed

from tunesmith.core.errors import (
    GuardError,
    InterruptedTrainingError,
    RecipeError,
    RegistryError,
    TrainingError,
    TunesmithError,
)
from tunesmith.parts.engines import _processes
from tunesmith.parts.engines._launch import Launch, launched
from tunesmith.parts.engines._processes import Group
from tunesmith.parts.engines.accelerate import BUCKET_BYTES, Accelerate, _buckets
from tunesmith.training.settings import Train

VARIABLES = ("RANK", "WORLD_SIZE", "LOCAL_RANK", "LOCAL_WORLD_SIZE", "MASTER_ADDR", "MASTER_PORT")
ADDRESS = {"MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "29500"}


@pytest.fixture
def variables(monkeypatch):
    """Set what a launcher sets; what is not named is absent."""

    def put(**values):
        for name in (*VARIABLES, "TORCHELASTIC_USE_AGENT_STORE"):
            monkeypatch.delenv(name, raising=False)
        for name, value in values.items():
            monkeypatch.setenv(name, str(value))

    put()
    return put


@pytest.fixture
def pair(monkeypatch):
    """Return two processes' sides of one run, as far as they speak by the table alone."""
    monkeypatch.setattr(_processes, "GRACE_SECONDS", 0.2)
    monkeypatch.setattr(distributed, "destroy_process_group", lambda: None)
    table = distributed.HashStore()
    return [Group(Launch(rank, 2, rank, 2, is_joint=True), table, can_close=True) for rank in (0, 1)]


def test_without_a_launcher_there_is_one_process(variables):
    assert launched() == Launch()


def test_the_launchers_variables_are_read(variables):
    variables(RANK=3, WORLD_SIZE=4, LOCAL_RANK=1, LOCAL_WORLD_SIZE=2, **ADDRESS)
    assert launched() == Launch(3, 4, 1, 2, is_joint=True)
    variables(RANK=1, WORLD_SIZE=2, LOCAL_RANK=1, **ADDRESS, TORCHELASTIC_USE_AGENT_STORE="True")
    assert launched() == Launch(1, 2, 1, 2, is_joint=True, has_agent=True)


@pytest.mark.parametrize(
    ("values", "fact"),
    [
        ({"RANK": 2, "WORLD_SIZE": 2, **ADDRESS}, "contradict"),
        ({"RANK": 0, "WORLD_SIZE": 2, "LOCAL_RANK": 1, "LOCAL_WORLD_SIZE": 1, **ADDRESS}, "contradict"),
        ({"RANK": 0, "WORLD_SIZE": 2, "LOCAL_WORLD_SIZE": 3, **ADDRESS}, "contradict"),
        ({"RANK": "one", "WORLD_SIZE": 2, **ADDRESS}, "whole numbers"),
        ({"RANK": -1, "WORLD_SIZE": 2, **ADDRESS}, "whole numbers"),
        ({"RANK": 0, "WORLD_SIZE": 2, "MASTER_ADDR": "127.0.0.1"}, "without MASTER_PORT"),
    ],
)
def test_variables_that_make_no_sense_are_refused(variables, values, fact):
    variables(**values)
    with pytest.raises(RecipeError, match=fact):
        launched()


def test_alone_it_is_a_local_engine(variables):
    engine = Accelerate(run_on="cpu", precision="fp32", threads=torch.get_num_threads(), sharding="full")
    assert (engine.world, engine.rank, engine.neighbours, engine.is_first, engine.is_sharded) == (1, 0, 1, True, False)
    net = torch.nn.Linear(2, 1)
    with engine.joined(), engine.in_turn(), engine.together(net, is_last=True):
        assert engine.wrap(net, [[net]]) is net
        assert engine.total([2.0]) == engine.most([2.0]) == engine.gather(2.0) == [2.0]
        assert engine.of_first("own") == "own"
    net(torch.ones(1, 2)).sum().backward()
    engine.exchange(net.parameters())
    assert engine.norm(list(net.parameters())) == pytest.approx(3**0.5)


@given(rows=st.integers(1, 40), world=st.integers(1, 9))
def test_shares_are_the_batch_and_hardly_differ(rows, world):
    positions = np.random.default_rng(rows).permutation(100)[:rows]
    with pytest.MonkeyPatch.context() as patch:
        for name, value in {"WORLD_SIZE": world, "LOCAL_WORLD_SIZE": world, **ADDRESS}.items():
            patch.setenv(name, str(value))
        shares = []
        for rank in range(world):
            patch.setenv("RANK", str(rank))
            patch.setenv("LOCAL_RANK", str(rank))
            shares.append(Accelerate().share(positions))
    assert sorted(np.concatenate(shares)) == sorted(positions)
    assert max(map(len, shares)) == -(-rows // world)
    assert max(map(len, shares)) - min(map(len, shares)) <= 1


def test_a_process_without_a_gpu_is_refused(variables, monkeypatch):
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    monkeypatch.setattr(torch.cuda, "device_count", lambda: 1)
    variables(RANK=0, WORLD_SIZE=2, LOCAL_RANK=0, **ADDRESS)
    assert Accelerate().device() == torch.device("cuda", 0)
    variables(RANK=1, WORLD_SIZE=2, LOCAL_RANK=1, **ADDRESS)
    with pytest.raises(RecipeError, match=r"2 processes .* 1 GPUs"):
        Accelerate().device()


def test_several_processes_that_nobody_joined_are_refused(variables):
    variables(RANK=0, WORLD_SIZE=2, LOCAL_RANK=0, **ADDRESS)
    with pytest.raises(RecipeError, match="torchrun"):
        Accelerate(run_on="cpu", precision="fp32", threads=1).start()


def test_the_number_of_processes_is_no_part_of_a_runs_identity(variables):
    engine = Accelerate(run_on="cpu", precision="fp32", threads=1)
    alone = engine.decisive()
    variables(RANK=1, WORLD_SIZE=2, LOCAL_RANK=1, **ADDRESS)
    assert engine.decisive() == alone
    assert engine.describe()["processes"] == "2"


def test_divided_weights_and_penalties_on_weights_are_refused():
    with pytest.raises(ValidationError, match="whole weights"):
        Train.model_validate({"engine": {"kind": "accelerate", "sharding": "full"}, "regularizers": ["l2"]})
    Train.model_validate({"engine": "accelerate", "regularizers": ["l2"]})


def test_buckets_hold_all_gradients_in_order_and_one_type_each():
    large = torch.empty(BUCKET_BYTES // 4 + 1)
    gradients = [torch.zeros(3), torch.zeros(2), large, torch.zeros(1), torch.zeros(1, dtype=torch.bfloat16)]
    found = list(_buckets(gradients))
    assert [[len(one) for one in bucket] for bucket in found] == [[3, 2], [len(large)], [1], [1]]
    assert list(_buckets([])) == []


@pytest.mark.parametrize(
    ("error", "kind"),
    [
        (GuardError("planted"), GuardError),
        (RegistryError("planted"), RegistryError),
        (KeyboardInterrupt(), InterruptedTrainingError),
        (OSError("planted"), TunesmithError),
        (MemoryError("planted"), TrainingError),
        (ZeroDivisionError("planted"), TrainingError),
    ],
)
def test_all_end_with_the_exit_code_of_the_one_that_failed(pair, error, kind):
    first, second = pair
    assert second.verdict(error) is error, "it tells its own reason"
    other = first.verdict(RuntimeError("Connection closed by peer [127.0.0.1]:1"))
    assert type(other) is kind
    assert "process 0 ends with process 1" in str(other)


def test_of_two_that_fail_alike_one_says_why(pair):
    ends = [one.verdict(GuardError("planted")) for one in pair]
    assert [str(one) for one in ends] == ["planted", "process 1 ends with process 0, which says why"]
    assert {type(one) for one in ends} == {GuardError}


def test_a_process_that_vanished_is_named_as_the_cause(pair):
    lost = pair[1].verdict(RuntimeError("[gloo/pair.cc] Connection closed by peer [127.0.0.1]:1"))
    assert isinstance(lost, TrainingError)
    assert "--resume" in str(lost)
    assert "process 1 of 2 lost the others" in str(lost)


def test_a_fault_of_ours_is_not_taken_for_a_lost_process(pair):
    fault = RuntimeError("shapes do not match")
    assert pair[0].verdict(fault) is fault


def test_who_waits_for_a_turn_hears_of_a_failure(pair):
    first, second = pair
    first.verdict(GuardError("planted"))
    with pytest.raises(GuardError, match="process 1 ends with process 0"), second.in_turn():
        pytest.fail("it was never its turn")
    with pytest.raises(GuardError):
        second.finish()


def test_the_first_goes_first_and_its_turn_ends_with_an_error(pair):
    first, second = pair
    order = []

    def follow():
        with second.in_turn():
            order.append("second")
        with second.in_turn():
            order.append("again")

    thread = threading.Thread(target=follow)
    with first.in_turn():
        thread.start()
        order.append("first")
    with pytest.raises(StopIteration), first.in_turn():
        raise StopIteration
    thread.join(10)
    assert order == ["first", "second", "again"]


def test_all_finish_together(pair):
    first, second = pair
    waiting = threading.Thread(target=first.finish)
    waiting.start()
    waiting.join(0.2)
    assert waiting.is_alive(), "the other one is still at work"
    second.finish()
    waiting.join(10)
    assert not waiting.is_alive()


def test_the_first_leaves_when_the_others_have_read_why(pair, monkeypatch):
    monkeypatch.setattr(_processes, "GRACE_SECONDS", 60.0)
    first, second = pair
    leaving = threading.Thread(target=first.leave)
    leaving.start()
    leaving.join(0.2)
    assert leaving.is_alive()
    second.leave()
    leaving.join(10)
    assert not leaving.is_alive()


def test_leaving_ends_also_where_the_others_do_not_answer(pair):
    pair[0].leave()
