"""What a wallet pays for, and when it refuses."""

import asyncio
from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from api.domain.partner_customer.rules import Limits
from api.domain.wallet import service
from api.errors import DomainError, ErrorCode
from api.stores.postgres import Postgres
from tests.wallet.purse import Purse


async def test_a_hundred_credits_pay_for_a_hundred_of_two_hundred_reveals_at_once(
    purse: Purse,
) -> None:
    await purse.grant(100)
    outcomes = await asyncio.gather(*(purse.reveal(1) for _ in range(200)))
    assert outcomes.count(None) == 100
    assert outcomes.count("insufficient_credits") == 100
    assert await purse.available() == 0
    entries = await purse.entries()
    assert [each.kind for each in entries] == ["grant"] + 100 * ["reveal"]
    assert [each.seq for each in entries] == list(range(1, 102))
    assert [each.balance_after for each in entries] == list(range(100, -1, -1))


async def test_the_same_source_is_paid_for_once_however_often_it_comes(purse: Purse) -> None:
    await purse.grant(5)
    outcomes = await asyncio.gather(*(purse.reveal(4, "purchase 1") for _ in range(20)))
    assert outcomes == 20 * [None]
    assert await purse.available() == 1
    assert await purse.reveal(4, "purchase 1") is None
    assert await purse.reveal(4, "purchase 2") == "insufficient_credits"
    assert await asyncio.gather(*(purse.search("search 1") for _ in range(5))) == 5 * [None]
    assert (await purse.view()).usage.lifetime_search_sessions == 1


async def test_a_refusal_says_what_is_needed_and_what_there_is(purse: Purse) -> None:
    await purse.grant(5)
    async with purse.postgres.transaction() as connection:
        wallet = await service.lock(connection, purse.account_id, purse.customer_id)
        with pytest.raises(DomainError) as refusal:
            service.admit_reveal(wallet, 6, purse.now)
    assert refusal.value.code is ErrorCode.INSUFFICIENT_CREDITS
    assert refusal.value.details == {
        "reason": "insufficient_credits",
        "needed": 6,
        "available": 5,
    }


async def test_the_grant_that_ends_first_is_drawn_on_first(purse: Purse) -> None:
    lasting = await purse.grant(10)
    ending = await purse.grant(10, ends=purse.now + timedelta(days=5))
    await purse.reveal(12)
    assert (await purse.entries())[-1].postings == {str(ending): -10, str(lasting): -2}
    await purse.reveal(1)
    purse.later(days=6)
    assert await purse.available() == 7
    assert [each.kind for each in await purse.entries()][-1] == "reveal", "nothing had expired"


async def test_what_a_grant_has_left_ends_with_it(purse: Purse) -> None:
    ends = purse.now + timedelta(days=5)
    await purse.grant(10, ends=ends)
    await purse.reveal(4)
    purse.now = ends - timedelta(microseconds=1)
    assert await purse.available() == 6
    purse.now = ends
    view = await purse.view()
    assert (view.available_credit_units, view.granted_credit_units) == (0, 0)
    assert view.active_credit_grants == 0
    assert view.lifetime_applied_credit_units == 4
    assert await purse.reveal(1) == "insufficient_credits"
    await purse.grant(3)
    assert [(each.kind, each.amount, each.occurred_at) for each in (await purse.entries())[2:]] == [
        ("expiry", -6, ends),
        ("grant", 3, ends),
    ]


async def test_a_grant_counts_from_its_start(purse: Purse) -> None:
    await purse.grant(10, starts=purse.now + timedelta(days=1))
    assert await purse.available() == 0, "a wallet with a grant to come is finite"
    assert await purse.reveal(1) == "insufficient_credits"
    purse.later(days=1)
    assert await purse.available() == 10
    assert await purse.reveal(10) is None


async def test_without_a_grant_ever_made_limits_alone_apply(purse: Purse) -> None:
    assert await purse.available() is None
    assert await purse.reveal(1_000) is None
    view = await purse.view()
    assert (view.available_credit_units, view.applied_credit_units) == (None, 1_000)
    await purse.grant(10)
    assert await purse.available() == 10, "what no grant had is not owed"


