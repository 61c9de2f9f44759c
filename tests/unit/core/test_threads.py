"""New threads get cores of their own."""

import os
import threading

import pytest

from tunesmith.core.threads import TASKS, spread_workers


@pytest.mark.skipif(not TASKS.is_dir(), reason="needs Linux")
def test_each_new_thread_is_pinned_and_the_caller_is_not():
    stop = threading.Event()
    cores = os.sched_getaffinity(0)
    count = max(1, len(cores) - 1)
    threads = [threading.Thread(target=stop.wait) for _ in range(count)]
    try:
        assert spread_workers(lambda: [one.start() for one in threads]) == count
        if len(cores) > 1:
            pinned = [os.sched_getaffinity(one.native_id) for one in threads]
            assert all(len(one) == 1 for one in pinned)
            assert len({min(one) for one in pinned}) == count
        assert os.sched_getaffinity(0) == cores
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
