"""Proves that the books are right, by SQL over the whole of them.

Balances, counters and what grants have left are kept beside the journal, for reading. Each
invariant here says how one of them follows from it, or how the journal follows from what was
delivered. All of them are looked at in one snapshot, which waits for nobody and holds up nobody.
"""

from collections.abc import Sequence
from typing import NamedTuple

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.wallet.rules import CREDIT_UNITS_PER_RECORD
from api.stores.postgres import Postgres
from api.work import Stores

STATEMENT_TIMEOUT_S = 120
"""For each invariant: the journal may be long."""

_log = structlog.get_logger("ledger")


class Invariant(NamedTuple):
    """``sql`` gives rows of ``id`` (of what is checked, text) and ``holds``."""

    name: str
    sentence: str
    sql: str


class Finding(NamedTuple):
    """How many things an invariant was checked for, how many break it, and the first of these."""

    name: str
    sentence: str
    checked: int
    faults: int
    example: str | None


_COUNTED = ("credit_units", "search_sessions", "record_reveals")
_SUMS = ", ".join(f"coalesce(sum({name}), 0) as {name}" for name in _COUNTED)


def _equal(period: str, sums: str) -> str:
    return " and ".join(f"wallet.{period}_{name} = {sums}.{name}" for name in _COUNTED)


INVARIANTS: tuple[Invariant, ...] = (
    Invariant(
        "every_customer_has_a_wallet",
        "every partner customer has one wallet",
        """
        select customer.id::text, wallet.partner_customer_id is not null as holds
        from partner_customers customer
        left join wallets wallet on wallet.partner_customer_id = customer.id
        """,
    ),
    Invariant(
        "entries_follow_one_another",
        "entries are numbered without a gap, in the order of time, and each balance is the one"
        " before it plus the entry's amount, which is the sum of its postings, and not negative",
        """
        select partner_customer_id || '/' || seq as id,
            seq = coalesce(lag(seq) over journal, 0) + 1
            and balance_after = coalesce(lag(balance_after) over journal, 0) + amount
            and occurred_at >= coalesce(lag(occurred_at) over journal, '-infinity')
            and amount = (
                select coalesce(sum(value::bigint), 0) from jsonb_each_text(postings))
            and balance_after >= 0 as holds
        from wallet_entries
        window journal as (partition by partner_customer_id order by seq)
        """,
    ),
    Invariant(
        "entries_never_changed",
        "each entry's hash is that of what it says and of the hash before it",
        """
        select partner_customer_id || '/' || seq as id,
            hash = wallet_entry_hash(coalesce(lag(hash) over journal, ''), entry) as holds
        from wallet_entries entry
        window journal as (partition by partner_customer_id order by seq)
        """,
    ),
    Invariant(
        "balances_are_sums",
        "a wallet's balance is the sum of its entries, and of what its grants have left",
        """
        select wallet.partner_customer_id::text as id,
            wallet.balance = journal.amount and wallet.balance = grants.remaining
            and wallet.balance >= 0 and wallet.seq = journal.seq as holds
        from wallets wallet
        cross join lateral (
            select coalesce(sum(amount), 0) as amount, coalesce(max(seq), 0) as seq
            from wallet_entries where partner_customer_id = wallet.partner_customer_id
        ) journal
        cross join lateral (
            select coalesce(sum(remaining), 0) as remaining
            from wallet_grants where partner_customer_id = wallet.partner_customer_id
        ) grants
        """,
    ),
    Invariant(
        "counters_are_sums",
        "what a wallet counts for its life, and for the month of its last use, are sums of its"
        " entries",
        f"""
        select wallet.partner_customer_id::text as id,
            {_equal("lifetime", "life")} and {_equal("monthly", "month")} as holds
        from wallets wallet
        cross join lateral (
            select {_SUMS} from wallet_entries
            where partner_customer_id = wallet.partner_customer_id
        ) life
        cross join lateral (
            select {_SUMS} from wallet_entries
            where partner_customer_id = wallet.partner_customer_id
                and date_trunc('month', occurred_at at time zone 'UTC') = wallet.counted_month
        ) month
        """,  # noqa: S608 - names of columns of ours
    ),
    Invariant(
        "grants_are_booked",
        "a grant has left what was posted to it; one that has started was posted in full, once",
        """
        select credit.id::text,
            credit.remaining = coalesce(posted.units, 0)
            and (credit.state = 'pending') = (posted.started is null)
            and coalesce(posted.started = credit.credit_units, true) as holds
        from wallet_grants credit
        left join (
            select entry.partner_customer_id, posting.key::uuid as grant_id,
                sum(posting.value::bigint) as units,
                sum(posting.value::bigint) filter (where entry.kind = 'grant') as started
            from wallet_entries entry, jsonb_each_text(entry.postings) posting
            group by 1, 2
        ) posted on posted.grant_id = credit.id
            and posted.partner_customer_id = credit.partner_customer_id
        """,
    ),
    Invariant(
        "postings_have_grants",
        "what is posted is posted to a grant of the same wallet",
        """
        select entry.partner_customer_id || '/' || entry.seq as id,
            credit.id is not null as holds
        from wallet_entries entry
        cross join lateral jsonb_object_keys(entry.postings) as posted(grant_id)
        left join wallet_grants credit on credit.id = posted.grant_id::uuid
            and credit.partner_customer_id = entry.partner_customer_id
        """,
    ),
    Invariant(
        "nothing_is_booked_twice",
        "no two entries of a wallet and kind have the same source",
        """
        select partner_customer_id || '/' || kind || '/' || source_id as id, count(*) = 1 as holds
        from wallet_entries group by partner_customer_id, kind, source_id
        """,
    ),
    Invariant(
        "charges_are_deliveries",
        "a purchase is paid for by one entry, of as many records as it brought, and every entry"
        " that pays is of a purchase",
        f"""
        select coalesce(entry.source_id, purchase.id::text) as id,
            coalesce(entry.record_reveals, 0) = coalesce(purchase.net_new_records, 0)
            and coalesce(entry.credit_units, 0)
                = {CREDIT_UNITS_PER_RECORD} * coalesce(purchase.net_new_records, 0) as holds
        from (select * from wallet_entries where kind = 'reveal') entry
        full join prospecting_purchases purchase
            on purchase.id::text = entry.source_id
            and purchase.partner_customer_id = entry.partner_customer_id
        """,  # noqa: S608 - a number of ours
    ),
    Invariant(
        "purchases_are_owned",
        "a customer owns the records that its purchase brought, each by one purchase",
        """
        select coalesce(purchase.id, owned.purchase_id)::text,
            coalesce(purchase.net_new_records, 0) = coalesce(owned.records, 0) as holds
        from prospecting_purchases purchase
        full join (
            select account_id, partner_customer_id, purchase_id, count(*) as records
            from owned_records group by 1, 2, 3
        ) owned on owned.purchase_id = purchase.id and owned.account_id = purchase.account_id
            and owned.partner_customer_id = purchase.partner_customer_id
        """,
    ),
    Invariant(
        "accounts_pay_for_what_customers_buy",
        "an account's usage holds the records that its customers bought",
        """
        select account.id::text, coalesce(used.records, 0) = coalesce(bought.records, 0) as holds
        from accounts account
        left join (
            select account_id, sum(billable_records) as records from usage_entries
            where operation in ('prospecting_push', 'prospecting_export') group by 1
        ) used on used.account_id = account.id
        left join (
            select account_id, sum(net_new_records) as records from prospecting_purchases group by 1
        ) bought on bought.account_id = account.id
        where account.kind = 'managed'
        """,
    ),
    Invariant(
        "credits_are_conserved",
        "all wallets together hold what was granted and renewed, less what was drawn and expired",
        """
        select 'all' as id,
            (select coalesce(sum(balance), 0) from wallets)
            = (select coalesce(sum(credit_units), 0) from wallet_grants where state <> 'pending')
            + coalesce(sum(amount) filter (where kind <> 'grant'), 0) as holds
        from wallet_entries
        """,
    ),
)

