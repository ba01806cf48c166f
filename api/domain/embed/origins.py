"""Web origins: which pages may hold the iframe, and what browsers call them (RFC 6454).

A browser names a page's origin in one way only: scheme, ASCII host in lower case, and the port
unless it is the scheme's own. What partners give is brought to that form once, when a key is made;
after that origins are compared as texts, and nothing is ever parsed at a request.
"""

import re
from ipaddress import ip_address

import idna

from api.domain.delivery.rules import is_loopback_host, is_public_name

MAX_ORIGINS = 20
"""Origins of one embed key."""
MAX_ORIGIN_CHARS = 2_000
"""Of what is given: a whole page's address may be."""

# The authority ends at the first of / ? #, and may not hold what starts or hides another one: a
# user name, a second host, an escape, a blank. Browsers read \ as /, so a host before it is not
# what it looks like.
_PAGE = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[^\s/?#@\\:%\[\]*]+)"
    r"(?::(?P<port>[1-9][0-9]{0,4}))?(?:[/?#][^\\]*)?",
    re.IGNORECASE | re.DOTALL,
)
_DEFAULT_PORTS = {"https": 443, "http": 80}
_HIGHEST_PORT = 65_535


def origin_of(page: str, *, insecure: bool = False) -> str:
    """The origin of a page's address, as browsers write it: ``https://partner.example:8443``.

    An origin is ``https`` and names a public host: no address in any notation, no user name, no
    wildcard, at least one dot. A name in another script gets its ASCII form. ``insecure``
    (development only) also takes ``http``, ``localhost`` and loopback addresses.

    Raises ``ValueError`` with a sentence for whoever gave it; it never repeats the text.
    """
    parts = _PAGE.fullmatch(page)
    if len(page) > MAX_ORIGIN_CHARS or parts is None:
        raise ValueError(
            "must be the https address of a page or its origin, like https://partner.example,"
            " without user name and wildcard"
        )
    scheme, port = parts["scheme"].lower(), int(parts["port"] or 0)
    host = _host_of(parts["host"])
    if not (insecure and is_loopback_host(host)):
        if scheme != "https" and not insecure:
            raise ValueError("must begin with https://")
        if not is_public_name(host):
            raise ValueError("must name a public host: no address, and at least one dot in it")
    if port > _HIGHEST_PORT:
        raise ValueError("has a port that does not exist")
    shown = "" if port in (0, _DEFAULT_PORTS[scheme]) else f":{port}"
    return f"{scheme}://{host}{shown}"


def origins_of(pages: list[str], *, insecure: bool = False) -> list[str]:
    """The origins of pages, each once, in their order.

    Raises ``ValueError`` as :func:`origin_of` does.
    """
    return list(dict.fromkeys(origin_of(page, insecure=insecure) for page in pages))


def _host_of(text: str) -> str:
    """A host as browsers write it; what is none stays something that no check takes."""
    lower = text.lower()
    if lower.startswith("["):
        try:
            return f"[{ip_address(lower[1:-1]).compressed}]"
        except ValueError:
            return ""
    if lower.isascii():
        return lower
    try:
        return idna.encode(text, uts46=True, std3_rules=True).decode("ascii")
    except (idna.IDNAError, UnicodeError):
        return ""
