"""The schema of problem documents, as the OpenAPI document has it."""

from collections.abc import Mapping
from typing import Any

from api.errors import DETAILS, ErrorCode

PROBLEM: dict[str, Any] = {
    "type": "object",
    "description": "Problem details (RFC 9457): the one shape of every failure.",
    "properties": {
        "type": {
            "type": "string",
            "description": "about:blank, as `code` tells kinds apart; for `rate_limited` the type "
            "that is registered for exceeded quotas.",
        },
        "title": {"type": "string", "description": "The HTTP status in words."},
        "status": {"type": "integer", "description": "The HTTP status."},
        "detail": {"type": "string", "description": "What is wrong, and what to do about it."},
        "code": {
            "type": "string",
            "enum": [str(code) for code in ErrorCode],
            "description": "The kind of failure. The list is closed within a version.",
        },
        "request_id": {
            "type": "string",
            "description": "Identifies the request in the log; also the header x-request-id.",
        },
        "violated-policies": {
            "type": "array",
            "description": "Of `rate_limited`: the limits that are reached.",
            "items": {"type": "string"},
        },
        "errors": {
            "type": "array",
            "description": "The arguments that are at fault.",
            "items": {
                "type": "object",
                "properties": {"argument": {"type": "string"}, "message": {"type": "string"}},
                "required": ["argument", "message"],
                "additionalProperties": False,
            },
        },
    },
    "required": ["type", "title", "status", "detail", "code", "request_id"],
    "additionalProperties": False,
}

_DETAILS: Mapping[str, str] = {
    "reason": "Why a wallet refuses; with code insufficient_credits.",
    "needed": "How much of what the reason is about was needed.",
    "available": "How much of it there is.",
}
_TYPES = {str: "string", int: "integer"}
PROBLEM["properties"] |= {
    name: {"type": _TYPES[kind], "description": _DETAILS[name]} for name, kind in DETAILS.items()
}
