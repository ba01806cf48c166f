"""Deliveries against a model in plain Python: whatever happens in whatever order, both agree.

Events, claims, attempts, crashes between any two of them, time, and everything that an account can
do to its endpoints. The clock is the test's; Postgres is real; receivers are answers of the test's.
"""

import asyncio
from collections.abc import Coroutine
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any, ClassVar
from uuid import UUID, uuid4

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy import select, text

from api.domain.account.queries import add_account
from api.domain.delivery.dispatch import Attempt, Claim, Room
from api.domain.delivery.schedule import SCHEDULE
from api.domain.delivery.sender import Outcome, Outgoing, SendError
from api.domain.webhook import queries
from api.domain.webhook.deliveries import LEASE, WebhookSource
from api.domain.webhook.events import emit
from api.domain.webhook.rules import EventType
from api.domain.webhook.signing import new_secret, signature_headers
from api.sealing import Sealer
from api.stores.postgres import Postgres
from api.stores.tables import webhook_deliveries, webhook_endpoints, webhook_events
from tests.webhook.rows import NOON, add_endpoint

ALL = Room(10_000, 10_000, 10_000, 10_000)
OUTCOMES = {
    "accepted": Outcome(204, None, 5, body=""),
    "refused": Outcome(500, None, 5, body="no"),
    "later": Outcome(429, None, 5, body="", retry_after=timedelta(minutes=10)),
    "unreachable": Outcome(None, SendError.CONNECTION_FAILED, 5),
    "gone": Outcome(410, None, 5, body=""),
}
ANSWERS = st.sampled_from(["accepted", "refused", "refused", "later", "unreachable", "gone"])
STEPS_OF_TIME = [1, 6, 61, 400, 3_600, 30_000, 90_000, 200_000]
FIVE_DAYS, TWO_DAYS = timedelta(days=5), timedelta(days=2)


@dataclass
class Endpoint:
    """What the model knows of an endpoint."""

    secrets: list[tuple[str, datetime | None]]
    status: str = "active"
    since: datetime | None = None
    last: datetime | None = None


@dataclass
class Delivery:
    """What the model knows of a delivery."""

    event: UUID
    endpoint: UUID
    due: datetime | None
    status: str = "pending"
    claims: int = 0
    step: int = 0
    accepted: int = 0
    recorded: set[int] = field(default_factory=set)


