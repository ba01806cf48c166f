"""The REST door: one ASGI route per path of the table, each running its prepared document."""

from collections import defaultdict
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as HttpRoute

from api.errors import DomainError, ErrorCode, FieldProblem, all_invalid
from graph.admission import charged, count_refused, note_answer, refuse_exhausted
from graph.bounds import faults
from graph.context import Context, open_context
from graph.documents import PreparedDocument
from graph.errors import cause_of
from graph.executor import execute_prepared
from graph.http import read_json
from graph.idempotency import answer_once
from graph.operation import MAX_PROBLEMS, admit
from graph.schema import schema
from rest.cors import preflight, share
from rest.errors import problem, renamed
from rest.prepare import COLUMNS, RESULT, WITH_BODY, Parameter, PreparedRoute, prepare
from rest.routes import ROUTES
from rest.streams import STREAMS
from rest.values import MAX_NAME_CHARS, read_json_value, read_text

MAX_QUERY_PARAMETERS = 50
# A list of 5,000 domains of the longest kind is 1.3 MB.
MAX_BODY_BYTES = 2_000_000


def rest_routes() -> list[HttpRoute]:
    """The routes of the table, prepared; raises ``WrongRoute`` where a row is wrong."""
    by_path: dict[str, dict[str, PreparedRoute]] = defaultdict(dict)
    for row in ROUTES:
        by_path[row.path][row.method] = prepare(row, schema._schema)
    return [HttpRoute(path, _Endpoint(path, methods)) for path, methods in by_path.items()]


class _Endpoint:
    """All methods of one path; a class, since Starlette adds no methods of its own to those."""

    def __init__(self, template: str, methods: dict[str, PreparedRoute]):
        self.template = template
        self.methods = methods
        self.allow = ", ".join(sorted(methods))
        self.from_pages = any(each.route.from_pages for each in methods.values())

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        response = await self.answer(request)
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """The response of the row for this method."""
        request_id = request.scope["request_id"]
        prepared = self.methods.get(request.method)
        preflighted = self.from_pages and request.method == "OPTIONS"
        if prepared is None and not preflighted:
            failure = DomainError(
                ErrorCode.METHOD_NOT_ALLOWED, f"This path answers {self.allow} only."
            )
            return problem(failure, request_id, allow=self.allow)
        try:
            if prepared is None:
                return await preflight(request, self.allow)
            response = await run(prepared, request)
        except DomainError as failure:
            return problem(failure, request_id)
        if prepared.route.from_pages:
            share(request, response)
        return response


async def run(prepared: PreparedRoute, request: Request) -> Response:
    """Runs a row: who asks, what with, the prepared document, and its result as the body."""
    context = await open_context(request)
    refuse_exhausted(context)
    try:
        # Who asks comes before what is asked.
        admit(context.work, prepared.callers, managed=prepared.managed, role=prepared.role)
        variables = await variables_of(prepared, request)
    except DomainError:
        await count_refused(context)
        raise
    asked = (prepared.route.method, prepared.route.path, dict(variables))
    document = _document_for(prepared, variables)
    async with charged(context, document.cost_of(None), variables):
        if not prepared.writes:
            return await _execute(prepared, document, variables, context)
        return await answer_once(
            request,
            context,
            asked,
            lambda context: _execute(prepared, document, variables, context),
            own_key=prepared.own_key,
        )


def _document_for(prepared: PreparedRoute, variables: dict[str, Any]) -> PreparedDocument:
    """The document that answers the columns that are asked for, which are no variable of it."""
    columns = variables.pop(COLUMNS, None) if prepared.document_of is not None else None
    if not columns or prepared.document_of is None:
        return prepared.document
    always = prepared.route.default_columns[0]
    return prepared.document_of(tuple(dict.fromkeys((always, *columns))))


