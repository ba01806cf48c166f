"""Partner customers: add, list, read, change, and have on first use."""

from collections.abc import Mapping
from datetime import UTC, datetime
from uuid import UUID

from sqlalchemy.ext.asyncio import AsyncConnection

from api.caller import Caller
from api.creation_order import id_of, page_of, position
from api.cursors import scope_of
from api.domain.partner_customer import queries
from api.domain.partner_customer.records import CustomerRow
from api.domain.partner_customer.rules import (
    CustomerDefaults,
    Delivery,
    Limits,
    checked_delivery,
    label_of,
)
from api.domain.usage.service import Payer, bill, record
from api.domain.wallet import service as wallets
from api.errors import DomainError, ErrorCode
from api.paging import Page, PageRequest, open_window
from api.work import Work


async def create(
    work: Work, external_customer_id: str, name: str | None, defaults: CustomerDefaults
) -> CustomerRow:
    """Adds a customer with an empty wallet to the caller's account.

    Raises ``invalid_input`` for a URL that deliveries may not go to, and ``conflict`` where the
    account has a customer of that external id.
    """
    delivery = checked_delivery(defaults.delivery, insecure=work.stores.insecure_delivery)
    account_id = work.caller.account_id
    async with work.stores.postgres.transaction() as connection:
        added = await queries.add(
            connection,
            account_id,
            external_customer_id,
            label_of(name),
            defaults._replace(delivery=delivery),
            embedded_at=None,
            now=datetime.now(UTC),
        )
        found = await queries.by_external_id(connection, account_id, external_customer_id)
        if not added or found is None:
            raise DomainError(
                ErrorCode.CONFLICT, "The account has a customer of this external id already."
            )
        await _count(connection, work.caller, "create_partner_customer")
    return found.customer


async def ensure(
    connection: AsyncConnection,
    account_id: UUID,
    external_customer_id: str,
    *,
    name: str | None,
    defaults: CustomerDefaults,
) -> CustomerRow:
    """The account's customer of that external id, which is added on first use.

    ``defaults`` are those of the embed key that the customer came through, checked already. They
    are copied: a new customer begins with them all, one that its partner made gets from its first
    key what the partner did not say about the delivery of results, and later keys change nothing.
    Any number of requests at once add one customer.
    """
    found = await queries.by_external_id(connection, account_id, external_customer_id)
    now = datetime.now(UTC)
    if found is None:
        await queries.add(
            connection,
            account_id,
            external_customer_id,
            label_of(name),
            defaults,
            embedded_at=now,
            now=now,
        )
    elif not found.embedded:
        await queries.embed(connection, found.customer.id, defaults.delivery, now=now)
    if found is None or not found.embedded:
        found = await queries.by_external_id(connection, account_id, external_customer_id)
    assert found is not None  # noqa: S101 - added by this transaction, or by one it waited for
    return found.customer


async def list_customers(work: Work, page: PageRequest) -> Page[CustomerRow]:
    """The customers of the caller's account, oldest first.

    Raises ``invalid_cursor``.
    """
    account_id = work.caller.account_id
    window = open_window(page, scope_of(account_id, "partner_customers"), work.stores.cursors)
    rows = await queries.page(
        work.stores.postgres, account_id, after=position(window), limit=window.size + 1
    )
    await record(work, "partner_customers", 0)
    return page_of(work.stores.cursors, window, rows)


async def read(work: Work, customer_id: str) -> CustomerRow:
    """A customer of the caller's account.

    Raises ``not_found``.
    """
    key = id_of(customer_id)
    found = None
    if key is not None:
        found = await queries.by_id(work.stores.postgres, work.caller.account_id, key)
    if found is None:
        raise wallets.no_customer()
    await record(work, "partner_customer", 0)
    return found


async def change(
    work: Work,
    customer_id: str,
    changes: Mapping[str, object],
    limits: Mapping[str, int | None] | None,
) -> CustomerRow:
    """Changes a customer of the caller's account; the customer as it is then.

    ``changes`` are fields by name: those of :class:`Delivery`, ``name``, ``status``,
    ``credit_enforcement_mode`` and ``credit_reset_policy``. ``limits`` are the limits to set, or
    to lift where they are ``None``; others stay. A change holds from the next search or reveal
    on; one of the policy changes no balance.

    Raises ``not_found``, and ``invalid_input`` for a URL that deliveries may not go to.
    """
    values = dict(changes)
    named = {name: values[name] for name in Delivery._fields if name in values}
    delivery = Delivery(**named)  # type: ignore[arg-type]
    checked = checked_delivery(delivery, insecure=work.stores.insecure_delivery)
    values |= {name: getattr(checked, name) for name in named}
    if "name" in values:
        values["name"] = label_of(values["name"])  # type: ignore[arg-type]
    key, account_id = id_of(customer_id), work.caller.account_id
    if key is None:
        raise wallets.no_customer()
    async with work.stores.postgres.transaction() as connection:
        wallet = await wallets.lock(connection, account_id, key)
        await wallets.settle(connection, wallet, datetime.now(UTC))
        if limits is not None:
            values["limits"] = Limits(**{**wallet.limits._asdict(), **limits}).storable()
        if values:
            await queries.change(connection, key, values)
        found = await queries.by_id_in(connection, account_id, key)
        assert found is not None  # noqa: S101 - its wallet is locked
        await _count(connection, work.caller, "update_partner_customer")
    return found


async def _count(connection: AsyncConnection, caller: Caller, operation: str) -> None:
    await bill(connection, Payer.of(caller, operation), 0)
