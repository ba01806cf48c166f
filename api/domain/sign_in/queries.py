"""The SQL of console users and their sessions. ``now`` is an argument everywhere."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, delete, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.ext.asyncio import AsyncConnection

from api.stores.postgres import Postgres
from api.stores.tables import accounts, console_sessions, console_users

_users, _sessions = console_users.c, console_sessions.c

_OF_SESSION = (
    select(
        _users.account_id,
        accounts.c.kind.label("account_kind"),
        _users.id.label("user_id"),
        _users.role,
        _sessions.id.label("session_id"),
    )
    .select_from(console_sessions)
    .join(console_users, _users.id == _sessions.user_id)
    .join(accounts, accounts.c.id == _users.account_id)
    .where(
        _sessions.digest == bindparam("digest"),
        _sessions.expires_at > bindparam("now"),
        _sessions.revoked_at.is_(None),
        _users.removed_at.is_(None),
    )
)

_USER = select(_users.id, _users.account_id, _users.email, _users.role).where(
    _users.removed_at.is_(None)
)


class SessionUser(NamedTuple):
    """Whom a session that is still good belongs to."""

    account_id: UUID
    account_kind: str
    user_id: UUID
    role: str
    session_id: UUID


class User(NamedTuple):
    """A console user."""

    id: UUID
    account_id: UUID
    email: str
    role: str


async def user_of_session(postgres: Postgres, digest: bytes, now: datetime) -> SessionUser | None:
    """The user of the session with this digest, unless it has ended."""
    rows = await postgres.fetch(_OF_SESSION, {"digest": digest, "now": now})
    return SessionUser._make(rows[0]) if rows else None


async def one(postgres: Postgres, account_id: UUID, user_id: UUID) -> tuple[User, str]:
    """A user of an account, who must exist, and the account's name."""
    (row,) = await postgres.fetch(
        select(_users.id, _users.account_id, _users.email, _users.role, accounts.c.name)
        .join(accounts, accounts.c.id == _users.account_id)
        .where(_users.account_id == account_id, _users.id == user_id)
    )
    return User._make(row[:4]), row.name


async def user_of_subject(connection: AsyncConnection, issuer: str, subject: str) -> User | None:
    """Who signed in as this subject before."""
    found = await connection.execute(
        _USER.where(_users.issuer == issuer, _users.subject == subject)
    )
    row = found.first()
    return None if row is None else User._make(row)


async def bind_invited(
    connection: AsyncConnection, email: str, issuer: str, subject: str
) -> User | None:
    """Makes the one who was invited under an address, and has not signed in yet, this subject."""
    bound = await connection.execute(
        update(console_users)
        .where(_users.email == email, _users.subject.is_(None), _users.removed_at.is_(None))
        .values(issuer=issuer, subject=subject)
        .returning(_users.id, _users.account_id, _users.email, _users.role)
    )
    row = bound.first()
    return None if row is None else User._make(row)


async def add_session(
    connection: AsyncConnection,
    session_id: UUID,
    user: User,
    digest: bytes,
    *,
    now: datetime,
    until: datetime,
) -> None:
    """Stores a session's digest."""
    await connection.execute(
        insert(console_sessions).values(
            id=session_id,
            account_id=user.account_id,
            user_id=user.id,
            digest=digest,
            created_at=now,
            expires_at=until,
        )
    )


async def end_session(
    connection: AsyncConnection, account_id: UUID, session_id: UUID, now: datetime
) -> None:
    """Ends a session of an account."""
    await connection.execute(
        update(console_sessions)
        .where(_sessions.account_id == account_id, _sessions.id == session_id)
        .values(revoked_at=now)
    )


async def add_user(
    connection: AsyncConnection, user_id: UUID, account_id: UUID, email: str, role: str
) -> bool:
    """Invites somebody; ``False`` where the address is in use."""
    added = await connection.execute(
        insert(console_users)
        .values(id=user_id, account_id=account_id, email=email, role=role)
        .on_conflict_do_nothing()
        .returning(_users.id)
    )
    return added.first() is not None


async def remove_user(postgres: Postgres, email: str, now: datetime) -> bool:
    """Removes a user, whose sessions end with that; ``False`` where there is none."""
    removed = await postgres.fetch(
        update(console_users)
        .where(_users.email == email, _users.removed_at.is_(None))
        .values(removed_at=now)
        .returning(_users.id)
    )
    return bool(removed)


async def forget_sessions(postgres: Postgres, *, before: datetime) -> None:
    """Deletes sessions that ended before."""
    await postgres.fetch(delete(console_sessions).where(_sessions.expires_at < before))
