"""Embed keys and sessions: their form, and what a partner and a browser may say."""

import hashlib
import re
import secrets
from dataclasses import dataclass
from enum import StrEnum

KEY_MARK = "stib_embed_pk_"
_SECRET_BYTES = 24
_KEY = re.compile(r"stib_embed_pk_[A-Za-z0-9_-]{32}")
PREFIX_CHARS = len(KEY_MARK) + 6
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


@dataclass(frozen=True, slots=True)
class NewEmbedKey:
    """A key at the only moment it is known in full: ``plain`` is shown once and never stored."""

    plain: str

    @property
    def prefix(self) -> str:
        """The first characters, by which people recognise a key in a list."""
        return self.plain[:PREFIX_CHARS]

    @property
    def digest(self) -> bytes:
        """What is stored (SHA-256, 32 bytes)."""
        return digest_of(self.plain)


def new_embed_key() -> NewEmbedKey:
    """A fresh key with 192 bits of randomness."""
    return NewEmbedKey(KEY_MARK + secrets.token_urlsafe(_SECRET_BYTES))


def looks_like_embed_key(text: str) -> bool:
    """Whether ``text`` has the form of a key; what has not is refused without asking the store."""
    return _KEY.fullmatch(text) is not None


def digest_of(plain: str) -> bytes:
    """The stored form of a key. One round is enough: the key is random, not a person's password."""
    return hashlib.sha256(plain.encode()).digest()
