"""Which keys lie beside which."""

from __future__ import annotations

import numpy as np

CODES = 256  # the characters that a keyboard below may have
ROWS = {
    "qwerty": ("qwertyuiop", "asdfghjkl", "zxcvbnm"),
    "qwertz": ("qwertzuiopü", "asdfghjklöä", "yxcvbnm"),
    "azerty": ("azertyuiop", "qsdfghjklm", "wxcvbn"),
}


def neighbours(keyboard: str) -> tuple[np.ndarray, np.ndarray]:
    """Return (codes, counts): the letters beside each letter, uint32 (256, most), and how many, int64 (256,).

    A key has neighbours to its left and right, and two in the row above and below: each row is shifted by half a key.
    Capitals are beside capitals.
    """
    beside: dict[str, str] = {}
    rows = ROWS[keyboard]
    for at, row in enumerate(rows):
        above, below = rows[at - 1] if at else "", rows[at + 1] if at + 1 < len(rows) else ""
        for place, letter in enumerate(row):
            sides = row[max(place - 1, 0) : place] + row[place + 1 : place + 2]
            beside[letter] = sides + above[place : place + 2] + below[max(place - 1, 0) : place + 1]
    beside |= {letter.upper(): near.upper() for letter, near in beside.items()}
    counts = np.zeros(CODES, np.int64)
    codes = np.zeros((CODES, max(map(len, beside.values()))), np.uint32)
    for letter, near in beside.items():
        counts[ord(letter)] = len(near)
        codes[ord(letter), : len(near)] = [ord(one) for one in near]
    return codes, counts
