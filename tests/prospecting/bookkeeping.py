"""The books of a partner with two customers, as a plain model has them, and as they are stored."""

import asyncio
from collections.abc import Awaitable
from contextlib import AsyncExitStack
from dataclasses import dataclass, field, replace
from datetime import UTC, datetime
from typing import Any, ClassVar
from uuid import uuid4

import orjson
from hypothesis.stateful import RuleBasedStateMachine, invariant
from pydantic import SecretStr
from sqlalchemy import text

from api.domain.partner_customer.rules import EnforcementMode, ResetPolicy
from api.domain.prospecting import pushes
from api.domain.wallet import service as wallets
from api.errors import DomainError, ErrorCode
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.work import Work, open_stores
from tests.delivery.receivers import Request, listening, status
from tests.prospecting.conftest import NO_REDIS, SECRET, Handed, Partner

NOWHERE = "http://127.0.0.1:9/none"
QUESTIONS = ("owners in Nevada", "all employees in Nevada")
FAULTS = ("none", "none", "none", "engine down", "dies before commit", "dies after commit")


class Died(BaseException):
    """What a process dies of."""


@dataclass
class Customer:
    """What the model knows of a customer."""

    work: Work
    granted: int = 0
    suspended: bool = False
    searches: int = 0
    owned: set[str] = field(default_factory=set)
    charges: list[int] = field(default_factory=list)
    previews: list[tuple[str, list[str], list[str]]] = field(default_factory=list)
    """Sessions with their prospect ids and first names, which are as distinct as people."""

    @property
    def balance(self) -> int:
        return self.granted - sum(self.charges)


