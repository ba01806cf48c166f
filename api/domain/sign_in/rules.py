"""Sessions of console users: their token, how long they last, and whom an address names."""

import re
from datetime import timedelta

from api.credentials import CredentialForm

_TOKEN = CredentialForm("stib_ses_", characters=43)
TICKET_LASTS = timedelta(minutes=10)
"""How long signing in at the issuer may take."""
MAX_EMAIL_CHARS = 254
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")


def new_token() -> str:
    """A fresh session token with 256 bits of randomness; only its digest is stored."""
    return _TOKEN.new().plain


def looks_like_token(text: str) -> bool:
    """Whether ``text`` has the form of a session token."""
    return _TOKEN.fits(text)


def email_of(text: str) -> str | None:
    """An address as it is stored and compared, in lower case; ``None`` for what is none."""
    email = text.strip().lower()
    sound = len(email) <= MAX_EMAIL_CHARS and email.isprintable() and _EMAIL.fullmatch(email)
    return email if sound else None
