"""The palette: every text stands out from its ground (WCAG 2.2, level AA) in light and dark; print is light."""

from __future__ import annotations

import re
from importlib import resources

import pytest

from tunesmith.pages.confusion import LIGHT_FROM, SHADES

STYLE = resources.files("tunesmith.pages").joinpath("style.css").read_text(encoding="utf-8")
LIGHT, DARK, PRINT = (
    dict(re.findall(r"--([a-z-]+): (#[0-9a-f]{6});", block))
    for block in re.findall(r":root \{(.*?)\}", STYLE, re.DOTALL)
)
INKS = ("ink", "quiet", "main", "second", "ship", "hold", "none")
PAIRS = [(ink, ground) for ink in INKS for ground in ("paper", "card")]
PAIRS += [(name, f"{name}-ground") for name in ("ship", "hold", "none", "unknown")]
PAIRS += [("ink", f"{name}-ground") for name in ("ship", "hold", "none", "unknown")]


def luminance(colour: str) -> float:
    shares = [int(colour[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [share / 12.92 if share <= 0.04045 else ((share + 0.055) / 1.055) ** 2.4 for share in shares]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


def blend(colour: str, ground: str, share: float) -> str:
    parts = ((int(colour[at : at + 2], 16), int(ground[at : at + 2], 16)) for at in (1, 3, 5))
    return "#" + "".join(f"{round(share * top + (1 - share) * below):02x}" for top, below in parts)


@pytest.mark.parametrize("palette", [LIGHT, DARK, PRINT], ids=["light", "dark", "print"])
@pytest.mark.parametrize(("ink", "ground"), PAIRS)
def test_text_stands_out(palette, ink, ground):
    assert contrast(palette[ink], palette[ground]) >= 4.5


@pytest.mark.parametrize("palette", [LIGHT, DARK, PRINT], ids=["light", "dark", "print"])
@pytest.mark.parametrize("heat", ["right", "wrong"])
def test_counts_stand_out_on_every_shade_of_the_heat_map(palette, heat):
    for level, shade in enumerate(SHADES):
        ink = "#ffffff" if level >= LIGHT_FROM else palette["ink"]
        assert contrast(ink, blend(palette[heat], palette["card"], shade)) >= 4.5, shade


def test_the_palettes_name_the_same_colours():
    assert set(LIGHT) == set(DARK) == set(PRINT)
