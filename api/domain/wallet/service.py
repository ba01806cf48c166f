"""Wallets: locked, spent from, granted to, and told about.

Whoever spends does it in the transaction that gives out what is paid for::

    wallet = await lock(connection, account_id, partner_customer_id)
    admit_reveal(wallet, records, now)
    wallet = await spend_reveals(
        connection, wallet, records, user_id=user_id, source_id=purchase_id, now=now
    )

The lock comes before any other of the customer's, so that nobody waits in a circle; it is held
until the transaction ends, which must not call out meanwhile.
"""

from collections.abc import Sequence
from datetime import datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.partner_customer.rules import ResetPolicy
from api.domain.wallet import queries
from api.domain.wallet.model import Booked, EntryKind, Wallet
from api.domain.wallet.queries import Stored
from api.domain.wallet.records import LimitState, WalletSummary, WalletUsage, WalletView
from api.domain.wallet.rules import (
    admit_reveal,
    admit_search,
    block_of_reveal,
    block_of_search,
    revealed,
    searched,
    settled,
)
from api.errors import DomainError, ErrorCode
from api.stores.postgres import Postgres

__all__ = [
    "Wallet",
    "admit_reveal",
    "admit_search",
    "lock",
    "settle",
    "spend_reveals",
    "spend_search",
    "summaries",
    "summary",
]


async def lock(connection: AsyncConnection, account_id: UUID, partner_customer_id: UUID) -> Wallet:
    """The wallet of the account's customer; others wait for it until this transaction ends.

    Raises ``not_found`` where the account has no customer of that id.
    """
    return (await lock_stored(connection, account_id, partner_customer_id)).wallet


async def lock_stored(
    connection: AsyncConnection, account_id: UUID, partner_customer_id: UUID
) -> Stored:
    """The same, with how the customer's results leave the iframe."""
    found = await queries.lock(connection, account_id, partner_customer_id)
    if found is None:
        raise no_customer()
    return found


def no_customer() -> DomainError:
    """The failure of an id that is none of the account's customers'."""
    return DomainError(ErrorCode.NOT_FOUND, "The account has no partner customer of this id.")


async def settle(connection: AsyncConnection, wallet: Wallet, now: datetime) -> Wallet:
    """Writes what time has done to a locked wallet: before what time does changes."""
    return await _write(connection, settled(wallet, now))


async def spend_search(
    connection: AsyncConnection,
    wallet: Wallet,
    *,
    user_id: str | None,
    source_id: str,
    now: datetime,
) -> Wallet:
    """Counts a search session of a locked wallet; the wallet as it is then.

    ``source_id`` (1 to 100 characters) names the session: the same one again does nothing.
    Raises what ``admit_search`` does.
    """
    if await queries.is_booked(connection, wallet.partner_customer_id, EntryKind.SEARCH, source_id):
        return wallet
    current, entries = settled(wallet, now)
    counted = searched(current, source_id, user_id, now)
    return await _write(connection, counted._replace(entries=(*entries, *counted.entries)))


async def spend_reveals(
    connection: AsyncConnection,
    wallet: Wallet,
    records: int,
    *,
    user_id: str | None,
    source_id: str,
    now: datetime,
) -> Wallet:
    """Pays for ``records`` (0 or more) from a locked wallet; the wallet as it is then.

    ``source_id`` (1 to 100 characters) names the purchase: the same one again does nothing, and so
    does one of no records. Raises what ``admit_reveal`` does.
    """
    if records == 0 or await queries.is_booked(
        connection, wallet.partner_customer_id, EntryKind.REVEAL, source_id
    ):
        return wallet
    current, entries = settled(wallet, now)
    paid = revealed(current, records, source_id, user_id, now)
    return await _write(connection, paid._replace(entries=(*entries, *paid.entries)))


async def _write(connection: AsyncConnection, booked: Booked) -> Wallet:
    await queries.save(connection, booked.wallet, booked.entries)
    return booked.wallet


async def summary(
    postgres: Postgres, account_id: UUID, partner_customer_id: UUID, now: datetime
) -> WalletSummary:
    """The wallet at a moment, by one query and without a lock.

    Raises ``not_found`` where the account has no customer of that id.
    """
    (found,) = await summaries(postgres, account_id, [partner_customer_id], now)
    if found is None:
        raise no_customer()
    return found


async def summaries(
    postgres: Postgres, account_id: UUID, partner_customer_ids: Sequence[UUID], now: datetime
) -> list[WalletSummary | None]:
    """The same of many customers, in their order; ``None`` for those that the account has not."""
    stored = await queries.read(postgres, account_id, partner_customer_ids)
    by_id = {each.wallet.partner_customer_id: summary_of(each, now) for each in stored}
    return [by_id.get(each) for each in partner_customer_ids]


def summary_of(stored: Stored, now: datetime) -> WalletSummary:
    """What is told of a wallet at a moment."""
    delivery = stored.delivery
    return WalletSummary(
        stored.wallet.partner_customer_id,
        stored.wallet.status,
        delivery.actions,
        delivery.labels,
        _view(stored, now),
    )


def _view(stored: Stored, now: datetime) -> WalletView:
    wallet = settled(stored.wallet, now).wallet
    active = wallet.active
    month, life = wallet.this_month(now), wallet.lifetime
    monthly = wallet.policy is ResetPolicy.MONTHLY_RESET
    search, reveal = block_of_search(wallet, now), block_of_reveal(wallet, 1, now)
    return WalletView(
        available_credit_units=wallet.balance if wallet.finite else None,
        granted_credit_units=sum(each.credit_units for each in active),
        applied_credit_units=(month if monthly else life).credit_units,
        monthly_applied_credit_units=month.credit_units,
        lifetime_applied_credit_units=life.credit_units,
        credit_enforcement_mode=wallet.mode,
        credit_reset_policy=wallet.policy,
        active_credit_grants=len(active),
        monthly_credit_units_used=month.credit_units,
        lifetime_credit_units_used=life.credit_units,
        limits=wallet.limits,
        usage=WalletUsage(
            month.credit_units,
            life.credit_units,
            month.search_sessions,
            life.search_sessions,
            month.record_reveals,
            life.record_reveals,
        ),
        limit_state=LimitState(
            search is None,
            reveal is None,
            search and search.reason,
            reveal and reveal.reason,
        ),
        allowed_result_actions=stored.delivery.actions,
        result_action_labels=stored.delivery.labels,
    )
