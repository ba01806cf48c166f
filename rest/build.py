"""The REST door: one ASGI route per path of the table, each running its prepared document."""

import re
from collections import defaultdict
from typing import Any
from urllib.parse import parse_qsl

import orjson
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route as HttpRoute

from api.errors import DomainError, ErrorCode, FieldProblem, all_invalid
from graph.context import open_context
from graph.errors import cause_of
from graph.executor import execute_prepared
from graph.schema import schema
from rest.errors import problem, renamed
from rest.prepare import RESULT, Parameter, PreparedRoute, prepare
from rest.routes import ROUTES

MAX_QUERY_PARAMETERS = 50
_INT = re.compile(r"-?(0|[1-9][0-9]{0,9})")
_MAX_INT = 2**31 - 1


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

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        request = Request(scope, receive)
        response = await self.answer(request)
        await response(scope, receive, send)

    async def answer(self, request: Request) -> Response:
        """The response of the row for this method."""
        request_id = request.scope["request_id"]
        prepared = self.methods.get(request.method)
        if prepared is None:
            failure = DomainError(
                ErrorCode.METHOD_NOT_ALLOWED, f"This path answers {self.allow} only."
            )
            return problem(failure, request_id, allow=self.allow)
        try:
            return await run(prepared, request)
        except DomainError as failure:
            return problem(failure, request_id)


async def run(prepared: PreparedRoute, request: Request) -> Response:
    """Runs a row: who asks, what with, the prepared document, and its result as the body."""
    context = await open_context(request)
    context.work.caller  # noqa: B018 - raises: who asks comes before what is asked
    result = await execute_prepared(
        schema,
        prepared.document,
        variables=variables_of(prepared.parameters, request),
        context=context,
        omit_absent=True,
    )
    if result.errors:
        raise renamed(cause_of(result.errors[0]), prepared.route.renames)
    assert result.data is not None  # noqa: S101 - there is data where there are no errors
    return Response(
        orjson.dumps(result.data[RESULT]),
        status_code=prepared.route.status,
        media_type="application/json",
    )


def variables_of(parameters: tuple[Parameter, ...], request: Request) -> dict[str, Any]:
    """The variables of a request's path and query.

    Raises ``invalid_input`` naming every parameter that is missing, unknown, repeated or of the
    wrong type, and ``malformed_request`` for a query string that is not UTF-8.
    """
    sent = _sent(request)
    known = {each.name for each in parameters}
    problems = [
        FieldProblem(name[:100], "is no parameter of this operation")
        for name in sent
        if name not in known
    ]
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
                variables[parameter.variable] = read_value(parameter.type_name, texts[0])
            except ValueError as error:
                problems.append(FieldProblem(parameter.name, str(error)))
    if problems:
        raise all_invalid(tuple(problems))
    return variables


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


def read_value(type_name: str, text: str) -> Any:
    """A parameter's text as a value of its GraphQL type; ``ValueError`` says what it must be."""
    if type_name == "Int":
        if not _INT.fullmatch(text) or abs(int(text)) > _MAX_INT:
            raise ValueError("must be a whole number")
        return int(text)
    if type_name == "Boolean":
        if text not in ("true", "false"):
            raise ValueError("must be true or false")
        return text == "true"
    return text
