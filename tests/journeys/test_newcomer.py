"""A new part is one file in a folder of one's own: a loss, a check and a task are found, held to the kit, and used."""

import pytest

from journeys import rows
from tunesmith.core.part import PARTS_VARIABLE, find, kinds
from tunesmith.testing import check_part

LOSS = '''
"""Tilted loss: answers too low and too high hurt differently (Koenker & Bassett 1978, equation 1.3)."""

from typing import ClassVar

import torch
from pydantic import Field

from tunesmith.parts.losses import Loss


class Tilted(Loss):
    """The absolute error, weighed by its side; the best answer is a quantile."""

    forms: ClassVar[frozenset[str]] = frozenset({"value"})

    quantile: float = Field(0.5, gt=0.0, lt=1.0)
    """Share of the rows that should lie below the answer."""

    def build(self, targets, width):
        """Return the loss for values (rows,)."""

        def tilted(outputs, values):
            gap = values - outputs.float()[:, 0]
            return torch.maximum(self.quantile * gap, (self.quantile - 1) * gap)

        return tilted
'''

CHECK = '''
"""Very young ages: likely a slip of the pen."""

from tunesmith.parts.checks import Check, Finding


class Toddlers(Check):
    """Ages below a limit, in a column called age."""

    limit: int = 21
    """The youngest age that is believed."""

    def find(self, table):
        """Return the rows with an age below the limit."""
        if "age" not in table.inputs or not table.data.frame["age"].dtype.is_numeric():
            return []
        found = tuple(table.data.frame["age"].lt(self.limit).fill_null(False).arg_true().to_list())
        advice = "rows with an age that is hard to believe; look them up"
        return [Finding(self.kind, "info", found, (0.5,) * len(found), advice, "age")] if found else []
'''

TASK = '''
"""Counts: whole numbers from zero up, answered as such."""

from tunesmith.parts.tasks.regression import Regression


class Counts(Regression):
    """A regression whose answers are rounded to the nearest count."""

    @classmethod
    def suits(cls, target):
        """Return little: counts are asked for by name."""
        return 0.1

    def answers(self, scores, state):
        """Return the nearest whole number that is not negative."""
        return [(max(0.0, float(round(value))), None, {}) for value in scores]
'''


@pytest.fixture
def own(tmp_path, monkeypatch):
    """Three files in a folder of one's own."""
    for family, kind, text in (("losses", "tilted", LOSS), ("checks", "toddlers", CHECK), ("tasks", "counts", TASK)):
        (tmp_path / "mine" / family).mkdir(parents=True)
        (tmp_path / "mine" / family / f"{kind}.py").write_text(text.lstrip(), "utf-8")
    monkeypatch.setenv(PARTS_VARIABLE, str(tmp_path / "mine"))


@pytest.mark.usefixtures("own")
@pytest.mark.parametrize(("family", "kind"), [("losses", "tilted"), ("checks", "toddlers"), ("tasks", "counts")])
def test_each_is_found_and_keeps_the_promises(family, kind):
    assert kind in kinds(f"parts.{family}")
    check_part(find(f"parts.{family}", kind))


@pytest.mark.usefixtures("own")
def test_all_three_work_in_one_run(tunesmith, tmp_path):
    rows.write(tmp_path, table_csv=rows.table())
    recipe = "data: {path: table.csv, inputs: [age, city]}\ntarget: minutes\ntask: counts\nbase: tabular_net\n"
    (tmp_path / "r.yaml").write_text(recipe + "train: {epochs: 1, loss: {kind: tilted, quantile: 0.7}}\n", "utf-8")
    done = tunesmith("train", "r.yaml", "--json")
    assert done.code == 0, done.err
    assert done.json["task"] == "counts"
    answers = tunesmith("predict", done.json["version"], "table.csv", "--json").json
    assert all(one["answer"] == int(one["answer"]) >= 0 for one in answers)
    found = tunesmith("check", "r.yaml", "--json").json["findings"]
    assert "toddlers" in {one["check"] for one in found}


def test_without_the_folder_they_are_unknown():
    assert "tilted" not in kinds("parts.losses")
