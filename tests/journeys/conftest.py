"""What every journey needs: the command line in this process, and one tiny trained version of each kind."""

from __future__ import annotations

import contextlib
import io
import json
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest

from journeys import rows
from tunesmith.cli import main
from tunesmith.testing import tiny

LANGUAGE = "kind: hf_causal, path: LANGUAGE, max_tokens: 96, writing: {max_new_tokens: 12}"
TURNS = (
    "{% for one in messages %}{{ 'it' if one['role'] == 'assistant' else 'order' }} {{ one['content'] }} {% endfor %}"
    "{% if add_generation_prompt %}it {% endif %}"
)
WRITTEN = "target: answer\ntask: chat\nsplit: {near_duplicates: ignore}\n"
WRITTEN += "train: {epochs: 1, optimizer: {learning_rate: 1e-3}}\n"
RECIPES = {
    "table": ("table.csv", "data: table.csv\ntarget: churn\nbase: {kind: gbdt, iterations: 20}\n"),
    "text": ("text.csv", "data: text.csv\ntarget: label\nbase: minilm\ntrain: {epochs: 1, batch_size: 64}\n"),
    "tags": ("tags.jsonl", "data: tags.jsonl\ntarget: tags\nsplit: {near_duplicates: ignore}\ntrain: {epochs: 2}\n"),
    "mixed": ("mixed.jsonl", "data: mixed.jsonl\ntarget: stays\nstrategy: head\ntrain: {epochs: 1}\n"),
    "prompts": ("prompts.jsonl", f"data: prompts.jsonl\nbase: {{template: plain, {LANGUAGE}}}\n{WRITTEN}"),
    "chats": (
        "chats.jsonl",
        f'data: {{kind: chat, path: chats.jsonl}}\nbase: {{template: "{TURNS}", {LANGUAGE}}}\n{WRITTEN}',
    ),
    "network": ("table.csv", "data: table.csv\nname: network\ntarget: churn\nbase: tabular_net\ntrain: {epochs: 1}\n"),
}


@dataclass(frozen=True)
class Outcome:
    """How a command ended, and what it said where."""

    code: int
    out: str
    err: str

    @property
    def json(self) -> Any:
        """The one document on stdout; NaN and Infinity are no JSON."""
        return json.loads(self.out, parse_constant=lambda name: pytest.fail(f"{name} on stdout"))


Tunesmith = Callable[..., Outcome]


@dataclass(frozen=True)
class Trained:
    """A recipe, its rows, and the version it made."""

    home: Path
    recipe: Path
    data: Path
    summary: dict[str, Any]

    @property
    def label(self) -> str:
        return self.summary["version"]


def call(*arguments: object) -> Outcome:
    """Run one command in this process."""
    out, err = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(out), contextlib.redirect_stderr(err):
        try:
            code = main([str(one) for one in arguments])
        except SystemExit as ended:
            code = int(ended.code or 0)
    return Outcome(code, out.getvalue(), err.getvalue())


@pytest.fixture(autouse=True)
def _fresh_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    monkeypatch.delenv("TUNESMITH_HOME", raising=False)


@pytest.fixture
def tunesmith() -> Tunesmith:
    """Run one command in this process, in the test's own folder."""
    return call


@pytest.fixture(scope="session")
def trained(tmp_path_factory: pytest.TempPathFactory) -> Callable[[str], Trained]:
    """Return the version of a kind, trained at the first request: `table`, `text`, `prompts` and so on."""
    folder = tmp_path_factory.mktemp("trained")
    rows.write(folder, table_csv=rows.table(), text_csv=rows.texts(), mixed_jsonl=rows.mixed(), tags_jsonl=rows.tags())
    rows.write(folder, prompts_jsonl=rows.prompts(), chats_jsonl=rows.chats())
    tiny.save_language(folder / "language")
    made: dict[str, Trained] = {}

    def of(kind: str) -> Trained:
        if kind not in made:
            data, text = RECIPES[kind]
            recipe = folder / f"{kind}.yaml"
            recipe.write_text(text.replace("LANGUAGE", str(folder / "language")), "utf-8")
            outcome = call("train", recipe, "--json", "--home", folder / "home")
            assert outcome.code == 0, outcome.err
            made[kind] = Trained(folder / "home", recipe, folder / data, outcome.json)
        return made[kind]

    return of
