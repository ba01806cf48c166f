"""The usage journal: one entry per successful call, written before its data is given out."""

from typing import NamedTuple, Self
from uuid import UUID, uuid4

from sqlalchemy import CTE
from sqlalchemy.ext.asyncio import AsyncConnection

from api.caller import Caller, Identity
from api.domain.usage import queries
from api.stores.postgres import Postgres
from api.work import Work, wrong_kind


class UsageTotals(NamedTuple):
    """Totals of one API key, documented at GET /v1/usage."""

    requests: int
    billable_records: int


class Payer(NamedTuple):
    """Who pays for records, and the one entry of the journal that says so.

    What people inside a partner's iframe use has no API key. ``requests`` is 0 where the request
    was counted before, as that of queued work is.
    """

    account_id: UUID
    api_key_id: UUID | None
    operation: str
    entry_id: UUID
    requests: int = 1
    console_user_id: UUID | None = None

    @classmethod
    def of(cls, caller: Identity, operation: str) -> Self:
        """The caller of a request that is answered at once; an iframe's has no API key."""
        if not isinstance(caller, Caller):
            return cls(caller.account_id, None, operation, uuid4())
        return cls(
            caller.account_id, caller.key_id, operation, uuid4(), console_user_id=caller.user_id
        )


async def bill(connection: AsyncConnection, payer: Payer, billable_records: int) -> None:
    """Writes the payer's entry (0 or more records) in the caller's transaction.

    The same entry again does nothing.
    """
    await queries.add_entry_in(connection, **payer._asdict(), billable_records=billable_records)


async def bill_alone(postgres: Postgres, payer: Payer, billable_records: int) -> None:
    """Writes the payer's entry by itself, before anything is given out.

    Raises ``unavailable`` when it cannot be written: then nothing may be given out.
    """
    await queries.add_entry(postgres, **payer._asdict(), billable_records=billable_records)


def entry_beside(work: Work, operation: str) -> CTE:
    """A call's entry, which bills nothing, for the statement that reads what is given out: both are
    done, or neither, and the caller waits once.
    """
    payer = Payer.of(work.caller, operation)
    return queries.entry_beside(**payer._asdict(), billable_records=0)


async def record(work: Work, operation: str, billable_records: int) -> None:
    """Counts a call, and bills its records (0 or more), to the caller's key."""
    payer = Payer.of(work.caller, operation)
    await bill_alone(work.stores.postgres, payer, billable_records)


async def totals(work: Work) -> UsageTotals:
    """Successful requests and billed records of the caller's key; reading them does not count.

    Raises ``forbidden`` for a caller that has no key.
    """
    if work.caller.key_id is None:
        raise wrong_kind()
    return UsageTotals(*await queries.totals_of_key(work.stores.postgres, work.caller.key_id))
