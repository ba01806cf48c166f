"""The proof of the books finds whatever is wrong with them."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.wallet.ledger import INVARIANTS, check_ledger, faults_of, findings
from api.stores.postgres import Postgres
from tests.stack import Stack, stibnite
from tests.wallet.purse import Purse

FOREIGN_KEYS = """
    select format('alter table %s drop constraint %I', conrelid::regclass, conname)
    from pg_constraint
    where contype = 'f' and confrelid in (
        'wallets'::regclass, 'partner_customers'::regclass, 'prospecting_purchases'::regclass)
"""
# What somebody might do to the database, and what it breaks. {id} is the customer's.
DAMAGE: dict[str, tuple[str, set[str]]] = {
    "a wallet is lost": (
        "delete from wallets where partner_customer_id = '{id}'",
        {"every_customer_has_a_wallet", "credits_are_conserved"},
    ),
    "an entry is lost": (
        "delete from wallet_entries where partner_customer_id = '{id}' and seq = 3",
        {
            "entries_follow_one_another",
            "entries_never_changed",
            "balances_are_sums",
            "counters_are_sums",
            "grants_are_booked",
            "charges_are_deliveries",
            "credits_are_conserved",
        },
    ),
    "an entry is altered": (
        "update wallet_entries set user_id = 'another' where partner_customer_id = '{id}'"
        " and kind = 'reveal'",
        {"entries_never_changed"},
    ),
    "a balance is altered": (
        "update wallets set balance = balance + 1 where partner_customer_id = '{id}'",
        {"balances_are_sums", "credits_are_conserved"},
    ),
    "a counter is altered": (
        "update wallets set lifetime_search_sessions = 7 where partner_customer_id = '{id}'",
        {"counters_are_sums"},
    ),
    "a monthly counter is altered": (
        "update wallets set monthly_record_reveals = 0 where partner_customer_id = '{id}'",
        {"counters_are_sums"},
    ),
    "a grant is full again": (
        "update wallet_grants set remaining = credit_units where partner_customer_id = '{id}'"
        " and state = 'active'",
        {"grants_are_booked", "balances_are_sums"},
    ),
    "a grant is lost": (
        "delete from wallet_grants where partner_customer_id = '{id}' and state = 'active'",
        {"postings_have_grants", "balances_are_sums", "credits_are_conserved"},
    ),
    "a grant is larger than it was": (
        "update wallet_grants set credit_units = credit_units + 1"
        " where partner_customer_id = '{id}' and state = 'active'",
        {"grants_are_booked", "credits_are_conserved"},
    ),
    "a grant is started again": (
        "update wallet_grants set state = 'pending' where partner_customer_id = '{id}'"
        " and state = 'expired'",
        {"grants_are_booked", "credits_are_conserved"},
    ),
    "a purchase is booked twice": (
        "alter table wallet_entries drop constraint"
        " uq_wallet_entries_partner_customer_id_kind_source_id;"
        "insert into wallet_entries select partner_customer_id, 1000, kind, source_id, amount,"
        " balance_after, credit_units, search_sessions, record_reveals, postings, user_id,"
        " occurred_at, recorded_at, hash from wallet_entries"
        " where partner_customer_id = '{id}' and kind = 'reveal' limit 1",
        {
            "nothing_is_booked_twice",
            "entries_follow_one_another",
            "entries_never_changed",
            "balances_are_sums",
            "counters_are_sums",
            "grants_are_booked",
            "credits_are_conserved",
        },
    ),
    "a purchase was not made": (
        "delete from prospecting_purchases where partner_customer_id = '{id}'",
        {
            "charges_are_deliveries",
            "purchases_are_owned",
            "accounts_pay_for_what_customers_buy",
        },
    ),
    "a record was not delivered": (
        "delete from owned_records where person_id = (select min(person_id) from owned_records"
        " where partner_customer_id = '{id}')",
        {"purchases_are_owned"},
    ),
    "an account paid for more": (
        "update usage_entries set billable_records = billable_records + 1 where account_id ="
        " (select account_id from partner_customers where id = '{id}')",
        {"accounts_pay_for_what_customers_buy"},
    ),
}


@pytest.fixture
async def busy(purse: Purse) -> Purse:
    """A wallet to which everything has happened."""
    await purse.grant(10, ends=purse.now + timedelta(days=3))
    await purse.grant(10)
    await purse.change(credit_reset_policy="monthly_reset")
    await purse.reveal(12)
    await purse.search()
    purse.later(days=40)
    await purse.reveal(1)
    assert {each.kind for each in await purse.entries()} == {
        "grant",
        "reveal",
        "search",
        "renewal",
    }
    await purse.grant(4, ends=purse.now + timedelta(days=1))
    purse.later(days=2)
    await purse.search()
    await purse.grant(5, starts=purse.now + timedelta(days=1))
    return purse


async def broken(connection: AsyncConnection) -> set[str]:
    return {each.name for each in faults_of(await findings(connection))}


async def test_books_of_a_busy_wallet_hold(postgres: Postgres, busy: Purse) -> None:
    found = await check_ledger(postgres)
    assert faults_of(found) == []
    assert [each.name for each in found] == [each.name for each in INVARIANTS]
    assert all(each.checked for each in found)


@pytest.mark.parametrize("what", DAMAGE)
async def test_damage_is_found(postgres: Postgres, busy: Purse, what: str) -> None:
    statements, expected = DAMAGE[what]
    async with postgres.transaction() as connection:
        # No trigger and no foreign key stands in the way of somebody who means it.
        await connection.execute(text("alter table wallet_entries disable trigger user"))
        for statement in (await connection.execute(text(FOREIGN_KEYS))).scalars().all():
            await connection.execute(text(statement))
        for statement in statements.split(";"):
            await connection.execute(text(statement.format(id=busy.customer_id)))
        assert await broken(connection) == expected
        await connection.rollback()
    assert faults_of(await check_ledger(postgres)) == []


def test_every_invariant_is_broken_by_some_damage() -> None:
    assert set().union(*(names for _, names in DAMAGE.values())) == {
        each.name for each in INVARIANTS
    }


def test_the_command_proves_a_running_stack(stack: Stack) -> None:
    lines = stibnite("check", "ledger", "--data-dir", str(stack.data_dir)).splitlines()
    assert [line.split(" ")[0] for line in lines] == [each.name for each in INVARIANTS]
    assert all(line.endswith(": holds") for line in lines)
