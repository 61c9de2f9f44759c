"""How the rows were divided: how many each split has, by what rule, what was left out, and whether anything leaks."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from .markup import NOTHING, Column, Html, Section, element, join, paragraph, table, text
from .values import block, blocks, count, items, number, opening, percent, plain, whole

Report = Mapping[str, Any]

# Each split: what a reader calls it, and what its rows are for.
PURPOSES = {
    "train": ("train", "the model learns from them"),
    "validation": ("validation", "say when training stops and, where asked for, set thresholds"),
    "test": ("test", "give the figures and the verdict; nothing was chosen by them"),
    "aside": ("set aside", "near to rows of two splits: neither trained nor tested on"),
    "dropped": ("dropped", "would have given away validation or test rows"),
}
# The guards against leaks, and the setting of `split` without which one has nothing to look for.
LEAK_GUARDS = {
    "disjoint_splits": None,
    "disjoint_near_rows": None,
    "disjoint_groups": "group",
    "train_before_test": "time",
}
ALLOWED = "allowed by the recipe"  # how a guard ends on a leak that the recipe let pass


def division(report: Report) -> Section:
    """The splits as a bar and a table, and what the guards against leaks said; nothing where none is recorded."""
    told = block(report.get("split"))
    rows = {name: whole(value) for name, value in block(told.get("rows")).items()}
    total = sum(rows.values())
    if not total:
        return Section("split", "How the rows were divided", NOTHING)
    names = [*(name for name in PURPOSES if rows.get(name)), *(name for name in rows if name not in PURPOSES)]
    rule = paragraph(plain(told["rule"])) if told.get("rule") else NOTHING
    notes = join(paragraph(f"{opening(plain(note))}.", "note") for note in items(told.get("notes")))
    listed = _table(report, {name: rows[name] for name in names}, block(told.get("asked")))
    content = join((rule, _bar({name: rows[name] / total for name in names}), listed, notes, _leaks(report)))
    return Section("split", "How the rows were divided", content)


def _bar(shares: Mapping[str, float]) -> Html:
    """Return one bar of all rows; the table below it tells the same in words."""
    pieces = (
        element("i", style=f"flex:{share:.5f}", class_=name if name in PURPOSES else None)
        for name, share in shares.items()
    )
    return element("div", *pieces, class_="splits", aria_hidden="true")


def _table(report: Report, rows: Mapping[str, int], asked: Mapping[str, Any]) -> Html:
    total, trained = sum(rows.values()), number(block(report.get("rows")).get("train"))
    body = []
    for name, size in rows.items():
        called, purpose = PURPOSES.get(name, (name, ""))
        cleaned = size - whole(trained) if name == "train" and trained is not None else 0
        but = f", but for {cleaned:,} that cleaning left out" if cleaned > 0 else ""
        swatch = element("i", class_=f"swatch {name}" if name in PURPOSES else "swatch")
        title = element("span", swatch, text(called), class_="split")
        wanted = number(asked.get(name))
        cells = (text(count(size)), text(percent(size / total)), text("" if wanted is None else percent(wanted)))
        body.append((title, *cells[:2], *cells[2:] * bool(asked), text(f"{purpose}{but}")))
    columns = [Column("Split"), Column("Rows", True), Column("Share", True), *[Column("Asked for", True)] * bool(asked)]
    return table([*columns, Column("Its rows")], body, f"{total:,} rows, each in one place")


def _leaks(report: Report) -> Html:
    """Return what the guards against leaks said, those that found one first."""
    asked = block(block(report.get("recipe")).get("split"))
    names = [name for name, setting in LEAK_GUARDS.items() if setting is None or asked.get(setting) is not None]
    said = [one for one in blocks(report.get("guards")) if plain(one.get("guard")) in names and one.get("detail")]
    details = sorted((plain(one["detail"]) for one in said), key=lambda detail: not detail.endswith(ALLOWED))
    lines = []
    for detail in details:
        is_leak = detail.endswith(ALLOWED)
        mark = element("span", text("✗" if is_leak else "✓"), class_="failed" if is_leak else "passed")
        lines.append(element("li", mark, text(f" {opening(detail)}.")))
    return element("ul", *lines, class_="plain") if lines else NOTHING