@pytest.mark.parametrize(
    ("limit", "spend", "reason"),
    [
        ("monthly_credit_units", "reveal", "monthly_credit_limit"),
        ("lifetime_credit_units", "reveal", "lifetime_credit_limit"),
        ("monthly_record_reveals", "reveal", "monthly_reveal_limit"),
        ("lifetime_record_reveals", "reveal", "lifetime_reveal_limit"),
        ("monthly_search_sessions", "search", "monthly_search_limit"),
        ("lifetime_search_sessions", "search", "lifetime_search_limit"),
    ],
)
async def test_each_limit_stops_at_its_number_and_monthly_ones_begin_anew(
    purse: Purse, limit: str, spend: str, reason: str
) -> None:
    await purse.change(Limits(**{limit: 2}))

    async def once() -> str | None:
        return await (purse.search() if spend == "search" else purse.reveal(1))

    assert [await once() for _ in range(3)] == [None, None, reason]
    state = (await purse.view()).limit_state
    assert state.can_search is (spend != "search")
    assert state.can_reveal is (spend != "reveal")
    assert (state.search_block_reason or state.reveal_block_reason) == reason
    purse.now = datetime(2030, 3, 31, 23, 59, 59, tzinfo=UTC)
    assert await once() == reason
    purse.later(seconds=1)
    assert await once() == (None if limit.startswith("monthly") else reason)
    await purse.change(Limits(**{limit: 0}))
    assert await once() == reason


async def test_metered_wallets_count_and_are_never_stopped(purse: Purse) -> None:
    await purse.grant(3)
    await purse.change(
        Limits(monthly_search_sessions=0, monthly_credit_units=0), credit_enforcement_mode="metered"
    )
    assert await purse.search() is None
    assert await purse.reveal(5) is None
    view = await purse.view()
    assert (view.available_credit_units, view.lifetime_credit_units_used) == (0, 5)
    assert view.limit_state == (True, True, None, None)
    last = (await purse.entries())[-1]
    assert (last.amount, last.credit_units) == (-3, 5)


@pytest.mark.parametrize("mode", ["metered", "enforced"])
async def test_suspended_customers_are_stopped_in_either_mode(purse: Purse, mode: str) -> None:
    await purse.grant(3)
    await purse.change(status="suspended", credit_enforcement_mode=mode)
    assert await purse.search() == "customer_suspended"
    assert await purse.reveal(1) == "customer_suspended"
    assert (await purse.view()).limit_state == (
        False,
        False,
        "customer_suspended",
        "customer_suspended",
    )
    await purse.change(status="active")
    assert await purse.reveal(1) is None


class TestMonths:
    """UTC months, whatever the zone of whoever asks."""

    async def test_monthly_reset_fills_active_grants_again(self, purse: Purse) -> None:
        await purse.change(credit_reset_policy="monthly_reset")
        await purse.grant(10)
        await purse.reveal(7)
        purse.now = datetime(2030, 4, 1, tzinfo=UTC) - timedelta(microseconds=1)
        assert (await purse.view()).applied_credit_units == 7
        assert await purse.available() == 3
        purse.now = datetime(2030, 4, 1, 2, tzinfo=UTC).astimezone()
        view = await purse.view()
        assert (view.available_credit_units, view.applied_credit_units) == (10, 0)
        assert view.lifetime_applied_credit_units == 7
        await purse.reveal(10)
        entries = await purse.entries()
        assert [(each.kind, each.amount) for each in entries] == [
            ("grant", 10),
            ("reveal", -7),
            ("renewal", 7),
            ("reveal", -10),
        ]
        assert entries[2].occurred_at == datetime(2030, 4, 1, tzinfo=UTC)

    async def test_rollover_keeps_what_is_left(self, purse: Purse) -> None:
        await purse.grant(10)
        await purse.reveal(7)
        purse.later(days=400)
        view = await purse.view()
        assert (view.available_credit_units, view.applied_credit_units) == (3, 7)
        assert view.monthly_applied_credit_units == 0

    async def test_a_change_of_policy_changes_no_balance(self, purse: Purse) -> None:
        await purse.change(credit_reset_policy="monthly_reset")
        await purse.grant(10)
        for _ in range(3):
            await purse.reveal(4)
            purse.later(days=31)
        await purse.reveal(4)
        await purse.change(credit_reset_policy="rollover")
        assert await purse.available() == 6
        purse.later(days=31)
        assert await purse.available() == 6
        await purse.change(credit_reset_policy="monthly_reset")
        assert await purse.available() == 6
        purse.later(days=31)
        assert await purse.available() == 10

    async def test_a_month_that_began_under_rollover_renews_nothing_afterwards(
        self, purse: Purse
    ) -> None:
        await purse.grant(10)
        await purse.reveal(4)
        purse.later(days=31)
        await purse.change(credit_reset_policy="monthly_reset")
        assert await purse.available() == 6


