"""What a person may write for a version, and what the answer to a mistake says."""

import pytest

from tunesmith.core.errors import NotFoundError, RegistryError, VerificationError
from tunesmith.core.ids import canonical, digest


@pytest.fixture
def three(registry):
    return [registry.publish("reviews", {"w": bytes([turn])}, {"turn": turn}) for turn in range(3)]


def rewrite(path, data):
    path.chmod(0o644)
    path.write_bytes(data)


def test_every_way_to_name_a_version(registry, three):
    registry.append("alias", name="reviews", alias="production", manifest=three[1].digest)
    assert registry.resolve("reviews@1") == three[0]
    assert registry.resolve("reviews@production") == three[1]
    assert registry.resolve("reviews") == three[2]
    assert registry.resolve(three[0].digest) == registry.resolve(three[0].digest[:8]) == three[0]


def test_the_last_alias_event_decides_and_null_takes_it_away(registry, three):
    for target in (three[0], three[2], three[1]):
        registry.append("alias", name="reviews", alias="production", manifest=target.digest)
    registry.append("alias", name="reviews", alias="staging", manifest=three[0].digest)
    registry.append("alias", name="other", alias="production", manifest=three[0].digest)
    assert registry.aliases("reviews") == {"production": 2, "staging": 1}
    registry.append("alias", name="reviews", alias="staging", manifest=None)
    assert registry.aliases("reviews") == {"production": 2}
    with pytest.raises(NotFoundError, match="reviews@staging"):
        registry.resolve("reviews@staging")


@pytest.mark.parametrize(
    ("reference", "said"),
    [
        ("revews", r"did you mean 'reviews'\? \(known: reviews\)"),
        ("zzz@1", r"no version is named 'zzz' \(known: reviews\)"),
        ("reviews@9", "there is no reviews@9; reviews has the versions 1, 2, 3 and the aliases production"),
        ("reviews@prodution", "there is no reviews@prodution; reviews has the versions 1, 2, 3 and the aliases"),
        ("reviews@", "there is no reviews@;"),
        ("reviews@../1", "there is no reviews@../1"),
        ("reviews@" + "9" * 5000, "there is no reviews@999"),
        ("reviews@²", "there is no reviews@²"),
        ("00000000", "no version's digest starts with '00000000'"),
        ("../versions/reviews", "no version is named"),
        ("", "no version is named ''"),
    ],
)
def test_a_wrong_reference_says_what_there_is(registry, three, reference, said):
    registry.append("alias", name="reviews", alias="production", manifest=three[1].digest)
    with pytest.raises(NotFoundError, match=said):
        registry.resolve(reference)


def test_a_short_or_ambiguous_digest_is_refused(registry, home, three):
    with pytest.raises(NotFoundError, match="no version is named"):
        registry.resolve(three[0].digest[:7])
    (home / "versions" / "reviews" / "4").write_text(three[0].digest[:8] + "0" * 56)
    with pytest.raises(NotFoundError, match="reviews@1, reviews@4; give more digits"):
        registry.resolve(three[0].digest[:8])


def test_an_empty_home_says_how_to_fill_it(registry):
    with pytest.raises(NotFoundError, match="holds no versions yet; train one"):
        registry.resolve("reviews")


def test_a_label_moved_to_another_version_is_refused(registry, home, three):
    rewrite(home / "versions" / "reviews" / "3", three[0].digest.encode())
    with pytest.raises(VerificationError, match=r"versions/reviews/3: the label was altered: .* restore it"):
        registry.resolve("reviews@3")
    assert registry.resolve("reviews@1") == three[0]


def test_an_altered_manifest_is_refused_with_both_digests(registry, home, three):
    path = home / "objects" / three[0].digest[:2] / three[0].digest[2:]
    changed = canonical(three[0].manifest | {"turn": 9})
    rewrite(path, changed)
    said = f"{path}: the manifest of reviews@1 was altered .expected sha256 {three[0].digest}, found {digest(changed)}"
    with pytest.raises(VerificationError, match=said):
        registry.resolve("reviews@1")
    with pytest.raises(VerificationError, match=str(path)):
        registry.versions()
    assert registry.resolve("reviews@2") == three[1]


@pytest.mark.parametrize(
    ("manifest", "said"),
    [
        (b"[1]", "not a manifest"),
        (b"no json", "not a manifest"),
        (b'{"format":2,"name":"reviews","files":{}}', "has format 2, this program reads 1; upgrade"),
        (b'{"format":1,"name":"reviews","files":{"w":{"sha256":"../x","bytes":1}}}', "not a manifest"),
        (b'{"format":1,"name":"other","files":{}}', "points to a version of 'other'"),
    ],
)
def test_a_manifest_made_by_something_else_is_refused(registry, home, three, manifest, said):
    path = home / "objects" / digest(manifest)[:2] / digest(manifest)[2:]
    path.parent.mkdir(exist_ok=True)
    path.write_bytes(manifest)
    (home / "versions" / "reviews" / "4").write_text(digest(manifest))
    with pytest.raises((RegistryError, VerificationError), match=said):
        registry.resolve("reviews@4")
    assert not registry.verify("reviews@4").ok


def test_an_unknown_file_is_refused_with_the_near_one(three):
    with pytest.raises(NotFoundError, match=r"reviews@1: no file is named 'ww'; did you mean 'w'"):
        three[0].read("ww")


def test_three_hundred_versions_are_listed_in_order(registry, home):
    for number in range(1, 301):
        manifest = canonical({"format": 1, "name": "many", "created": "2026", "files": {}, "turn": number})
        path = home / "objects" / digest(manifest)[:2] / digest(manifest)[2:]
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_bytes(manifest)
        label = home / "versions" / "many" / str(number)
        label.parent.mkdir(parents=True, exist_ok=True)
        label.write_text(digest(manifest))
    assert [version.manifest["turn"] for version in registry.versions("many")] == list(range(1, 301))
    assert len(registry.versions()) == 300
    assert registry.resolve("many").number == 300
    assert registry.publish("many", {}, {}).number == 301


def test_all_versions_are_listed_newest_last_across_names(registry):
    for name in ("b", "a", "b"):
        registry.publish(name, {}, {})
    assert [version.label for version in registry.versions()] == ["b@1", "a@1", "b@2"]
    assert registry.names() == ["a", "b"]
    assert registry.versions("..") == registry.versions("absent") == []
