"""Records that a campaign was given already: the scope of a dedupe token, and its SQL.

Documented as ``dedupe_token`` and ``dedupe_user_id`` of person search: within the same interpreted
criteria, token, and end user or account, no record is delivered twice, nor billed.
"""

from collections.abc import Sequence
from dataclasses import asdict
from uuid import UUID

from sqlalchemy import LargeBinary, Uuid, bindparam, func, select
from sqlalchemy.dialects.postgresql import ARRAY, insert
from sqlalchemy.ext.asyncio import AsyncConnection
from sqlalchemy.types import Text

from api.cursors import scope_of
from api.domain.interpreter.interpretation import PersonInterpretation
from api.stores.postgres import Postgres
from api.stores.tables import delivered_persons

MAX_TOKEN_CHARS = 200

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

    ``companies`` are the criteria of a restriction to companies, where there is one. Warnings and
    the requested count are no criteria: "50 CEOs" after "20 CEOs" repeats nobody.
    """
    criteria = asdict(interpretation)
    for remark in ("warnings", "unparsed", "requested_records"):
        del criteria[remark]
    restriction = () if companies is None else (companies,)
    return scope_of(account_id, "dedupe", token, user_id, criteria, *restriction)


async def delivered_among(postgres: Postgres, scope: bytes, ids: Sequence[str]) -> set[str]:
    """Which of these records the scope was given already."""
    rows = await postgres.fetch(_KNOWN, {"scope": scope, "ids": list(ids)})
    return {row.person_id for row in rows}


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
