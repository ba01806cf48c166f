"""What is encrypted under the secret of the installation: secrets at rest, and opaque names."""

import base64

from cryptography.exceptions import InvalidTag
from cryptography.fernet import Fernet, InvalidToken
from cryptography.hazmat.primitives.ciphers.aead import AESSIV
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF

_STEP = 16


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


class Pseudonyms:
    """Opaque names for bytes: the same ones have the same name within a scope, and no other.

    AES-SIV (RFC 5297): a name is made and read under the installation's secret alone, and one that
    was made in another scope, or altered, is read as nothing. Lengths show in steps of 16.
    """

    def __init__(self, secret: str):
        key = HKDF(SHA256(), length=64, salt=None, info=b"stibnite pseudonyms").derive(
            secret.encode()
        )
        self._cipher = AESSIV(key)

    def of(self, scope: bytes, plain: bytes) -> str:
        """The name of some bytes, of letters, digits, ``-`` and ``_``."""
        padded = plain + b"\1" + b"\0" * (-(len(plain) + 1) % _STEP)
        return base64.urlsafe_b64encode(self._cipher.encrypt(padded, [scope])).decode().rstrip("=")

    def plain(self, scope: bytes, name: str) -> bytes | None:
        """The bytes of a name of this scope; ``None`` for any other text."""
        try:
            sealed = base64.b64decode(name + "=" * (-len(name) % 4), altchars=b"-_", validate=True)
            padded = self._cipher.decrypt(sealed, [scope])
        except (ValueError, InvalidTag):
            return None
        # Another spelling of the same bytes is no name that was given out.
        plain = padded.rstrip(b"\0")[:-1]
        return plain if self.of(scope, plain) == name else None
