"""The API in a process that kills itself at one point of a write: ``DIES`` says where.

``answering``: the write is committed, and no byte of the answer has left. ``keeping``: the write is
done, and not committed.
"""

import os
import signal
from typing import Any

from starlette.types import Message, Receive, Scope, Send

from api.app import app as product
from api.domain.idempotency import queries


def _die() -> None:
    os.kill(os.getpid(), signal.SIGKILL)


async def app(scope: Scope, receive: Receive, send: Send) -> None:
    """The product's application."""

    async def send_or_die(message: Message) -> None:
        if message["type"] == "http.response.start" and os.environ["DIES"] == "answering":
            _die()
        await send(message)

    await product(scope, receive, send if scope["type"] == "lifespan" else send_or_die)


async def _keep(*_: Any) -> None:
    _die()


if os.environ["DIES"] == "keeping":
    queries.keep = _keep  # type: ignore[assignment]
