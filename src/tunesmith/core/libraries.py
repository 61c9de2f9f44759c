"""The libraries that a run's numbers depend on."""

from __future__ import annotations

import importlib.metadata

LIBRARIES = (
    "tunesmith",
    "torch",
    "transformers",
    "tokenizers",
    "peft",
    "scikit-learn",
    "numpy",
    "polars",
    "safetensors",
)


def libraries() -> dict[str, str]:
    """Return the installed versions of the libraries a run depends on."""
    found = {}
    for name in LIBRARIES:
        try:
            found[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return found
