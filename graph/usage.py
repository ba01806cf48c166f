"""The usage summary of an API key."""

import strawberry

from api.domain.usage import service
from graph.context import Context
from graph.operation import operation
from graph.scalars import BigInt


@strawberry.type(description="Usage ledger totals of an API key.")
class Usage:
    """Projected from :class:`api.domain.usage.service.UsageTotals`."""

    requests: BigInt = strawberry.field(
        description="Count of successful requests recorded for the authenticated API key."
    )
    billable_records: BigInt = strawberry.field(
        description="Total records billed to the authenticated API key."
    )


@strawberry.type
class UsageQuery:
    """The queries about usage."""

    @operation("Returns usage ledger totals for the calling API key.", returns=Usage)
    async def usage(self, info: strawberry.Info[Context, None]) -> service.UsageTotals:
        """Usage summary."""
        return await service.totals(info.context.work)
