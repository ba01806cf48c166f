"""The REST translation of failures: RFC 9457 problem details, one shape for every failure."""

from collections.abc import Mapping
from http import HTTPStatus
from typing import Any

import orjson
from starlette.responses import Response

from api.errors import DomainError, ErrorCode, FieldProblem
from graph.errors import STATUS, later

MEDIA_TYPE = "application/problem+json"

# RFC 9110's names where Python's depend on its version.
_TITLES = {413: "Content Too Large", 422: "Unprocessable Content"}

# The types of problems that the draft on RateLimit header fields registers.
_QUOTA_EXCEEDED = "https://iana.org/assignments/http-problem-types#quota-exceeded"


def problem(failure: DomainError, request_id: str, *, allow: str | None = None) -> Response:
    """The problem document of a failure, whose arguments have their REST names by now.

    ``allow`` lists the methods of the path where the failure is the method.
    """
    status = STATUS[failure.code]
    headers = later(failure)
    if failure.code is ErrorCode.UNAUTHENTICATED:
        headers["www-authenticate"] = (
            'ApiKey realm="stibnite", header="x-api-key", Bearer realm="stibnite"'
        )
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
    return DomainError(
        failure.code,
        failure.message,
        problems,
        failure.details,
        retry_after_s=failure.retry_after_s,
        violated=failure.violated,
    )


def _document(failure: DomainError, status: int, request_id: str) -> dict[str, Any]:
    document: dict[str, Any] = {
        "type": _QUOTA_EXCEEDED if failure.violated else "about:blank",
        "title": _TITLES.get(status) or HTTPStatus(status).phrase,
        "status": status,
        "detail": failure.sentence(str),
        "code": failure.code,
        "request_id": request_id,
    }
    if failure.violated:
        document["violated-policies"] = list(failure.violated)
    if failure.problems:
        document["errors"] = [
            {"argument": each.argument, "message": each.message} for each in failure.problems
        ]
    document.update(failure.details)
    return document
