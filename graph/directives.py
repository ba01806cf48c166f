"""What the schema says about an operation beside its types: who may call it, and its bounds."""

import strawberry
from strawberry.schema_directive import Location

from api.caller import CallerKind

strawberry.enum(CallerKind, description="A kind of credentials.")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="The kinds of callers that an operation is open to.",
)
class Callers:
    """Required on every operation; enforced by :class:`graph.operation.Operation`."""

    kinds: list[CallerKind]


@strawberry.schema_directive(
    locations=[Location.ARGUMENT_DEFINITION],
    description="What a value must keep to: a number's range, a text's length in characters.",
)
class Bounds:
    """Required on every argument that holds a number or text; both ends are inclusive."""

    min: int | None = strawberry.UNSET
    max: int | None = strawberry.UNSET
    min_length: int | None = strawberry.UNSET
    max_length: int | None = strawberry.UNSET
