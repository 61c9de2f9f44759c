"""New threads get cores of their own."""

import os
import threading

import pytest

from tunesmith.core import threads as core_threads
from tunesmith.core.threads import TASKS, cores, own_cores, physical_cores, spread_workers


@pytest.mark.skipif(not TASKS.is_dir(), reason="needs Linux")
def test_each_new_thread_is_pinned_and_the_caller_is_not():
    stop = threading.Event()
    allowed = os.sched_getaffinity(0)
    count = max(1, len(allowed) - 1)
    threads = [threading.Thread(target=stop.wait) for _ in range(count)]
    try:
        assert spread_workers(lambda: [one.start() for one in threads]) == count
        if len(allowed) > 1:
            pinned = [os.sched_getaffinity(one.native_id) for one in threads]
            assert all(len(one) == 1 for one in pinned)
            assert len({min(one) for one in pinned}) == count
        assert os.sched_getaffinity(0) == allowed
    finally:
        stop.set()


def test_without_new_threads_nothing_happens():
    assert spread_workers(lambda: None) == 0


@pytest.mark.skipif(not TASKS.is_dir(), reason="needs Linux")
def test_a_thread_that_has_ended_since_stops_nothing(monkeypatch):
    stop = threading.Event()

    def gone(worker, cores):
        raise ProcessLookupError(3, "No such process")

    monkeypatch.setattr(os, "sched_setaffinity", gone)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1})
    try:
        assert spread_workers(threading.Thread(target=stop.wait).start) == 1
    finally:
        stop.set()


@pytest.mark.skipif(not TASKS.is_dir(), reason="needs Linux")
def test_a_pool_that_grows_gets_the_cores_that_are_left(monkeypatch):
    stop, pinned = threading.Event(), {}
    monkeypatch.setattr(os, "sched_getaffinity", lambda thread: pinned.get(thread, {0, 1, 2, 3}))
    monkeypatch.setattr(os, "sched_setaffinity", lambda thread, cores: pinned.update({thread: cores}))
    monkeypatch.setattr(core_threads, "_siblings", str)
    workers = [threading.Thread(target=stop.wait) for _ in range(4)]
    try:
        assert spread_workers(workers[0].start) == 1
        assert spread_workers(lambda: [one.start() for one in workers[1:3]]) == 2
        assert sorted(pinned.values(), key=min) == [{1}, {2}, {3}]
        assert spread_workers(workers[3].start) == 1
        assert pinned[workers[3].native_id] == {1}
    finally:
        stop.set()


def test_siblings_stand_behind_the_first_of_every_physical_core(monkeypatch, tmp_path):
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 1, 2, 3, 5}, raising=False)
    monkeypatch.setattr(core_threads, "CORES", tmp_path)
    assert cores() == [0, 1, 2, 3, 5]
    assert physical_cores() == 5
    for core, siblings in enumerate(["0-1", "0-1", "2-3", "2-3", "4-5", "4-5"]):
        folder = tmp_path / f"cpu{core}" / "topology"
        folder.mkdir(parents=True)
        (folder / "thread_siblings_list").write_text(f"{siblings}\n")
    assert cores() == [0, 2, 5, 1, 3]
    assert physical_cores() == 3


def test_without_affinity_every_core_counts(monkeypatch, tmp_path):
    monkeypatch.delattr(os, "sched_getaffinity", raising=False)
    monkeypatch.setattr(core_threads, "CORES", tmp_path)
    monkeypatch.setattr(os, "cpu_count", lambda: 3)
    assert cores() == [0, 1, 2]
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert physical_cores() == 1


def test_processes_of_one_machine_divide_its_physical_cores(monkeypatch):
    """Four physical cores, each with a sibling: 0 and 4, 1 and 5, and so on."""
    monkeypatch.setattr(core_threads, "cores", lambda: [0, 1, 2, 3, 4, 5, 6, 7])
    monkeypatch.setattr(core_threads, "_siblings", lambda core: str(core % 4))
    assert [own_cores(part, 2) for part in range(2)] == [[0, 1, 4, 5], [2, 3, 6, 7]]
    assert [own_cores(part, 3) for part in range(3)] == [[0, 4], [1, 5], [2, 3, 6, 7]]
    assert own_cores(0, 1) == list(range(8))
    assert own_cores(4, 5) == list(range(8)), "more processes than cores: the system divides them"