async def _execute(
    prepared: PreparedRoute, document: PreparedDocument, variables: dict[str, Any], context: Context
) -> Response:
    result = await execute_prepared(
        schema,
        document.document,
        variables=variables,
        context=context,
        omit_absent=True,
    )
    note_answer(context, document.cost_of(None), result.data)
    if result.errors:
        raise renamed(cause_of(result.errors[0]), prepared.route.renames)
    assert result.data is not None  # noqa: S101 - there is data where there are no errors
    stream = STREAMS.get(prepared.route.operation)
    if stream is not None:
        return await stream(context, result.data[RESULT])
    return Response(
        orjson.dumps(result.data[RESULT]),
        status_code=prepared.route.status,
        media_type=prepared.route.media_type,
    )


async def variables_of(prepared: PreparedRoute, request: Request) -> dict[str, Any]:
    """The variables of a request's path, query and body.

    Raises ``invalid_input`` naming every parameter that is missing, unknown, repeated or of the
    wrong type, and ``malformed_request`` for what cannot be read at all.
    """
    variables, problems = _from_url(prepared.in_url, request)
    if prepared.route.method in WITH_BODY:
        read, wrong = _from_body(prepared, await _body(prepared, request))
        variables |= read
        problems += wrong
    if problems:
        raise all_invalid(tuple(problems[:MAX_PROBLEMS]))
    return variables


def _from_url(
    parameters: tuple[Parameter, ...], request: Request
) -> tuple[dict[str, Any], list[FieldProblem]]:
    sent = _sent(request)
    known = {each.name for each in parameters}
    problems = [_unknown(name) for name in sent if name not in known]
    variables: dict[str, Any] = {}
    for parameter in parameters:
        texts = sent.get(parameter.name, [])
        if len(texts) > 1:
            problems.append(FieldProblem(parameter.name, "must be given once"))
        elif not texts:
            if parameter.required:
                problems.append(FieldProblem(parameter.name, "is required"))
        else:
            try:
                variables[parameter.variable] = read_text(parameter.type, texts[0])
            except ValueError as error:
                problems.append(FieldProblem(parameter.name, str(error)))
    return variables, problems


def _from_body(
    prepared: PreparedRoute, body: dict[str, Any]
) -> tuple[dict[str, Any], list[FieldProblem]]:
    parameters = {each.name: each for each in prepared.in_body}
    problems = [_unknown(name) for name in body if name not in parameters]
    variables: dict[str, Any] = {}
    for name, parameter in parameters.items():
        if name not in body:
            if parameter.required:
                problems.append(FieldProblem(name, "is required"))
            continue
        if body[name] is None and not parameter.required and prepared.route.method != "PATCH":
            # In a body "absent" may be written as null, whatever the default; but a PATCH says by
            # it that there is to be nothing.
            continue
        value, wrong = read_json_value(parameter.type, body[name], name)
        if not wrong and name == COLUMNS and prepared.document_of is not None:
            # No argument of the operation, which therefore does not hold it against its bounds.
            wrong = list(faults(value, parameter.bounds, name))
        variables[parameter.variable] = value
        problems += wrong
    return variables, problems


def _unknown(name: str) -> FieldProblem:
    return FieldProblem(name[:MAX_NAME_CHARS], "is no parameter of this operation")


async def _body(prepared: PreparedRoute, request: Request) -> dict[str, Any]:
    """The members of the JSON body; no body at all is one without members."""
    headers = request.headers
    empty = headers.get("content-length", "0") == "0" and "transfer-encoding" not in headers
    if empty and "content-type" not in headers:
        return {}
    body = await read_json(request, MAX_BODY_BYTES)
    if not isinstance(body, dict):
        raise DomainError(ErrorCode.MALFORMED_REQUEST, "Send the body as one JSON object.")
    return body


def _sent(request: Request) -> dict[str, list[str]]:
    sent: dict[str, list[str]] = defaultdict(list)
    for name, value in request.path_params.items():
        sent[name].append(value)
    try:
        pairs = parse_qsl(
            request.scope["query_string"].decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_QUERY_PARAMETERS,
        )
    except ValueError:
        raise DomainError(
            ErrorCode.MALFORMED_REQUEST, "The query string is not UTF-8, or has too many parts."
        ) from None
    for name, value in pairs:
        sent[name].append(value)
    return sent
