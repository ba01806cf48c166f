"""Grants of credit units to a customer's wallet."""

from datetime import UTC, datetime
from uuid import UUID, uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from api.creation_order import id_of
from api.domain.partner_customer.rules import label_of
from api.domain.usage.service import Payer, bill
from api.domain.wallet import queries
from api.domain.wallet.model import Grant, GrantState
from api.domain.wallet.queries import Stored
from api.domain.wallet.records import CreditGrantRow, GrantedCredits
from api.domain.wallet.rules import MAX_OPEN_GRANTS, granted, settled
from api.domain.wallet.service import lock_stored, no_customer, summary_of
from api.errors import DomainError, ErrorCode, invalid
from api.work import Work

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LATEST = datetime(2100, 1, 1, tzinfo=UTC)


async def grant_credits(
    work: Work,
    customer_id: str,
    credit_units: int,
    *,
    credit_type: str | None,
    starts_at: datetime | None,
    expires_at: datetime | None,
    note: str | None,
) -> GrantedCredits:
    """Grants credit units (1 to 10^9) to a customer of the caller's account.

    Raises ``not_found``; ``invalid_input`` for moments before 2000 or after 2099, and for a grant
    that ends before it starts or has ended; ``conflict`` where the wallet has 100 open grants.
    """
    key, caller = id_of(customer_id), work.caller
    if key is None:
        raise no_customer()
    now = datetime.now(UTC)
    async with work.stores.postgres.transaction() as connection:
        row, stored = await grant_in(
            connection,
            caller.account_id,
            key,
            credit_units,
            credit_type=label_of(credit_type),
            starts_at=starts_at,
            expires_at=expires_at,
            note=note,
            now=now,
        )
        await bill(connection, Payer.of(caller, "grant_wallet_credits"), 0)
    return GrantedCredits(row, *summary_of(stored, now))


async def grant_in(
    connection: AsyncConnection,
    account_id: UUID,
    partner_customer_id: UUID,
    credit_units: int,
    *,
    credit_type: str | None = None,
    starts_at: datetime | None = None,
    expires_at: datetime | None = None,
    note: str | None = None,
    now: datetime,
) -> tuple[CreditGrantRow, Stored]:
    """The same in a transaction: the grant, and the wallet with it."""
    stored = await lock_stored(connection, account_id, partner_customer_id)
    wallet, entries = settled(stored.wallet, now)
    begins = wallet.settled_at if starts_at is None else starts_at.astimezone(UTC)
    _check(begins, expires_at, wallet.settled_at)
    if sum(each.state is not GrantState.EXPIRED for each in wallet.grants) >= MAX_OPEN_GRANTS:
        raise DomainError(
            ErrorCode.CONFLICT,
            f"The wallet has {MAX_OPEN_GRANTS} grants that have not ended: grant more at once.",
        )
    row = CreditGrantRow(
        uuid4(), partner_customer_id, credit_units, credit_type, begins, expires_at, note, now
    )
    await queries.add_grant(connection, row)
    grant = Grant(row.id, credit_units, begins, expires_at, GrantState.PENDING, 0)
    booked = granted(wallet, grant, now)
    await queries.save(connection, booked.wallet, (*entries, *booked.entries))
    return row, stored._replace(wallet=booked.wallet)


def _check(starts_at: datetime, expires_at: datetime | None, now: datetime) -> None:
    for name, moment in (("starts_at", starts_at), ("expires_at", expires_at)):
        if moment is not None and not EARLIEST <= moment < LATEST:
            raise invalid(name, "must be a moment of the years 2000 to 2099")
    if expires_at is not None and expires_at <= max(starts_at, now):
        raise invalid("expires_at", "must be in the future, and after starts_at")
