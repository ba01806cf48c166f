"""A wallet as tests hold it: by the domain's own functions, at a time of the test's."""

from datetime import UTC, datetime, timedelta
from typing import Any, Self
from uuid import UUID, uuid4, uuid5

from sqlalchemy import select
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.account.queries import add_account
from api.domain.partner_customer import queries as customers
from api.domain.partner_customer.rules import (
    CustomerDefaults,
    EnforcementMode,
    Limits,
    ResetPolicy,
)
from api.domain.usage.service import Payer, bill
from api.domain.wallet import service
from api.domain.wallet.grants import grant_in
from api.domain.wallet.records import WalletView
from api.errors import DomainError
from api.stores.postgres import Postgres
from api.stores.tables import owned_records, prospecting_purchases, wallet_entries

NOON = datetime(2030, 3, 10, 12, tzinfo=UTC)
STRICT = CustomerDefaults(EnforcementMode.ENFORCED, ResetPolicy.ROLLOVER)


async def buy(
    connection: AsyncConnection,
    wallet: service.Wallet,
    records: int,
    *,
    source: str | None = None,
    now: datetime | None = None,
) -> service.Wallet:
    """Buys so many records that nobody else has, with all that a purchase leaves behind.

    The same source names the same purchase.
    """
    key = uuid4() if source is None else uuid5(wallet.partner_customer_id, source)
    whose = {
        "account_id": wallet.account_id,
        "partner_customer_id": wallet.partner_customer_id,
    }
    ids = [str(uuid4()) for _ in range(records)]
    purchase = insert(prospecting_purchases).values(
        id=key,
        session_id=uuid4(),
        action="export",
        selection_mode="selected",
        filters={},
        person_ids=ids,
        prospect_ids=ids,
        net_new_records=records,
        created_at=NOON,
        **whose,
    )
    added = await connection.execute(
        purchase.on_conflict_do_nothing().returning(prospecting_purchases.c.id)
    )
    if added.first() is not None:
        rows = [{"person_id": each, "purchase_id": key, "record": "{}", **whose} for each in ids]
        await connection.execute(insert(owned_records), rows)
        payer = Payer(wallet.account_id, None, "prospecting_export", uuid4())
        await bill(connection, payer, records)
    return await service.spend_reveals(
        connection,
        wallet,
        records,
        user_id="user_123",
        source_id=str(key),
        now=now or datetime.now(UTC),
    )


class Purse:
    """One customer's wallet, and what time it is."""

    def __init__(self, postgres: Postgres, account_id: UUID, customer_id: UUID):
        self.postgres = postgres
        self.account_id = account_id
        self.customer_id = customer_id
        self.now = NOON

    @classmethod
    async def opened(cls, postgres: Postgres, defaults: CustomerDefaults = STRICT) -> Self:
        """Of a new customer of a new account."""
        account_id, external = uuid4(), f"customer {uuid4()}"
        async with postgres.transaction() as connection:
            await add_account(connection, account_id, f"partner {account_id}", "managed")
            await customers.add(
                connection, account_id, external, None, defaults, embedded_at=None, now=NOON
            )
            found = await customers.by_external_id(connection, account_id, external)
        assert found is not None
        return cls(postgres, account_id, found.customer.id)

    async def grant(
        self, units: int, *, starts: datetime | None = None, ends: datetime | None = None
    ) -> UUID:
        """Grants credit units from now on, unless they start later; its id."""
        async with self.postgres.transaction() as connection:
            row, _ = await grant_in(
                connection,
                self.account_id,
                self.customer_id,
                units,
                starts_at=starts,
                expires_at=ends,
                now=self.now,
            )
        return row.id

    async def reveal(self, records: int, source: str | None = None) -> str | None:
        """Pays for records; the reason of a refusal."""

        async def spend(connection: AsyncConnection, wallet: service.Wallet) -> None:
            await buy(connection, wallet, records, source=source, now=self.now)

        return await self._spend(spend)

    async def search(self, source: str | None = None) -> str | None:
        """Counts a search; the reason of a refusal."""

        async def spend(connection: AsyncConnection, wallet: service.Wallet) -> None:
            source_id = source or str(uuid4())
            await service.spend_search(
                connection, wallet, user_id=None, source_id=source_id, now=self.now
            )

        return await self._spend(spend)

    async def _spend(self, spend: Any) -> str | None:
        try:
            async with self.postgres.transaction() as connection:
                wallet = await service.lock(connection, self.account_id, self.customer_id)
                await spend(connection, wallet)
        except DomainError as refusal:
            return str(refusal.details["reason"])
        return None

    async def change(self, limits: Limits | None = None, **values: Any) -> None:
        """Changes the customer as its partner does."""
        if limits is not None:
            values["limits"] = limits.storable()
        async with self.postgres.transaction() as connection:
            wallet = await service.lock(connection, self.account_id, self.customer_id)
            await service.settle(connection, wallet, self.now)
            await customers.change(connection, self.customer_id, values)

    async def view(self) -> WalletView:
        """The wallet as it is told of."""
        told = await service.summary(self.postgres, self.account_id, self.customer_id, self.now)
        return told.wallet

    async def available(self) -> int | None:
        """What can be spent."""
        return (await self.view()).available_credit_units

    async def entries(self) -> list[Any]:
        """The journal, oldest first."""
        table = wallet_entries.c
        wanted = select(wallet_entries).where(table.partner_customer_id == self.customer_id)
        return list(await self.postgres.fetch(wanted.order_by(table.seq)))

    def later(self, **by: float) -> None:
        """Moves the clock on."""
        self.now += timedelta(**by)
