"""Scalars beyond GraphQL's own."""

from datetime import datetime
from typing import NewType

import strawberry
from graphql import GraphQLError

from api.domain.organisation.criteria import MAX_WEIGHT, WEIGHTS
from api.moments import read, written

# JSON numbers are exact up to here in every common reader, JavaScript's included.
MAX_BIG_INT = 2**53 - 1


def _whole(value: object) -> int:
    if type(value) is not int or not -MAX_BIG_INT <= value <= MAX_BIG_INT:
        raise GraphQLError("BigInt cannot represent this value.")
    return value


BigInt = NewType("BigInt", int)


def _weight(value: object) -> float:
    if isinstance(value, str) and value in WEIGHTS:
        return WEIGHTS[value]
    if type(value) in (int, float) and 0 <= value <= MAX_WEIGHT:  # type: ignore[operator]
        return float(value)  # type: ignore[arg-type]
    raise GraphQLError(f"must be a number from 0 to {MAX_WEIGHT}, or one of {', '.join(WEIGHTS)}")


SteeringWeight = NewType("SteeringWeight", float)

STEERING_WEIGHT = strawberry.scalar(
    name="SteeringWeight",
    description="A number from 0.0 to 2.0, or `weak` (0.5), `normal` (1.0) or `strong` (2.0).",
    parse_value=_weight,
)

BIG_INT = strawberry.scalar(
    name="BigInt",
    description="A whole number of up to 53 bits, written as a JSON number.",
    serialize=_whole,
    parse_value=_whole,
)


def _moment(value: object) -> str:
    if not isinstance(value, datetime):
        raise GraphQLError("DateTime cannot represent this value.")
    return written(value)


def _read_moment(value: object) -> datetime:
    try:
        return read(value)  # type: ignore[arg-type]
    except (TypeError, ValueError):
        raise GraphQLError(
            "must be a moment as ISO 8601 text with its offset: 2026-05-17T18:42:10Z"
        ) from None


DATE_TIME = strawberry.scalar(
    name="DateTime",
    description="A moment as ISO 8601 text in UTC, to the millisecond: 2026-05-17T18:42:10.000Z. "
    "One that is sent may have any offset, and fractions of a second to the microsecond.",
    serialize=_moment,
    parse_value=_read_moment,
)
