"""What every operation has in common: its callers, the bounds of its arguments, its documentation.

An operation is a field of ``Query`` or ``Mutation``. The REST layer is generated from these fields,
so that whatever is checked here is checked for both doors.
"""

from collections.abc import AsyncGenerator, Awaitable, Callable, Iterable
from dataclasses import MISSING
from inspect import isawaitable
from itertools import islice
from typing import Any

import strawberry
from graphql import GraphQLField
from strawberry.extensions import FieldExtension
from strawberry.types.arguments import StrawberryArgument
from strawberry.types.field import StrawberryField

from api.caller import AccountKind, CallerKind, Role
from api.errors import DomainError, ErrorCode, FieldProblem, all_invalid
from api.work import Work, wrong_kind
from graph.bounds import bounds_of, faults
from graph.context import Context
from graph.cost import OPERATION_POINTS, POINTS
from graph.directives import Bounds, Callers

OWN_KEY = "own_key"
ACCOUNTS = (CallerKind.API_KEY, CallerKind.CONSOLE_USER)
"""Whoever acts for an account: its keys, and the people who sign in to it."""
MAX_PROBLEMS = 20
"""More than these are not listed: what is wrong with one item of a list is wrong with them all."""


def argument(description: str, *, name: str | None = None, **bounds: int) -> Any:
    """An argument's description and bounds (see :class:`Bounds`), to be used with ``Annotated``."""
    directives = [Bounds(**bounds)] if bounds else []
    return strawberry.argument(description=description, name=name, directives=directives)


class Operation(FieldExtension):
    """Refuses callers of the wrong kind and values out of bounds, before anything is done."""

    def __init__(
        self,
        callers: frozenset[CallerKind],
        *,
        managed: bool = False,
        role: Role = Role.MEMBER,
    ):
        self.callers = callers
        self.managed = managed
        self.role = role
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
        """Checks, then calls the resolver; an argument that was not sent is ``None``.

        One of type ``strawberry.Maybe`` is ``Some(None)`` where null was sent: it is to be nothing.
        """
        admit(info.context.work, self.callers, managed=self.managed, role=self.role)
        problems: list[FieldProblem] = []
        for each in self.arguments:
            value = values.setdefault(each.python_name, None)
            if isinstance(value, strawberry.Some):
                value = value.value
            problems += islice(faults(value, bounds_of(each), each.python_name), MAX_PROBLEMS)
        if problems:
            raise all_invalid(tuple(problems[:MAX_PROBLEMS]))
        # A subscription's resolver gives a stream, and not something to wait for.
        result: Any = next_(source, info, **values)
        return await result if isawaitable(result) else result


def admit(work: Work, callers: frozenset[CallerKind], *, managed: bool, role: Role) -> None:
    """Lets through who may call an operation; everybody where ``callers`` is empty.

    Raises ``unauthenticated`` where there is nobody, ``forbidden`` for somebody else.
    """
    if not callers:
        return
    if work.known.kind not in callers:
        raise wrong_kind()
    if managed and work.caller.account_kind is not AccountKind.MANAGED:
        raise DomainError(
            ErrorCode.FORBIDDEN, "This operation is for partners: it needs a managed account."
        )
    if work.known.kind is CallerKind.CONSOLE_USER:
        user = work.caller.user
        if user is None or not user.role.includes(role):
            raise DomainError(ErrorCode.FORBIDDEN, f"This operation needs the role {role}.")


def operation(
    description: str,
    *,
    returns: Any,
    errors: Iterable[ErrorCode] = (),
    callers: Iterable[CallerKind] = (CallerKind.API_KEY,),
    managed: bool = False,
    role: Role = Role.MEMBER,
    points: int = OPERATION_POINTS,
    own_key: bool = False,
) -> Callable[[Callable[..., Awaitable[Any]]], Any]:
    """Makes a resolver an operation; ``errors`` are the codes of its own that it can fail with.

    No ``callers`` at all opens it to everybody: it asks for no credentials. ``managed`` closes it
    to accounts that are not partners, ``role`` to console users of a lesser one. ``points`` is what
    a call costs, without the objects of its answer (``graph.cost``). ``own_key`` is for a mutation
    that calls out, and so keeps what it answered under an ``Idempotency-Key`` itself
    (``api.work.RequestKey``).
    """
    declared = _declared(
        description, returns, errors, callers, managed=managed, role=role, points=points
    )
    declared["metadata"][OWN_KEY] = own_key
    made: Callable[[Callable[..., Awaitable[Any]]], Any] = strawberry.field(**declared)
    return made


def is_own_key(field: GraphQLField) -> bool:
    """Whether an operation keeps what it answered under a key itself."""
    metadata = field.extensions["strawberry-definition"].metadata
    return bool(metadata.get(OWN_KEY))


def told(
    description: str,
    *,
    returns: Any,
    errors: Iterable[ErrorCode] = (),
    callers: Iterable[CallerKind] = (CallerKind.API_KEY,),
    role: Role = Role.MEMBER,
) -> Callable[[Callable[..., AsyncGenerator[Any, None]]], Any]:
    """Makes a resolver that gives a stream a subscription; as :func:`operation` otherwise."""
    made: Callable[[Callable[..., AsyncGenerator[Any, None]]], Any] = strawberry.subscription(
        **_declared(description, returns, errors, callers, role=role)
    )
    return made


def _declared(
    description: str,
    returns: Any,
    errors: Iterable[ErrorCode],
    callers: Iterable[CallerKind],
    *,
    managed: bool = False,
    role: Role,
    points: int = OPERATION_POINTS,
) -> dict[str, Any]:
    kinds = frozenset(callers)
    open_to = Callers(
        kinds=sorted(kinds),
        managed=True if managed else strawberry.UNSET,
        role=role if CallerKind.CONSOLE_USER in kinds else strawberry.UNSET,
    )
    codes = ", ".join(f"`{code}`" for code in errors)
    return {
        "description": description + (f" Fails with {codes}." if codes else ""),
        "graphql_type": returns,
        "directives": [open_to],
        "extensions": [Operation(kinds, managed=managed, role=role)],
        "metadata": {"errors": tuple(errors), POINTS: points},
    }


def member(description: str, *, default: Any = MISSING, **bounds: int) -> Any:
    """A field of an input type, with its bounds (see :class:`Bounds`)."""
    directives = [Bounds(**bounds)] if bounds else []
    return strawberry.field(description=description, default=default, directives=directives)
