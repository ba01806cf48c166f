"""Where a delivery may go: the form of its URL, and the addresses that its host may resolve to.

Whoever names a URL makes this server call it, so it must lead to the public internet and nowhere
else. The URL is checked when it is given; the addresses at every attempt, by the very look-up that
the connection is made with (``api.domain.delivery.sender``).
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv6Address, ip_address, ip_network

MAX_URL_CHARS = 2_000
PORTS = frozenset({443, 8443})

# The characters of a URL (RFC 3986) without "@", which hides a host behind what looks like one, and
# "#", which is never sent. Names in other scripts come in their ASCII form (xn--...).
_URL = re.compile(
    r"(?P<scheme>https?)://(?P<host>\[[0-9a-f:.]+\]|[a-z0-9.-]+)(?::(?P<port>[1-9][0-9]{0,4}))?"
    r"(?P<rest>[/?][A-Za-z0-9._~:/?\[\]!$&'()*+,;=%-]*)?"
)
_LABEL = re.compile(r"[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?")
# What ends in a number is an IPv4 address to some parser: 127.1, 0x7f.1, 017700000001.
_NUMBER = re.compile(r"[0-9]+|0x[0-9a-f]*")
_ESCAPE = re.compile(r"%(?![0-9A-Fa-f]{2})")
_LONGEST_HOST = 253

_REFUSED_V4 = tuple(
    ip_network(each)
    for each in (
        "0.0.0.0/8",  # this network
        "10.0.0.0/8",  # private
        "100.64.0.0/10",  # carrier-grade NAT
        "127.0.0.0/8",  # loopback
        "169.254.0.0/16",  # link-local, metadata services among it
        "172.16.0.0/12",  # private
        "192.0.0.0/24",  # protocol assignments
        "192.0.2.0/24",  # documentation
        "192.31.196.0/24",  # AS112
        "192.52.193.0/24",  # AMT
        "192.88.99.0/24",  # 6to4 relays
        "192.168.0.0/16",  # private
        "192.175.48.0/24",  # AS112
        "198.18.0.0/15",  # benchmarking
        "198.51.100.0/24",  # documentation
        "203.0.113.0/24",  # documentation
        "224.0.0.0/4",  # multicast
        "240.0.0.0/4",  # reserved, broadcast
    )
)
# Of IPv6 only 2000::/3 is given out; everything outside it is refused without a list, and so are
# the parts of it that lead back to IPv4 or nowhere.
_GLOBAL_V6 = ip_network("2000::/3")
_REFUSED_V6 = tuple(
    ip_network(each)
    for each in (
        "2001::/23",  # protocol assignments: Teredo, ORCHID, benchmarking
        "2001:db8::/32",  # documentation
        "2002::/16",  # 6to4
        "2620:4f:8000::/48",  # AS112
        "3ffe::/16",  # the former 6bone
        "3fff::/20",  # documentation
    )
)


@lru_cache(maxsize=10_000)
def check_url(url: str, *, insecure: bool = False) -> str:
    """The host of a URL that deliveries may be sent to: lower case, brackets removed.

    A URL is ``https``, on port 443 or 8443, and names its host: no user, no fragment, no address in
    any notation, at least one dot, ASCII. ``insecure`` (development only) also takes ``http``,
    every port, ``localhost`` and loopback addresses.

    Raises ``ValueError`` with a sentence for whoever gave it; it never repeats the URL.
    """
    if len(url) > MAX_URL_CHARS:
        raise ValueError(f"must be at most {MAX_URL_CHARS} characters long")
    scheme, mark, rest = url.partition("://")
    authority, slash, tail = rest.partition("/")
    parts = _URL.fullmatch(f"{scheme}{mark}{authority}".lower() + slash + tail)
    # Letters outside ASCII may become ASCII in lower case, as the Kelvin sign does.
    if parts is None or not url.isascii() or _ESCAPE.search(url):
        raise ValueError(
            "must be a URL in ASCII, like https://customer.example/webhooks, without user name,"
            " blanks and fragment"
        )
    host = parts["host"]
    if insecure and is_loopback_host(host):
        return host.strip("[]")
    if parts["scheme"] != "https" and not insecure:
        raise ValueError("must begin with https://")
    if parts["port"] is not None and int(parts["port"]) not in PORTS and not insecure:
        raise ValueError("must use port 443 or 8443")
    if not is_public_name(host):
        raise ValueError("must name a public host: no address, and at least one dot in the name")
    return host


def is_public_name(host: str) -> bool:
    """Whether a host, in lower case, is a name that the public internet can have."""
    labels = host.split(".")
    return (
        len(host) <= _LONGEST_HOST
        and len(labels) > 1
        and all(_LABEL.fullmatch(label) for label in labels)
        and not _NUMBER.fullmatch(labels[-1])
        and labels[-1] not in {"localhost", "local", "internal", "localdomain"}
    )


def is_loopback_host(host: str) -> bool:
    """Whether a host, in lower case, is this very machine by name or address."""
    if host == "localhost":
        return True
    try:
        return ip_address(host.strip("[]")).is_loopback
    except ValueError:
        return False


def is_deliverable(address: str, *, insecure: bool = False) -> bool:
    """Whether a connection may be made to an address (text, as a resolver gives it).

    Only to public unicast ones: neither private nor special ranges, nor IPv6 forms that carry an
    IPv4 address (mapped, compatible, NAT64, 6to4, Teredo), nor scoped ones (``fe80::1%eth0``).
    ``insecure`` (development only) takes loopback too.
    """
    try:
        parsed = ip_address(address)
    except ValueError:
        return False
    if insecure and parsed.is_loopback:
        return True
    if isinstance(parsed, IPv4Address):
        return not any(parsed in each for each in _REFUSED_V4)
    return _is_public_v6(parsed)


def _is_public_v6(address: IPv6Address) -> bool:
    if address.scope_id is not None or address not in _GLOBAL_V6:
        return False
    return not any(address in each for each in _REFUSED_V6)
