"""The SQL of accounts and keys."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

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


async def add_key(
    connection: AsyncConnection,
    *,
    key_id: UUID,
    account_id: UUID,
    prefix: str,
    digest: bytes,
    tier: str,
) -> None:
    """Stores a key's digest."""
    await connection.execute(
        insert(api_keys).values(
            id=key_id, account_id=account_id, prefix=prefix, digest=digest, tier=tier
        )
    )


async def revoke_keys(postgres: Postgres, prefix: str) -> int:
    """Revokes the active keys that begin with ``prefix``; how many there were."""
    revoked = await postgres.fetch(
        update(api_keys)
        .where(api_keys.c.prefix == prefix, api_keys.c.revoked_at.is_(None))
        .values(revoked_at=datetime.now(UTC))
        .returning(api_keys.c.id)
    )
    return len(revoked)
