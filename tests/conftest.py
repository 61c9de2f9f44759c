"""What is measured of this machine is remembered for one session, in a folder of its own."""

import os

import pytest


@pytest.fixture(scope="session", autouse=True)
def _own_cache(tmp_path_factory):
    before = os.environ.get("TUNESMITH_CACHE")
    os.environ["TUNESMITH_CACHE"] = str(tmp_path_factory.mktemp("cache"))
    yield
    if before is None:
        del os.environ["TUNESMITH_CACHE"]
    else:
        os.environ["TUNESMITH_CACHE"] = before
