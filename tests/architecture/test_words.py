"""What is published speaks of the project alone: no paths, hosts or tools of a machine it was written on."""

import re
import subprocess

import pytest

from architecture.tree import ROOT

UNREAD = {".safetensors", ".png", ".parquet", ".ico"}
# Written in pieces, so that this file does not hold what it forbids.
PATHS = "|".join(["wo" + "rk", "ro" + "ot", "ho" + "me/[a-z]", "mn" + "t", "Us" + "ers/[A-Za-z]"])
HOSTS = ["py" + "pi.org", "python" + "hosted", "download.py" + "torch", "arti" + "factory"]
PHRASES = ["anth" + "ropic", "cl" + "aude", "chat" + "gpt"]
MARKS = ["TO" + "DO", "FIX" + "ME", "XX" + "X"]


def tracked() -> list[str]:
    done = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if done.returncode:
        pytest.skip("not a git checkout")
    return [name for name in done.stdout.split("\0") if name and (ROOT / name).is_file()]


def hits(pattern: str, flags: int = 0) -> list[str]:
    found = []
    for name in tracked():
        if (ROOT / name).suffix in UNREAD or name == "LICENSE":
            continue
        lines = (ROOT / name).read_text(encoding="utf-8", errors="replace").splitlines()
        found += [f"{name}:{at}: {line[:120]}" for at, line in enumerate(lines, 1) if re.search(pattern, line, flags)]
    return found


def test_no_path_of_a_machine():
    assert hits(rf"(?<![\w.)}}\]])/(?:{PATHS})\b") == []


def test_no_host_of_a_registry():
    assert hits("|".join(map(re.escape, HOSTS)), re.IGNORECASE) == []


def test_no_index_with_an_address():
    assert hits(r"index-url[ =]+\"?https?:") == []


def test_no_word_of_a_workplace():
    assert hits("|".join(map(re.escape, PHRASES)), re.IGNORECASE) == []


def test_no_mark_of_unfinished_work():
    assert hits(rf"\b(?:{'|'.join(MARKS)})\b") == []


def test_the_patterns_find_what_they_forbid():
    assert re.search(rf"(?<![\w.)}}\]])/(?:{PATHS})\b", "read from /" + "work/data.csv")
    assert not re.search(rf"(?<![\w.)}}\]])/(?:{PATHS})\b", "docs/" + "workflow and a/" + "work/b")