_ASK = """
    select count(*) as checked, count(*) filter (where holds is not true) as faults,
        min(id) filter (where holds is not true) as example
    from ({sql}) as checked(id, holds)
"""


async def findings(connection: AsyncConnection) -> list[Finding]:
    """What a connection's transaction sees of each invariant."""
    found = []
    for name, sentence, sql in INVARIANTS:
        (row,) = await connection.execute(text(_ASK.format(sql=sql)))
        found.append(Finding(name, sentence, row.checked, row.faults, row.example))
    return found


async def check_ledger(postgres: Postgres) -> list[Finding]:
    """What the books are like now, in one snapshot."""
    async with postgres.transaction() as connection:
        await connection.execute(text("set transaction isolation level repeatable read, read only"))
        await connection.execute(text(f"set local statement_timeout = '{STATEMENT_TIMEOUT_S}s'"))
        return await findings(connection)


def faults_of(found: Sequence[Finding]) -> list[Finding]:
    """The findings that are faults."""
    return [each for each in found if each.faults]


async def log_ledger(stores: Stores) -> None:
    """Checks the books, and logs an error for each invariant that does not hold."""
    found = await check_ledger(stores.postgres)
    for each in faults_of(found):
        _log.error(
            "the books are wrong", invariant=each.name, faults=each.faults, example=each.example
        )
    if not faults_of(found):
        _log.info("the books are right", checked=sum(each.checked for each in found))
