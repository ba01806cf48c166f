"""What the schema says about an operation beside its types: who may call it, and its bounds."""

from typing import Any

import strawberry
from strawberry.schema_directive import Location

from api.caller import CallerKind, Role

strawberry.enum(CallerKind, description="A kind of credentials.")
strawberry.enum(Role, name="ConsoleRole", description="What a console user may do.")


@strawberry.schema_directive(
    locations=[Location.FIELD_DEFINITION],
    description="The kinds of callers that an operation is open to.",
)
class Callers:
    """Required on every operation; enforced by :class:`graph.operation.Operation`."""

    kinds: list[CallerKind]
    managed: bool | None = strawberry.UNSET
    """True where only partners (managed accounts) may call it."""
    role: Role | None = strawberry.UNSET
    """The least role of a console user that may call it."""


@strawberry.schema_directive(
    locations=[Location.ARGUMENT_DEFINITION, Location.INPUT_FIELD_DEFINITION],
    description=(
        "What a value must keep to: a number's range, a text's length in characters, a list's "
        "number of items. The bounds of numbers and texts in a list are those of each item."
    ),
)
class Bounds:
    """Required on everything given that holds a number, text or list; both ends are inclusive."""

    min: int | None = strawberry.UNSET
    max: int | None = strawberry.UNSET
    min_length: int | None = strawberry.UNSET
    max_length: int | None = strawberry.UNSET
    min_items: int | None = strawberry.UNSET
    max_items: int | None = strawberry.UNSET


@strawberry.schema_directive(
    locations=[Location.INPUT_OBJECT],
    description="REST bodies may give this field's text alone in place of the whole object.",
)
class Shorthand:
    """``similar_to: ["stripe.com"]`` stands for ``[{"domain": "stripe.com"}]``."""

    field: str


def shorthand_of(of: Any) -> str | None:
    """The GraphQL name of the field whose text may stand for an input object, if one may."""
    definition = of.extensions.get("strawberry-definition")
    directives = getattr(definition, "directives", None) or ()
    return next((each.field for each in directives if isinstance(each, Shorthand)), None)
