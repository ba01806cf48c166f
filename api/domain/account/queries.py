"""The SQL of accounts and keys."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, func, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.caller import Tier
from api.stores.postgres import Postgres
from api.stores.tables import accounts, api_keys

_KEY_BY_DIGEST = (
    select(api_keys.c.id, api_keys.c.account_id, accounts.c.kind, api_keys.c.tier)
    .join(accounts, accounts.c.id == api_keys.c.account_id)
    .where(api_keys.c.digest == bindparam("digest"), api_keys.c.revoked_at.is_(None))
)


class ActiveKey(NamedTuple):
    """A key that is not revoked, with its account."""

    key_id: UUID
    account_id: UUID
    account_kind: str
    tier: str


class KeyRow(NamedTuple):
    """A key as its account sees it."""

    id: UUID
    name: str | None
    prefix: str
    tier: Tier
    created_at: datetime


async def active_key(postgres: Postgres, digest: bytes) -> ActiveKey | None:
    """The key with this digest, unless it is revoked."""
    rows = await postgres.fetch(_KEY_BY_DIGEST, {"digest": digest})
    return ActiveKey._make(rows[0]) if rows else None


async def add_account(connection: AsyncConnection, account_id: UUID, name: str, kind: str) -> None:
    """Adds an account unless one of that name is there."""
    row = {"id": account_id, "name": name, "kind": kind}
    await connection.execute(
        insert(accounts).values(row).on_conflict_do_nothing(index_elements=["name"])
    )


async def account_named(connection: AsyncConnection, name: str) -> tuple[UUID, str]:
    """``(id, kind)`` of the account of that name, which must exist."""
    found = await connection.execute(
        select(accounts.c.id, accounts.c.kind).where(accounts.c.name == name)
    )
    row = found.one()
    return row.id, row.kind


async def find_account(connection: AsyncConnection, name: str) -> UUID | None:
    """The account of that name, if there is one."""
    found = await connection.execute(select(accounts.c.id).where(accounts.c.name == name))
    account_id: UUID | None = found.scalar()
    return account_id


async def add_key(
    connection: AsyncConnection,
    *,
    key_id: UUID,
    account_id: UUID,
    prefix: str,
    digest: bytes,
    tier: str,
    name: str | None = None,
    created_at: datetime | None = None,
) -> None:
    """Stores a key's digest."""
    await connection.execute(
        insert(api_keys).values(
            id=key_id,
            account_id=account_id,
            prefix=prefix,
            digest=digest,
            tier=tier,
            name=name,
            created_at=created_at or datetime.now(UTC),
        )
    )


async def lock_keys(connection: AsyncConnection, account_id: UUID) -> list[str]:
    """The tiers of an account's keys that are not revoked; no other key is made meanwhile."""
    await connection.execute(
        select(accounts.c.id).where(accounts.c.id == account_id).with_for_update()
    )
    found = await connection.execute(
        select(api_keys.c.tier).where(
            api_keys.c.account_id == account_id, api_keys.c.revoked_at.is_(None)
        )
    )
    return [row.tier for row in found]


async def keys(
    postgres: Postgres, account_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[KeyRow]:
    """Keys of an account that are not revoked, oldest first."""
    wanted = select(*(api_keys.c[name] for name in KeyRow._fields)).where(
        api_keys.c.account_id == account_id, api_keys.c.revoked_at.is_(None)
    )
    if after is not None:
        wanted = wanted.where(tuple_(api_keys.c.created_at, api_keys.c.id) > tuple_(*after))
    ordered = wanted.order_by(api_keys.c.created_at, api_keys.c.id).limit(limit)
    rows = await postgres.fetch(ordered)
    return [KeyRow._make(row)._replace(tier=Tier(row.tier)) for row in rows]


async def revoke_key(postgres: Postgres, account_id: UUID, key_id: UUID, now: datetime) -> bool:
    """Revokes a key of an account, unless it is revoked already; whether there is one."""
    revoked = await postgres.fetch(
        update(api_keys)
        .where(api_keys.c.account_id == account_id, api_keys.c.id == key_id)
        .values(revoked_at=func.coalesce(api_keys.c.revoked_at, now))
        .returning(api_keys.c.id)
    )
    return bool(revoked)


async def revoke_keys(postgres: Postgres, prefix: str) -> int:
    """Revokes the active keys that begin with ``prefix``; how many there were."""
    revoked = await postgres.fetch(
        update(api_keys)
        .where(api_keys.c.prefix == prefix, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=datetime.now(UTC))
        .returning(api_keys.c.id)
    )
    return len(revoked)
