"""Secrets that must be kept readable, encrypted at rest under the secret of the installation."""

import base64

from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF


class SealError(Exception):
    """What was sealed cannot be opened: it was altered, or the installation's secret was."""


class Sealer:
    """Seals and opens texts (AES-128-CBC with HMAC-SHA256, the Fernet format)."""

    def __init__(self, secret: str):
        key = HKDF(SHA256(), length=32, salt=None, info=b"stibnite sealing").derive(secret.encode())
        self._fernet = Fernet(base64.urlsafe_b64encode(key))

    def seal(self, text: str) -> bytes:
        """The form in which a secret is stored; different each time."""
        return self.seal_bytes(text.encode())

    def open(self, sealed: bytes) -> str:
        """The secret itself.

        Raises:
            SealError: it was not sealed under this installation's secret, or was altered.
        """
        return self.open_bytes(sealed).decode()

    def seal_bytes(self, content: bytes) -> bytes:
        """As :meth:`seal`, for what is no text."""
        return self._fernet.encrypt(content)

    def open_bytes(self, sealed: bytes) -> bytes:
        """As :meth:`open`."""
        try:
            return self._fernet.decrypt(sealed)
        except InvalidToken:
            raise SealError("A stored secret cannot be opened with STIBNITE_SECRET.") from None
