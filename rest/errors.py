"""The REST translation of failures: RFC 9457 problem details, one shape for every failure."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from api.errors import DomainError, ErrorCode, FieldProblem
from graph.errors import STATUS

MEDIA_TYPE = "application/problem+json"

# RFC 9110's names where Python's depend on its version.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}

# How long a caller should wait before it asks a part that is down again.
RETRY_AFTER_S = 2


def problem(failure: DomainError, request_id: str, *, allow: str | None = None) -> Response:
    """The problem document of a failure, whose arguments have their REST names by now.

    ``allow`` lists the methods of the path where the failure is the method.
    """
    status = STATUS[failure.code]
    headers = {}
    if failure.code is ErrorCode.UNAUTHENTICATED:
        headers["www-authenticate"] = (
            'ApiKey realm="stibnite", header="x-api-key", Bearer realm="stibnite"'
        )
    if failure.code is ErrorCode.UNAVAILABLE:
        headers["retry-after"] = str(RETRY_AFTER_S)
    if allow is not None:
        headers["allow"] = allow
    return Response(
        orjson.dumps(_document(failure, status, request_id)),
        status_code=status,
        media_type=MEDIA_TYPE,
        headers=headers,
    )


def renamed(failure: DomainError, names: Mapping[str, str]) -> DomainError:
    """A failure with a route's names of arguments: ``first`` is ``limit`` in REST."""
    problems = tuple(
        FieldProblem(names.get(each.argument, each.argument), each.message)
        for each in failure.problems
    )
    return DomainError(failure.code, failure.message, problems, failure.details)


def _document(failure: DomainError, status: int, request_id: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": "about:blank",
        "title": _TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": failure.sentence(str),
        "code": failure.code,
        "request_id": request_id,
    }
    if failure.problems:
        document["errors"] = [
            {"argument": each.argument, "message": each.message} for each in failure.problems
        ]
    document.update(failure.details)
    return document
