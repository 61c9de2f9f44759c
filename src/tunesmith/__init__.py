"""Tunesmith: supervised fine-tuning from a labelled file to a verified, predicting version."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .api import load, train
    from .core.errors import TunesmithError
    from .data import Metric, Prediction
    from .recipe import Recipe
    from .sklearn import TunesmithClassifier, TunesmithRegressor
    from .version import Version

__version__ = "0.1.0"

__all__ = [
    "Metric",
    "Prediction",
    "Recipe",
    "TunesmithClassifier",
    "TunesmithError",
    "TunesmithRegressor",
    "Version",
    "load",
    "train",
]

_WHERE = {
    "Metric": "data",
    "Prediction": "data",
    "Recipe": "recipe",
    "TunesmithClassifier": "sklearn",
    "TunesmithError": "core.errors",
    "TunesmithRegressor": "sklearn",
    "Version": "version",
    "load": "api",
    "train": "api",
}


def __getattr__(name: str) -> Any:
    """Load a public name on first use, so that `import tunesmith` stays light."""
    if name not in _WHERE:
        raise AttributeError(f"module 'tunesmith' has no attribute '{name}'")
    return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)


def __dir__() -> list[str]:
    return sorted([*globals(), *__all__])
