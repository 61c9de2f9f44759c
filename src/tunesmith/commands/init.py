"""`tunesmith init`: looks at the data and writes a commented recipe."""

from __future__ import annotations

import json
import os
from argparse import Namespace
from pathlib import Path
from typing import Any

from ..core.errors import RecipeError
from ..core.events import Events
from ..handover import Understood
from ..recipe import of_rows
from ..story import Run, understand
from . import Answer


def run(options: Namespace) -> Answer:
    """Write the recipe. Raises RecipeError where the file exists already."""
    if options.output.exists() and not options.force:
        raise RecipeError(f"{options.output}: exists already; give another name with -o, or --force")
    is_address = "://" in options.data
    data = options.data if is_address else os.path.relpath(options.data, options.output.parent)
    data += "/" if Path(options.data).is_dir() else ""
    events = Events()
    known = understand(Run(of_rows(data, options.target), options.output.parent, Path(), events))
    options.output.write_text(written(known, data), "utf-8")
    value: dict[str, Any] = {
        "recipe": str(options.output),
        "task": known.meaning.task.kind,
        "target": known.meaning.target,
        "inputs": {name: modality.kind for name, modality in known.meaning.inputs.items()},
        "notes": [event.fields["text"] for event in events.seen if event.kind == "note"],
    }
    inputs = ", ".join(f"{name} ({kind})" for name, kind in value["inputs"].items())
    lines = [f"task      {value['task']}", f"target    {value['target']}", f"inputs    {inputs}", *value["notes"]]
    return Answer(
        value, "\n".join([*lines, f"written   {options.output}", f"next      tunesmith train {options.output}"])
    )


def written(known: Understood, data: str) -> str:
    """Return a recipe with what was found, and with what may be changed in comments."""
    recipe, meaning = known.recipe, known.meaning
    inputs = ", ".join(f"{json.dumps(name, ensure_ascii=False)}: {one.kind}" for name, one in meaning.inputs.items())
    base = recipe.body()
    deep = [
        "# strategy: lora            # full, head, {kind: freeze, layers: 3}, {kind: lora, rank: 16}",
        "# train: {epochs: auto, batch_size: 32}",
    ]
    left_out = [f"# left out: {name} ({why})" for name, why in meaning.left_out.items()]
    return "\n".join(
        [
            "# Made by tunesmith init. Every key but `data` may be left out; `tunesmith show` prints all there is.",
            "data:",
            f"  path: {json.dumps(data, ensure_ascii=False)}",
            f"  inputs: {{{inputs}}}",
            *left_out,
            f"target: {json.dumps(meaning.target, ensure_ascii=False)}",
            f"task: {meaning.task.kind}",
            f"base: {base.kind}",
            *(deep if base.form == "differentiable" else []),
            f"split: {{validation: {recipe.split.validation}, test: {recipe.split.test}}}",
            f"seed: {recipe.seed}",
            "",
        ]
    )
