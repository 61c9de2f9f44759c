"""Tags of words: which entities they spell, where they contradict themselves, and whether each word has one."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import product
from typing import Literal

import polars as pl

from ..core.errors import DataError

Entity = tuple[str, int, int]
"""Type, first word, and the word after the last one."""
Scheme = Literal["iob1", "iob2", "ioe1", "ioe2", "iobes", "bilou"]

PREFIXES = {"iob1": "BIO", "iob2": "BIO", "ioe1": "IOE", "ioe2": "IOE", "iobes": "BIOES", "bilou": "BIOLU"}
TAG = r"^(?:O|[BIESLU](?:-.+)?)$"
CHUNKED = 0.5  # of the tags other than O that look like parts of entities, from which a column is one of entities
EVIDENCE = 20  # entities that begin without a B-, from which a column may be IOB1


@dataclass(frozen=True, slots=True)
class _Rules:
    """Of two tags in a row: (prefix, prefix, whether of one type) where an entity begins, goes on, or has ended."""

    begins: frozenset[tuple[str, str, bool]]
    goes_on: frozenset[tuple[str, str, bool]]
    has_ended: frozenset[tuple[str, str, bool]]


def _written(scheme: str, text: str) -> frozenset[tuple[str, str, bool]]:
    """Read `*B BI=`: any tag before a B, a B before an I of the same type (`!`: of another one)."""
    known, found = PREFIXES[scheme], set[tuple[str, str, bool]]()
    for rule in text.split():
        before, after = (known if letter == "*" else letter for letter in rule[:2])
        found |= set(product(before, after, {"=": [True], "!": [False]}.get(rule[2:], [True, False])))
    return frozenset(found)


# seqeval 1.2.2, scheme.py.
RULES = {
    scheme: _Rules(*(_written(scheme, text) for text in texts))
    for scheme, texts in {
        "iob1": ("OI II! BI IB= BB=", "BI= II=", "II! IO IB BO BI! BB="),
        "iob2": ("*B", "BI= II=", "IO II! IB BO BI! BB"),
        "ioe1": ("OI II! EI EE=", "II= IE=", "II! IO IE! EI= EE="),
        "ioe2": ("OI OE EI EE II! IE!", "IE= II=", "E*"),
        "iobes": ("*B *S", "BI= BE= II= IE=", "S* E*"),
        "bilou": ("*B *U", "BI= BL= II= IL=", "U* L*"),
    }.items()
}


def entities(tags: Sequence[str], scheme: Scheme | None = None) -> list[Entity]:
    """Return the entities that a sentence's tags spell, in order, as (type, first word, word after the last).

    Without a scheme any tags are read as well as they can be, as conlleval does; with one an entity counts only where
    it keeps the scheme. Both are exactly seqeval 1.2.2's: its default mode (whose ends are the last word itself) and
    its strict mode. Raises DataError on an empty tag and, with a scheme, on a prefix that it does not know.
    """
    return _loose(tags) if scheme is None else _strict(tags, scheme)


def _loose(tags: Sequence[str]) -> list[Entity]:
    found: list[Entity] = []
    before, before_type, begin = "O", "", 0
    for at, tag in enumerate([*tags, "O"]):
        prefix, kind = _parts(tag)
        is_other = before_type != kind
        ends = before in "ES" or (before in "BI" and prefix in "BSO") or (before not in "O." and is_other)
        if ends:
            found.append((before_type, begin, at))
        if prefix in "BS" or (before in "ESO" and prefix in "EI") or (prefix not in "O." and is_other):
            begin = at
        before, before_type = prefix, kind
    return found


def _strict(tags: Sequence[str], scheme: Scheme) -> list[Entity]:
    rules, known = RULES[scheme], PREFIXES[scheme]
    parts = [_strict_parts(tag) for tag in tags] + [("O", "_")]
    odd = next((tag for tag, (prefix, _) in zip(tags, parts, strict=False) if prefix not in known), None)
    if odd is not None:
        raise DataError(f"the tag '{odd}' begins with none of {', '.join(known)}; correct it, or name another scheme")

    def meet(at: int, before: tuple[str, str]) -> tuple[str, str, bool]:
        return before[0], parts[at][0], before[1] == parts[at][1]

    found: list[Entity] = []
    at, before = 0, parts[-1]
    while at < len(parts):
        if meet(at, before) in rules.begins:
            end = at + 1
            while meet(end, parts[end - 1]) in rules.goes_on:
                end += 1
            if meet(end, parts[end - 1]) in rules.has_ended:
                found.append((parts[at][1], at, end))
            at = end
        else:
            at += 1
        before = parts[at - 1]
    return found


@lru_cache(maxsize=4096)
def _parts(tag: str) -> tuple[str, str]:
    if not tag:
        raise DataError("an empty tag; write O for a word outside of every entity")
    return tag[0], tag[1:].split("-", maxsplit=1)[-1] or "_"


@lru_cache(maxsize=4096)
def _strict_parts(tag: str) -> tuple[str, str]:
    prefix, _ = _parts(tag)
    return prefix, tag[1:].strip("-") or "_"


def aligned(words: pl.Series, tags: pl.Series) -> tuple[int, str] | None:
    """Return (position, fact) of the first row whose words have not one tag each, or None.

    Both are columns of lists of texts; a row whose tags are null has no labels, which is no fault here.
    """
    for what, column in (("words", words), ("tags", tags)):
        if not isinstance(column.dtype, pl.List | pl.Null):
            return 0, f"the {what} are {column.dtype}, not a list per row"
    words, tags = (one.cast(pl.List(pl.String)) for one in (words, tags))
    count, given = words.list.len().fill_null(0), tags.list.len()
    holes = [one.list.eval(pl.element().is_null().any()).list.first().fill_null(False) for one in (words, tags)]
    bad = (count != given).fill_null(False) | holes[0] | holes[1]
    if not bad.any():
        return None
    at = int(bad.arg_true()[0])
    if count[at] != given[at]:
        return at, f"{count[at]} words with {given[at]} tags"
    return at, f"a {'word' if holes[0][at] else 'tag'} is null"


def faults(tags: Sequence[str], scheme: Scheme | None = None) -> list[tuple[int, str]]:
    """Return (place, fact) of every tag of a sentence that contradicts the one before it, or is none at all.

    Without a scheme it is `bilou` where a tag begins with L or U, `iobes` with E or S, else `iob2`.
    """
    column = pl.Series([list(tags)], dtype=pl.List(pl.String))
    prefixes = {tag[:1] for tag in tags}
    guessed: Scheme = "bilou" if prefixes & {"L", "U"} else "iobes" if prefixes & {"E", "S"} else "iob2"
    return list(tag_faults(column, scheme or guessed).select("place", "fact").iter_rows())


def scheme_of(tags: pl.Series) -> Scheme | None:
    """Return the scheme that a column of lists of tags keeps for the most part; None where its tags spell no entities.

    A column is `iob1` where entities regularly begin with I-, and B- only parts two of one type.
    """
    told = _told(tags)
    inside = told.filter(pl.col("tag") != "O")
    if inside.is_empty() or inside["is_tag"].mean() < CHUNKED:  # type: ignore[operator]
        return None
    counts = dict(inside.group_by("prefix").len().iter_rows())
    begun = counts.get("B", 0) + counts.get("S", 0) + counts.get("U", 0)
    for closed, ends in (("iobes", "ES"), ("bilou", "LU")):
        if 2 * sum(counts.get(letter, 0) for letter in ends) >= max(begun, 1) and begun:
            return closed  # type: ignore[return-value]
    if not begun and counts.get("E", 0):
        return "ioe2"
    follows = (pl.col("before_type") == pl.col("type")) & pl.col("before").is_in(["B", "I"])
    parted = inside.filter(pl.col("prefix") == "B").select(follows.fill_null(False).all()).item()
    bare = inside.filter((pl.col("prefix") == "I") & ~follows.fill_null(False)).height
    return "iob1" if parted and bare >= EVIDENCE else "iob2"


def tag_faults(tags: pl.Series, scheme: Scheme) -> pl.DataFrame:
    """Return `row`, `place` (Int64) and `fact` of every tag in a column of lists that breaks the scheme, in order.

    An I- must follow its own B- or I-; in iobes and bilou an entity must also be closed. In iob1, ioe1 and ioe2 only
    the tags themselves are looked at.
    """
    told, known = _told(tags), list(PREFIXES[scheme])
    prefix, before, after = pl.col("prefix"), pl.col("before"), pl.col("after")
    quoted = pl.format("'{}'", pl.col("tag"))
    last, lone = ("L", "U") if scheme == "bilou" else ("E", "S")
    goes_on = ["I", last]
    not_open = ~before.is_in(["B", "I"]).fill_null(False)
    wrong = [
        (pl.col("tag").is_null() | (pl.col("tag") == ""), pl.lit("an empty tag")),
        (~pl.col("is_tag"), pl.format("{} is no tag: O, or a prefix and a type as in B-PER", quoted)),
        (~prefix.is_in(known), pl.format(f"{{}} has a prefix that {scheme} does not know", quoted)),
    ]
    if scheme in ("iob2", "iobes", "bilou"):
        continued = prefix.is_in(goes_on if scheme != "iob2" else ["I"])
        opened = pl.format("{} has no 'B-{}' before it", quoted, pl.col("type"))
        other = pl.format("{} stands inside of '{}'", quoted, pl.col("before_type"))
        wrong += [(continued & not_open, opened), (continued & (pl.col("before_type") != pl.col("type")), other)]
    if scheme in ("iobes", "bilou"):
        closed = pl.format(f"{{}} is not closed by '{last}-{{}}' (a single word is '{lone}-')", quoted, pl.col("type"))
        wrong += [(prefix.is_in(["B", "I"]) & ~after.is_in(goes_on).fill_null(False), closed)]
    found = told.with_columns(pl.coalesce(pl.when(is_wrong).then(fact) for is_wrong, fact in wrong).alias("fact"))
    return found.filter(pl.col("fact").is_not_null()).select("row", "place", "fact")


def _told(tags: pl.Series) -> pl.DataFrame:
    """Return a row per tag: `row place tag is_tag prefix type`, and what stands `before` and `after` it in its list."""
    frame = pl.DataFrame({"tag": tags.cast(pl.List(pl.String))}).with_row_index("row")
    frame = frame.filter(pl.col("tag").list.len() > 0).explode("tag").with_columns(pl.col("row").cast(pl.Int64))
    frame = frame.with_columns(
        pl.int_range(pl.len()).over("row").alias("place"),
        pl.col("tag").str.contains(TAG).fill_null(False).alias("is_tag"),
        pl.col("tag").str.head(1).alias("prefix"),
        pl.col("tag").str.slice(2).alias("type"),
    )
    valid = pl.when("is_tag")
    return frame.with_columns(
        valid.then("prefix").otherwise(None).shift(1).over("row").alias("before"),
        valid.then("prefix").otherwise(None).shift(-1).over("row").alias("after"),
        pl.when(pl.col("is_tag") & (pl.col("prefix") != "O")).then("type").shift(1).over("row").alias("before_type"),
    )
