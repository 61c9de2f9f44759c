"""Verification names every damaged file, whatever it is and however it was damaged."""

import json

import pytest

from tunesmith.core.errors import NotFoundError, VerificationError
from tunesmith.core.ids import canonical, digest

WEIGHTS = b"weights" * 100


@pytest.fixture
def published(registry):
    versions = [registry.publish("reviews", {"w": WEIGHTS, "turn": bytes([turn])}, {}) for turn in range(3)]
    registry.append("alias", name="reviews", alias="production", manifest=versions[1].digest)
    registry.append("note", text="the last event")
    return versions


def flip(path):
    path.chmod(0o644)
    data = bytearray(path.read_bytes())
    data[len(data) // 2] ^= 1
    path.write_bytes(data)


def every_file(home):
    return sorted(path for path in home.rglob("*") if path.is_file())


def found(outcome):
    return sorted((problem.kind, problem.place) for problem in outcome.problems)


def object_file(home, name):
    return home / "objects" / name[:2] / name[2:]


def test_an_intact_home_is_ok_and_everything_is_counted(registry, home, published):
    outcome = registry.verify()
    assert outcome.ok
    assert outcome.checked == len(every_file(home)) == 7 + 3 + 5
    assert outcome.as_json() == {"ok": True, "checked": 15, "problems": []}
    assert registry.verify("reviews@production").ok
    assert all(version.verify() == [] for version in published)


def test_one_flipped_bit_in_any_file_is_named(registry, home, published):
    files = every_file(home)
    for path in files:
        intact = path.read_bytes()
        flip(path)
        assert str(path) in [problem.place for problem in registry.verify().problems], path
        path.write_bytes(intact)
    assert registry.verify().ok


@pytest.mark.parametrize("cut", [0, 1])
def test_any_file_cut_short_is_named(registry, home, published, cut):
    for path in every_file(home):
        intact = path.read_bytes()
        path.chmod(0o644)
        path.write_bytes(intact[: len(intact) - 1 if cut else 0])
        assert str(path) in [problem.place for problem in registry.verify().problems], path
        path.write_bytes(intact)
    assert registry.verify().ok


def test_any_file_removed_is_named_but_for_a_last_event_nothing_points_to(registry, home, published):
    last = registry.events()[-1]["digest"]
    for path in every_file(home):
        intact = path.read_bytes()
        path.unlink()
        expected = [] if path.stem == last else [str(path)]
        assert [problem.place for problem in registry.verify().problems if problem.place == str(path)] == expected
        path.write_bytes(intact)
    assert registry.verify().ok


def test_all_damage_is_named_at_once(registry, home, published):
    weights = object_file(home, digest(WEIGHTS))
    manifest = object_file(home, published[0].digest)
    turn = object_file(home, digest(b"\x01"))
    event = home / "events" / f"{registry.events()[1]['digest']}.json"
    label = home / "versions" / "reviews" / "3"
    for path in (weights, manifest, event, label):
        flip(path)
    turn.unlink()
    outcome = registry.verify()
    assert not outcome.ok
    expected = {
        ("altered_object", str(weights)),
        ("altered_manifest", str(manifest)),
        ("missing_object", str(turn)),
        ("altered_event", str(event)),
        ("altered_label", str(label)),
        ("unpublished_label", str(home / "versions" / "reviews" / "2")),  # its event is the altered one
    }
    assert set(found(outcome)) == expected
    assert len(outcome.problems) == len(expected)
    for problem in outcome.problems:
        assert problem.fact
        assert problem.remedy
        assert json.loads(json.dumps(problem.as_json()))["place"] == problem.place


def test_a_problem_names_the_file_of_the_version_and_both_digests(registry, home, published):
    path = object_file(home, digest(WEIGHTS))
    path.chmod(0o644)
    path.write_bytes(WEIGHTS[:50])
    (problem,) = published[2].verify()
    assert (problem.kind, problem.place) == ("truncated_object", str(path))
    assert "'w' of reviews@3 is cut short: 50 of 700 bytes" in problem.fact
    assert digest(WEIGHTS) in problem.fact
    assert digest(WEIGHTS[:50]) in problem.fact
    for take in (published[2].read, published[2].path):
        with pytest.raises(VerificationError) as caught:
            take("w")
        assert str(caught.value) == str(problem)
    path.unlink()
    with pytest.raises(VerificationError, match="'w' of reviews@3 is gone"):
        published[2].read("w")


def test_one_version_is_judged_by_its_own_files(registry, home, published):
    flip(object_file(home, digest(b"\x00")))
    assert [problem.kind for problem in registry.verify("reviews@1").problems] == ["altered_object"]
    assert registry.verify("reviews@2").ok
    flip(object_file(home, published[1].digest))
    assert [problem.kind for problem in registry.verify("reviews@2").problems] == ["altered_manifest"]


def test_a_label_pointing_to_nothing_is_named(registry, home, published):
    (home / "versions" / "reviews" / "9").write_text("ab" * 32)
    kinds = {problem.kind for problem in registry.verify().problems}
    assert kinds == {"unpublished_label", "missing_manifest"}


def test_a_label_exchanged_for_another_is_named(registry, home, published):
    path = home / "versions" / "reviews" / "3"
    path.chmod(0o644)
    path.write_text(published[0].digest)
    assert found(registry.verify()) == found(registry.verify("reviews@3")) == [("altered_label", str(path))]


def test_an_alias_of_a_version_that_is_not_there_is_named(registry, published):
    registry.append("alias", name="reviews", alias="staging", manifest="cd" * 32)
    (problem,) = registry.verify().problems
    assert problem.kind == "dangling_alias"
    assert "reviews@staging" in problem.fact
    with pytest.raises(NotFoundError, match="label is missing"):
        registry.resolve("reviews@staging")


@pytest.mark.parametrize("value", [[], {}, {"kind": "note", "time": "", "actor": "", "parents": ["x"]}, {"kind": 1}])
def test_an_event_file_of_another_shape_is_named(registry, home, published, value):
    data = canonical(value)
    path = home / "events" / f"{digest(data)}.json"
    path.write_bytes(data)
    assert found(registry.verify()) == [("malformed_event", str(path))]
    registry.publish("reviews", {}, {})
    assert [problem.kind for problem in registry.verify().problems] == ["malformed_event"]


def test_strangers_in_the_folders_are_left_alone(registry, home, published):
    for place in (".DS_Store", "events/README", "versions/notes.txt", "objects/x", "versions/reviews/draft", "tmp/x"):
        (home / place).write_text("not ours")
    assert registry.verify().ok
    assert len(registry.versions()) == 3
    assert registry.publish("reviews", {}, {}).number == 4


def test_an_unknown_version_is_not_verified(registry, published):
    with pytest.raises(NotFoundError, match="reviews@7"):
        registry.verify("reviews@7")
