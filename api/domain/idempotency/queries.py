"""The SQL of answers that are given again."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from sqlalchemy import bindparam, delete, func, select
from sqlalchemy.dialects.postgresql import insert

from api.stores.postgres import Postgres
from api.stores.tables import idempotent_answers as answers

# Held until the transaction ends, and seen by others only after what it wrote is.
_TAKE = select(func.pg_try_advisory_xact_lock(bindparam("lock")))

_FIND = select(answers.c.request, answers.c.answer).where(
    answers.c.scope == bindparam("scope"), answers.c.created_at > bindparam("since")
)

_ADD = insert(answers).values(
    {name: bindparam(name) for name in ("scope", "account_id", "request", "answer", "created_at")}
)
# A row that is there has expired, or else it would have been found.
_KEEP = _ADD.on_conflict_do_update(
    index_elements=[answers.c.scope],
    set_={name: _ADD.excluded[name] for name in ("request", "answer", "created_at")},
)

_OLD = (
    select(answers.c.scope)
    .where(answers.c.created_at <= bindparam("before"))
    .limit(bindparam("most"))
    .with_for_update(skip_locked=True)
)
_FORGET = delete(answers).where(answers.c.scope.in_(_OLD)).returning(answers.c.scope)


class StoredAnswer(NamedTuple):
    """An answer, sealed, and the digest of what it answers."""

    request: bytes
    answer: bytes


async def take(transaction: Postgres, scope: bytes) -> bool:
    """Whether nobody else is at this scope; if so, nobody is until the transaction ends."""
    lock = int.from_bytes(scope[:8], signed=True)
    ((taken,),) = await transaction.fetch(_TAKE, {"lock": lock})
    return bool(taken)


async def find(transaction: Postgres, scope: bytes, since: datetime) -> StoredAnswer | None:
    """The answer that was kept under this scope after ``since``."""
    rows = await transaction.fetch(_FIND, {"scope": scope, "since": since})
    return StoredAnswer._make(rows[0]) if rows else None


async def keep(
    transaction: Postgres, scope: bytes, account_id: UUID, stored: StoredAnswer, now: datetime
) -> None:
    """Keeps an answer, in the place of one that has expired."""
    row = {"scope": scope, "account_id": account_id, "created_at": now, **stored._asdict()}
    await transaction.fetch(_KEEP, row)


async def forget(postgres: Postgres, *, before: datetime, most: int) -> int:
    """Deletes up to ``most`` answers from before; how many there were."""
    return len(await postgres.fetch(_FORGET, {"before": before, "most": most}))
