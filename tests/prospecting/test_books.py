"""Searches, purchases, pushes and exports against a plain model, with faults at every step.

A partner with two customers whose people search and buy the same records; engines, receivers and
processes fail. After every step the books are held against the model and against themselves:
balances follow from entries, entries never change, a record is billed once for a customer exactly
if the customer owns it, and what it owns is delivered.
"""

import asyncio
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import HealthCheck, settings
from hypothesis import strategies as st
from hypothesis.stateful import initialize, rule

from api.domain.delivery.dispatch import dispatch
from api.domain.delivery.sender import Sender
from api.domain.prospecting import exports, purchases, pushes, sessions
from api.domain.prospecting.push_source import PushSource
from api.domain.prospecting.records import SelectionMode
from api.domain.prospecting.sessions import ProspectingSearch
from api.domain.wallet.grants import grant_in
from api.errors import DomainError, ErrorCode
from api.paging import PageRequest
from tests.prospecting.bookkeeping import (
    FAULTS,
    QUESTIONS,
    Bookkeeping,
    Died,
    die,
    die_at_once,
)


class Books(Bookkeeping):
    """One partner, two customers, and everything that can go wrong."""

    @initialize()
    def begin(self) -> None:
        """Credits, and a search, for both: without a grant a wallet is not finite."""
        for which in range(2):
            self.grant(which, 30)
            self.search(which, 1, "none")

    @rule(which=st.integers(0, 1), units=st.integers(1, 40))
    def grant(self, which: int, units: int) -> None:
        """The partner grants credits."""
        customer = self.customers[which]

        async def grant() -> None:
            embed = customer.work.embed
            async with self.partner.stores.postgres.transaction() as connection:
                await grant_in(
                    connection,
                    embed.account_id,
                    embed.partner_customer_id,
                    units,
                    now=self.now,
                )

        self.do(grant())
        customer.granted += units

    @rule(which=st.integers(0, 1))
    def suspend_or_resume(self, which: int) -> None:
        """The partner suspends a customer, or lets it in again."""
        customer = self.customers[which]
        customer.suspended = not customer.suspended
        self.do(
            self.partner.rows(
                "update partner_customers set status = :status where id = :id",
                status="suspended" if customer.suspended else "active",
                id=customer.work.embed.partner_customer_id,
            )
        )

    @rule(seconds=st.sampled_from([1, 61, 4_000, 100_000]))
    def wait(self, seconds: int) -> None:
        """Time passes; credits roll over where a month ends, since none expire."""
        self.now += timedelta(seconds=seconds)

    @rule(code=st.sampled_from([204, 500, 301, 0]))
    def change_receiver(self, code: int) -> None:
        """The receiver answers otherwise from now on; 0: it hangs up."""
        self.answer = code

    @rule(
        which=st.integers(0, 1),
        question=st.integers(0, len(QUESTIONS) - 1),
        fault=st.sampled_from(FAULTS),
    )
    def search(self, which: int, question: int, fault: str) -> None:
        """A new session; one that fails counts nothing."""
        customer = self.customers[which]
        work = self._work(customer, fault)

        async def start() -> Any:
            with pytest.MonkeyPatch.context() as patch:
                if fault == "dies before commit":
                    patch.setattr(sessions, "bill", die)
                asked = ProspectingSearch(QUESTIONS[question])
                return await sessions.start(
                    work, asked, PageRequest(40), with_facets=False, now=self.now
                )

        expected: type[BaseException] | None = None
        if fault == "engine down" or customer.suspended:
            expected = DomainError
        elif fault == "dies before commit":
            expected = Died
        if expected is not None:
            with pytest.raises(expected) as refused:
                self.do(start())
            if isinstance(refused.value, DomainError):
                down = fault == "engine down"
                code = ErrorCode.UNAVAILABLE if down else ErrorCode.INSUFFICIENT_CREDITS
                assert refused.value.code is code
            return
        page = self.do(start())
        customer.searches += 1
        customer.previews.append(
            (
                str(page.search_id),
                [node.prospect_id for node in page.nodes],
                [node.first_name for node in page.nodes],
            )
        )
        self._shows_what_is_owned(customer, page)

    @rule(
        which=st.integers(0, 1),
        session=st.integers(0, 50),
        first=st.integers(0, 30),
        count=st.integers(1, 12),
        push=st.booleans(),
        fault=st.sampled_from(FAULTS),
        twice=st.booleans(),
    )
    def buy(
        self,
        which: int,
        session: int,
        first: int,
        count: int,
        push: bool,
        fault: str,
        twice: bool,
    ) -> None:
        """A push or an export of some previews, perhaps by two requests at the same moment."""
        customer = self.customers[which]
        search_id, prospects, names = customer.previews[session % len(customer.previews)]
        some = slice(first, first + count)
        chosen, people = prospects[some], set(names[some])
        if not chosen:
            return
        new = people - customer.owned
        work = self._work(customer, fault)
        action = pushes.push if push else exports.export

        async def act() -> list[Any]:
            with pytest.MonkeyPatch.context() as patch:
                if fault == "dies before commit":
                    patch.setattr(purchases, "bill", die)
                if fault == "dies after commit":
                    patch.setattr(pushes, "_first_attempt", die)
                    patch.setattr(exports, "_export_of", die_at_once)
                asked = (work, search_id, SelectionMode.SELECTED, chosen, None)
                runs = (action(*asked, now=self.now) for _ in range(2 if twice else 1))
                return await asyncio.gather(*runs, return_exceptions=True)

        answers = self.do(act())
        admitted = not customer.suspended and len(new) <= customer.balance
        needs_engine = fault == "engine down" and new
        committed = admitted and not needs_engine and fault != "dies before commit"
        for answer in answers:
            self._answered_as_expected(
                answer, fault, admitted, bool(needs_engine), customer.suspended
            )
        if not committed:
            return
        if new:
            customer.charges.append(len(new))
        customer.owned |= people
        told = [each for each in answers if not isinstance(each, BaseException)]
        for each in told:
            total = each.net_new_billable_records + each.already_purchased_records
            assert total == len(people)
        if len(told) == len(answers):
            assert sum(each.net_new_billable_records for each in told) == len(new)

    @rule()
    def sweep(self) -> None:
        """A worker sends what is due."""

        async def run() -> None:
            source = PushSource(
                self.partner.stores.postgres, self.partner.stores.sealer, chance=lambda: 0
            )
            async with Sender(insecure=True, total=2) as sender:
                await dispatch(source, sender, clock=lambda: self.now, slots=pushes.SLOTS)

        self.do(run())

    def teardown(self) -> None:
        """In the end the receiver accepts everything: then nothing that was bought is left over."""
        try:
            self.answer = 204
            while True:
                ((due,),) = self.do(
                    self.partner.rows(
                        "select min(next_attempt_at) from prospecting_pushes"
                        " where account_id = :id",
                        id=self.partner.account_id,
                    )
                )
                if due is None:
                    break
                self.now = max(self.now, due)
                self.sweep()
            self._was_all_delivered()
        finally:
            self.do(self.opened.aclose())
            self.runner.close()


@pytest.mark.filterwarnings("ignore::hypothesis.errors.NonInteractiveExampleWarning")
def test_the_books_agree_with_the_model(books: str, people_url: str) -> None:
    """Many short lives of a partner; a failure is printed as the shortest that has it."""
    Books.books_url, Books.people_url = books, people_url
    case = Books.TestCase
    case.settings = settings(
        max_examples=25,
        stateful_step_count=20,
        deadline=None,
        derandomize=True,
        suppress_health_check=list(HealthCheck),
    )
    case("runTest").runTest()
