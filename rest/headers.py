"""The headers of requests and answers, as the OpenAPI document describes them."""

from typing import Any

from api.domain.idempotency.rules import KEY_PATTERN, MAX_KEY_CHARS
from api.errors import ErrorCode

IDEMPOTENCY_KEY: dict[str, Any] = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Does this once: for 24 hours the same request under the same key gets the same "
    "answer, and another one 422; 409 with Retry-After while the first still runs. A failure "
    "leaves the key free.",
    "schema": {
        "type": "string",
        "minLength": 1,
        "maxLength": MAX_KEY_CHARS,
        "pattern": KEY_PATTERN,
    },
}

IDEMPOTENCY_HIT: dict[str, Any] = {
    "Idempotency-Hit": {
        "description": "Present where the answer is the one that was given before.",
        "schema": {"type": "string", "const": "true"},
    }
}

_SECONDS = {"type": "integer", "minimum": 1}

RETRY_AFTER: dict[ErrorCode, dict[str, Any]] = {
    ErrorCode.CONFLICT: {
        "Retry-After": {
            "description": "Seconds; present where a request with the same Idempotency-Key runs.",
            "schema": _SECONDS,
        }
    },
    **{
        code: {
            "Retry-After": {
                "description": "Seconds until it is worth while to ask again.",
                "required": True,
                "schema": _SECONDS,
            }
        }
        for code in (ErrorCode.RATE_LIMITED, ErrorCode.UNAVAILABLE)
    },
}
"""The header of failures that pass, by code; a conflict may be one, where a key can be sent."""
