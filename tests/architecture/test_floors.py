"""Imports run only downward, siblings are strangers, and no two sub-packages need each other."""

import graphlib

import grimp
import pytest
from importlinter.cli import lint_imports

from architecture.tree import PACKAGE, ROOT

OWN = "tunesmith"
STRANGERS = [f"{OWN}.parts", f"{OWN}.stages"]


@pytest.fixture(scope="module")
def imports() -> grimp.ImportGraph:
    return grimp.build_graph(OWN, cache_dir=None)


def test_the_contracts_are_kept(capsys):
    status = lint_imports(config_filename=str(ROOT / "pyproject.toml"), no_cache=True)
    assert status == 0, capsys.readouterr().out


def needs(graph: grimp.ImportGraph, depth: int) -> dict[str, set[str]]:
    """Return which packages of a depth import which others; the root, which names everything, is left out."""

    def package(module: str) -> str:
        return ".".join(module.split(".")[: depth + 1])

    found: dict[str, set[str]] = {}
    for module in graph.modules - {OWN}:
        below = {package(one) for one in graph.find_modules_directly_imported_by(module) - {OWN}}
        found.setdefault(package(module), set()).update(below - {package(module)})
    return found


def test_no_top_level_packages_need_each_other(imports):
    graphlib.TopologicalSorter(needs(imports, 1)).prepare()


@pytest.mark.parametrize("parent", [*STRANGERS, f"{OWN}.data", f"{OWN}.core", f"{OWN}.registry", f"{OWN}.pages"])
def test_no_modules_of_a_package_need_each_other(imports, parent):
    """A package's `__init__` is the floor its members stand on, so only members are compared."""
    depth = parent.count(".") + 1
    inside = {name: low for name, low in needs(imports, depth).items() if name.startswith(f"{parent}.")}
    graphlib.TopologicalSorter({name: low & inside.keys() for name, low in inside.items()}).prepare()


def test_a_cycle_would_be_seen():
    with pytest.raises(graphlib.CycleError):
        graphlib.TopologicalSorter({"core": {"data"}, "data": {"core"}}).prepare()


def test_every_part_family_and_stage_is_looked_at(imports):
    for parent in STRANGERS:
        folder = PACKAGE.joinpath(*parent.split(".")[1:])
        there = {f"{parent}.{path.stem}" for path in folder.iterdir() if path.suffix == ".py" or path.is_dir()}
        assert {one for one in there if "__" not in one} <= imports.modules
