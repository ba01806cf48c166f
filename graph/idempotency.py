"""``Idempotency-Key`` and ``Idempotency-Hit``: what a client may retry without doing it twice.

Both doors hand every request that writes to :func:`answer_once`; operations are not asked.
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace

import orjson
from starlette.requests import Request
from starlette.responses import Response

from api.domain.idempotency.rules import MAX_KEY_CHARS, key_of
from api.domain.idempotency.service import Answer, once
from api.errors import DomainError, ErrorCode
from api.work import Work
from graph.context import Context

KEY_HEADER = "idempotency-key"
HIT_HEADER = "idempotency-hit"


def key_sent(request: Request) -> str | None:
    """The key of a request, if it has one.

    Raises ``malformed_request`` for what is no key, and where there are two.
    """
    sent = request.headers.getlist(KEY_HEADER)
    if not sent:
        return None
    key = key_of(sent[0])
    if key is None or len(sent) > 1:
        raise DomainError(
            ErrorCode.MALFORMED_REQUEST,
            f"Idempotency-Key must be one text of 1 to {MAX_KEY_CHARS} visible ASCII characters.",
        )
    return key


async def answer_once(
    request: Request,
    context: Context,
    asked: object,
    run: Callable[[Context], Awaitable[Response]],
) -> Response:
    """The response of ``run``, or that of the same request before, where the request has a key.

    ``asked`` is what it asks for, as JSON. What answers an error is undone, and may be sent again.
    Without a caller there is nobody to keep an answer for.
    """
    key = key_sent(request)
    if key is None or context.work.identity is None:
        return await run(context)

    async def run_with(work: Work) -> Answer:
        response = await run(replace(context, work=work))
        return Answer(_packed(response), response.status_code < 400)

    content, again = await once(context.work, key, asked, run_with)
    response = _unpacked(content)
    if again:
        response.headers[HIT_HEADER] = "true"
    return response


def _packed(response: Response) -> bytes:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return orjson.dumps([response.status_code, headers]) + b"\n" + bytes(response.body)


def _unpacked(content: bytes) -> Response:
    head, _, body = content.partition(b"\n")
    status, headers = orjson.loads(head)
    return Response(body, status, headers)
