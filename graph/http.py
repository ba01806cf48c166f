"""GraphQL over HTTP: POST /graphql, with GraphiQL for browsers on GET.

Follows the GraphQL-over-HTTP draft: ``application/graphql-response+json`` where the client accepts
it, a 4xx or 5xx status where there is no data, and 200 where there is, errors beside it or not.
"""

import re
from collections.abc import AsyncGenerator
from contextlib import aclosing
from dataclasses import astuple, dataclass
from typing import Any

import orjson
from graphql import GraphQLError, OperationType
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response
from strawberry.types import ExecutionResult

from api.errors import DomainError, ErrorCode
from api.overload import Gates
from graph.admission import (
    charged,
    cost_extension,
    count_refused,
    note_answer,
    refuse_exhausted,
)
from graph.context import Context, open_context
from graph.documents import PreparedDocument, prepare_document
from graph.errors import STATUS, cause_of, entry_of, later, located_entry
from graph.event_stream import MEDIA_TYPE as EVENTS
from graph.event_stream import event_stream
from graph.executor import execute_prepared
from graph.graphiql import graphiql_page
from graph.idempotency import answer_once, keeps_own_key, key_sent
from graph.schema import schema
from graph.subscriptions import Refused, stream
from graph.trusted import admit_document, document_named

# A query of a megabyte is a mistake or an attack; variables of this API are short.
MAX_BODY_BYTES = 1_000_000

_REFUSED = re.compile(r";\s*q=0(\.0*)?\s*(;|\Z)", re.IGNORECASE)
_JSON = "application/json"
_GRAPHQL = "application/graphql-response+json"


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """The members of a GraphQL request that count."""

    query: str
    variables: dict[str, Any] | None
    operation_name: str | None


async def graphql_endpoint(request: Request) -> Response:
    """Answers a GraphQL request, or shows GraphiQL to a browser."""
    try:
        if request.method == "GET" and "text/html" in request.headers.get("accept", ""):
            return graphiql_page()
        if request.method != "POST":
            raise DomainError(ErrorCode.METHOD_NOT_ALLOWED, "Send GraphQL requests by POST.")
        accept = _offered(request.headers.get("accept", "*/*"))
        media_type = _answer_type(accept)
        context = await open_context(request)
        refuse_exhausted(context)
        try:
            asked, prepared = await _prepare(request, context)
        except DomainError:
            await count_refused(context)
            raise

        async def run(context: Context) -> Response:
            return _present(await _execute(prepared, asked, context), context, media_type)

        if prepared.faults:
            await count_refused(context)
            faulty = ExecutionResult(data=None, errors=list(prepared.faults))
            return _present(faulty, context, media_type)
        kind = prepared.kind_of(asked.operation_name)
        if kind is OperationType.MUTATION and media_type == EVENTS and key_sent(request):
            raise DomainError(
                ErrorCode.NOT_ACCEPTABLE, f"An Idempotency-Key needs an answer as {_JSON}."
            )
        if kind is OperationType.SUBSCRIPTION or media_type == EVENTS:
            gates: Gates = request.scope["gates"]
            return await _stream(gates, prepared, asked, context, accept)
        cost = prepared.cost_of(asked.operation_name)
        async with charged(context, cost, asked.variables or {}):
            if kind is OperationType.MUTATION:
                own_key = bool(key_sent(request)) and keeps_own_key(prepared, asked.operation_name)
                return await answer_once(request, context, astuple(asked), run, own_key=own_key)
            return await run(context)
    except DomainError as failure:
        return graphql_refusal(failure, request.scope["request_id"])


def graphql_refusal(failure: DomainError, request_id: str) -> Response:
    """The answer to a request of which nothing was run."""
    headers = {"allow": "GET, POST"} if failure.code is ErrorCode.METHOD_NOT_ALLOWED else {}
    headers |= later(failure)
    body = {"errors": [entry_of(failure, request_id)]}
    return _answer(body, STATUS[failure.code], _GRAPHQL, headers)


async def _prepare(request: Request, context: Context) -> tuple[GraphQLRequest, PreparedDocument]:
    asked = _parse(await read_json(request, MAX_BODY_BYTES))
    admit_document(context.work.identity, asked.query)
    prepared = prepare_document(asked.query, keep=context.work.identity is not None)
    if not prepared.faults:
        prepared.name_of(asked.operation_name)
    return asked, prepared


async def _stream(
    gates: Gates,
    prepared: PreparedDocument,
    asked: GraphQLRequest,
    context: Context,
    accept: frozenset[str],
) -> Response:
    if EVENTS not in accept:
        raise DomainError(
            ErrorCode.NOT_ACCEPTABLE, f"Subscriptions are told as {EVENTS}, or over WebSocket."
        )
    answers = stream(prepared, asked.operation_name, asked.variables or {}, context)
    try:
        return await event_stream(_kept_open(gates, answers))
    except Refused as refused:
        body, cause = {"errors": refused.entries}, refused.cause
        return _answer(body, STATUS[cause.code], _GRAPHQL, later(cause))


