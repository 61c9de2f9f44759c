"""What is measured of this machine is remembered for one session, in a folder of its own."""

import os
from pathlib import Path

import pytest

BESIDE = Path(__file__).parents[2] / "shared" / "assets"


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    before = os.environ.get("TUNESMITH_CACHE")
    os.environ["TUNESMITH_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["TUNESMITH_CACHE"]
    else:
        os.environ["TUNESMITH_CACHE"] = before


@pytest.fixture(scope="session")
def assets():
    """The folder with the public data and weights: TUNESMITH_ASSETS, or beside the project."""
    folder = Path(os.environ.get("TUNESMITH_ASSETS", BESIDE))
    if not folder.is_dir():
        pytest.skip(f"no public data in {folder}; TUNESMITH_ASSETS names another folder")
    return folder
