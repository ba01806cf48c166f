"""Exact identifiers of people, each reduced to the one form in which it is compared.

E-mail addresses are case-insensitive, phones compare as E.164, LinkedIn URLs by their path.
"""

import re
from functools import lru_cache
from urllib.parse import unquote, urlsplit

import phonenumbers

MAX_IDENTIFIER_CHARS = 500
_EMAIL = re.compile(r"[^@\s\x00-\x1f]{1,64}@[^@\s\x00-\x1f]{1,253}")
_PROFILE = re.compile(r"(?:in|pub)/[^/?#\s]+")


def email_key(text: str) -> str | None:
    """The address in lower case, or ``None`` for what is none."""
    address = text.strip().lower()
    return address if _EMAIL.fullmatch(address) else None


@lru_cache(maxsize=10_000)
def phone_key(text: str) -> str | None:
    """The number as E.164 ("+12085550123"), read as American where no country is given.

    ``None`` for what is no possible number.
    """
    try:
        number = phonenumbers.parse(text, "US")
    except phonenumbers.NumberParseException:
        return None
    if not phonenumbers.is_possible_number(number):
        return None
    return phonenumbers.format_number(number, phonenumbers.PhoneNumberFormat.E164)


def linkedin_key(text: str) -> str | None:
    """The path of a LinkedIn profile ("in/jordan-lee"), or ``None`` for any other address."""
    candidate = text.strip()
    if "://" not in candidate:
        candidate = f"https://{candidate}"
    try:
        parts = urlsplit(candidate)
        host = (parts.hostname or "").lower()
    except ValueError:
        return None
    if host != "linkedin.com" and not host.endswith(".linkedin.com"):
        return None
    match = _PROFILE.match(unquote(parts.path).strip("/").lower())
    return match.group() if match else None
