"""Publishing: round trip, one copy of equal bytes, numbers, refusals."""

import json
import os
import stat
import subprocess
import sys
import time

import pytest

from tunesmith.core.errors import RegistryError, RegistryInputError
from tunesmith.core.ids import digest
from tunesmith.registry import Registry, disk
from tunesmith.registry.publish import LEFTOVER_SECONDS

PUBLISHER = """
import sys
from pathlib import Path
from tunesmith.registry import Registry
for turn in range(int(sys.argv[3])):
    print(Registry(Path(sys.argv[1])).publish("reviews", {"w": sys.argv[2].encode() + bytes([turn])}, {}).number)
"""


def files_under(folder):
    return sorted(path for path in folder.rglob("*") if path.is_file())


def test_round_trip(registry, home, tmp_path):
    source = tmp_path / "weights.bin"
    source.write_bytes(b"\x00\x01" * 1_000_000)
    version = registry.publish("reviews", {"model/weights": source, "card.md": b"# card"}, {"task": {"kind": "spans"}})
    found = Registry(home).resolve("reviews@1")
    assert found == version
    assert found.manifest == version.manifest
    assert (found.label, found.filenames) == ("reviews@1", ["card.md", "model/weights"])
    assert found.read("model/weights") == source.read_bytes()
    assert found.path("card.md").read_bytes() == b"# card"
    assert found.manifest["task"] == {"kind": "spans"}
    assert found.manifest["files"]["card.md"] == {"sha256": digest(b"# card"), "bytes": 6}
    assert hash(found) == hash(version)


def test_the_identity_is_the_sha256_of_the_canonical_manifest(registry, home):
    version = registry.publish("reviews", {}, {"seed": 0})
    path = home / "objects" / version.digest[:2] / version.digest[2:]
    assert digest(path.read_bytes()) == version.digest
    assert json.loads(path.read_bytes()) == version.manifest
    assert (version.manifest["format"], version.manifest["name"]) == (1, "reviews")
    assert version.manifest["created"].endswith("+00:00")
    assert (home / "versions" / "reviews" / "1").read_text() == version.digest


def test_creating_a_registry_touches_nothing(registry, home):
    assert registry.versions() == registry.versions("reviews") == registry.names() == registry.events() == []
    assert registry.aliases("reviews") == {}
    assert registry.verify().ok
    assert not home.exists()


def test_equal_payloads_take_one_object_and_nothing_stays_in_tmp(registry, home, tmp_path):
    payload = bytes(range(256)) * 100
    source = tmp_path / "copy"
    source.write_bytes(payload)
    for content in ({"a": payload, "b": payload}, {"other": source}, {"w": payload}):
        registry.publish("reviews", content, {})
    assert len(files_under(home / "objects")) == 3 + 1  # three manifests, one payload
    assert files_under(home / "tmp") == []


def test_everything_stored_is_read_only(registry, home):
    registry.publish("reviews", {"w": b"1"}, {})
    assert {stat.S_IMODE(path.stat().st_mode) for path in files_under(home)} == {0o444}


def test_publishing_the_same_bytes_mends_a_damaged_object(registry):
    first = registry.publish("reviews", {"w": b"weights"}, {})
    path = first.path("w")
    path.chmod(0o644)
    path.write_bytes(b"wEights")
    registry.publish("reviews", {"w": b"weights"}, {})
    assert first.read("w") == b"weights"
    assert registry.verify().ok


def test_numbers_are_never_reused(registry, home):
    for turn in range(3):
        registry.publish("reviews", {"w": bytes([turn])}, {})
    (home / "versions" / "reviews" / "2").unlink()
    assert registry.publish("reviews", {}, {}).number == 4
    (home / "versions" / "reviews" / "4").unlink()
    assert registry.publish("reviews", {}, {}).number == 5
    assert [version.number for version in registry.versions("reviews")] == [1, 3, 5]


