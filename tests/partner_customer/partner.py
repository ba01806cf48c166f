"""A partner as tests ask for it: its customers by REST, and what these spend."""

import asyncio
from collections.abc import Awaitable, Callable
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.wallet import service
from api.stores.postgres import Postgres
from api.stores.tables import partner_customers
from tests.stack import Asker, Stack
from tests.wallet.purse import buy

PATH = "/v1/partner-customers"


class Partner(Asker):
    """A managed account's key."""

    def __init__(self, stack: Stack, client: httpx2.Client):
        super().__init__(client)
        self.stack = stack

    def post(self, path: str, **body: Any) -> httpx2.Response:
        """POSTs a body."""
        return self.http.post(path, json=body)

    def patch(self, customer_id: str, **body: Any) -> httpx2.Response:
        """Changes a customer."""
        return self.http.patch(f"{PATH}/{customer_id}", json=body)

    def customer(self, external_id: str | None = None, **body: Any) -> dict[str, Any]:
        """A new customer."""
        sent = {"external_customer_id": external_id or f"customer {uuid4()}", **body}
        response = self.post(PATH, **sent)
        assert response.status_code == 201, response.text
        made: dict[str, Any] = response.json()
        return made

    def new_id(self, **body: Any) -> str:
        """The id of a new customer."""
        return str(self.customer(**body)["partner_customer_id"])

    def grant(self, customer_id: str, credit_units: int, **body: Any) -> dict[str, Any]:
        """Grants credit units; the answer."""
        response = self.post(
            f"{PATH}/{customer_id}/wallet/credits", credit_units=credit_units, **body
        )
        assert response.status_code == 201, response.text
        granted: dict[str, Any] = response.json()
        return granted

    def wallet(self, customer_id: str) -> dict[str, Any]:
        """The wallet as REST tells of it."""
        response = self.rest(f"{PATH}/{customer_id}/wallet")
        assert response.status_code == 200, response.text
        told: dict[str, Any] = response.json()
        return told

    def spend(self, customer_id: str, *, searches: int = 0, records: int = 0) -> None:
        """Has a customer search and reveal, as its iframe does."""

        async def all_of_it(connection: AsyncConnection) -> None:
            wallet = await self._lock(connection, customer_id)
            for _ in range(searches):
                wallet = await service.spend_search(
                    connection,
                    wallet,
                    user_id=None,
                    source_id=str(uuid4()),
                    now=datetime.now(UTC),
                )
            await buy(connection, wallet, records)

        self._in_transaction(all_of_it)

    async def _lock(self, connection: AsyncConnection, customer_id: str) -> service.Wallet:
        table = partner_customers.c
        found = await connection.execute(
            select(table.account_id).where(table.id == UUID(customer_id))
        )
        return await service.lock(connection, found.scalar_one(), UUID(customer_id))

    def _in_transaction(self, do: Callable[[AsyncConnection], Awaitable[None]]) -> None:
        async def run() -> None:
            postgres = Postgres(self.stack.settings.sqlalchemy_url)
            try:
                async with postgres.transaction() as connection:
                    await do(connection)
            finally:
                await postgres.close()

        # In a thread of its own, since a test's event loop may be running in this one.
        with ThreadPoolExecutor(1) as thread:
            thread.submit(asyncio.run, run()).result()
