"""Sessions of console users: their token, how long they last, and whom an address names."""

import hashlib
import re
import secrets
from datetime import timedelta

SESSION_MARK = "stib_ses_"
TICKET_LASTS = timedelta(minutes=10)
"""How long signing in at the issuer may take."""
MAX_EMAIL_CHARS = 254
_TOKEN = re.compile(r"stib_ses_[A-Za-z0-9_-]{43}")
_EMAIL = re.compile(r"[^@\s]{1,64}@[^@\s]+\.[^@\s]+")


def new_token() -> str:
    """A fresh session token with 256 bits of randomness; only its digest is stored."""
    return SESSION_MARK + secrets.token_urlsafe(32)


def looks_like_token(text: str) -> bool:
    """Whether ``text`` has the form of a session token."""
    return _TOKEN.fullmatch(text) is not None


def digest_of(token: str) -> bytes:
    """The stored form of a token (SHA-256, 32 bytes)."""
    return hashlib.sha256(token.encode()).digest()


def email_of(text: str) -> str | None:
    """An address as it is stored and compared, in lower case; ``None`` for what is none."""
    email = text.strip().lower()
    sound = len(email) <= MAX_EMAIL_CHARS and email.isprintable() and _EMAIL.fullmatch(email)
    return email if sound else None
