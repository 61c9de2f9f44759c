"""The contributing page is true: its example part, one file in a folder of its own, keeps the kit's promises."""

import os
import re
import subprocess
import sys
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text("utf-8")


def test_the_example_part_keeps_its_promises(tmp_path):
    part, check = re.findall(r"^```python\n(.*?)^```", PAGE, flags=re.M | re.S)
    folder = tmp_path / "my_parts" / "losses"
    folder.mkdir(parents=True)
    (folder / "tilted.py").write_text(part, "utf-8")
    environment = os.environ | {"TUNESMITH_PARTS": str(tmp_path / "my_parts")}
    done = subprocess.run([sys.executable, "-c", check], env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr


def test_the_files_and_folders_it_names_exist():
    named = [one for one in re.findall(r"`((?:src|tests|docs|recipes)/[\w/.]*)`", PAGE) if "tests/" not in one]
    assert named
    assert not [one for one in named if not (ROOT / one).exists()]
