"""What people type first is quick because it imports little."""

import json
import os
import subprocess
import sys

import pytest

from architecture.tree import PACKAGE

HEAVY = {"torch", "transformers", "sklearn", "scipy", "peft", "polars", "pandas", "pyarrow", "tokenizers"}
TELL = "import json, sys; print(json.dumps(sorted({name.partition('.')[0] for name in sys.modules})))"
RUN_HELP = """
import runpy, sys
sys.argv = ["tunesmith", "--help"]
try:
    runpy.run_module("tunesmith", run_name="__main__", alter_sys=True)
except SystemExit as end:
    assert not end.code, end.code
print()
"""


def imported_by(code: str) -> set[str]:
    """Return the top-level names of the modules that a fresh interpreter holds after running the code."""
    environment = os.environ | {"PYTHONPATH": os.pathsep.join([str(PACKAGE.parent), os.environ.get("PYTHONPATH", "")])}
    done = subprocess.run(
        [sys.executable, "-c", f"{code}\n{TELL}"], capture_output=True, text=True, check=False, env=environment
    )
    assert done.returncode == 0, done.stderr
    return set(json.loads(done.stdout.splitlines()[-1]))


def test_the_instrument_sees_an_import():
    assert "polars" in imported_by("import polars")


def test_importing_the_package_is_light():
    assert imported_by("import tunesmith") & HEAVY == set()


def test_the_recipe_page_of_core_is_light():
    assert imported_by("import tunesmith.core.part, tunesmith.core.seed, tunesmith.core.events") & HEAVY == set()


@pytest.mark.skipif(not (PACKAGE / "cli.py").exists(), reason="there is no command line yet")
@pytest.mark.parametrize("code", ["import tunesmith.cli", RUN_HELP], ids=["import", "help"])
def test_the_command_line_is_light(code):
    assert imported_by(code) & HEAVY == set()


def test_listing_kinds_imports_none_of_them():
    code = "from tunesmith.core.part import kinds; assert kinds('parts.losses'), kinds('parts.losses')"
    assert imported_by(code) & (HEAVY - {"polars", "pyarrow"}) == set()
