"""Opaque page cursors: signed, and bound to the account, the operation and what was asked.

A cursor carries a position, never a query: whoever comes back with it must ask the same question.
"""

import base64
import binascii
import hashlib
import hmac
from typing import Any

import orjson

from api.errors import DomainError, ErrorCode

MAX_CURSOR_CHARS = 2_000
"""The longest that is given out has about 1,750: the place of somebody whose id has 200 characters
that JSON writes with six bytes each, or four bytes each inside the id of a prospect."""
_SIGNATURE_BYTES = 16


class CursorSigner:
    """Writes and reads cursors under one secret; processes that share the secret share cursors."""

    def __init__(self, secret: str):
        self._key = hashlib.sha256(b"stibnite cursor\0" + secret.encode()).digest()

    def write(self, scope: bytes, position: list[Any]) -> str:
        """The cursor of ``position`` (JSON values) within ``scope`` (see :func:`scope_of`)."""
        payload = orjson.dumps(position)
        return base64.urlsafe_b64encode(self._signature(scope, payload) + payload).decode()

    def read(self, scope: bytes, cursor: str) -> list[Any]:
        """The position of a cursor.

        Raises ``invalid_cursor`` for one that was altered, or was given out elsewhere: by another
        installation, to another account, for another operation, query or filter.
        """
        try:
            raw = base64.b64decode(cursor.encode(), altchars=b"-_", validate=True)
        except (binascii.Error, ValueError):
            raise _invalid() from None
        signature, payload = raw[:_SIGNATURE_BYTES], raw[_SIGNATURE_BYTES:]
        if not hmac.compare_digest(signature, self._signature(scope, payload)):
            raise _invalid()
        position: list[Any] = orjson.loads(payload)
        return position

    def _signature(self, scope: bytes, payload: bytes) -> bytes:
        return hmac.digest(self._key, scope + payload, "sha256")[:_SIGNATURE_BYTES]


def scope_of(*parts: object) -> bytes:
    """A digest (32 bytes) of what a cursor is bound to: account, operation, interpreted query."""
    return hashlib.sha256(orjson.dumps([str(part) for part in parts])).digest()


def _invalid() -> DomainError:
    return DomainError(
        ErrorCode.INVALID_CURSOR,
        "This cursor does not belong to this request. Send next_cursor unchanged, with the same "
        "query and filters; or start again without a cursor.",
    )