async def test_a_clock_that_runs_behind_breaks_nothing(purse: Purse) -> None:
    await purse.grant(10)
    await purse.reveal(1)
    purse.later(days=-40)
    assert await purse.reveal(1) is None
    assert (await purse.view()).monthly_applied_credit_units == 2
    moments = [each.occurred_at for each in await purse.entries()]
    assert moments == sorted(moments)


async def test_another_accounts_wallet_is_not_there(purse: Purse) -> None:
    for account_id, customer_id in ((uuid4(), purse.customer_id), (purse.account_id, uuid4())):
        async with purse.postgres.transaction() as connection:
            with pytest.raises(DomainError) as refusal:
                await service.lock(connection, account_id, customer_id)
        assert refusal.value.code is ErrorCode.NOT_FOUND
        with pytest.raises(DomainError, match="no partner customer"):
            await service.summary(purse.postgres, account_id, customer_id, purse.now)


@pytest.mark.parametrize(
    "statement",
    [
        "update wallet_entries set amount = amount",
        "delete from wallet_entries",
        "truncate wallet_entries",
        "insert into wallet_entries select partner_customer_id, seq + 2, kind, 'x', amount,"
        " balance_after + amount, 0, 0, 0, postings, null, occurred_at, now(), '' from"
        " wallet_entries",
        "insert into wallet_entries select partner_customer_id, seq + 1, kind, 'x', amount,"
        " balance_after, 0, 0, 0, postings, null, occurred_at, now(), '' from wallet_entries",
        "insert into wallet_entries select partner_customer_id, seq + 1, kind, 'x', amount,"
        " balance_after + amount, 0, 0, 0, '{}', null, occurred_at, now(), '' from wallet_entries",
    ],
    ids=["update", "delete", "truncate", "gap", "balance", "postings"],
)
async def test_the_journal_takes_nothing_but_what_follows(
    postgres: Postgres, purse: Purse, statement: str
) -> None:
    await purse.grant(10)
    where = "" if "truncate" in statement else f" where partner_customer_id='{purse.customer_id}'"
    with pytest.raises(DBAPIError, match=r"only added|does not follow"):
        await postgres.fetch(text(statement + where))
    assert len(await purse.entries()) == 1


@pytest.mark.parametrize(
    ("starts", "ends", "argument"),
    [
        (None, timedelta(0), "expires_at"),
        (None, timedelta(seconds=-1), "expires_at"),
        (timedelta(days=2), timedelta(days=2), "expires_at"),
        (timedelta(days=2), timedelta(days=1), "expires_at"),
        (timedelta(days=40_000), None, "starts_at"),
        (timedelta(days=-12_000), None, "starts_at"),
        (None, timedelta(days=40_000), "expires_at"),
    ],
)
async def test_grants_that_cannot_be_spent_are_refused(
    purse: Purse, starts: timedelta | None, ends: timedelta | None, argument: str
) -> None:
    begins = None if starts is None else purse.now + starts
    with pytest.raises(DomainError) as refusal:
        await purse.grant(1, starts=begins, ends=None if ends is None else purse.now + ends)
    assert [each.argument for each in refusal.value.problems] == [argument]
    assert await purse.available() is None


async def test_a_wallet_has_at_most_a_hundred_open_grants(purse: Purse) -> None:
    for _ in range(99):
        await purse.grant(1)
    await purse.grant(1, ends=purse.now + timedelta(days=1))
    with pytest.raises(DomainError, match="100 grants"):
        await purse.grant(1)
    purse.later(days=1)
    await purse.grant(1)
    assert await purse.reveal(100) is None
    assert await purse.available() == 0
