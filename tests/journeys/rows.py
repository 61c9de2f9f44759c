"""Rows written for the journeys: small, seeded, learnable, without duplicates."""

from __future__ import annotations

import json
import random
import struct
import zlib
from pathlib import Path

SUBJECTS = ("the parcel", "my invoice", "the app", "your courier", "this kettle", "the refund")
GOOD = ("arrived early", "works like a charm", "was a pleasure", "made us happy", "is simply great")
BAD = ("never arrived", "broke at once", "was a disaster", "made us angry", "is simply awful")
CITIES = ("Bern", "Basel", "Chur")


def table(count: int = 120) -> str:
    """Return a CSV of numbers and a category, with the target `churn`."""
    draw = random.Random(1)
    lines = ["age,city,minutes,churn"]
    for _ in range(count):
        age, minutes = draw.randint(18, 80), round(draw.random() * 100, 2)
        lines.append(f"{age},{draw.choice(CITIES)},{minutes},{'yes' if age + minutes > 95 else 'no'}")
    return "\n".join(lines) + "\n"


def prices(count: int = 80) -> list[str]:
    """Return CSV lines of two numbers and a number to be learnt."""
    draw = random.Random(2)
    lines = ["rooms,area,price"]
    for _ in range(count):
        rooms, area = draw.randint(1, 7), round(20 + draw.random() * 100, 1)
        lines.append(f"{rooms},{area},{round(rooms * 11.5 + area * 2.25, 2)}")
    return lines


def texts() -> str:
    """Return a CSV of 60 short texts with the target `label`."""
    lines = ["review,label"]
    for subject in SUBJECTS:
        for good, bad in zip(GOOD, BAD, strict=True):
            lines += [f"{subject} {good},good", f"{subject} {bad},bad"]
    return "\n".join(lines) + "\n"


def mixed() -> str:
    """Return JSONL of a text, a number that is missing at times, a category and the target `stays`."""
    draw = random.Random(3)
    lines = []
    for number, text in enumerate(line.split(",")[0] for line in texts().splitlines()[1:]):
        months = None if number % 7 == 0 else draw.randint(1, 60)
        row = {
            "note": text,
            "months": months,
            "plan": draw.choice(("free", "paid")),
            "stays": "no" if number % 2 else "yes",
        }
        lines.append(json.dumps(row))
    return "\n".join(lines) + "\n"


def tags() -> str:
    """Return JSONL of 90 short sentences in `words`, with the names and places in them as `tags`."""
    names = [["Ada", "Lovelace"], ["Emmy", "Noether"], ["Gauss"], ["Alan", "Turing"], ["Hypatia"]]
    places = [["Bern"], ["New", "York"], ["Basel"], ["San", "Marino"], ["Oslo"], ["Chur"]]
    lines = []
    for at, name in enumerate(names):
        for place in places:
            for middle in ("lives in", "writes from", "has never seen"):
                words = [*name, *middle.split(), *place, "." if at % 2 else "!"]
                marks = [*_marks("PER", name), *["O"] * len(middle.split()), *_marks("LOC", place), "O"]
                lines.append(json.dumps({"words": words, "tags": marks}))
    return "\n".join(lines) + "\n"


def prompts(count: int = 80) -> str:
    """Return questions and answers, as JSON lines."""
    pairs = ((f"where is order {number}", f"order {number} is late but fine") for number in range(count))
    return "".join(json.dumps({"prompt": asked, "answer": told}) + "\n" for asked, told in pairs)


def chats(count: int = 80) -> str:
    """Return conversations of two questions each, as JSON lines."""
    lines = []
    for number in range(count):
        said = ("hello", "it works", f"where is order {number}", f"order {number} is late but fine")
        turns = [{"role": ("user", "assistant")[at % 2], "content": text} for at, text in enumerate(said)]
        lines.append(json.dumps({"messages": turns}) + "\n")
    return "".join(lines)


def _marks(kind: str, words: list[str]) -> list[str]:
    return [f"{'I' if at else 'B'}-{kind}" for at in range(len(words))]


def write(folder: Path, **files: str | bytes) -> Path:
    """Write files into a folder, `_` in a name standing for the last dot, and return the folder."""
    for name, content in files.items():
        stem, _, ending = name.rpartition("_")
        path = folder / f"{stem}.{ending}"
        path.write_bytes(content if isinstance(content, bytes) else content.encode())
    return folder


def photos(folder: Path, count: int = 80) -> str:
    """Write small images into `folder`/pictures by class, and return a CSV of them beside a number and a target."""
    draw = random.Random(4)
    lines = ["photo,weight,ripe"]
    for number in range(count):
        ripe = number % 2
        colour = (140 + draw.randint(0, 90), 60 + draw.randint(0, 60)) if ripe else (60 + draw.randint(0, 60), 200)
        pixels = bytes(value for _ in range(10 * 12) for value in (*colour, draw.randint(0, 80)))
        name = f"{'ripe' if ripe else 'green'}/{number:03}.png"
        (folder / "pictures" / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / "pictures" / name).write_bytes(_png(12, 10, pixels))
        lines.append(f"pictures/{name},{draw.randint(80, 200)},{'yes' if ripe else 'no'}")
    return "\n".join(lines) + "\n"


def _png(width: int, height: int, pixels: bytes) -> bytes:
    """Return a PNG file of RGB pixels, row by row."""

    def chunk(kind: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))

    lines = b"".join(b"\0" + pixels[at : at + 3 * width] for at in range(0, len(pixels), 3 * width))
    header = struct.pack(">IIBBBBB", width, height, 8, 2, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(lines)) + chunk(b"IEND", b"")
