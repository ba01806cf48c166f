"""Ids in the order in which they were made: UUIDs of version 7 (RFC 9562)."""

import secrets
from datetime import UTC, datetime
from uuid import UUID

_VERSION = 0x7 << 76
_VARIANT = 0b10 << 62


def uuid7(now: datetime) -> UUID:
    """A new id: 48 bits of milliseconds, 74 random ones."""
    milliseconds = int(now.astimezone(UTC).timestamp() * 1000)
    random_a, random_b = secrets.randbits(12), secrets.randbits(62)
    return UUID(int=(milliseconds << 80) | _VERSION | (random_a << 64) | _VARIANT | random_b)
