"""API keys: their form, and what of them is kept."""

import hashlib
import re
import secrets
from dataclasses import dataclass

KEY_MARK = "stib_live_"
_SECRET_BYTES = 32
_KEY = re.compile(r"stib_live_[A-Za-z0-9_-]{43}")
PREFIX_CHARS = len(KEY_MARK) + 6
MAX_ACCOUNT_NAME_CHARS = 200
MAX_KEYS = 100
"""Keys of one account that are not revoked."""
MAX_KEY_NAME_CHARS = 100


@dataclass(frozen=True, slots=True)
class NewKey:
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


def new_key() -> NewKey:
    """A fresh key with 256 bits of randomness."""
    return NewKey(KEY_MARK + secrets.token_urlsafe(_SECRET_BYTES))


def looks_like_key(text: str) -> bool:
    """Whether ``text`` has the form of a key; what has not is refused without asking the store."""
    return _KEY.fullmatch(text) is not None


def digest_of(plain: str) -> bytes:
    """The stored form of a key. One round is enough: the key is random, not a person's password."""
    return hashlib.sha256(plain.encode()).digest()
