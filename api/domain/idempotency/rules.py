"""Keys under which a write is done once: their form, whose they are, and how long they hold."""

import hashlib
import json
import re
from datetime import timedelta

from api.caller import EmbedCaller, Identity
from api.errors import DomainError, ErrorCode

KEPT = timedelta(hours=24)
"""How long a key holds: its answer is given again, and another request under it refused."""
MAX_KEY_CHARS = 255
RETRY_AFTER_S = 1
"""So long after a request was refused because the one before it still runs, it is worth a try."""
KEY_PATTERN = r"^[\x21-\x7e]+$"
_KEY = re.compile(KEY_PATTERN)


def key_of(text: str) -> str | None:
    """The key that a caller sent, or ``None`` for what is none: 1 to 255 visible ASCII characters.

    Quotes around it are not part of it: the internet draft has them, most clients do not.
    """
    if len(text) > 2 and text[0] == text[-1] == '"':
        text = text[1:-1]
    return text if len(text) <= MAX_KEY_CHARS and _KEY.fullmatch(text) else None


def scope_of(identity: Identity, key: str) -> bytes:
    """What a key stands for (32 bytes): the same key of somebody else is another one.

    The credentials count, and not their account alone: an answer may hold what was meant for whom
    they belong to.
    """
    whose = [identity.kind, str(identity.account_id), str(identity.credential_id)]
    if isinstance(identity, EmbedCaller):
        whose += [str(identity.partner_customer_id), identity.user_id or ""]
    return digest_of([*whose, key])


def digest_of(asked: object) -> bytes:
    """What is kept of a request (32 bytes), so that another one under its key is told apart."""
    return hashlib.sha256(json.dumps(asked, sort_keys=True, default=str).encode()).digest()


def used_for_another() -> DomainError:
    """The failure of a request under a key that another request was answered under."""
    return DomainError(
        ErrorCode.INVALID_INPUT, "This Idempotency-Key was used for another request."
    )


def still_running() -> DomainError:
    """The failure of a request under a key whose request has no answer yet."""
    return DomainError(
        ErrorCode.CONFLICT,
        "A request with this Idempotency-Key is still running. Try again.",
        retry_after_s=RETRY_AFTER_S,
    )
