"""The page on conversations is true: every form becomes the row beside it, its Python runs, its check finds."""

import json
import re
from pathlib import Path
from typing import get_args

from tunesmith.data import Dataset
from tunesmith.data.chats import conversation
from tunesmith.data.sources.chat import MARKS, Chat, Form
from tunesmith.data.sources.jsonl import Jsonl
from tunesmith.parts.checks import Table
from tunesmith.parts.checks.conversations import Conversations
from tunesmith.recipe import load

PAGE = (Path(__file__).parents[2] / "docs" / "chat-data.md").read_text("utf-8")
FORMS, CHECKED = PAGE.split("## What the check names")


def blocks(text, kind):
    return re.findall(rf"^```{kind}\n(.*?)\n```$", text, flags=re.M | re.S)


def write(place, *lines):
    (place / "chats.jsonl").write_text("\n".join(lines), "utf-8")


def test_every_form_is_in_the_table_with_the_key_that_tells_it():
    rows = re.findall(r"^\| `(\w+)` \| `(\w+)` \|", PAGE, flags=re.M)
    assert dict(rows) == MARKS
    assert [form for form, _ in rows] == list(get_args(Form))


def test_every_example_becomes_the_row_beside_it(tmp_path):
    examples = blocks(FORMS, "json")
    assert len(examples) >= len(MARKS)
    for example in examples:
        given, row = example.splitlines()
        write(tmp_path, given)
        assert Chat(path="chats.jsonl").read(tmp_path).frame.to_dicts() == [json.loads(row)]
        write(tmp_path, row)
        if json.loads(row)["prompt"]:
            again = Chat(path="chats.jsonl").read(tmp_path).frame.to_dicts()
            assert again == [json.loads(row)]


def test_the_recipe_loads_and_the_python_runs(tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    turns = [{"role": "user", "content": "Hello."}, {"role": "assistant", "content": "Hello!"}]
    write(tmp_path, json.dumps({"messages": turns}))
    (recipe,) = blocks(PAGE, "yaml")
    (tmp_path / "recipe.yaml").write_text(recipe, "utf-8")
    loaded, _ = load(tmp_path / "recipe.yaml")
    assert loaded.target in loaded.data.read(tmp_path).columns
    (code,) = blocks(PAGE, "python")
    names = {}
    exec(code, names)
    assert names["turns"] == turns
    assert names["cell"] == "Hello."


def test_the_check_finds_what_the_page_says(tmp_path):
    (rows,) = blocks(CHECKED, "json")
    whole, cut = rows.splitlines()
    filled = [whole.replace("sky", f"sky over town {at}").replace("Air", f"Air {at}") for at in range(30)]
    write(tmp_path, whole, cut, *filled)
    data = Jsonl(path="chats.jsonl").read(tmp_path)
    assert all(len(conversation(*cells)) == 2 for cells in data.frame.rows())
    found = Conversations().find(Table(Dataset.of(data.frame, "chats.jsonl"), ("prompt",), "answer"))
    assert [one.rows for one in found] == [(1,), ()]
    assert "cut off" in found[0].advice
