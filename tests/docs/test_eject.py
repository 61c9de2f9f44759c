"""The page on leaving is true: its lines run as they stand, and its table names what is written."""

import re
import runpy
import shlex
from pathlib import Path

import pytest

from stories import convert
from tunesmith.cli import main
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
def test_the_lines_run_and_come_to_the_weights(assets, tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TUNESMITH_HOME", raising=False)
    convert(assets / "weights" / "stories260K", tmp_path / "base")
    beasts, places = ("dog", "cat", "bird", "fox", "hen", "cow"), ("park", "wood", "house", "garden", "lake")
    lines = [f"Tell me of a {one} in the {two}.,A {one} ran to the {two}." for one in beasts for two in places]
    (tmp_path / "stories.csv").write_text("\n".join(["prompt,answer", *lines]), "utf-8")
    (tmp_path / "recipe.yaml").write_text(RECIPE, "utf-8")
    (bash,), (code,) = blocks("bash"), blocks("python")
    train, leave, again = bash.strip().splitlines()
    assert main(shlex.split(train)[1:]) == 0
    weights = Registry(tmp_path / ".tunesmith").resolve("stories").manifest["weights"]
    capsys.readouterr()
    assert main(shlex.split(leave)[1:]) == 0
    assert weights in capsys.readouterr().out
    assert again.startswith("python ")
    runpy.run_path(again.removeprefix("python "), run_name="__main__")
    assert capsys.readouterr().out.splitlines()[-1] == weights
    names = {}
    exec(code, names)
    assert names["written"].shape[1] > names["tokens"]["input_ids"].shape[1]
    named = {one.strip("/") for one in re.findall(r"^\| `([\w./]+)` \|", PAGE, flags=re.M)}
    assert named | {"trained"} == {one.name for one in (tmp_path / "mine").iterdir()}
