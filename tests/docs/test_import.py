"""The page on other tools is true: its commands run, and it shows what the command says."""

import os
import re
import subprocess
import sys
from pathlib import Path

from tunesmith.commands.import_config import TOOLS
from tunesmith.importing.axolotl import NAMES
from tunesmith.recipe import load

PAGE = (Path(__file__).parents[2] / "docs" / "import.md").read_text("utf-8")


def blocks(language):
    return re.findall(rf"^```{language}\n(.*?)^```", PAGE, flags=re.M | re.S)


def test_the_commands_run_and_end_as_shown(tmp_path):
    (tmp_path / "lora.yaml").write_text(blocks("yaml")[0], "utf-8")
    environment = os.environ | {"PATH": f"{Path(sys.executable).parent}{os.pathsep}{os.environ['PATH']}"}
    for line in blocks("bash")[0].splitlines():
        done = subprocess.run(line, shell=True, cwd=tmp_path, env=environment, capture_output=True, text=True)
        assert done.returncode == 0, done.stderr
    written = (tmp_path / "recipe.yaml").read_text("utf-8")
    (shown,) = re.findall(r"^```\n(# not.*?)^```", PAGE, flags=re.M | re.S)
    assert written.endswith(shown)
    assert written.count("# not carried over") == 2
    recipe, _ = load(tmp_path / "recipe.yaml")
    assert (recipe.train.batch_size, recipe.train.epochs, recipe.strategy.kind) == (16, 2, "lora")


def test_the_table_names_keys_that_are_known():
    rows = [
        [cell.strip() for cell in line.strip("|").split("|")] for line in PAGE.splitlines() if line.startswith("| `")
    ]
    columns = dict(zip(TOOLS, zip(*(cells[1:] for cells in rows), strict=True), strict=True))
    for tool, cells in columns.items():
        source = Path(TOOLS[tool].__file__).read_text("utf-8")
        source += (Path(TOOLS[tool].__file__).parent / "_trainer.py").read_text("utf-8")
        for key in re.findall(r"`(\w+)`", " ".join(cells)):
            assert f'"{key}"' in source, f"{tool}: {key}"
    assert all(f"`{key}`" in PAGE for key in NAMES.values())
