"""Whether an operation may run: one account of requests, points and records for both doors.

The points are taken as estimated before anything runs, and what the answer did not cost is given
back. Requests that are refused for what they say count as requests, too.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from api.domain.rate_limit.rules import Counted
from api.errors import DomainError, ErrorCode
from api.settings import settings
from graph.context import Context
from graph.cost import OperationCost


def requested_points(cost: OperationCost, variables: Mapping[str, Any]) -> int:
    """The points that an operation needs.

    Raises ``query_too_complex`` where these are more than any operation may cost.
    """
    points = cost.requested(variables)
    most = settings().graphql_max_cost
    if points > most:
        raise DomainError(
            ErrorCode.QUERY_TOO_COMPLEX,
            f"This operation may cost {points:,} points, and the most is {most:,}. Ask for smaller"
            " pages, or for fewer lists within lists.",
        )
    return points


@asynccontextmanager
async def charged(
    context: Context, cost: OperationCost, variables: Mapping[str, Any]
) -> AsyncIterator[None]:
    """Charges the caller for what runs in the block, as :func:`charge` and :func:`settle`.

    Where the block is broken off, as when the client has gone, nothing is given back.
    """
    await charge(context, cost, variables)
    try:
        yield
    except DomainError:
        await settle(context)
        raise
    await settle(context)


async def charge(context: Context, cost: OperationCost, variables: Mapping[str, Any]) -> None:
    """Takes a request and its points from the caller's account.

    Raises ``rate_limited`` where there is too little, and ``query_too_complex``.
    """
    try:
        points = requested_points(cost, variables)
    except DomainError:
        await count_refused(context)
        raise
    limiter = context.work.stores.limiter
    subject = limiter.subjects.caller(context.work.identity, context.address)
    admission = context.admission
    admission.requested = admission.actual = points
    admission.grant = await limiter.take(subject, points, shows_records=cost.has_lists)


def note_answer(context: Context, cost: OperationCost, data: Mapping[str, Any] | None) -> None:
    """Notes what the answer cost. The account is settled when no transaction is open any more."""
    context.admission.actual = cost.actual(data)


async def settle(context: Context) -> None:
    """Gives back what the answer did not cost, and notes the records that it shows."""
    admission = context.admission
    if admission.grant is not None:
        await context.work.stores.limiter.settle(
            admission.grant, admission.actual, context.work.seen
        )


async def count_refused(context: Context) -> None:
    """Counts a request that is refused for what it says; raises ``rate_limited`` in its place."""
    limiter = context.work.stores.limiter
    subject = limiter.subjects.caller(context.work.identity, context.address)
    context.admission.grant = await limiter.take(subject, 0, shows_records=False)


def refuse_exhausted(context: Context) -> None:
    """Raises ``rate_limited`` at once for a caller that is known to have no request left."""
    limiter = context.work.stores.limiter
    limiter.refuse_exhausted(limiter.subjects.caller(context.work.identity, context.address))


def cost_extension(context: Context) -> dict[str, Any]:
    """``extensions.cost`` of an answer, before its account is settled."""
    admission = context.admission
    told: dict[str, Any] = {
        "requestedQueryCost": admission.requested,
        "actualQueryCost": admission.actual,
    }
    standing = None if admission.grant is None else admission.grant.of(Counted.COST)
    if standing is not None:
        policy = standing.policy
        told["throttleStatus"] = {
            "maximumAvailable": policy.quota,
            "currentlyAvailable": min(
                policy.quota, standing.remaining + admission.requested - admission.actual
            ),
            "restoreRate": policy.quota / policy.window_s,
        }
    return {"cost": told}
