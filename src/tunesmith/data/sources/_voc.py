"""One annotation of PASCAL VOC: the XML of 2005 and later, and the text of version 1.00 before it."""

from __future__ import annotations

import re
from dataclasses import dataclass, field

from ...core.errors import DataError
from ._boxes import FARTHEST, whole_side
from ._bytes import Local, examined
from ._xml import Element, parsed

Edges = tuple[float, float, float, float]

SIDES = ("xmin", "ymin", "xmax", "ymax")
VERSION = re.compile(r"PASCAL Annotation Version 1\.00")
FILE = re.compile(r'^Image filename : "(.*)"')
SIZE = re.compile(r"^Image size \(X x Y x C\) : (\d{1,9}) x (\d{1,9}) x \d+")
COUNT = re.compile(r"^Objects with ground truth : (\d{1,9})")
ORIGIN = re.compile(r"Top left pixel co-ordinates : \((\d), (\d)\)")
CORNER = r"\((-?\d{1,9}), (-?\d{1,9})\)"
BOX = re.compile(rf'^Bounding box for object \d+ "(.*)" \(Xmin, Ymin\) - \(Xmax, Ymax\) : {CORNER} - {CORNER}\s*$')


@dataclass(frozen=True, slots=True)
class Object:
    """A box in absolute pixels (left, top, width, height), its label, and where it is written."""

    edges: Edges
    label: str
    place: str


@dataclass(slots=True)
class Annotation:
    """What one file says: its picture, the picture's size (None: not said), the objects; whether a corner was at 0."""

    name: str
    picture: str
    size: tuple[int, int] | None = None
    objects: list[Object] = field(default_factory=list)
    from_zero: bool = False


def from_xml(data: bytes, name: str, are_pixels: bool) -> Annotation:
    """Return what an XML file says.

    With `are_pixels` a corner names a pixel, counted from 1, that belongs to the box: xmin 1 and xmax 1 is one pixel
    wide, from 0 to 1. Otherwise corners are the edges. Raises DataError with the line of a fault.
    """
    top = parsed(data, name)
    if top.name != "annotation":
        raise DataError(f"{name} line {top.line}: <{top.name[:40]}> where <annotation> must stand; see VOC's form")
    made = Annotation(name, top.said("filename"), _size(top, name))
    for one in top.all("object"):
        place = f"{name} line {one.line}"
        label = one.said("name")
        if not label:
            raise DataError(f"{place}: an object without a <name>; write what it is")
        corners = tuple(_side(one, side, place) for side in SIDES)
        made.from_zero |= min(corners[:2]) == 0
        made.objects.append(Object(_edges(corners, (1.0, 1.0)) if are_pixels else _between(corners), label, place))
    return made


def from_text(file: Local) -> Annotation:
    """Return what a text file of version 1.00 says; it names the number of its first pixel itself.

    Raises DataError with the line of a fault, and where there are more or fewer boxes than it declares.
    """
    lines = examined(file, guess=True).whole().decode("utf-8", "replace").splitlines()
    if not any(VERSION.search(line) for line in lines[:5]):
        raise DataError(f"{file.name} line 1: not a PASCAL annotation of version 1.00; take the file out of the folder")
    made, origin, declared, boxes = Annotation(file.name, ""), (1.0, 1.0), None, list[tuple[int, re.Match[str]]]()
    for number, line in enumerate(lines, 1):
        if match := FILE.match(line):
            made.picture = match[1]
        elif match := SIZE.match(line):
            size = int(match[1]), int(match[2])
            made.size = size if all(map(whole_side, size)) else None
        elif match := COUNT.match(line):
            declared = int(match[1])
        elif match := ORIGIN.search(line):
            origin = float(match[1]), float(match[2])
        elif line.startswith("Bounding box"):
            if (match := BOX.match(line)) is None:
                raise DataError(
                    f"{file.name} line {number}: a bounding box that cannot be read; see PASCAL's form 1.00"
                )
            boxes.append((number, match))
    for number, match in boxes:
        edges = _edges(tuple(float(match[at]) for at in (2, 3, 4, 5)), origin)
        made.objects.append(Object(edges, match[1], f"{file.name} line {number}"))
    if declared != len(boxes):
        fact = f"{len(boxes)} boxes, but {declared} objects are declared"
        raise DataError(f"{file.name}: {fact}; copy the file completely")
    return made


def _size(top: Element, name: str) -> tuple[int, int] | None:
    """Return the size, None where it is absent or 0, as some tools leave it."""
    said = [top.said(f"size/{side}") for side in ("width", "height")]
    if not all(said) or "0" in said:
        return None
    if not all(one.isascii() and one.isdigit() and len(one) < 10 and whole_side(int(one)) for one in said):
        element = top.find("size")
        line = element.line if element is not None else 1
        raise DataError(f"{name} line {line}: the size {said[0]:.20} x {said[1]:.20} is not of pixels; correct it")
    return int(said[0]), int(said[1])


def _side(one: Element, side: str, place: str) -> float:
    said = one.said(f"bndbox/{side}")
    try:
        value = float(said)
    except ValueError:
        value = float("nan")
    if not abs(value) <= FARTHEST:
        raise DataError(f"{place}: <{side}> is '{said:.40}', not a number; write the corner's pixel")
    return value


def _edges(corners: tuple[float, ...], first: tuple[float, float]) -> Edges:
    """Return left, top, width and height of a box whose corners are pixels that belong to it; `first` is the first."""
    left, top, right, bottom = corners
    return left - first[0], top - first[1], right - left + 1, bottom - top + 1


def _between(corners: tuple[float, ...]) -> Edges:
    left, top, right, bottom = corners
    return left, top, right - left, bottom - top