class Bookkeeping(RuleBasedStateMachine):
    """What is true after every step; the steps are those of a class that inherits this one."""

    books_url: ClassVar[str]
    people_url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.opened = AsyncExitStack()
        self.now = datetime.now(UTC)
        self.answer = 204
        self.entries: dict[str, list[Any]] = {}
        self.do(self._begin())

    def do[T](self, work: Awaitable[T]) -> T:
        """Runs a coroutine to its end."""

        async def run() -> T:
            return await work

        return self.runner.run(run())

    async def _begin(self) -> None:
        settings = Settings(
            database_url=self.books_url,
            redis_url=NO_REDIS,
            clickhouse_url=self.people_url,
            secret=SecretStr(SECRET),
            allow_insecure_delivery=True,
        )
        stores = await self.opened.enter_async_context(open_stores(settings, Handed()))
        self.down = replace(stores, clickhouse=ClickHouse(NOWHERE))
        self.receiver = await self.opened.enter_async_context(listening(self._receive))
        account = uuid4()
        await stores.postgres.fetch(
            text("insert into accounts (id, name, kind) values (:id, :name, 'managed')"),
            {"id": account, "name": str(account)},
        )
        self.partner = Partner(stores, account)
        url = f"http://127.0.0.1:{self.receiver.port}/"
        self.customers = [
            Customer(
                await self.partner.customer(
                    url=url, mode=EnforcementMode.ENFORCED, policy=ResetPolicy.ROLLOVER
                )
            )
            for _ in range(2)
        ]

    async def _receive(self, _: Request, writer: asyncio.StreamWriter) -> None:
        if self.answer == 0:
            writer.close()
        else:
            writer.write(status(self.answer))

    def _answered_as_expected(
        self, answer: Any, fault: str, admitted: bool, needs_engine: bool, suspended: bool
    ) -> None:
        if isinstance(answer, Died):
            assert fault.startswith("dies")
        elif isinstance(answer, DomainError):
            if needs_engine and not suspended:
                assert answer.code is ErrorCode.UNAVAILABLE
            else:
                assert not admitted
                assert answer.code is ErrorCode.INSUFFICIENT_CREDITS
        else:
            assert not isinstance(answer, BaseException), answer
            assert admitted
            if isinstance(answer, pushes.Pushed):
                assert answer.delivered is (self.answer == 204)
                assert answer.delivery_status == (self.answer or None)

    def _work(self, customer: Customer, fault: str) -> Work:
        if fault != "engine down":
            return customer.work
        return replace(customer.work, stores=self.down)

    def _shows_what_is_owned(self, customer: Customer, page: Any) -> None:
        shown = {node.first_name for node in page.nodes if node.record is not None}
        assert shown == customer.owned & {node.first_name for node in page.nodes}

    @invariant()
    def the_books_are_the_models(self) -> None:
        """Balances, counters, owned records and the account's journal."""
        if not hasattr(self, "customers"):
            return
        for customer in self.customers:
            embed = customer.work.embed
            summary = self.do(
                wallets.summary(
                    self.partner.stores.postgres,
                    embed.account_id,
                    embed.partner_customer_id,
                    self.now,
                )
            ).wallet
            assert summary.available_credit_units == customer.balance >= 0
            assert summary.usage.lifetime_record_reveals == len(customer.owned)
            assert summary.usage.lifetime_search_sessions == customer.searches
            owned = self.do(
                self.partner.rows(
                    "select record, purchase_id from owned_records where partner_customer_id = :id",
                    id=embed.partner_customer_id,
                )
            )
            names = [orjson.loads(row.record)["first_name"] for row in owned]
            assert len(names) == len(set(names))
            assert set(names) == customer.owned
        ((billed,),) = self.do(
            self.partner.rows(
                "select coalesce(sum(billable_records), 0) from usage_entries"
                " where account_id = :id",
                id=self.partner.account_id,
            )
        )
        assert billed == sum(len(each.owned) for each in self.customers)

    @invariant()
    def the_entries_chain_and_never_change(self) -> None:
        """No gap, each balance follows from the one before, and what was written stays."""
        if not hasattr(self, "customers"):
            return
        for customer in self.customers:
            key = str(customer.work.embed.partner_customer_id)
            rows = [
                tuple(row)
                for row in self.do(
                    self.partner.rows(
                        "select seq, kind, amount, balance_after, record_reveals, source_id, hash"
                        " from wallet_entries where partner_customer_id = :id order by seq",
                        id=key,
                    )
                )
            ]
            before = self.entries.get(key, [])
            assert rows[: len(before)] == before
            self.entries[key] = rows
            balance = 0
            for number, (seq, _, amount, after, *_) in enumerate(rows, start=1):
                balance += amount
                assert (seq, after) == (number, balance)
            reveals = [row for row in rows if row[1] == "reveal"]
            assert [-row[2] for row in reveals] == customer.charges
            assert [row[4] for row in reveals] == customer.charges

    @invariant()
    def every_charge_is_a_purchase_and_every_push_has_a_state(self) -> None:
        """What was billed says for which records; what was bought to be pushed is on its way."""
        if not hasattr(self, "customers"):
            return
        rows = self.do(
            self.partner.rows(
                """
                select b.net_new_records, e.record_reveals, count(o.person_id) as owned, b.action,
                    p.status
                from prospecting_purchases b
                left join wallet_entries e on e.partner_customer_id = b.partner_customer_id
                    and e.kind = 'reveal' and e.source_id = b.id::text
                left join owned_records o on o.purchase_id = b.id
                left join prospecting_pushes p on p.purchase_id = b.id
                where b.account_id = :id group by b.id, e.record_reveals, p.status
                """,
                id=self.partner.account_id,
            )
        )
        for net_new, revealed, owned, action, state in rows:
            assert net_new == (revealed or 0) == owned
            assert (state is not None) == (action == "push")

    def _was_all_delivered(self) -> None:
        sent: dict[str, set[bytes]] = {}
        for request in self.receiver.requests:
            sent.setdefault(request.headers["webhook-id"], set()).add(request.body)
        assert all(len(bodies) == 1 for bodies in sent.values())
        pushed = self.do(
            self.partner.rows(
                "select purchase_id from prospecting_pushes where account_id = :id"
                " and status = 'delivered'",
                id=self.partner.account_id,
            )
        )
        assert {str(row.purchase_id) for row in pushed} <= set(sent)


async def die(*_: object, **__: object) -> None:
    """A process dies here."""
    raise Died


def die_at_once(*_: object) -> None:
    """The same, where nothing is awaited."""
    raise Died
