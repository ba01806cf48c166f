"""A wallet against a model in plain Python: whatever happens in whatever order, both agree.

The clock is the test's, Postgres is real, and a transaction may die before any of its statements
or between its last one and the commit. After every step the wallet is told of as the model has it,
the journal has only grown, and every invariant of the books holds.
"""

import asyncio
from collections.abc import Coroutine
from contextlib import suppress
from typing import Any, ClassVar, cast

from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.partner_customer.rules import Limits
from api.domain.wallet import service
from api.domain.wallet.ledger import check_ledger, faults_of
from api.errors import DomainError
from api.stores.postgres import Postgres
from tests.wallet.model import TICK, Model
from tests.wallet.purse import Purse, buy

SOURCES = st.sampled_from([f"source {number}" for number in range(30)])
TICKS = st.sampled_from([1, 2, 4, 20, 60, 124, 130, 130, 130])
LIMITS = st.dictionaries(st.sampled_from(Limits._fields), st.integers(0, 25), max_size=2)


class Crash(Exception):
    """What a process dies of."""


class Dying:
    """A connection whose process dies before the statement of that number, or before the commit."""

    def __init__(self, connection: AsyncConnection, statements: int):
        self._connection = connection
        self.left = statements

    async def execute(self, *arguments: Any) -> Any:
        """As the connection, while the process lives."""
        if self.left == 0:
            raise Crash
        self.left -= 1
        return await self._connection.execute(*arguments)


class Wallets(RuleBasedStateMachine):
    """One customer, and everything that its partner, its iframe and time can do to its wallet."""

    url: ClassVar[str]

    def __init__(self) -> None:
        super().__init__()
        self.runner = asyncio.Runner()
        self.postgres = Postgres(self.url)
        self.purse = self.do(Purse.opened(self.postgres))
        self.model = Model(self.purse.now)
        self.journal: list[Any] = []

    def do[T](self, work: Coroutine[Any, Any, T]) -> T:
        """Runs a coroutine to its end."""
        return self.runner.run(work)

    @initialize(units=st.integers(1, 30))
    def begin(self, units: int) -> None:
        """Most wallets begin with a grant."""
        if units < 25:
            self.grant(units, 0, 0)

    @precondition(lambda self: len(self.model.grants) < 6)
    @rule(units=st.integers(1, 30), wait=st.sampled_from([0, 0, -8, 1, 30]), lasts=TICKS)
    def grant(self, units: int, wait: int, lasts: int) -> None:
        """A grant that starts now, once or later, and may end; one of 130 ticks does not."""
        now = self.model.now
        starts = now + wait * TICK
        ends = None if lasts in (0, 130) else max(starts, now) + lasts * TICK
        key = self.do(self.purse.grant(units, starts=starts, ends=ends))
        self.model.grant(key, units, starts, ends)

    @rule(records=st.integers(1, 12), source=SOURCES)
    def reveal(self, records: int, source: str) -> None:
        """A purchase, perhaps one that was made before."""
        refusal = self.do(self.purse.reveal(records, source))
        assert refusal == self.model.reveal(records, source)

    @rule(source=SOURCES)
    def search(self, source: str) -> None:
        """A search session, perhaps one that was counted before."""
        assert self.do(self.purse.search(source)) == self.model.search(source)

    @rule(records=st.integers(1, 12), source=SOURCES, statements=st.integers(0, 8))
    def die(self, records: int, source: str, statements: int) -> None:
        """A purchase whose process dies before it is committed: nothing has happened."""

        async def work() -> None:
            async with self.postgres.transaction() as connection:
                dying = cast(AsyncConnection, Dying(connection, statements))
                wallet = await service.lock(dying, self.purse.account_id, self.purse.customer_id)
                await buy(dying, wallet, records, source=source, now=self.purse.now)
                raise Crash

        with suppress(Crash, DomainError):
            self.do(work())

    @rule(records=st.integers(1, 3), source=SOURCES, others=st.integers(2, 5))
    def hurry(self, records: int, source: str, others: int) -> None:
        """The same purchase by several requests at the same moment."""

        async def at_once() -> list[str | None]:
            return await asyncio.gather(
                *(self.purse.reveal(records, source) for _ in range(others))
            )

        refusals = self.do(at_once())
        expected = self.model.reveal(records, source)
        assert refusals == others * [expected]

    @rule(ticks=TICKS)
    def wait(self, ticks: int) -> None:
        """Time passes: hours, days, months."""
        self.model.pass_time(ticks)
        self.purse.now = self.model.now

    @rule()
    def begin_a_month(self) -> None:
        """Time passes until the next month begins."""
        month = self.model.month
        while self.model.month == month:
            self.model.pass_time(1)
        self.purse.now = self.model.now

    @rule(status=st.sampled_from(["active", "suspended"]))
    def set_status(self, status: str) -> None:
        """Suspended or resumed."""
        self.do(self.purse.change(status=status))
        self.model.status = status

    @rule(mode=st.sampled_from(["enforced", "enforced", "metered"]))
    def set_mode(self, mode: str) -> None:
        """Another mode."""
        self.do(self.purse.change(credit_enforcement_mode=mode))
        self.model.mode = mode

    @rule(policy=st.sampled_from(["monthly_reset", "rollover"]))
    def set_policy(self, policy: str) -> None:
        """Another policy, which changes no balance."""
        self.do(self.purse.change(credit_reset_policy=policy))
        self.model.policy = policy

    @rule(limits=LIMITS)
    def set_limits(self, limits: dict[str, int]) -> None:
        """Other limits."""
        self.do(self.purse.change(Limits(**limits)))
        self.model.limits = limits

    @invariant()
    def the_wallet_is_the_models(self) -> None:
        """What is told of it, number by number."""
        view, model = self.do(self.purse.view()), self.model
        assert view.available_credit_units == model.available
        assert view.granted_credit_units == sum(each.units for each in model.active)
        assert view.active_credit_grants == len(model.active)
        for name, count in view.usage._asdict().items():
            period, _, what = name.partition("_")
            assert count == model.used(what, monthly=period == "monthly"), name
        monthly = model.policy == "monthly_reset"
        assert view.applied_credit_units == model.used("credit_units", monthly=monthly)
        search, reveal = model.search_refusal(), model.reveal_refusal(1)
        assert view.limit_state == (search is None, reveal is None, search, reveal)

    @invariant()
    def the_journal_only_grows(self) -> None:
        """One entry for each thing that was used, and none is ever different."""
        entries = self.do(self.purse.entries())
        assert entries[: len(self.journal)] == self.journal
        self.journal = entries
        used = [each for each in entries if each.kind in ("search", "reveal")]
        assert len(used) == len(self.model.sources)
        assert -sum(each.amount for each in used) == self.model.drawn

    @invariant()
    def the_books_are_right(self) -> None:
        """Every invariant of ``stibnite check ledger``."""
        assert faults_of(self.do(check_ledger(self.postgres))) == []

    def teardown(self) -> None:
        """Closes what was opened."""
        self.do(self.postgres.close())
        self.runner.close()


def test_whatever_happens_wallet_and_model_agree(postgres_url: str) -> None:
    Wallets.url = postgres_url
    machine: Any = Wallets.TestCase
    machine.settings = settings(
        max_examples=20,
        stateful_step_count=30,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    machine("runTest").runTest()
