"""What every operation has in common: its callers, the bounds of its arguments, its documentation.

An operation is a field of ``Query`` or ``Mutation``. The REST layer is generated from these fields,
so that whatever is checked here is checked for both doors.
"""

import re
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import strawberry
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from api.caller import CallerKind
from api.errors import DomainError, ErrorCode, FieldProblem, all_invalid
from graph.context import Context
from graph.directives import Bounds, Callers

# Control characters and lone surrogates are text in no language; Postgres refuses NUL, and UTF-8
# the surrogates.
_NOT_TEXT = re.compile("[\x00-\x08\x0b\x0c\x0e-\x1f\x7f\ud800-\udfff]")


def argument(description: str, *, name: str | None = None, **bounds: int) -> Any:
    """An argument's description and bounds (see :class:`Bounds`), to be used with ``Annotated``."""
    directives = [Bounds(**bounds)] if bounds else []
    return strawberry.argument(description=description, name=name, directives=directives)


class Operation(FieldExtension):
    """Refuses callers of the wrong kind and values out of bounds, before anything is done."""

    def __init__(self, callers: frozenset[CallerKind]):
        self.callers = callers
        self.arguments: list[StrawberryArgument] = []

    def apply(self, field: StrawberryField) -> None:
        """Called by Strawberry when the schema is built."""
        self.arguments = list(field.arguments)

    async def resolve_async(
        self,
        next_: Callable[..., Awaitable[Any]],
        source: Any,
        info: strawberry.Info[Context, None],
        **values: Any,
    ) -> Any:
        """Checks, then calls the resolver; an argument that was not sent is ``None``."""
        caller = info.context.work.caller
        if caller.kind not in self.callers:
            raise DomainError(
                ErrorCode.FORBIDDEN, "This operation is not open to this kind of caller."
            )
        problems = []
        for each in self.arguments:
            value = values.setdefault(each.python_name, None)
            message = _fault(each, value)
            if message is not None:
                problems.append(FieldProblem(each.python_name, message))
        if problems:
            raise all_invalid(tuple(problems))
        return await next_(source, info, **values)


def operation(
    description: str,
    *,
    returns: Any,
    errors: Iterable[ErrorCode] = (),
    callers: Iterable[CallerKind] = (CallerKind.API_KEY,),
) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """Makes a resolver an operation; ``errors`` are the codes of its own that it can fail with."""
    kinds = frozenset(callers)
    codes = ", ".join(f"`{code}`" for code in errors)
    field: Callable[[Callable[..., Awaitable[Any]]], Any] = strawberry.field(
        description=description + (f" Fails with {codes}." if codes else ""),
        graphql_type=returns,
        directives=[Callers(kinds=sorted(kinds))],
        extensions=[Operation(kinds)],
        metadata={"errors": tuple(errors)},
    )
    return field


def bounds_of(of: StrawberryArgument) -> Bounds | None:
    """The bounds that an argument was declared with."""
    return next((each for each in of.directives if isinstance(each, Bounds)), None)


def _fault(of: StrawberryArgument, value: Any) -> str | None:
    """What is wrong with a value, in words; never the value itself."""
    bounds = bounds_of(of)
    if value is None or bounds is None:
        return None
    if isinstance(value, str):
        return _text_fault(bounds, value)
    if isinstance(value, int) and not isinstance(value, bool):
        low, high = bounds.min or 0, bounds.max
        if value < low or (high and value > high):
            return f"must be between {low} and {high}"
    return None


def _text_fault(bounds: Bounds, text: str) -> str | None:
    least, most = bounds.min_length or 0, bounds.max_length
    if len(text) < least or not text.strip():
        return "must not be empty"
    if most and len(text) > most:
        return f"must be at most {most} characters long"
    if _NOT_TEXT.search(text):
        return "must not hold control characters or lone surrogates"
    return None
