"""Identities, streams and events."""

import hashlib

import pytest
from hypothesis import given
from hypothesis import strategies as some

from tunesmith.core.errors import MissingDependencyError
from tunesmith.core.events import Events
from tunesmith.core.ids import canonical, digest, file_digest, set_digest, unit_interval, value_digest
from tunesmith.core.need import lazy, need
from tunesmith.core.seed import derive, stream


def test_digests_are_sha256(tmp_path):
    (tmp_path / "f").write_bytes(b"abc")
    assert digest("abc") == digest(b"abc") == file_digest(tmp_path / "f") == hashlib.sha256(b"abc").hexdigest()


def test_canonical_json_does_not_depend_on_order_and_refuses_nan():
    assert canonical({"b": 1, "a": "ü"}) == canonical({"a": "ü", "b": 1}) == '{"a":"ü","b":1}'.encode()
    assert value_digest([1]) != value_digest([1.5])
    with pytest.raises(ValueError):
        canonical(float("nan"))


@given(some.lists(some.text(min_size=1, max_size=5)))
def test_a_set_digest_does_not_depend_on_order(ids):
    assert set_digest(ids) == set_digest(reversed(ids))


@given(some.text(), some.text())
def test_the_unit_interval_is_a_function_of_text_and_salt(text, salt):
    assert 0 <= unit_interval(text, salt) < 1
    assert unit_interval(text, salt) == unit_interval(text, salt)


def test_the_unit_interval_is_even_and_fixed_for_ever():
    places = [unit_interval(str(number)) for number in range(4000)]
    assert abs(sum(place < 0.2 for place in places) / 4000 - 0.2) < 0.02
    assert unit_interval("a") == pytest.approx(0.6955069, abs=1e-6)


def test_streams_are_named_and_repeat():
    assert derive(0, "a") != derive(0, "b") != derive(1, "b")
    assert stream(0, "a").integers(0, 100, 5).tolist() == stream(0, "a").integers(0, 100, 5).tolist()


def test_events_reach_listeners_and_progress_is_not_kept():
    heard = []
    events = Events([heard.append])
    with events.stage("train", 2) as advance:
        advance(1, loss=0.5)
    events.warn("train", "careful")
    assert [event.kind for event in heard] == ["start", "progress", "end", "warning"]
    assert [event.kind for event in events.seen] == ["start", "end", "warning"]


def test_a_missing_library_says_what_to_install():
    with pytest.raises(MissingDependencyError, match=r"pip install 'tunesmith\[explain\]'"):
        need("no_such_library_x", extra="explain")
    assert lazy("json").dumps([1]) == "[1]"
