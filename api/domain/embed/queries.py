"""The SQL of embed keys."""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID

from sqlalchemy import Row, any_, bindparam, func, insert, select, tuple_, update
from sqlalchemy.ext.asyncio import AsyncConnection

from api.caller import EmbedCaller
from api.domain.embed.records import EmbedKeyRow, SessionKey
from api.domain.embed.rules import EmbedKeyStatus
from api.domain.partner_customer.rules import (
    EnforcementMode,
    Limits,
    ResetPolicy,
)
from api.stores.postgres import Postgres
from api.stores.tables import accounts, embed_keys

_KEYS = embed_keys.c
_SEEN = (
    _KEYS.id,
    _KEYS.prefix,
    _KEYS.label,
    _KEYS.revoked_at,
    _KEYS.allowed_origins,
    _KEYS.result_delivery_url,
    _KEYS.result_delivery_cta,
    _KEYS.csv_export_enabled,
    _KEYS.default_credit_enforcement_mode,
    _KEYS.default_credit_reset_policy,
    _KEYS.default_limits,
    _KEYS.created_at,
)
_OF_SESSION = select(_KEYS.account_id, *_SEEN).where(
    _KEYS.digest == bindparam("digest"),
    _KEYS.revoked_at.is_(None),
    bindparam("origin") == any_(_KEYS.allowed_origins),
)
_ACTIVE = select(_KEYS.id).where(
    _KEYS.id == bindparam("key_id"),
    _KEYS.account_id == bindparam("account_id"),
    _KEYS.revoked_at.is_(None),
    bindparam("origin") == any_(_KEYS.allowed_origins),
)
_ORIGINS = select(_KEYS.allowed_origins).where(
    _KEYS.digest == bindparam("digest"), _KEYS.revoked_at.is_(None)
)
_REGISTERED = (
    select(_KEYS.id)
    .where(_KEYS.allowed_origins.contains(bindparam("origins")), _KEYS.revoked_at.is_(None))
    .limit(1)
)


async def key_of_session(postgres: Postgres, digest: bytes, origin: str) -> SessionKey | None:
    """The active key of this digest, where it allows the origin."""
    rows = await postgres.fetch(_OF_SESSION, {"digest": digest, "origin": origin})
    return SessionKey(rows[0].account_id, _key(rows[0])) if rows else None


async def is_active(postgres: Postgres, caller: EmbedCaller) -> bool:
    """Whether the key that a token was made by is there, active, and still allows its origin."""
    values = {
        "key_id": caller.embed_key_id,
        "account_id": caller.account_id,
        "origin": caller.origin,
    }
    return bool(await postgres.fetch(_ACTIVE, values))


async def is_registered(postgres: Postgres, origin: str) -> bool:
    """Whether any active key allows the origin."""
    return bool(await postgres.fetch(_REGISTERED, {"origins": [origin]}))


async def origins_of_key(postgres: Postgres, digest: bytes) -> list[str]:
    """The origins of the active key of this digest."""
    rows = await postgres.fetch(_ORIGINS, {"digest": digest})
    return list(rows[0].allowed_origins) if rows else []


async def lock_account(connection: AsyncConnection, account_id: UUID) -> None:
    """Has others who count or change the account's keys wait for this transaction's end."""
    await connection.execute(
        select(accounts.c.id).where(accounts.c.id == account_id).with_for_update(key_share=True)
    )


async def count_active(connection: AsyncConnection, account_id: UUID) -> int:
    """How many active keys an account has."""
    count = await connection.scalar(
        select(func.count()).where(_KEYS.account_id == account_id, _KEYS.revoked_at.is_(None))
    )
    return int(count or 0)


async def add_key(
    connection: AsyncConnection, account_id: UUID, digest: bytes, key: EmbedKeyRow
) -> None:
    """Stores a key's digest with what it is good for."""
    values = key._asdict()
    del values["status"]
    values["prefix"] = values.pop("key_prefix")
    values["default_limits"] = key.default_limits.storable()
    await connection.execute(
        insert(embed_keys).values(account_id=account_id, digest=digest, **values)
    )


async def keys(
    postgres: Postgres, account_id: UUID, *, after: tuple[datetime, UUID] | None, limit: int
) -> list[EmbedKeyRow]:
    """The keys of an account, oldest first, revoked ones included."""
    wanted = (
        select(*_SEEN)
        .where(_KEYS.account_id == account_id)
        .order_by(_KEYS.created_at, _KEYS.id)
        .limit(limit)
    )
    if after is not None:
        wanted = wanted.where(tuple_(_KEYS.created_at, _KEYS.id) > after)
    return [_key(row) for row in await postgres.fetch(wanted)]


async def revoke(connection: AsyncConnection, account_id: UUID, key_id: UUID) -> bool:
    """Revokes a key of the account; whether there is one. A revoked one stays as it is."""
    revoked = await connection.execute(
        update(embed_keys)
        .where(_KEYS.account_id == account_id, _KEYS.id == key_id)
        .values(revoked_at=func.coalesce(_KEYS.revoked_at, datetime.now(UTC)))
    )
    return revoked.rowcount == 1


async def revoke_all(connection: AsyncConnection, account_id: UUID) -> None:
    """Revokes all keys of an account."""
    await connection.execute(
        update(embed_keys)
        .where(_KEYS.account_id == account_id, _KEYS.revoked_at.is_(None))
        .values(revoked_at=datetime.now(UTC))
    )


def _key(row: Row[Any]) -> EmbedKeyRow:
    return EmbedKeyRow(
        id=row.id,
        key_prefix=row.prefix,
        label=row.label,
        status=EmbedKeyStatus.ACTIVE if row.revoked_at is None else EmbedKeyStatus.REVOKED,
        allowed_origins=row.allowed_origins,
        result_delivery_url=row.result_delivery_url,
        result_delivery_cta=row.result_delivery_cta,
        csv_export_enabled=row.csv_export_enabled,
        default_credit_enforcement_mode=EnforcementMode(row.default_credit_enforcement_mode),
        default_credit_reset_policy=ResetPolicy(row.default_credit_reset_policy),
        default_limits=Limits.stored(row.default_limits),
        created_at=row.created_at,
    )
