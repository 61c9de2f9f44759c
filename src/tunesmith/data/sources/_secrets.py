"""Addresses without secrets: variables of the environment stand for them, and what is shown or stored hides them."""

from __future__ import annotations

import os
import re
from urllib.parse import quote, unquote

from ...core.errors import DataError

VARIABLE = re.compile(r"\$\{(\w+)\}")
# On the web a password holds neither slash nor question mark; SQLAlchemy takes both, so all to the last @ may be one.
WEB = re.compile(r"(?i)^https?://")
WEB_PASSWORD = re.compile(r"(?<=://)([^/?#]*?):([^/?#]*)@")
PASSWORD = re.compile(r"(?s)(?<=://)([^:/?#]*):(.*)@")
PARAMETER = re.compile(
    r"(?i)([?&;](?:[^=&;]*(?:password|passwd|pwd|passphrase|secret|token|signature|credential|odbc_connect|api.?key|access.?key)[^=&;]*"
    r"|sig|key|auth)=)([^&;#]*)"
)
HIDDEN = "***"


def hidden(address: str) -> str:
    """Return an address with `***` in place of its password and of parameters that are secret by their name.

    A `${VARIABLE}` is no secret and stays.
    """
    shown = _password(address).sub(lambda found: f"{found[1]}:{_covered(found[2])}@", address)
    return PARAMETER.sub(lambda found: found[1] + _covered(found[2]), shown)


def filled(address: str) -> str:
    """Return an address with every `${VARIABLE}` replaced from the environment.

    Within the user and password, characters that would end them are escaped. Raises DataError where a variable is
    not set, an @ in a password is not escaped, or the address is one whose secrets were hidden when it was stored.
    """
    if f":{HIDDEN}@" in address or f"={HIDDEN}" in address:
        raise DataError(f"{address}: its secret was not stored; write it as ${{VARIABLE}} and set that variable")
    found = _password(address).search(address)
    if found and "@" in found[2]:
        raise DataError(f"{hidden(address)}: an @ within the password or behind the host; write %40 for it")
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
    found = [one[2] for pattern in (_password(whole), PARAMETER) for one in pattern.finditer(whole)]
    for secret in sorted({one for held in found if held for one in (held, unquote(held))}, key=len, reverse=True):
        text = text.replace(secret, HIDDEN)
    return text


def _password(address: str) -> re.Pattern[str]:
    return WEB_PASSWORD if WEB.match(address) else PASSWORD


def _covered(secret: str) -> str:
    return secret if VARIABLE.fullmatch(secret) or not secret else HIDDEN
