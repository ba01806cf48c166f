"""Scalars beyond GraphQL's own."""

from typing import NewType

import strawberry
from graphql import GraphQLError

# JSON numbers are exact up to here in every common reader, JavaScript's included.
MAX_BIG_INT = 2**53 - 1


def _whole(value: object) -> int:
    if type(value) is not int or not -MAX_BIG_INT <= value <= MAX_BIG_INT:
        raise GraphQLError("BigInt cannot represent this value.")
    return value


BigInt = NewType("BigInt", int)

BIG_INT = strawberry.scalar(
    name="BigInt",
    description="A whole number of up to 53 bits, written as a JSON number.",
    serialize=_whole,
    parse_value=_whole,
)
