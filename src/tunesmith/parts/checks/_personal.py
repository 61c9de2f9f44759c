"""What tells one person from another in a text: found by pattern, believed only where its own arithmetic holds."""

from __future__ import annotations

import ipaddress
import re
from collections.abc import Callable
from functools import partial

Length = Callable[[re.Match[str]], int]

IBAN_LENGTHS = {
    country: int(length)
    for country, length in re.findall(
        "([A-Z]{2})([0-9]{2})",
        "AD24AE23AL28AT20AZ28BA20BE16BG22BH22BI27BR29BY28CH21CR22CY28CZ24DE22DJ27DK18DO28EE20EG29ES24FI18FK18FO18FR27GB22"
        "GE22GI23GL18GR27GT28HR21HU28IE22IL23IQ23IS26IT27JO30KW30KZ20LB28LC32LI21LT20LU20LV21LY25MC27MD24ME22MK19MN20MR27"
        "MT31MU30NI28NL18NO15OM23PK24PL28PS29PT25QA29RO24RS22RU33SA24SC31SD18SE24SI19SK24SM27SO23ST25SV28TL23TN24TR26UA29"
        "VA22VG24XK20YE30",
    )
}
"""Country -> characters of its account numbers, from the register of ISO 13616."""

CALLING = re.compile(
    r"1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]|21[1-368]|2[2-4]\d|25[0-8]|26\d|29[0178]|35\d|37\d|38[0-35-79]|42[013]|50\d|59\d|"
    r"67[02-9]|68[0-35-9]|69[0-2]|80[08]|85[02356]|87[08]|88[0-36]|96[0-8]|97[0-9]|99[2-68]"
)
"""The beginnings of numbers in international form, by ITU-T E.164."""

NOT_CALLED = re.compile(
    r"(?i)(?:order|invoice|bill|receipt|ref|reference|ticket|case|tracking|parcel|shipment|sku|isbn|issn|serial|part|"
    r"item|model|product|article|account|policy|contract|version|id|no|nr|num|number|bestellung|rechnung|auftrag|#)"
    r"[\s.:#°º-]*$"
)
"""What stands before a number that nobody calls."""
CALLED = re.compile(
    r"(?i)(?:phone|tel|telephone|mobile|cell|fax|call|dial|whatsapp|ring|text)\W{0,3}(?:me|us|number|no|nr)?[\s.:#at-]*$"
)

EMAIL = re.compile(
    r"(?<![\w.+%-])[\w+%-][\w.+%'-]{0,63}@(?:[^\W_](?:[\w-]{0,61}[^\W_])?\.)+(?:[a-zA-Z]{2,24}|xn--[\w-]+)(?![\w@])"
)
FILES = (".png", ".jpg", ".jpeg", ".gif", ".webp", ".svg", ".css", ".js", ".json", ".html")
IBAN = re.compile(r"(?<![A-Za-z0-9])[A-Z]{2}\d{2}(?:[ -]?[A-Z0-9]){11,32}(?![A-Za-z0-9])")
CARD = re.compile(
    r"(?<![\w.,+-])(?:\d{4}([ -]?)\d{4}\1\d{4}\1\d{1,7}|\d{4}([ -]?)\d{6}\2\d{4,5}|\d{13,19})(?![\w-]|[.,]\d)"
)
INTERNATIONAL = re.compile(r"(?<![\w+])(?:\+|00)[1-9](?:[ ./()-]{0,3}\d){6,14}(?!\w)")
NATIONAL = re.compile(
    r"(?<![\w.,/+-])(?:"
    r"(?:1[ .-])?(?:\([2-9]\d{2}\)|[2-9]\d{2})([ .-])[2-9]\d{2}\1\d{4}|"  # North America
    r"\([2-9]\d{2}\) ?[2-9]\d{2}[ .-]\d{4}|"
    r"0[1-9](?:([ .-])\d{2})(?:\2\d{2}){3}|"  # France
    r"\(0\d{1,5}\)[ -]?\d{3,4}(?:[ -]?\d{2,5}){0,3}|0\d{2,4}(?:[ -]\d{3,4}){2}|0\d{2,4} ?[/-] ?\d{5,8}|0\d{2,4} \d{5,8}"
    r")(?![\w-]|[.,]\d)"
)
UNBROKEN = re.compile(r"(?<![\w.,/+-])(?:0\d{9,11}|[2-9]\d{2}[2-9]\d{6})(?![\w-]|[.,]\d)")
IP = re.compile(r"(?<![\w.:])(?:\d{1,3}(?:\.\d{1,3}){3}|(?:[0-9A-Fa-f]{0,4}:){3,7}[0-9A-Fa-f]{0,4})(?![\w:]|\.\d)")
VERSION = re.compile(r"(?i)(?:\bv|version|release|build|section|chapter|firmware|driver)[\s.:]*$")

HINTS = {
    "email": r"[^\s@]@[^\s@]+\.",
    "iban": r"[A-Z]{2}\d{2}[ -]?[A-Z0-9]{4}",
    "card": r"\d(?:[ -]?\d){11}",
    "phone": r"\d(?:\D{0,3}\d){6}",
    "ip": r"\d{1,3}\.\d{1,3}\.\d{1,3}\.\d{1,3}|[0-9A-Fa-f]*:[0-9A-Fa-f]*:[0-9A-Fa-f]*:",
}
"""Kind -> a quick regular expression that every text with such a thing matches, in the order they are looked for."""

