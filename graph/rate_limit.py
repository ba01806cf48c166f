"""The caller's own limits, as they stand."""

from typing import NamedTuple

import strawberry

from api.caller import CallerKind, Role
from api.domain.rate_limit.rules import Counted
from graph.context import Context
from graph.operation import operation

strawberry.enum(Counted, description="What a limit counts.")


@strawberry.type(description="One limit of the caller, as it stands.")
class RateLimitPolicy:
    """Projected from :class:`PolicyStanding`."""

    counts: Counted = strawberry.field(
        description="Requests, points of cost, or different records shown."
    )
    quota: float = strawberry.field(description="How much there is in a window.")
    window_s: int = strawberry.field(description="The window, in seconds.")
    remaining: float = strawberry.field(description="How much is left right now.")
    more_in_s: int = strawberry.field(description="In so many seconds there is more.")


@strawberry.type(description="The limits of the caller, as this very request left them.")
class RateLimit:
    """Projected from :class:`Standings`."""

    cost: int = strawberry.field(description="Points that this request was estimated at.")
    policies: list[RateLimitPolicy] = strawberry.field(
        description="The caller's limits; none where they are off."
    )


class PolicyStanding(NamedTuple):
    """One policy of the caller."""

    counts: Counted
    quota: float
    window_s: int
    remaining: float
    more_in_s: int


class Standings(NamedTuple):
    """All policies of the caller."""

    cost: int
    policies: list[PolicyStanding]


@strawberry.type
class RateLimitQuery:
    """What a caller may still ask."""

    @operation(
        "The limits of the caller, and what is left of each. Costs no points.",
        returns=RateLimit,
        callers=tuple(CallerKind),
        role=Role.VIEWER,
        points=0,
    )
    async def rate_limit(self, info: strawberry.Info[Context, None]) -> Standings:
        """The caller's limits."""
        admission = info.context.admission
        standings = () if admission.grant is None else admission.grant.standings
        return Standings(
            admission.requested,
            [
                PolicyStanding(
                    each.policy.counts,
                    float(each.policy.quota),
                    each.policy.window_s,
                    float(each.remaining),
                    each.more_in_s,
                )
                for each in standings
            ],
        )
