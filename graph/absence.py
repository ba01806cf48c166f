"""What becomes of fields without a value in REST bodies. GraphQL answers are not touched by it."""

from enum import StrEnum
from typing import Any

from graphql import GraphQLField
from strawberry.types.field import StrawberryField

ABSENT = "absent"
"""Key of a field's metadata: ``strawberry.field(metadata={ABSENT: Absent.KEEP_NULL})``."""

_DEFINITION = "strawberry-definition"


class Absent(StrEnum):
    """How a field without a value shows in a REST body."""

    OMIT_NULL = "omit_null"
    """Left out when null: the rule of every field that states no other."""
    KEEP_NULL = "null"
    """Written as null: documented to be always there."""
    OMIT_EMPTY = "omit_empty"
    """Left out when null, when it is an empty list, and when it is false."""

    def leaves_out(self, value: Any) -> bool:
        """Whether a field of this rule with this completed value is left out."""
        if value is None:
            return self is not Absent.KEEP_NULL
        return self is Absent.OMIT_EMPTY and (value is False or value == [])


def definition_of(field: GraphQLField | None) -> StrawberryField | None:
    """The Strawberry field that a GraphQL field was made from; introspection fields have none."""
    definition = field.extensions.get(_DEFINITION) if field is not None else None
    return definition if isinstance(definition, StrawberryField) else None


def absence_of(definition: StrawberryField | None) -> Absent:
    """The rule of a field; introspection has no optional parts, so nothing is left out of it.

    Raises ``ValueError`` where the metadata names no rule.
    """
    if definition is None:
        return Absent.KEEP_NULL
    return Absent(definition.metadata.get(ABSENT, Absent.OMIT_NULL))
