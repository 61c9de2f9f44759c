"""Rows that are nearly the same: pairs of them, groups of them, and the one side of a split they belong on."""

from .columns import comparable
from .pairs import Pairs, groups, sides
from .search import near_pairs

__all__ = ["Pairs", "comparable", "groups", "near_pairs", "sides"]
