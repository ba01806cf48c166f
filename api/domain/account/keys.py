"""An account's own view of its API keys: made, listed and revoked by its admins."""

from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID, uuid4

from api.caller import Tier
from api.creation_order import id_of, page_of, position
from api.cursors import scope_of
from api.domain.account import queries
from api.domain.account.queries import KeyRow
from api.domain.account.rules import MAX_KEYS, new_key
from api.errors import DomainError, ErrorCode, invalid
from api.paging import Page, PageRequest, open_window
from api.work import Work


class CreatedKey(NamedTuple):
    """A new key at the only moment it is known in full."""

    id: UUID
    name: str | None
    prefix: str
    tier: Tier
    created_at: datetime
    api_key: str


class Revoked(NamedTuple):
    """What a revocation did."""

    revoked: bool


async def create(work: Work, name: str | None, tier: Tier) -> CreatedKey:
    """A new key of the caller's account, of at most the highest tier of those it has.

    Raises ``tier_required`` for a higher one, which is the operator's to give (``stibnite key
    create``), and ``conflict`` where the account has 100 keys already.
    """
    called = (name or "").strip() or None
    if called is not None and not called.isprintable():
        raise invalid("name", "must be printable")
    key, key_id, now = new_key(), uuid4(), datetime.now(UTC)
    account_id = work.caller.account_id
    async with work.stores.postgres.transaction() as connection:
        held = await queries.lock_keys(connection, account_id)
        if tier not in _up_to(held):
            raise DomainError(
                ErrorCode.TIER_REQUIRED, "No key of the account has this tier, or a higher one."
            )
        if len(held) >= MAX_KEYS:
            raise DomainError(
                ErrorCode.CONFLICT, f"The account has {MAX_KEYS} keys already. Revoke one first."
            )
        await queries.add_key(
            connection,
            key_id=key_id,
            account_id=account_id,
            prefix=key.prefix,
            digest=key.digest,
            tier=tier,
            name=called,
            created_at=now,
        )
    return CreatedKey(key_id, called, key.prefix, tier, now, key.plain)


async def listed(work: Work, page: PageRequest) -> Page[KeyRow]:
    """The keys of the caller's account that are not revoked, oldest first.

    Raises ``invalid_cursor``.
    """
    account_id = work.caller.account_id
    window = open_window(page, scope_of(account_id, "api_keys"), work.stores.cursors)
    rows = await queries.keys(
        work.stores.postgres, account_id, after=position(window), limit=window.size + 1
    )
    return page_of(work.stores.cursors, window, rows)


async def revoke(work: Work, api_key_id: str) -> Revoked:
    """Revokes a key: it is unknown from the next request on; again, it does nothing.

    Raises ``not_found`` where the caller's account has none of that id.
    """
    known = id_of(api_key_id)
    found = known is not None and await queries.revoke_key(
        work.stores.postgres, work.caller.account_id, known, datetime.now(UTC)
    )
    if not found:
        raise DomainError(ErrorCode.NOT_FOUND, "The account has no key of this id.")
    return Revoked(True)


def _up_to(held: list[str]) -> list[Tier]:
    tiers = list(Tier)
    highest = max((tiers.index(Tier(each)) for each in held), default=0)
    return tiers[: highest + 1]
