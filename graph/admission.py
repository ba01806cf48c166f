"""Whether an operation may run: what it would cost against what one operation may."""

from collections.abc import Mapping
from typing import Any

from api.errors import DomainError, ErrorCode
from api.settings import settings
from graph.documents import PreparedDocument


def requested_points(
    prepared: PreparedDocument, operation_name: str | None, variables: Mapping[str, Any]
) -> int:
    """The points that an operation of a faultless document needs.

    Raises ``query_too_complex`` where these are more than any operation may cost, and
    ``invalid_input`` where the request does not say which operation it is.
    """
    points = prepared.cost_of(operation_name).requested(variables)
    most = settings().graphql_max_cost
    if points > most:
        raise DomainError(
            ErrorCode.QUERY_TOO_COMPLEX,
            f"This operation may cost {points:,} points, and the most is {most:,}. Ask for smaller"
            " pages, or for fewer lists within lists.",
        )
    return points
