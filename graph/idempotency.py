"""``Idempotency-Key`` and ``Idempotency-Hit``: what a client may retry without doing it twice.

Both doors hand every request that writes to :func:`answer_once`; operations are not asked.
"""

from collections.abc import Awaitable, Callable, Iterator
from dataclasses import replace

import orjson
from graphql import (
    DocumentNode,
    FieldNode,
    FragmentDefinitionNode,
    FragmentSpreadNode,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
)
from starlette.requests import Request
from starlette.responses import Response

from api.domain.idempotency.rules import MAX_KEY_CHARS, digest_of, key_of, scope_of
from api.domain.idempotency.service import Answer, once
from api.errors import DomainError, ErrorCode
from api.work import RequestKey, Work
from graph.context import Context
from graph.documents import PreparedDocument
from graph.operation import is_own_key
from graph.schema import schema

KEY_HEADER = "idempotency-key"
HIT_HEADER = "idempotency-hit"
_MUTATIONS = schema._schema.mutation_type.fields if schema._schema.mutation_type else {}


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
    *,
    own_key: bool,
) -> Response:
    """The response of ``run``, or that of the same request before, where the request has a key.

    ``asked`` is what it asks for, as JSON. What answers an error is undone, and may be sent again.
    Without a caller there is nobody to keep an answer for. An operation with its ``own_key`` is
    given the key (``Work.request_key``) and is not run in a transaction.
    """
    key, identity = key_sent(request), context.work.identity
    if key is None or identity is None:
        return await run(context)
    if own_key:
        mine = RequestKey(scope_of(identity, key), digest_of(asked))
        response = await run(replace(context, work=replace(context.work, request_key=mine)))
        if mine.replayed:
            response.headers[HIT_HEADER] = "true"
        return response

    async def run_with(work: Work) -> Answer:
        response = await run(replace(context, work=work))
        return Answer(_packed(response), response.status_code < 400)

    content, again = await once(context.work, key, asked, run_with)
    response = _unpacked(content)
    if again:
        response.headers[HIT_HEADER] = "true"
    return response


def keeps_own_key(prepared: PreparedDocument, operation_name: str | None) -> bool:
    """Whether a mutation is of an operation that keeps its key itself.

    Raises ``invalid_input`` where it is one beside others: they could not be done together.
    """
    named = [
        each
        for each in prepared.document.definitions
        if isinstance(each, OperationDefinitionNode)
        and (operation_name is None or (each.name and each.name.value == operation_name))
    ]
    fields = list(_roots(prepared.document, named[0].selection_set))
    own = [name for name in fields if is_own_key(_MUTATIONS[name])]
    if own and len(fields) > 1:
        raise DomainError(
            ErrorCode.INVALID_INPUT, f"With an Idempotency-Key, send {own[0]} by itself."
        )
    return bool(own)


def _roots(document: DocumentNode, selections: SelectionSetNode) -> Iterator[str]:
    """The fields of a mutation, through its fragments, each of which is entered once."""
    fragments = {
        each.name.value: each.selection_set
        for each in document.definitions
        if isinstance(each, FragmentDefinitionNode)
    }
    left = [selections]
    while left:
        for each in left.pop().selections:
            if isinstance(each, FieldNode):
                if each.name.value in _MUTATIONS:
                    yield each.name.value
            elif isinstance(each, InlineFragmentNode):
                left.append(each.selection_set)
            elif isinstance(each, FragmentSpreadNode) and each.name.value in fragments:
                left.append(fragments.pop(each.name.value))


def _packed(response: Response) -> bytes:
    headers = {name: value for name, value in response.headers.items() if name != "content-length"}
    return orjson.dumps([response.status_code, headers]) + b"\n" + bytes(response.body)


def _unpacked(content: bytes) -> Response:
    head, _, body = content.partition(b"\n")
    status, headers = orjson.loads(head)
    return Response(body, status, headers)