QUICK = {kind: re.compile(hint) for kind, hint in HINTS.items()}

SCORES = {"email": 1.0, "iban": 1.0, "card": 1.0, "phone": 0.8, "ip": 0.5}
"""Kind -> how sure a match is."""


def masked(text: str, kinds: tuple[str, ...]) -> tuple[str, set[str]]:
    """Return a text with `[email]` and the like in place of what was found, and the kinds found.

    A match is masked before the next kind is looked for, so no part of an account number becomes a telephone number.
    """
    found = set()
    for kind in HINTS:
        if kind not in kinds or not QUICK[kind].search(text):
            continue
        changed = text
        for pattern, length in RULES[kind]:
            changed = pattern.sub(partial(_hidden, kind, length), changed)
        if changed != text:
            found.add(kind)
            text = changed
    return text, found


def _hidden(kind: str, length: Length, match: re.Match[str]) -> str:
    count = length(match)
    return f"[{kind}]{match[0][count:]}" if count else match[0]


def is_iban(text: str) -> bool:
    """Whether a text is an account number: its country's length, and 1 left over on division by 97 (ISO 7064)."""
    number = re.sub("[ -]", "", text)
    if IBAN_LENGTHS.get(number[:2]) != len(number):
        return False
    return int("".join(str(int(sign, 36)) for sign in number[4:] + number[:4])) % 97 == 1


def is_card(text: str) -> bool:
    """Whether a text is a payment card's number: an issuer's range and length, and Luhn's check digit (ISO 7812)."""
    digits = re.sub("[ -]", "", text)
    return _is_issued(digits) and is_luhn(digits)


def is_luhn(digits: str) -> bool:
    """Whether digits end in their check digit: every second from the right doubled, all summed, a multiple of ten."""
    values = [int(digit) for digit in reversed(digits)]
    return (sum(values[::2]) + sum(sum(divmod(2 * value, 10)) for value in values[1::2])) % 10 == 0


def _is_issued(digits: str) -> bool:
    length, two, three, four = len(digits), int(digits[:2]), int(digits[:3]), int(digits[:4])
    if digits[0] == "4":
        return length in (13, 16, 19)
    if 51 <= two <= 55 or 2221 <= four <= 2720:
        return length == 16
    if two in (34, 37):
        return length == 15
    if 300 <= three <= 305 or two in (36, 38, 39):
        return 14 <= length <= 19
    if four == 6011 or 644 <= three <= 649 or two in (62, 65) or 3528 <= four <= 3589:
        return 16 <= length <= 19
    return four in (5018, 5020, 5038, 5893, 6304, 6759, 6761, 6762, 6763) and 12 <= length <= 19


def _email(match: re.Match[str]) -> int:
    name = match[0].partition("@")[0]
    is_file = match[0].lower().endswith(FILES)
    return 0 if is_file or ".." in name or name.endswith(".") else len(match[0])


def _card(match: re.Match[str]) -> int:
    return len(match[0]) if is_card(match[0]) else 0


def _iban(match: re.Match[str]) -> int:
    """Return how far the account number goes: a word in capitals may follow it."""
    signs = [at for at, sign in enumerate(match[0], start=1) if sign not in " -"]
    length = IBAN_LENGTHS.get(match[0][:2], len(signs) + 1)
    if length > len(signs):
        return 0
    end = signs[length - 1]
    return end if is_iban(match[0][:end]) and not match[0][end:][:1].isalnum() else 0


def _international(match: re.Match[str]) -> int:
    digits = re.sub(r"\D", "", match[0].removeprefix("00"))
    is_written = match[0].startswith("+") or re.search(r"\d[ /()-]+\d", match[0]) is not None
    is_valid = (
        8 <= len(digits) <= 15 and CALLING.match(digits) is not None and match[0].count("(") == match[0].count(")")
    )
    if digits[0] == "1":
        is_valid &= len(digits) == 11 and digits[1] in "23456789"
    return len(match[0]) if is_valid and is_written and _is_callable(match) else 0


def _national(match: re.Match[str]) -> int:
    digits = re.sub(r"\D", "", match[0])
    is_valid = 9 <= len(digits) <= 12 and len(set(digits)) > 2
    return len(match[0]) if is_valid and _is_callable(match) else 0


def _called(match: re.Match[str]) -> int:
    return len(match[0]) if CALLED.search(_before(match)) else 0


def _is_callable(match: re.Match[str]) -> bool:
    before = _before(match)
    if re.search(r"\d[ -]$", before):  # the end of a longer number
        return False
    return CALLED.search(before) is not None or NOT_CALLED.search(before) is None


def _before(match: re.Match[str]) -> str:
    return match.string[max(0, match.start() - 24) : match.start()]


def _address(match: re.Match[str]) -> int:
    """Return the length of an internet address that others can reach; version numbers and local addresses are none."""
    try:
        address = ipaddress.ip_address(match[0])
    except ValueError:
        return 0
    return len(match[0]) if address.is_global and not VERSION.search(_before(match)) else 0


RULES: dict[str, list[tuple[re.Pattern[str], Length]]] = {
    "email": [(EMAIL, _email)],
    "iban": [(IBAN, _iban)],
    "card": [(CARD, _card)],
    "phone": [(INTERNATIONAL, _international), (NATIONAL, _national), (UNBROKEN, _called)],
    "ip": [(IP, _address)],
}
"""Kind -> patterns, and how much of a match is what is looked for: all, its beginning, or 0 for nothing."""
