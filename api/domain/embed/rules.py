"""Embed keys and sessions: their form, and what a partner and a browser may say."""

from enum import StrEnum

from api.credentials import CredentialForm, NewCredential

_KEY = CredentialForm("stib_embed_pk_", characters=32)
MAX_PUBLIC_KEY_CHARS = 100

MAX_KEYS = 50
"""Active embed keys of one account."""
MAX_LABEL_CHARS = 200
MAX_USER_ID_CHARS = 200
MAX_ORIGIN_HEADER_CHARS = 300


class EmbedKeyStatus(StrEnum):
    """Revoked keys start no sessions, and end those that they started."""

    ACTIVE = "active"
    REVOKED = "revoked"


def new_embed_key() -> NewCredential:
    """A fresh key with 192 bits of randomness."""
    return _KEY.new()


def looks_like_embed_key(text: str) -> bool:
    """Whether ``text`` has the form of an embed key."""
    return _KEY.fits(text)
