"""Heavy and optional libraries: loaded on first use, with the sentence that says what to install."""

from __future__ import annotations

import importlib
from types import ModuleType
from typing import Any

from .errors import MissingDependencyError


def need(module: str, extra: str | None = None) -> ModuleType:
    """Return the imported module, or raise MissingDependencyError with the install command.

    `extra` names the extra of this package that brings it; without one the package itself is named.
    """
    try:
        return importlib.import_module(module)
    except ModuleNotFoundError as error:
        package = module.partition(".")[0]
        if (error.name or "").partition(".")[0] != package:
            raise
        what = f"tunesmith[{extra}]" if extra else package
        raise MissingDependencyError(f"{package} is not installed: pip install '{what}'") from error


class _Lazy(ModuleType):
    def __getattr__(self, name: str) -> Any:
        return getattr(need(self.__name__), name)


def lazy(module: str) -> ModuleType:
    """Return a stand-in for `module` that imports it at the first attribute access."""
    return _Lazy(module)
