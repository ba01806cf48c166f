"""GraphQL over server-sent events, in the protocol's distinct connections mode.

One request is one operation: an event ``next`` for each answer, then ``complete``. A comment now
and then keeps proxies from closing a connection on which nothing happens.
"""

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import orjson
from starlette.responses import StreamingResponse

MEDIA_TYPE = "text/event-stream"
KEEP_ALIVE_EVERY_S = 15.0


async def event_stream(answers: AsyncIterator[dict[str, Any]]) -> StreamingResponse:
    """The response of a stream that has begun; whatever is raised before that, is raised here."""
    first = await anext(answers)
    return StreamingResponse(
        _written(first, answers),
        media_type=MEDIA_TYPE,
        headers={"cache-control": "no-store", "x-accel-buffering": "no", "vary": "accept"},
    )


async def _written(
    first: dict[str, Any], answers: AsyncIterator[dict[str, Any]]
) -> AsyncIterator[bytes]:
    coming: asyncio.Task[Any] | None = None
    try:
        yield _next(first)
        while True:
            coming = asyncio.ensure_future(anext(answers, None))
            while not (await asyncio.wait({coming}, timeout=KEEP_ALIVE_EVERY_S))[0]:
                yield b":\n\n"
            answer = coming.result()
            if answer is None:
                break
            yield _next(answer)
        yield b"event: complete\ndata:\n\n"
    finally:
        if coming is not None and not coming.done():
            coming.cancel()
            await asyncio.gather(coming, return_exceptions=True)
        await answers.aclose()  # type: ignore[attr-defined]


def _next(answer: dict[str, Any]) -> bytes:
    return b"event: next\ndata: " + orjson.dumps(answer) + b"\n\n"
