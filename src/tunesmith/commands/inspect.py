"""`tunesmith inspect`: everything about one version."""

from __future__ import annotations

import json
from argparse import Namespace

from ..registry import Registry
from . import Answer


def run(options: Namespace) -> Answer:
    """Print manifest, lineage and events."""
    registry = Registry(options.home)
    stored = registry.resolve(options.version)
    parent = stored.manifest.get("parent")
    events = [one for one in registry.events(stored.name) if one.get("manifest") == stored.digest]
    value = {
        "version": stored.label,
        "digest": stored.digest,
        "manifest": stored.manifest,
        "lineage": {"parents": [parent] if parent else []},
        "events": events,
    }
    return Answer(value, json.dumps(value, indent=2, ensure_ascii=False))
