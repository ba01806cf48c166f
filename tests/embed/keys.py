"""Managed accounts and their embed keys."""

from typing import Any
from uuid import uuid4

import httpx2

from api.caller import AccountKind
from tests.stack import Asker, Stack

PATH = "/v1/prospecting/embed-keys"
ORIGIN = "https://partner.example"


def managed(stack: Stack) -> str:
    """The API key of a new managed account."""
    return stack.new_key(f"partner {uuid4()}", kind=AccountKind.MANAGED)


def post(asker: Asker, **body: Any) -> httpx2.Response:
    """Asks for an embed key."""
    return asker.http.post(PATH, json={"allowed_origins": [ORIGIN], **body})


def created(asker: Asker, **body: Any) -> dict[str, Any]:
    """A new embed key, with its public key."""
    response = post(asker, **body)
    assert response.status_code == 201, response.text
    answer: dict[str, Any] = response.json()
    return answer
