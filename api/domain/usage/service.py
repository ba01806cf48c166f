"""The usage journal: one entry per successful call, written before its data is given out."""

from typing import NamedTuple
from uuid import uuid4

from api.domain.usage import queries
from api.work import Work


class UsageTotals(NamedTuple):
    """Totals of one API key, documented at GET /v1/usage."""

    requests: int
    billable_records: int


async def record(work: Work, operation: str, billable_records: int) -> None:
    """Counts a call, and bills its records (0 or more), to the caller's key.

    Raises ``unavailable`` when the entry cannot be written: then nothing may be given out.
    """
    caller = work.caller
    await queries.add_entry(
        work.stores.postgres,
        entry_id=uuid4(),
        account_id=caller.account_id,
        api_key_id=caller.key_id,
        operation=operation,
        billable_records=billable_records,
    )


async def totals(work: Work) -> UsageTotals:
    """Successful requests and billed records of the caller's key; reading them does not count."""
    return UsageTotals(*await queries.totals_of_key(work.stores.postgres, work.caller.key_id))
