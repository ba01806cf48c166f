"""A person inside a partner's iframe, at a running stack: by REST, with an embed token."""

import asyncio
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any, Self
from uuid import UUID, uuid4

import httpx2
from sqlalchemy import text

from api.caller import AccountKind
from api.domain.embed.tokens import EmbedTokens
from api.domain.partner_customer import service as customers
from api.domain.partner_customer.rules import CustomerDefaults
from api.domain.wallet.grants import grant_in
from api.stores.postgres import Postgres
from tests.stack import Stack

ORIGIN = "https://partner.example"
METERED = CustomerDefaults()


@dataclass(frozen=True, slots=True)
class Iframe:
    """One customer of a partner of its own, and the way its people ask."""

    stack: Stack
    account_id: UUID
    customer_id: UUID
    http: httpx2.Client
    key: str
    """The partner's API key."""

    @classmethod
    def opened(
        cls,
        stack: Stack,
        closing: ExitStack,
        defaults: CustomerDefaults = METERED,
        *,
        credit_units: int = 0,
    ) -> Self:
        """Of a new partner; closed with ``closing``."""
        key = stack.new_key(f"partner {uuid4()}", kind=AccountKind.MANAGED)
        with stack.client(key) as partner:
            made = partner.post(
                "/v1/prospecting/embed-keys", json={"allowed_origins": [ORIGIN]}
            ).json()
        key_id = UUID(made["embed_key"]["id"])

        async def customer(postgres: Postgres) -> tuple[UUID, UUID]:
            account = "select account_id from embed_keys where id = :id"
            ((account_id,),) = await postgres.fetch(text(account), {"id": key_id})
            async with postgres.transaction() as connection:
                added = await customers.ensure(
                    connection, account_id, "customer", name=None, defaults=defaults
                )
                if credit_units:
                    await grant_in(
                        connection, account_id, added.id, credit_units, now=datetime.now(UTC)
                    )
            return account_id, added.id

        account_id, customer_id = at_books(stack, customer)
        token, _ = EmbedTokens(stack.settings.required_secret).issue(
            datetime.now(UTC),
            account_id=account_id,
            embed_key_id=key_id,
            partner_customer_id=customer_id,
            external_customer_id="customer",
            user_id="user_123",
            origin=ORIGIN,
        )
        http = closing.enter_context(stack.client(None))
        http.headers["authorization"] = f"Bearer {token}"
        return cls(stack, account_id, customer_id, http, key)

    def search(self, q: str, **more: Any) -> dict[str, Any]:
        """The answer of a new session."""
        answer = self.http.post("/v1/prospecting/search", json={"q": q, **more})
        assert answer.status_code == 200, answer.text
        body: dict[str, Any] = answer.json()
        return body

    def act(
        self, action: str, search_id: str, ids: list[str] | None = None, **more: Any
    ) -> httpx2.Response:
        """Pushes or exports prospects, or all results."""
        asked = {"selection_mode": "all_results"}
        if ids is not None:
            asked = {"selection_mode": "selected", "prospect_ids": ids}  # type: ignore[dict-item]
        return self.http.post(
            f"/v1/prospecting/sessions/{search_id}/{action}", json={**asked, **more}
        )

    def rows(self, sql: str) -> list[Any]:
        """The rows of a statement about the account (``:account_id``) or customer."""

        async def read(postgres: Postgres) -> list[Any]:
            values = {"account_id": self.account_id, "customer_id": self.customer_id}
            used = {name: value for name, value in values.items() if f":{name}" in sql}
            return list(await postgres.fetch(text(sql), used))

        found: list[Any] = at_books(self.stack, read)
        return found


def at_books(stack: Stack, work: Any) -> Any:
    """The result of a coroutine that works at the stack's Postgres."""

    async def run() -> Any:
        postgres = Postgres(stack.settings.sqlalchemy_url)
        try:
            return await work(postgres)
        finally:
            await postgres.close()

    # In a thread of its own, since a test's event loop may be running in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, run()).result()
