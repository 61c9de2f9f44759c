"""Addresses without secrets: variables of the environment stand for them, and what is shown or stored hides them."""

from __future__ import annotations

import os
import re
from urllib.parse import quote, unquote

from ...core.errors import DataError

VARIABLE = re.compile(r"\$\{(\w+)\}")
PASSWORD = re.compile(r"(?<=://)([^/?#]*?):([^/?#]*)@")
PARAMETER = re.compile(
    r"(?i)([?&;](?:[^=&;]*(?:password|passwd|pwd|passphrase|secret|token|signature|credential|api.?key|access.?key)[^=&;]*"
    r"|sig|key|auth)=)([^&;#]*)"
)
HIDDEN = "***"


def hidden(address: str) -> str:
    """Return an address with `***` in place of its password and of parameters that are secret by their name.

    A `${VARIABLE}` is no secret and stays.
    """
    shown = PASSWORD.sub(lambda found: f"{found[1]}:{_covered(found[2])}@", address)
    return PARAMETER.sub(lambda found: found[1] + _covered(found[2]), shown)


def filled(address: str) -> str:
    """Return an address with every `${VARIABLE}` replaced from the environment.

    Within the user and password, characters that would end them are escaped. Raises DataError where a variable is
    not set, or where the address is one whose secrets were hidden when it was stored.
    """
    if f":{HIDDEN}@" in address or f"={HIDDEN}" in address:
        raise DataError(f"{address}: its secret was not stored; write it as ${{VARIABLE}} and set that variable")
    start, end = address.find("://") + 3, address.rfind("@")

    def value(found: re.Match[str]) -> str:
        held = os.environ.get(found[1])
        if held is None:
            raise DataError(f"{hidden(address)}: the variable {found[1]} is not set in the environment; set it")
        return quote(held, safe="") if start <= found.start() < end else held

    return VARIABLE.sub(value, address)


def scrubbed(text: str, address: str) -> str:
    """Return a text of someone else's making with `***` in place of every secret that the address holds."""
    try:
        whole = filled(address)
    except DataError:
        return text
    found = [one[2] for pattern in (PASSWORD, PARAMETER) for one in pattern.finditer(whole)]
    for secret in sorted({one for held in found if held for one in (held, unquote(held))}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _covered(secret: str) -> str:
    return secret if VARIABLE.fullmatch(secret) or not secret else HIDDEN
