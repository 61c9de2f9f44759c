"""Every part of every family, found from the folders, keeps the kit's promises."""

import importlib
import importlib.util

import pytest

from architecture.tree import PACKAGE
from tunesmith.core.part import find, kinds
from tunesmith.testing import check_part
from tunesmith.testing.tasks import targets

WITHOUT_KIT = {"data.sources"}  # what is read comes from a file: their own tests bring the files
FAMILIES = sorted(f"parts.{path.parent.name}" for path in (PACKAGE / "parts").glob("*/__init__.py"))
FAMILIES += ["data.sources"] if (PACKAGE / "data" / "sources").is_dir() else []
PARTS = [(family, kind) for family in FAMILIES for kind in kinds(family)]


@pytest.mark.parametrize(("family", "kind"), PARTS, ids=[f"{family}.{kind}" for family, kind in PARTS])
def test_part_keeps_its_promises(family, kind):
    check_part(find(family, kind))


@pytest.mark.parametrize("family", [family for family in FAMILIES if family not in WITHOUT_KIT])
def test_family_has_promises(family):
    name = family.rpartition(".")[2]
    assert importlib.util.find_spec(f"tunesmith.testing.{name}") is not None, f"write testing/{name}.py"
    assert callable(importlib.import_module(f"tunesmith.testing.{name}").check)
    assert kinds(family), f"{family} has no part: create a folder when its first inhabitant arrives"


SPOKEN = ("ordinal", "ranking")  # need to be told an order, or a query's column


@pytest.mark.parametrize("kind", [kind for kind in kinds("parts.tasks") if kind not in SPOKEN])
def test_our_tasks_take_labels_however_they_are_written(kind):
    task = find("parts.tasks", kind)()
    for target in task.written() or targets(task.form):
        assert task.suits(target) > 0, target.name
        assert task.refuse(target) is None, target.name
