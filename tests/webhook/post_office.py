"""Deliveries by a clock that only moves when it is told to."""

from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import func, select

from api.domain.delivery.dispatch import SLOTS, Attempt, Slots, dispatch
from api.domain.delivery.sender import Sender
from api.domain.webhook.deliveries import WebhookSource
from api.domain.webhook.events import emit
from api.domain.webhook.rules import EventType
from api.domain.webhook.signing import new_secret
from api.sealing import Sealer
from api.stores.postgres import Postgres
from api.stores.tables import webhook_attempts, webhook_deliveries, webhook_endpoints
from tests.webhook.rows import NOON, add_endpoint

SUCCEEDED = EventType.PERSON_SEARCH_JOB_SUCCEEDED


class Crash(Exception):
    """What a process dies of."""


class CrashingSource(WebhookSource):
    """Dies after the receivers were sent to, before that is recorded."""

    async def record(self, attempts: Sequence[Attempt], now: datetime) -> None:
        """Never comes to it."""
        raise Crash


class PostOffice:
    """Endpoints, events and deliveries in a database, and the time of day."""

    def __init__(self, postgres: Postgres, sender: Sender):
        self.postgres = postgres
        self.sender = sender
        self.sealer = Sealer("the secret of an installation of the tests")
        self.now = NOON
        self.secrets: dict[UUID, str] = {}

    def source(
        self, kind: Callable[..., WebhookSource] = WebhookSource, chance: float = 0
    ) -> WebhookSource:
        """A process's view of what is due; retries come after exactly the schedule's waits."""
        return kind(self.postgres, self.sealer, chance=lambda: chance)

    async def endpoint(self, account_id: UUID, port: int, path: str = "/") -> UUID:
        """An active endpoint at a port of this machine."""
        secret = new_secret()
        endpoint_id = await add_endpoint(
            self.postgres,
            account_id,
            *EventType,
            url=f"http://127.0.0.1:{port}{path}",
            secret=self.sealer.seal(secret),
        )
        self.secrets[endpoint_id] = secret
        return endpoint_id

    async def emit(self, account_id: UUID, count: int = 1, **data: Any) -> None:
        """Events of the account, now."""
        async with self.postgres.transaction() as connection:
            for _ in range(count):
                await emit(connection, account_id, SUCCEEDED, data, now=self.now)

    async def run(
        self, kind: Callable[..., WebhookSource] = WebhookSource, slots: Slots = SLOTS
    ) -> int:
        """Sends everything that is due by now; how many attempts that were."""
        return await dispatch(self.source(kind), self.sender, clock=lambda: self.now, slots=slots)

    async def next_due(self) -> datetime | None:
        """When the next delivery is due."""
        (row,) = await self.postgres.fetch(select(func.min(webhook_deliveries.c.next_attempt_at)))
        moment: datetime | None = row[0]
        return moment

    async def run_until_quiet(self) -> int:
        """Moves the clock on from one due delivery to the next until there is none."""
        attempts = 0
        while (due := await self.next_due()) is not None:
            self.now = max(self.now, due)
            attempts += await self.run()
        return attempts

    def later(self, **by: float) -> None:
        """Moves the clock on."""
        self.now += timedelta(**by)

    async def deliveries(self) -> list[Any]:
        """Every delivery, oldest first."""
        table = webhook_deliveries
        return list(await self.postgres.fetch(select(table).order_by(table.c.created_at)))

    async def attempts(self) -> list[Any]:
        """Every attempt, by number."""
        table = webhook_attempts
        return list(await self.postgres.fetch(select(table).order_by(table.c.number)))

    async def endpoint_row(self, endpoint_id: UUID) -> Any:
        """An endpoint as it is stored."""
        table = webhook_endpoints
        (row,) = await self.postgres.fetch(select(table).where(table.c.id == endpoint_id))
        return row
