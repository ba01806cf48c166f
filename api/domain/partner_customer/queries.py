"""The SQL of partner customers."""

from collections.abc import Mapping
from datetime import datetime
from typing import Any, NamedTuple
from uuid import UUID, uuid4

from sqlalchemy import Row, Select, bindparam, select, text, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.partner_customer.records import CustomerRow, delivery_fields
from api.domain.partner_customer.rules import (
    CustomerDefaults,
    CustomerStatus,
    Delivery,
    EnforcementMode,
    Limits,
    ResetPolicy,
)
from api.stores.postgres import Postgres
from api.stores.tables import partner_customers

_SEEN = (
    partner_customers.c.id,
    partner_customers.c.external_customer_id,
    partner_customers.c.name,
    partner_customers.c.status,
    partner_customers.c.credit_enforcement_mode,
    partner_customers.c.credit_reset_policy,
    partner_customers.c.limits,
    partner_customers.c.result_delivery_url,
    partner_customers.c.result_delivery_cta,
    partner_customers.c.csv_export_enabled,
    partner_customers.c.embedded_at,
    partner_customers.c.created_at,
)

# A customer and its wallet, or nothing where the account has one of that external id.
_ADD = text("""
    with customer as (
        insert into partner_customers
            (id, account_id, external_customer_id, name, status, credit_enforcement_mode,
             credit_reset_policy, limits, result_delivery_url, result_delivery_cta,
             csv_export_enabled, embedded_at, created_at)
        values
            (:id, :account_id, :external_customer_id, :name, 'active', :credit_enforcement_mode,
             :credit_reset_policy, :limits, :result_delivery_url, :result_delivery_cta,
             :csv_export_enabled, :embedded_at, :now)
        on conflict (account_id, external_customer_id) do nothing
        returning id
    )
    insert into wallets (partner_customer_id, settled_at, counted_month)
    select id, :now, date_trunc('month', cast(:now as timestamptz)) from customer
""").bindparams(bindparam("limits", type_=partner_customers.c.limits.type))

# What the customer's partner has not said is said by the first embed key that it comes through.
_EMBED = text("""
    update partner_customers set
        result_delivery_url = coalesce(result_delivery_url, :result_delivery_url),
        result_delivery_cta = coalesce(result_delivery_cta, :result_delivery_cta),
        csv_export_enabled = coalesce(csv_export_enabled, :csv_export_enabled),
        embedded_at = :now
    where id = :id and embedded_at is null
""")


class Found(NamedTuple):
    """A customer, and whether an embed session was opened for it before."""

    customer: CustomerRow
    embedded: bool


async def add(
    connection: AsyncConnection,
    account_id: UUID,
    external_customer_id: str,
    name: str | None,
    defaults: CustomerDefaults,
    *,
    embedded_at: datetime | None,
    now: datetime,
) -> bool:
    """Adds an active customer with an empty wallet; whether its external id was free.

    Waits for a transaction that is adding the same one.
    """
    done = await connection.execute(
        _ADD,
        {
            "id": uuid4(),
            "account_id": account_id,
            "external_customer_id": external_customer_id,
            "name": name,
            "credit_enforcement_mode": defaults.credit_enforcement_mode,
            "credit_reset_policy": defaults.credit_reset_policy,
            "limits": defaults.limits.storable(),
            "embedded_at": embedded_at,
            "now": now,
            **defaults.delivery._asdict(),
        },
    )
    return done.rowcount == 1


async def embed(
    connection: AsyncConnection, customer_id: UUID, delivery: Delivery, *, now: datetime
) -> None:
    """Completes a customer that no embed session was opened for yet; others stay as they are."""
    await connection.execute(_EMBED, {"id": customer_id, "now": now, **delivery._asdict()})


async def by_external_id(
    connection: AsyncConnection, account_id: UUID, external_customer_id: str
) -> Found | None:
    """The customer of that external id."""
    found = await connection.execute(
        _of(account_id).where(partner_customers.c.external_customer_id == external_customer_id)
    )
    row = found.one_or_none()
    return None if row is None else Found(_customer(row), row.embedded_at is not None)


async def by_id(postgres: Postgres, account_id: UUID, customer_id: UUID) -> CustomerRow | None:
    """The account's customer of that id."""
    rows = await postgres.fetch(_of(account_id).where(partner_customers.c.id == customer_id))
    return _customer(rows[0]) if rows else None


async def by_id_in(
    connection: AsyncConnection, account_id: UUID, customer_id: UUID
) -> CustomerRow | None:
    """The same, as a transaction sees it."""
    found = await connection.execute(_of(account_id).where(partner_customers.c.id == customer_id))
    row = found.one_or_none()
    return None if row is None else _customer(row)


async def page(
    postgres: Postgres, account_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[CustomerRow]:
    """The account's customers, oldest first."""
    table = partner_customers.c
    wanted = _of(account_id).order_by(table.created_at, table.id).limit(limit)
    if after is not None:
        wanted = wanted.where(tuple_(table.created_at, table.id) > after)
    return [_customer(row) for row in await postgres.fetch(wanted)]


async def change(
    connection: AsyncConnection, customer_id: UUID, values: Mapping[str, object]
) -> None:
    """Changes columns of a customer, whose wallet is locked."""
    await connection.execute(
        update(partner_customers).where(partner_customers.c.id == customer_id).values(values)
    )


def _of(account_id: UUID) -> Select[Any]:
    return select(*_SEEN).where(partner_customers.c.account_id == account_id)


def _customer(row: Row[Any]) -> CustomerRow:
    delivery = Delivery(row.result_delivery_url, row.result_delivery_cta, row.csv_export_enabled)
    return CustomerRow(
        partner_customer_id=row.id,
        external_customer_id=row.external_customer_id,
        name=row.name,
        status=CustomerStatus(row.status),
        credit_enforcement_mode=EnforcementMode(row.credit_enforcement_mode),
        credit_reset_policy=ResetPolicy(row.credit_reset_policy),
        limits=Limits.stored(row.limits),
        created_at=row.created_at,
        **delivery_fields(delivery),  # type: ignore[arg-type]
    )
