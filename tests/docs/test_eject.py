"""The page on leaving is true: its lines run as they stand, and its table names what is written."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

from stories import convert
from tunesmith.registry import Registry

PAGE = (Path(__file__).parents[2] / "docs" / "eject.md").read_text("utf-8")
RECIPE = """
data: stories.csv
target: answer
task: chat
base: {kind: hf_causal, path: base, template: plain, max_tokens: 64, writing: {max_new_tokens: 8}}
train: {epochs: 1, engine: {precision: fp32, threads: 1}, optimizer: {learning_rate: 1e-3}}
"""


def blocks(kind):
    return re.findall(rf"^```{kind}\n(.*?)^```", PAGE, flags=re.M | re.S)


@pytest.mark.assets
def test_the_lines_run_and_come_to_the_weights(assets, tmp_path):
    convert(assets / "weights" / "stories260K", tmp_path / "base")
    beasts, places = ("dog", "cat", "bird", "fox", "hen", "cow"), ("park", "wood", "house", "garden", "lake")
    lines = [f"Tell me of a {one} in the {two}.,A {one} ran to the {two}." for one in beasts for two in places]
    (tmp_path / "stories.csv").write_text("\n".join(["prompt,answer", *lines]), "utf-8")
    (tmp_path / "recipe.yaml").write_text(RECIPE, "utf-8")
    here = Path(sys.executable).parent
    environment = os.environ | {"PATH": f"{here}{os.pathsep}{os.environ['PATH']}", "HF_HUB_OFFLINE": "1"}
    environment.pop("TUNESMITH_HOME", None)
    (bash,), (code,) = blocks("bash"), blocks("python")
    said = []
    for line in [*bash.strip().splitlines(), [sys.executable, "-c", code]]:
        line = line.replace("tunesmith ", f"{sys.executable} -m tunesmith ") if isinstance(line, str) else line
        done = subprocess.run(
            line, shell=isinstance(line, str), cwd=tmp_path, env=environment, capture_output=True, text=True
        )
        assert done.returncode == 0, f"{line}\n{done.stderr}"
        said.append(done.stdout)
    weights = Registry(tmp_path / ".tunesmith").resolve("stories").manifest["weights"]
    assert weights in said[1]
    assert said[2].splitlines()[-1] == weights
    named = {one.strip("/") for one in re.findall(r"^\| `([\w./]+)` \|", PAGE, flags=re.M)}
    shutil.rmtree(tmp_path / "mine" / "trained")
    assert named == {one.name for one in (tmp_path / "mine").iterdir()}
