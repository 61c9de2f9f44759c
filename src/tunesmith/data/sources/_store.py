"""Files that are elsewhere: on object stores and web servers, through fsspec; fetched before they are read."""

from __future__ import annotations

import re
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from ...core.errors import DataError, MissingDependencyError, NotFoundError, TunesmithError
from ...core.need import need
from ._secrets import filled, hidden, scrubbed
from ._unpack import pour

REMOTE = re.compile(r"[A-Za-z][A-Za-z0-9+.-]+(?:::|://)")


def is_remote(place: str) -> bool:
    """Return whether a place is an address such as `s3://bucket/rows.csv`, not a path of this machine."""
    return REMOTE.match(place) is not None


def remote_name(place: str) -> str:
    """Return the path of an address, without what asks or secrets may follow it."""
    return re.split(r"[?#]", place, maxsplit=1)[0]


def matches(pattern: str) -> list[str]:
    """Return the addresses that a pattern matches, by name. Raises NotFoundError where there is none."""
    with _told(pattern):
        files, path = need("fsspec", extra="store").core.url_to_fs(filled(pattern))
        found = [files.unstrip_protocol(one) for one in sorted(files.glob(path)) if not files.isdir(one)]
    if not found:
        raise NotFoundError(f"{hidden(pattern)}: no file matches; check the pattern and the rights to list")
    return found


@contextmanager
def fetched(place: str, name: str, most_bytes: int) -> Iterator[Path]:
    """Hold a file from elsewhere as a temporary one, copied in blocks.

    Raises NotFoundError or DataError where it cannot be had, MissingDependencyError where a library is missing.
    """
    with tempfile.TemporaryDirectory(prefix="tunesmith-") as folder:
        target = Path(folder, "fetched")
        with target.open("wb") as into, _told(place), _opened(place) as reader:
            pour(reader, into, name, most_bytes)
        yield target


def _opened(place: str) -> Any:
    if is_remote(place):
        return need("fsspec", extra="store").open(filled(place), "rb")
    return open(place, "rb")


@contextmanager
def _told(place: str) -> Iterator[None]:
    """Turn whatever a store's own library raises into an error that names the place, without its secrets."""
    shown = hidden(place)
    try:
        yield
    except TunesmithError:
        raise
    except FileNotFoundError as error:
        raise NotFoundError(f"{shown}: there is no such file; check the address") from error
    except ImportError as error:
        lacking = getattr(error.__cause__, "name", None) or error.name or str(error)
        raise MissingDependencyError(
            f"{lacking} is not installed, {shown} needs it: pip install '{lacking}'"
        ) from error
    except Exception as error:  # the libraries behind fsspec share no class of errors
        fact = scrubbed(str(error), place) or type(error).__name__
        raise DataError(f"{shown}: cannot be fetched ({fact}); check the address and the rights to read it") from error