def test_eight_cold_publishers_share_a_new_home(registry, home):
    command = [sys.executable, "-c", PUBLISHER, str(home)]
    running = [
        subprocess.Popen([*command, f"writer {one}", "3"], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        for one in range(8)
    ]
    outcomes = [(process.communicate(timeout=60), process.returncode) for process in running]
    assert [(errors, code) for (_, errors), code in outcomes] == [("", 0)] * 8
    numbers = [int(number) for (out, _), _ in outcomes for number in out.split()]
    assert sorted(numbers) == list(range(1, 25))
    assert [version.number for version in registry.versions("reviews")] == list(range(1, 25))
    assert len(registry.events("reviews")) == 24
    assert files_under(home / "tmp") == []
    assert registry.verify().ok


@pytest.mark.parametrize("name", ["", ".hidden", "..", "a/b", "a@b", "a b", "é", "x" * 65, "a\n", "../up", "a\\b"])
def test_a_bad_name_is_refused_with_the_rule(registry, home, name):
    with pytest.raises(RegistryInputError, match="use 1 to 64 letters"):
        registry.publish(name, {}, {})
    assert not home.exists()


def test_a_name_that_differs_by_case_alone_is_refused(registry):
    registry.publish("reviews", {}, {})
    with pytest.raises(RegistryInputError, match="use 'reviews'"):
        registry.publish("Reviews", {}, {})


@pytest.mark.parametrize("filename", ["", ".", "../up", "/etc/passwd", "a//b", "a/../b", "a\\b", "a/"])
def test_a_file_name_that_leads_elsewhere_is_refused(registry, filename):
    with pytest.raises(RegistryInputError, match="plain relative path"):
        registry.publish("reviews", {filename: b""}, {})


def test_a_file_that_is_neither_bytes_nor_path_is_refused(registry):
    with pytest.raises(RegistryInputError, match="file 'w': is a str; give bytes"):
        registry.publish("reviews", {"w": "text"}, {})


@pytest.mark.parametrize("manifest", [{"loss": float("nan")}, {"x": object()}, {"x": {1: 2, "a": 3}}, {"x": "\ud800"}])
def test_a_manifest_without_a_json_form_is_refused(registry, home, manifest):
    with pytest.raises(RegistryInputError, match="no JSON form"):
        registry.publish("reviews", {}, manifest)
    assert not home.exists()


def test_reserved_manifest_fields_are_refused_by_name(registry):
    with pytest.raises(RegistryInputError, match="'files', 'name'"):
        registry.publish("reviews", {}, {"name": "other", "files": {}, "task": 1})


def test_a_source_file_that_is_absent_or_a_folder_is_named(registry, tmp_path):
    for source in (tmp_path / "absent.bin", tmp_path):
        with pytest.raises(RegistryError, match=str(source)):
            registry.publish("reviews", {"w": b"1", "x": source}, {})
    assert registry.versions() == []


def test_leftovers_go_after_a_day_and_not_before(registry, home):
    registry.publish("reviews", {}, {})
    old, new, event = home / "tmp" / "old.part", home / "tmp" / "new.part", home / "tmp" / ("0" * 64 + ".event")
    for path in (old, new, event):
        path.write_bytes(b"half")
    for path in (old, event):
        os.utime(path, (time.time() - LEFTOVER_SECONDS - 60,) * 2)
    registry.append("note", text="anything")
    assert files_under(home / "tmp") == [new]


def test_a_disk_without_hard_links_still_numbers_exclusively(registry, home, monkeypatch):
    def refuse(source, target):
        raise OSError(next(iter(disk.NO_HARD_LINKS)), "no links", str(source), None, str(target))

    monkeypatch.setattr(os, "link", refuse)
    assert [registry.publish("reviews", {}, {"turn": turn}).number for turn in range(3)] == [1, 2, 3]
    (home / "versions" / "reviews" / "4").touch()  # as a crash between creating and filling leaves it
    assert registry.resolve("reviews").number == 3
    assert registry.publish("reviews", {}, {}).number == 5
    assert registry.verify().ok
