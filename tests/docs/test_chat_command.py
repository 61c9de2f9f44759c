"""The page on talking is true: its commands run, and it names every order, option and key."""

import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from journeys import rows
from journeys.conftest import RECIPES
from tunesmith.cli import main
from tunesmith.commands._session import ORDERS, Turn
from tunesmith.parts.bases._writing import Writing
from tunesmith.testing import tiny

PAGE = (Path(__file__).parents[2] / "docs" / "chat-command.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.M | re.S)


@pytest.fixture(scope="module")
def place(tmp_path_factory):
    folder = tmp_path_factory.mktemp("talk")
    tiny.save_language(folder / "language")
    rows.write(folder, chats_jsonl=rows.chats())
    recipe = folder / "recipe.yaml"
    recipe.write_text(RECIPES["chats"][1].replace("LANGUAGE", str(folder / "language")), "utf-8")
    assert main(["train", str(recipe), "--home", str(folder / ".tunesmith"), "--json"]) == 0
    return folder


def test_the_commands_run(place):
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    script = "set -e\n" + "".join(blocks("bash"))
    done = subprocess.run(["bash", "-c", script], cwd=place, env=environment, capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    (kept,) = (place / "kept.jsonl").read_text("utf-8").splitlines()
    assert json.loads(kept)["messages"][0] == {"role": "system", "content": "be fine"}


def test_the_python_runs(place, monkeypatch):
    monkeypatch.chdir(place)
    for code in blocks("python"):
        exec(code, {})


def test_everything_is_named():
    assert re.findall(r"^\| `(/[^`]+)` \|", PAGE, flags=re.M) == list(ORDERS)
    assert set(re.findall(r"^\| `--[a-z-]+` \| `(\w+)` \|", PAGE, flags=re.M)) == set(Writing.model_fields)
    assert all(f"`{key}`" in PAGE for key in ("turn", *Turn("", "", 0, 0).as_json()))
