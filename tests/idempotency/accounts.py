"""Accounts of tests with what they hold: made anew, and counted row by row."""

import asyncio
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Executable, func, insert, select

from api.caller import AccountKind, Role, Tier
from api.credentials import digest_of
from api.domain.account.service import create_key
from api.domain.sign_in.rules import new_token
from api.stores.postgres import Postgres
from api.stores.tables import (
    accounts,
    api_keys,
    console_sessions,
    console_users,
    idempotent_answers,
    metadata,
    usage_entries,
)
from tests.stack import Asker, Stack

# The answers themselves, and what workers write in their own time.
_NOT_COUNTED = {idempotent_answers.name, "webhook_events", "webhook_deliveries"}


@dataclass(frozen=True)
class Account:
    """An account with one key."""

    stack: Stack
    name: str
    id: UUID
    key_id: UUID
    ask: Asker
    opened: ExitStack
    """Clients of its people, closed with it."""

    def rows(self, statement: Executable) -> list[Any]:
        """The rows of a statement."""

        async def fetch(postgres: Postgres) -> Any:
            return await postgres.fetch(statement)

        return list(with_postgres(self.stack, fetch))

    def holds(self) -> dict[str, int]:
        """How many rows it has in each table that has an account in it; of usage, the requests."""
        held = {}
        for table in metadata.sorted_tables:
            if "account_id" in table.c and table.name not in _NOT_COUNTED:
                counted = func.sum(table.c.requests) if table is usage_entries else func.count()
                statement = select(counted).where(table.c.account_id == self.id)
                ((found,),) = self.rows(statement.select_from(table))
                held[table.name] = int(found or 0)
        return held


def signed_in(account: Account, role: Role) -> Asker:
    """Somebody who signed in to the account, by any issuer."""
    token, user_id, now = new_token(), uuid4(), datetime.now(UTC)
    account.rows(
        insert(console_users).values(
            id=user_id, account_id=account.id, email=f"{user_id}@people.example", role=role
        )
    )
    account.rows(
        insert(console_sessions).values(
            id=uuid4(),
            account_id=account.id,
            user_id=user_id,
            digest=digest_of(token),
            created_at=now,
            expires_at=now + timedelta(hours=1),
        )
    )
    client = account.opened.enter_context(account.stack.client(None))
    client.headers["authorization"] = f"Bearer {token}"
    return Asker(client)


def with_postgres(stack: Stack, use: Any) -> Any:
    """The result of a coroutine that is given the way to the stack's Postgres."""

    async def opened() -> Any:
        postgres = Postgres(stack.settings.sqlalchemy_url)
        try:
            return await use(postgres)
        finally:
            await postgres.close()

    # In a thread of its own, since a test's event loop may be running in this one.
    with ThreadPoolExecutor(1) as thread:
        return thread.submit(asyncio.run, opened()).result()


@contextmanager
def new_account(stack: Stack, kind: AccountKind = AccountKind.STANDARD) -> Iterator[Account]:
    """A fresh account."""
    name = f"account {uuid4()}"

    async def create(postgres: Postgres) -> Any:
        key = await create_key(postgres, account=name, kind=kind, tier=Tier.TIER_3)
        found = await postgres.fetch(
            select(accounts.c.id, api_keys.c.id)
            .join(api_keys, api_keys.c.account_id == accounts.c.id)
            .where(accounts.c.name == name)
        )
        return key.plain, *found[0]

    plain, account_id, key_id = with_postgres(stack, create)
    with ExitStack() as opened:
        asker = Asker(opened.enter_context(stack.client(plain)))
        yield Account(stack, name, account_id, key_id, asker, opened)
