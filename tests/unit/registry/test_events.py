"""The history: who, when, after what; order, forks, damage."""

import getpass
import json
from datetime import UTC, datetime

import pytest

from tunesmith.core.errors import RegistryInputError, VerificationError
from tunesmith.core.ids import canonical, digest
from tunesmith.registry import Registry


def write_event(home, time, parents=(), **fields):
    data = canonical({"kind": "note", "time": time, "actor": "test", "parents": sorted(parents), **fields})
    (home / "events").mkdir(parents=True, exist_ok=True)
    (home / "events" / f"{digest(data)}.json").write_bytes(data)
    return digest(data)


def test_publishing_writes_one_linked_event_each(registry, home):
    before = datetime.now(UTC)
    versions = [registry.publish(name, {}, {}) for name in ("a", "b", "a")]
    events = registry.events()
    assert [(one["kind"], one["name"], one["number"]) for one in events] == [
        ("publish", "a", 1),
        ("publish", "b", 1),
        ("publish", "a", 2),
    ]
    assert [one["manifest"] for one in events] == [version.digest for version in versions]
    assert [one["parents"] for one in events] == [[], [events[0]["digest"]], [events[1]["digest"]]]
    assert all(before <= datetime.fromisoformat(one["time"]) <= datetime.now(UTC) for one in events)
    assert {one["actor"] for one in events} == {getpass.getuser()}
    assert [one["number"] for one in registry.events("a")] == [1, 2]
    for one in events:
        data = (home / "events" / f"{one['digest']}.json").read_bytes()
        assert digest(data) == one["digest"]
        assert json.loads(data) == {key: value for key, value in one.items() if key != "digest"}


def test_append_returns_the_event_and_keeps_its_fields(registry):
    event = registry.append("approve", name="a", why={"who": ["x"]})
    assert registry.events() == [event]
    assert (event["kind"], event["why"]) == ("approve", {"who": ["x"]})


def test_causes_come_before_effects_then_earlier_times(registry, home):
    root = write_event(home, "2026-01-05")
    late = write_event(home, "2026-01-09", [root], fork="late")
    early = write_event(home, "2026-01-07", [root], fork="early")
    child = write_event(home, "2026-01-01", [late])  # its clock was wrong; its parents are not
    assert [one["digest"] for one in registry.events()] == [root, early, late, child]
    assert registry.append("merge")["parents"] == sorted([early, child])


def test_a_user_without_a_name_still_publishes(registry, monkeypatch):
    for error in (OSError, KeyError, ImportError):

        def nameless(error=error):
            raise error("no name")

        monkeypatch.setattr(getpass, "getuser", nameless)
        assert registry.append("note")["actor"] == "unknown"


@pytest.mark.parametrize("fields", [{"time": "now"}, {"parents": []}, {"actor": "x"}, {"digest": "x"}, {"x": {1, 2}}])
def test_reserved_or_odd_fields_are_refused(registry, fields):
    with pytest.raises(RegistryInputError):
        registry.append("note", **fields)
    assert registry.events() == []


def test_a_damaged_history_is_refused_but_does_not_stop_a_publisher(registry, home):
    first = registry.append("note", text="one")
    second = registry.append("note", text="two")
    path = home / "events" / f"{first['digest']}.json"
    path.unlink()
    with pytest.raises(VerificationError, match=f"{first['digest']}.*is gone; event {second['digest']} names it"):
        registry.events()
    with pytest.raises(VerificationError):
        registry.aliases("reviews")
    version = registry.publish("reviews", {}, {})
    assert registry.resolve("reviews@1") == version
    assert [problem.kind for problem in registry.verify().problems] == ["missing_event"]


def test_an_event_waiting_after_a_crash_counts_and_is_settled_by_the_next_writer(registry, home):
    registry.publish("reviews", {}, {})
    (settled,) = (home / "events").iterdir()
    waiting = home / "tmp" / (settled.stem + ".event")
    settled.rename(waiting)
    assert [one["number"] for one in Registry(home).events()] == [1]
    assert registry.verify().ok
    registry.append("note")
    assert settled.exists()
    assert not waiting.exists()


def test_an_event_whose_label_was_never_created_does_not_count(registry, home):
    version = registry.publish("reviews", {}, {})
    event = {"kind": "publish", "time": "2026", "actor": "x", "parents": [], "name": "reviews", "number": 2}
    data = canonical(event | {"manifest": version.digest})
    (home / "tmp" / (digest(data) + ".event")).write_bytes(data)
    assert len(registry.events()) == 1
    assert registry.publish("reviews", {}, {}).number == 2
    assert registry.verify().ok