class Deliveries(RuleBasedStateMachine):
    """One account, a few endpoints, any number of processes that may die."""

    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.postgres = Postgres(self.url)
        self.sealer = Sealer("the secret of an installation of the tests")
        self.source = WebhookSource(self.postgres, self.sealer, chance=lambda: 0.0)
        self.now = NOON
        self.account = uuid4()
        self.endpoints: dict[UUID, Endpoint] = {}
        self.deliveries: dict[UUID, Delivery] = {}
        self.held: list[Claim] = []
        self.do(self._begin())

    def do[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine to its end."""
        return self.runner.run(work)

    async def _begin(self) -> None:
        async with self.postgres.transaction() as connection:
            await connection.execute(text("truncate webhook_events, webhook_endpoints cascade"))
            await add_account(connection, self.account, f"model {self.account}", "standard")

    @initialize()
    def begin(self) -> None:
        """One endpoint, and an event for it."""
        self.register()
        self.happen(committed=True)

    @precondition(lambda self: len(self.endpoints) < 4)
    @rule()
    def register(self) -> None:
        """An endpoint more."""
        secret = new_secret()
        sealed = self.sealer.seal(secret)
        key = self.do(add_endpoint(self.postgres, self.account, *EventType, secret=sealed))
        self.endpoints[key] = Endpoint([(secret, None)])

    @rule(committed=st.booleans())
    def happen(self, committed: bool) -> None:
        """An event; the transaction that it belongs to may fail."""

        async def work() -> int:
            connection_of = self.postgres.transaction()
            async with connection_of as connection:
                count = await emit(
                    connection, self.account, EventType.PERSON_SEARCH_JOB_FAILED, {}, now=self.now
                )
                if not committed:
                    raise LookupError
            return count

        active = [key for key, each in self.endpoints.items() if each.status == "active"]
        try:
            assert self.do(work()) == len(active)
        except LookupError:
            return
        for row in self.do(self._rows(webhook_deliveries)):
            if row.id not in self.deliveries:
                assert row.endpoint_id in active
                self.deliveries[row.id] = Delivery(row.event_id, row.endpoint_id, self.now)

    @rule()
    def claim(self) -> None:
        """A process takes all that is due."""
        due = {key for key, each in self.deliveries.items() if self._is_due(each)}
        claims = self.do(self.source.claim(ALL, self.now))
        assert {each.delivery_id for each in claims} == due
        for each in claims:
            model = self.deliveries[each.delivery_id]
            model.claims += 1
            model.due = self.now + LEASE
            assert (each.number, each.step) == (model.claims, model.step)
            self._assert_signed(each, model)
        self.held += claims

    def _is_due(self, delivery: Delivery) -> bool:
        return delivery.due is not None and delivery.due <= self.now

    def _assert_signed(self, claim: Claim, model: Delivery) -> None:
        assert isinstance(claim.outgoing, Outgoing)
        valid = [
            secret
            for secret, until in self.endpoints[model.endpoint].secrets
            if until is None or self.now < until
        ]
        expected = signature_headers(
            valid,
            event_id=str(model.event),
            timestamp=int(self.now.timestamp()),
            body=claim.outgoing.body,
        )
        assert {k: claim.outgoing.headers[k] for k in expected} == expected

    @precondition(lambda self: self.held)
    @rule(answers=st.lists(ANSWERS, min_size=1, max_size=4))
    def attempt(self, answers: list[str]) -> None:
        """A process sends some of what it holds, and records it in one transaction."""
        taken, self.held = self.held[: len(answers)], self.held[len(answers) :]
        attempts = [
            Attempt(claim, self.now, OUTCOMES[answer])
            for claim, answer in zip(taken, answers, strict=False)
        ]
        self.do(self.source.record(attempts, self.now))
        for each in attempts:
            self._settle(self.deliveries[each.claim.delivery_id], each)
        touched = dict.fromkeys(each.claim.endpoint_id for each in attempts)
        for key in touched:
            mine = [each.outcome for each in attempts if each.claim.endpoint_id == key]
            self._judge(key, mine)

    def _settle(self, model: Delivery, attempt: Attempt) -> None:
        outcome, number = attempt.outcome, attempt.claim.number
        model.accepted += outcome.accepted
        model.recorded.add(number)
        if model.claims != number or model.status != "pending":
            return
        model.step = attempt.claim.step + 1
        if outcome.accepted:
            model.status, model.due = "delivered", None
        elif model.step == len(SCHEDULE):
            model.status, model.due = "exhausted", None
        else:
            wait = max(SCHEDULE[model.step], outcome.retry_after or timedelta())
            model.due = self.now + wait

    def _judge(self, key: UUID, outcomes: list[Outcome]) -> None:
        endpoint = self.endpoints[key]
        if endpoint.status != "active":
            return
        for outcome in outcomes:
            if outcome.accepted:
                endpoint.since = endpoint.last = None
                continue
            if endpoint.last is None or self.now - endpoint.last > TWO_DAYS:
                endpoint.since = self.now
            endpoint.last = self.now
            assert endpoint.since is not None
            if outcome.status == 410 or self.now - endpoint.since >= FIVE_DAYS:
                endpoint.status = "disabled"
                self._cancel(key)
                return

    def _cancel(self, key: UUID) -> None:
        for each in self.deliveries.values():
            if each.endpoint == key and each.status == "pending":
                each.status, each.due = "cancelled", None

    @precondition(lambda self: self.held)
    @rule(accepted=st.booleans())
    def crash(self, accepted: bool) -> None:
        """A process dies with all that it holds, sent or not; nothing of it is recorded."""
        for each in self.held:
            self.deliveries[each.delivery_id].accepted += accepted
        self.held = []

    @rule(seconds=st.sampled_from(STEPS_OF_TIME))
    def wait(self, seconds: int) -> None:
        """Time goes by."""
        self.now += timedelta(seconds=seconds)

    @rule()
    def overtake(self) -> None:
        """A process holds its claims for longer than the lease, and another one takes over."""
        self.wait(int(LEASE.total_seconds()))
        self.claim()

    def _chosen(self, data: Any, *statuses: str) -> UUID | None:
        keys = [key for key, each in self.endpoints.items() if each.status in statuses]
        return data.draw(st.sampled_from(keys)) if keys else None

    @rule(data=st.data())
    def delete(self, data: Any) -> None:
        """The account deletes an endpoint."""
        key = self._chosen(data, "active", "disabled")
        if key is None:
            return

        async def work(key: UUID) -> None:
            async with self.postgres.transaction() as connection:
                await queries.lock_endpoint(connection, self.account, key)
                await queries.delete_endpoint(connection, key)

        self.do(work(key))
        self.endpoints[key].status = "deleted"
        self._cancel(key)

    @rule(data=st.data(), hours=st.sampled_from([0, 1, 24]))
    def rotate(self, data: Any, hours: int) -> None:
        """The account replaces a secret."""
        key = self._chosen(data, "active", "disabled")
        if key is None:
            return
        secret, until = new_secret(), self.now + timedelta(hours=hours)

        async def work(key: UUID) -> None:
            async with self.postgres.transaction() as connection:
                await queries.lock_endpoint(connection, self.account, key)
                sealed = self.sealer.seal(secret)
                await queries.rotate_secret(connection, key, secret=sealed, until=until)

        self.do(work(key))
        model = self.endpoints[key]
        model.secrets = [(secret, None), (model.secrets[0][0], until)]

    @rule(data=st.data())
    def enable(self, data: Any) -> None:
        """The account enables an endpoint."""
        key = self._chosen(data, "disabled")
        if key is None:
            return

        async def work(key: UUID) -> None:
            async with self.postgres.transaction() as connection:
                await queries.lock_endpoint(connection, self.account, key)
                await queries.enable_endpoint(connection, key)

        self.do(work(key))
        model = self.endpoints[key]
        model.status, model.since, model.last = "active", None, None

    @rule(data=st.data())
    def redeliver(self, data: Any) -> None:
        """The account asks for a delivery again."""
        keys = [
            key
            for key, each in self.deliveries.items()
            if self.endpoints[each.endpoint].status == "active"
        ]
        if not keys:
            return
        key = data.draw(st.sampled_from(keys))

        async def work() -> None:
            async with self.postgres.transaction() as connection:
                await queries.make_due(connection, key, now=self.now)

        self.do(work())
        model = self.deliveries[key]
        under_way = model.status == "pending" and model.claims not in {0, *model.recorded}
        if not under_way:
            model.step = model.step if model.status == "pending" else 0
            model.status, model.due = "pending", self.now

    async def _rows(self, table: Any) -> list[Any]:
        return list(
            await self.postgres.fetch(select(table).where(table.c.account_id == self.account))
        )

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        """Every delivery and every endpoint."""
        stored = {
            row.id: (row.event_id, row.endpoint_id, row.status, row.claims, row.step, at)
            for row in self.do(self._rows(webhook_deliveries))
            for at in (row.next_attempt_at,)
        }
        assert stored == {
            key: (each.event, each.endpoint, each.status, each.claims, each.step, each.due)
            for key, each in self.deliveries.items()
        }
        endpoints = {
            row.id: (row.status, row.failing_since, row.last_failure_at)
            for row in self.do(self._rows(webhook_endpoints))
            if row.status != "deleted"
        }
        assert endpoints == {
            key: (each.status, each.since, each.last)
            for key, each in self.endpoints.items()
            if each.status != "deleted"
        }
        events = {row.id for row in self.do(self._rows(webhook_events))}
        assert events == {each.event for each in self.deliveries.values()}

    @invariant()
    def delivered_means_accepted(self) -> None:
        """No delivery counts as delivered that no receiver accepted."""
        assert all(each.accepted for each in self.deliveries.values() if each.status == "delivered")

    def teardown(self) -> None:
        """In the end receivers accept everything: then nothing is left over."""
        try:
            self.crash(accepted=False)
            pending = {key for key, each in self.deliveries.items() if each.status == "pending"}
            while dues := [each.due for each in self.deliveries.values() if each.due]:
                self.now = max(self.now, *dues)
                self.claim()
                self.attempt(["accepted"] * len(self.held))
            assert all(self.deliveries[key].status == "delivered" for key in pending)
            self.rows_are_as_the_model_says()
        finally:
            self.do(self.postgres.close())
            self.runner.close()


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_deliveries_agree_with_the_model(postgres_url: str) -> None:
    """Many short lives of a system; a failure is printed as the shortest that has it."""
    Deliveries.url = postgres_url
    case = Deliveries.TestCase
    case.settings = settings(
        max_examples=60,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    case("runTest").runTest()
