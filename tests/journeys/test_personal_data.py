"""What reaches a person stays in the rows: neither a training's report nor its page repeats it."""

from __future__ import annotations

import json

import pytest

from journeys.rows import write
from tunesmith.registry import Registry
from tunesmith.testing import tiny

SECRETS = ("ann.lee@mail.example.org", "+49 30 1234567", "4111 1111 1111 1111", "DE89370400440532013000")
NUMBER = 4111111111111111
RECIPE = (
    "data: {path: rows.csv, inputs: {text: text, card: number}}\ntarget: label\n"
    "base: {kind: hf_encoder, path: ./body}\nstrategy: head\naugment: [{kind: typo, probability: 0.9}]\n"
    "split: {near_duplicates: ignore}\ntrain: {epochs: 1, engine: {precision: fp32, threads: 1}}\n"
)


def stored(tunesmith, folder, recipe=RECIPE):
    """Train on rows of which each holds all secrets; returns the report as text, the page, and the version."""
    tiny.save(folder / "body")
    said = f"parcels broke, call {SECRETS[1]} or {SECRETS[0]}, {SECRETS[2]}, {SECRETS[3]}"
    lines = [f'"{number} {said}",{NUMBER},{"ab"[number % 2]}' for number in range(80)]
    write(folder, rows_csv="\n".join(["text,card,label", *lines]) + "\n", recipe_yaml=recipe)
    assert tunesmith("train", "recipe.yaml", "--json").code == 0
    assert tunesmith("report", "rows", "-o", "page.html").code == 0
    version = Registry(folder / ".tunesmith").resolve("rows")
    return version.read("report.json").decode(), (folder / "page.html").read_text("utf-8"), version


def test_nothing_personal_is_in_report_or_page(tunesmith, tmp_path):
    report, page, version = stored(tunesmith, tmp_path)
    for shown in (report, page):
        assert [one for one in (*SECRETS, str(NUMBER)) if one in shown] == []
    values = json.loads(report)
    assert "call [phone] or [email], [card], [iban]" in values["worst"][0]["inputs"]["text"]
    assert values["worst"][0]["inputs"]["card"] == "[card]"
    assert {one["id"] for one in values["worst"]} <= set(json.loads(version.read("rows.json"))["test"])
    assert values["augment"]["parts"][0]["changed"] > 0
    assert values["augment"]["examples"] == []


@pytest.mark.parametrize("said", ["off", "{mask: false}"])
def test_the_recipe_can_want_it_in_the_clear(tunesmith, tmp_path, said):
    report, page, _ = stored(tunesmith, tmp_path, f"{RECIPE}checks: {{personal_data: {said}}}\n")
    assert SECRETS[0] in json.loads(report)["worst"][0]["inputs"]["text"]
    assert SECRETS[0] in page
    assert json.loads(report)["augment"]["examples"]
