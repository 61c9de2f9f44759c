"""Files, functions and names stay small, documented, typed and honest."""

import ast
import re
import statistics
from pathlib import Path

import pytest

from architecture.tree import PACKAGE, classes, files, functions, shown, syntax

FILE_LINES = 300
MEDIAN_LINES = 130
STORY_LINES = 120
BODY_LINES = 40
LONG_BODY_LINES = 60
LONG_SHARE = 0.01
PARAMETERS = 6
VAGUE = {"utils", "util", "helpers", "helper", "common", "manager", "factory", "misc"}
VAGUE_FILES = VAGUE | {"base"}  # as a word inside a name, `base` is the recipe's own term


def length(path: Path) -> int:
    return len(path.read_text(encoding="utf-8").splitlines())


def test_no_file_is_long():
    assert {shown(path): length(path) for path in files() if length(path) > FILE_LINES} == {}


def test_the_median_file_is_short():
    assert statistics.median(map(length, files())) <= MEDIAN_LINES


def test_the_story_fits_on_a_page():
    story = PACKAGE / "story.py"
    if not story.exists():
        pytest.skip("there is no story yet")
    assert length(story) <= STORY_LINES


def test_no_function_is_long():
    long = {one.where: one.body_lines() for one in functions() if one.body_lines() > BODY_LINES}
    assert len(long) <= LONG_SHARE * len(functions()), long
    assert {where: lines for where, lines in long.items() if lines > LONG_BODY_LINES} == {}


def test_no_function_has_many_parameters():
    many = {one.where: len(one.parameters) for one in functions() if len(one.parameters) > PARAMETERS}
    assert many == {}


def test_only_the_command_line_prints():
    printing = [
        f"{shown(path)}:{node.lineno}"
        for path in files()
        if path.name != "cli.py"
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) and node.func.id == "print"
    ]
    assert printing == []


def test_every_module_class_and_public_function_says_what_it_is():
    silent = [shown(path) for path in files() if not ast.get_docstring(syntax(path))]
    silent += [
        f"{shown(path)}:{node.lineno} {node.name}"
        for path, node in classes()
        if not node.name.startswith("_") and not ast.get_docstring(node)
    ]
    silent += [one.where for one in functions() if one.is_public and not ast.get_docstring(one.node)]
    assert silent == []


def test_every_function_is_annotated():
    bare = [one.where for one in functions() if one.node.returns is None]
    bare += [f"{one.where}({arg.arg})" for one in functions() for arg in one.parameters if arg.annotation is None]
    assert bare == []


def test_no_function_imports_our_own_package():
    inner = [
        f"{one.where} imports at line {node.lineno}"
        for one in functions()
        for node in ast.walk(one.node)
        if (isinstance(node, ast.ImportFrom) and (node.level or (node.module or "").startswith("tunesmith")))
        or (isinstance(node, ast.Import) and any(name.name.startswith("tunesmith") for name in node.names))
    ]
    assert inner == []


def test_imports_within_the_package_are_relative():
    absolute = [
        f"{shown(path)}:{node.lineno}"
        for path in files()
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ImportFrom) and not node.level and (node.module or "").partition(".")[0] == "tunesmith"
    ]
    assert absolute == []


def words(name: str) -> set[str]:
    return {word.lower() for word in re.findall(r"[A-Z]?[a-z0-9]+|[A-Z]+(?![a-z])", name)}


def test_no_name_is_vague():
    vague = [shown(path) for path in files() if words(path.stem) & VAGUE or path.stem.strip("_") in VAGUE_FILES]
    vague += [f"{shown(path)}:{node.lineno} {node.name}" for path, node in classes() if words(node.name) & VAGUE]
    vague += [one.where for one in functions() if words(one.node.name) & VAGUE]
    assert vague == []


def catches_everything(handler: ast.ExceptHandler) -> bool:
    named = handler.type.elts if isinstance(handler.type, ast.Tuple) else [handler.type]
    return any(one is None or getattr(one, "id", "") in ("Exception", "BaseException") for one in named)


def test_nothing_swallows_every_exception():
    swallowed = [
        f"{shown(path)}:{node.lineno}"
        for path in files()
        for node in ast.walk(syntax(path))
        if isinstance(node, ast.ExceptHandler) and catches_everything(node)
        if not any(isinstance(inner, ast.Raise) for inner in ast.walk(node))
    ]
    assert swallowed == []


def test_nothing_imports_pickle():
    unsafe = {"pickle", "cloudpickle", "dill", "joblib", "shelve", "marshal"}
    found = [
        f"{shown(path)}:{node.lineno}"
        for path in files()
        for node in ast.walk(syntax(path))
        if (isinstance(node, ast.Import) and any(one.name.partition(".")[0] in unsafe for one in node.names))
        or (isinstance(node, ast.ImportFrom) and (node.module or "").partition(".")[0] in unsafe)
        or (isinstance(node, ast.Constant) and node.value in unsafe)
    ]
    assert found == []


def part_files() -> list[Path]:
    families = [path.parent for path in (PACKAGE / "parts").glob("*/__init__.py")] + [PACKAGE / "data" / "sources"]
    return sorted(path for folder in families for path in folder.glob("[!_]*.py"))


@pytest.mark.parametrize("path", part_files(), ids=lambda path: f"{path.parent.name}.{path.stem}")
def test_a_part_file_holds_one_public_class_of_its_own_name(path):
    public = [node.name for node in syntax(path).body if isinstance(node, ast.ClassDef) and node.name[0] != "_"]
    assert public == ["".join(word.capitalize() for word in path.stem.split("_"))]


def test_no_package_defines_what_one_of_its_modules_is_called():
    """Importing the module would put it in the other's place, in whichever process came across it first."""
    shadowed = [
        f"{shown(path)}:{node.lineno} {node.name}"
        for path in files()
        if path.name == "__init__.py"
        for node in syntax(path).body
        if isinstance(node, ast.FunctionDef | ast.ClassDef)
        if (path.parent / f"{node.name}.py").exists() or (path.parent / node.name).is_dir()
    ]
    assert shadowed == []
