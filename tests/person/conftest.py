"""The stores of a process: people of the test's own, and the books of the session's stack."""

from collections.abc import AsyncIterator
from dataclasses import dataclass, replace
from uuid import UUID, uuid4

import pytest_asyncio

from api.caller import AccountKind, Tier
from api.domain.account.service import authenticate, create_key
from api.domain.usage.queries import totals_of_key
from api.domain.usage.service import Payer
from api.queue import TaskName
from api.stores.clickhouse import ClickHouse
from api.work import Stores, Work, open_stores
from tests.stack import Stack


class NoQueue:
    """A process that hands nothing to workers."""

    def put(self, task: TaskName, row_id: UUID) -> None:
        """Nothing is to be queued here."""
        raise AssertionError(f"{task} was queued")


@dataclass(frozen=True, slots=True)
class Desk:
    """A fresh account at the stores."""

    work: Work

    @property
    def stores(self) -> Stores:
        """The stores."""
        return self.work.stores

    @property
    def account_id(self) -> UUID:
        """The account that pays."""
        return self.work.caller.account_id

    def payer(self, requests: int = 1) -> Payer:
        """A new entry of the account's journal."""
        return Payer(self.account_id, self.work.caller.key_id, "tests", uuid4(), requests)

    async def usage(self) -> tuple[int, int]:
        """Requests and billed records."""
        key_id = self.work.caller.key_id
        assert key_id is not None
        return await totals_of_key(self.stores.postgres, key_id)


@pytest_asyncio.fixture
async def desk(stack: Stack, clickhouse: ClickHouse) -> AsyncIterator[Desk]:
    """A fresh account; the people are those that the test loads."""
    async with open_stores(stack.settings, NoQueue()) as opened:
        stores = replace(opened, clickhouse=clickhouse)
        key = await create_key(
            stores.postgres,
            account=f"desk {uuid4()}",
            kind=AccountKind.STANDARD,
            tier=Tier.TIER_1,
        )
        yield Desk(Work(stores, await authenticate(stores.postgres, key.plain)))
