"""Records that a campaign was given already: the scope of a dedupe token, and its SQL.

Documented as ``dedupe_token`` and ``dedupe_user_id`` of person search: within the same interpreted
criteria, token, and end user or account, no record is delivered twice, nor billed.
"""

import unicodedata
from collections.abc import Sequence
from typing import Any, NamedTuple
from uuid import UUID

from sqlalchemy import LargeBinary, Row, Uuid, bindparam, func, select, update
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from api.cursors import scope_of
from api.domain.interpreter.criteria import criteria_of
from api.domain.interpreter.interpretation import PersonInterpretation
from api.errors import invalid
from api.stores.postgres import Postgres
from api.stores.tables import dedupe_scopes, delivered_persons

MAX_TOKEN_CHARS = 200
_NOT_IN_NAMES = frozenset({"Cc", "Cs"})

type Position = tuple[int, str]
"""A place in the total order of people: ``(company_rank, person_id)``."""


class Standing(NamedTuple):
    """How far a scope has come: all that matches up to ``position`` was delivered.

    That is true of the data that ``generation`` names; nothing but speed depends on it.
    """

    generation: UUID | None = None
    position: Position | None = None


_KEPT = (dedupe_scopes.c.generation, dedupe_scopes.c.position)
_STANDING = select(*_KEPT).where(dedupe_scopes.c.scope == bindparam("of"))
_HOLD = (
    insert(dedupe_scopes)
    .on_conflict_do_update(index_elements=["scope"], set_={"updated_at": func.now()})
    .returning(*_KEPT)
)
_ADVANCE = (
    update(dedupe_scopes)
    .where(dedupe_scopes.c.scope == bindparam("of"))
    .values(generation=bindparam("in_generation"), position=bindparam("reached", type_=JSONB))
)

_KNOWN = select(delivered_persons.c.person_id).where(
    delivered_persons.c.scope == bindparam("scope"),
    delivered_persons.c.person_id == bindparam("ids", type_=ARRAY(Text)).any_(),
)
_CLAIM = (
    insert(delivered_persons)
    .from_select(
        ["scope", "account_id", "person_id"],
        select(
            bindparam("scope", type_=LargeBinary),
            bindparam("account_id", type_=Uuid),
            func.unnest(bindparam("ids", type_=ARRAY(Text))),
        ),
    )
    .on_conflict_do_nothing()
    .returning(delivered_persons.c.person_id)
)


def dedupe_scope(
    account_id: UUID,
    token: str,
    user_id: str | None,
    interpretation: PersonInterpretation,
    companies: object = None,
) -> bytes:
    """What a token is bound to: who (an end user of the account, or the account) and the criteria.

    ``companies`` are the criteria of a restriction to companies, where there is one. Wording,
    order, warnings and the requested count are no criteria: "50 CEOs" after "20 CEOs" repeats
    nobody. Two spellings of the same characters are one name; outer spaces do not count.
    Raises ``invalid_input`` for a name that is blank, longer than 200 characters, or no text.
    """
    campaign = _name(token, "dedupe_token")
    user = None if user_id is None else _name(user_id, "dedupe_user_id")
    restriction = () if companies is None else (companies,)
    criteria = criteria_of(interpretation)
    return scope_of(account_id, "dedupe", campaign, user, criteria, *restriction)


def _name(text: str, argument: str) -> str:
    name = unicodedata.normalize("NFC", text).strip()
    if not name or len(text) > MAX_TOKEN_CHARS:
        raise invalid(argument, f"must have 1 to {MAX_TOKEN_CHARS} characters")
    if any(unicodedata.category(character) in _NOT_IN_NAMES for character in name):
        raise invalid(argument, "must not hold control characters or lone surrogates")
    return name


async def standing(postgres: Postgres, scope: bytes) -> Standing | None:
    """How far a scope has come; ``None`` where nothing was delivered in it yet."""
    rows = await postgres.fetch(_STANDING, {"of": scope})
    return _standing(rows[0]) if rows else None


async def hold(connection: AsyncConnection, scope: bytes, account_id: UUID) -> Standing:
    """The scope, made where it is new; others who deliver in it wait until the transaction ends."""
    rows = await connection.execute(_HOLD, {"scope": scope, "account_id": account_id})
    return _standing(rows.one())


async def advance(
    connection: AsyncConnection, scope: bytes, generation: UUID, position: Position
) -> None:
    """Notes how far a scope has come; the caller holds it."""
    await connection.execute(
        _ADVANCE, {"of": scope, "in_generation": generation, "reached": list(position)}
    )


def _standing(row: Row[Any]) -> Standing:
    if row.position is None:
        return Standing(row.generation)
    rank, person_id = row.position
    return Standing(row.generation, (rank, person_id))


async def delivered_among(postgres: Postgres, scope: bytes, ids: Sequence[str]) -> set[str]:
    """Which of these records the scope was given already."""
    rows = await postgres.fetch(_KNOWN, {"scope": scope, "ids": list(ids)})
    return {row.person_id for row in rows}


async def delivered_among_in(
    connection: AsyncConnection, scope: bytes, ids: Sequence[str]
) -> set[str]:
    """The same within a transaction."""
    rows = await connection.execute(_KNOWN, {"scope": scope, "ids": list(ids)})
    return set(rows.scalars())


async def claim(
    connection: AsyncConnection, scope: bytes, account_id: UUID, ids: Sequence[str]
) -> set[str]:
    """Marks records as delivered in the caller's transaction; those that nobody else got first.

    Waits for other transactions that claim the same records. Sorted, so that two of them cannot
    wait for each other.
    """
    rows = await connection.execute(
        _CLAIM, {"scope": scope, "account_id": account_id, "ids": sorted(ids)}
    )
    return set(rows.scalars())
