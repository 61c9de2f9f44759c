"""The page on cleaning is true: its recipe loads, its commands run, and it names every remedy."""

import re
import shlex
from pathlib import Path
from typing import get_args

import numpy as np
import polars as pl

from tunesmith.cli import main
from tunesmith.parts.checks import Remedy

PAGE = (Path(__file__).parents[2] / "docs" / "cleaning.md").read_text("utf-8")
RECIPE = re.search(r"^```yaml\n(.*?)^```", PAGE, flags=re.M | re.S).group(1)
COMMANDS = [
    line for block in re.findall(r"^```bash\n(.*?)^```", PAGE, flags=re.M | re.S) for line in block.splitlines()
]


def test_every_remedy_is_in_the_table():
    assert set(re.findall(r"^\| `(\w+)` \|", PAGE, flags=re.M)) == {*get_args(Remedy), "keep"}


def test_the_commands_run(tmp_path, monkeypatch, capsys):
    monkeypatch.chdir(tmp_path)
    generator = np.random.default_rng(0)
    team = np.array(["billing", "shipping"])[np.arange(90) % 2]
    frame = pl.DataFrame(
        {
            "text": [
                f"my {'invoice' if one == 'billing' else 'parcel'} number {at} is lost" for at, one in enumerate(team)
            ],
            "channel": [*["mail", "phone", "chat"] * 29, "Mail", "mail", "chat"],
            "amount": [*generator.uniform(5, 90, 84).round(2).tolist(), *[-999.0] * 6],
            "team": team,
        }
    )
    pl.concat([frame, frame.head(2)]).write_csv("orders.csv")
    Path("recipe.yaml").write_text(RECIPE, "utf-8")
    for line in COMMANDS:
        assert main(shlex.split(line)[1:]) == 0, capsys.readouterr().err
    cells = [pl.read_csv(name, infer_schema=False) for name in ("orders.csv", "clean.csv", "back.csv")]
    assert cells[0].equals(cells[2])
    assert cells[1].height <= 90, "the two copies are gone"
    assert not {"Mail"} & set(cells[1]["channel"])
    assert "-999.0" not in cells[1]["amount"].to_list()
    assert Path("tasks.xml").exists()