async def _kept_open(
    gates: Gates, answers: AsyncGenerator[dict[str, Any]]
) -> AsyncGenerator[dict[str, Any]]:
    """The answers, while the process has a place for one more stream."""
    async with gates.streams.passed(0), aclosing(answers):
        async for answer in answers:
            yield answer


async def _execute(
    prepared: PreparedDocument, asked: GraphQLRequest, context: Context
) -> ExecutionResult:
    result = await execute_prepared(
        schema,
        prepared.document,
        operation_name=asked.operation_name,
        variables=asked.variables or {},
        context=context,
        omit_absent=False,
        remember=prepared.kept,
    )
    note_answer(context, prepared.cost_of(asked.operation_name), result.data)
    return result


def _present(result: ExecutionResult, context: Context, media_type: str) -> Response:
    body: dict[str, Any] = {}
    status = 200
    headers: dict[str, str] = {}
    if result.errors:
        causes = [(error, cause_of(error)) for error in result.errors]
        body["errors"] = [located_entry(e, cause, context.request_id) for e, cause in causes]
        if result.data is None:
            status = STATUS[causes[0][1].code]
            headers = later(causes[0][1])
    if result.data is not None or _began(result.errors):
        body["data"] = result.data
        body["extensions"] = cost_extension(context)
    return _answer(body, status, media_type if status == 200 else _GRAPHQL, headers)


def _began(errors: list[GraphQLError] | None) -> bool:
    """Whether execution began: only then may ``data`` be in the answer, be it null."""
    return any(error.path is not None for error in errors or ())


def _answer(
    body: dict[str, Any], status: int, media_type: str, headers: dict[str, str] | None = None
) -> Response:
    return Response(
        orjson.dumps(body),
        status_code=status,
        media_type=f"{media_type}; charset=utf-8",
        headers={"vary": "accept", **(headers or {})},
    )


def _offered(accept: str) -> frozenset[str]:
    """The media types of an ``Accept`` header, less those with a weight of zero."""
    return frozenset(
        part.split(";")[0].strip().lower()
        for part in accept.split(",")
        if not _REFUSED.search(part)
    )


def _answer_type(offered: frozenset[str]) -> str:
    """The media type to answer with where it is one answer."""
    if _GRAPHQL in offered:
        return _GRAPHQL
    if offered & {_JSON, "application/*", "*/*", ""}:
        return _JSON
    if EVENTS in offered:
        return EVENTS
    raise DomainError(ErrorCode.NOT_ACCEPTABLE, f"Accept {_GRAPHQL} or {_JSON}.")


def _parse(body: Any) -> GraphQLRequest:
    if not isinstance(body, dict):
        raise DomainError(ErrorCode.MALFORMED_REQUEST, "Send one GraphQL request as a JSON object.")
    query, variables = body.get("query"), body.get("variables")
    name, identifier = body.get("operationName"), body.get("documentId")
    if query is None and isinstance(identifier, str):
        query = document_named(identifier)
    elif identifier is not None or not isinstance(query, str):
        raise DomainError(
            ErrorCode.INVALID_INPUT,
            "query must be the text of a GraphQL document, or documentId the name of one.",
        )
    if variables is not None and not isinstance(variables, dict):
        raise DomainError(ErrorCode.INVALID_INPUT, "variables must be an object.")
    if name is not None and not isinstance(name, str):
        raise DomainError(ErrorCode.INVALID_INPUT, "operationName must be a name.")
    return GraphQLRequest(query, variables, name)


async def read_json(request: Request, max_bytes: int) -> Any:
    """The JSON body of a request.

    Raises ``unsupported_media_type``, ``payload_too_large``, and ``malformed_request`` for bytes
    that are not JSON by the letter: not UTF-8, NaN, lone surrogates, nested too deeply.
    """
    media_type = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if media_type != _JSON:
        raise DomainError(ErrorCode.UNSUPPORTED_MEDIA_TYPE, f"Send the body as {_JSON}.")
    chunks, size = [], 0
    try:
        async for chunk in request.stream():
            size += len(chunk)
            if size > max_bytes:
                raise DomainError(
                    ErrorCode.PAYLOAD_TOO_LARGE, f"The body may hold at most {max_bytes} bytes."
                )
            chunks.append(chunk)
    except ClientDisconnect:
        raise DomainError(ErrorCode.MALFORMED_REQUEST, "The body ended early.") from None
    try:
        return orjson.loads(b"".join(chunks))
    except orjson.JSONDecodeError:
        raise DomainError(ErrorCode.MALFORMED_REQUEST, "The body is not valid JSON.") from None
