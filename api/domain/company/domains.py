"""Company domains: what people paste, reduced to the one form in which they are kept."""

import re
from urllib.parse import urlsplit

MAX_DOMAIN_CHARS = 253
_LABEL = r"[a-z0-9_](?:[a-z0-9_-]{0,61}[a-z0-9_])?"
_HOST = re.compile(rf"{_LABEL}(?:\.{_LABEL})+")


def normalise_domain(text: str) -> str | None:
    """The host of a domain or URL: lower case, without ``www.``, port and final dot.

    ``None`` for what is then no host name of at least two labels. International names are turned
    into their ASCII form.
    """
    candidate = text.strip().lower()
    if "://" not in candidate:
        candidate = f"//{candidate}"
    try:
        parts = urlsplit(candidate)
        host = parts.hostname or ""
    except ValueError:
        return None
    if "@" in parts.netloc:
        # An e-mail address, or credentials: either way not what a domain column is for.
        return None
    host = host.removesuffix(".").removeprefix("www.")
    if not host.isascii():
        try:
            host = host.encode("idna").decode()
        except UnicodeError:
            return None
    if len(host) > MAX_DOMAIN_CHARS or not _HOST.fullmatch(host):
        return None
    return None if host.rpartition(".")[2].isdigit() else host
