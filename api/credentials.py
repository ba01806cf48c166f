"""Random credentials that we give out once: their form, and what of them is kept."""

import hashlib
import re
import secrets
from dataclasses import dataclass

_SHOWN = 6


def digest_of(plain: str) -> bytes:
    """What is stored of a credential (SHA-256, 32 bytes).

    One round is enough: it is random, not a person's password.
    """
    return hashlib.sha256(plain.encode()).digest()


@dataclass(frozen=True, slots=True)
class NewCredential:
    """One at the only moment it is known in full: ``plain`` is shown once and never stored."""

    plain: str
    prefix: str
    """The first characters, by which people recognise it in a list."""

    @property
    def digest(self) -> bytes:
        """What is stored."""
        return digest_of(self.plain)


class CredentialForm:
    """A mark that says what a credential is for, and a number of random characters after it.

    Four characters hold three random bytes.
    """

    def __init__(self, mark: str, characters: int):
        self.mark = mark
        self.prefix_chars = len(mark) + _SHOWN
        self._random_bytes = characters * 3 // 4
        self._pattern = re.compile(rf"{re.escape(mark)}[A-Za-z0-9_-]{{{characters}}}")

    def new(self) -> NewCredential:
        """A fresh credential."""
        plain = self.mark + secrets.token_urlsafe(self._random_bytes)
        return NewCredential(plain, plain[: self.prefix_chars])

    def fits(self, text: str) -> bool:
        """Whether ``text`` has this form; what has not is refused without asking the store."""
        return self._pattern.fullmatch(text) is not None
