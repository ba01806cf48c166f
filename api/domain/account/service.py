"""Accounts and their API keys."""

from uuid import uuid4

from api.caller import AccountKind, Caller, CallerKind, Tier
from api.credentials import NewCredential, digest_of
from api.domain.account import queries
from api.domain.account.rules import (
    MAX_ACCOUNT_NAME_CHARS,
    looks_like_key,
    new_key,
)
from api.errors import DomainError, ErrorCode, invalid
from api.stores.postgres import Postgres


async def authenticate(postgres: Postgres, plain_key: str) -> Caller:
    """The caller behind an API key.

    Raises ``unauthenticated`` for text that is no key, an unknown key and a revoked one alike.
    """
    key = None
    if looks_like_key(plain_key):
        key = await queries.active_key(postgres, digest_of(plain_key))
    if key is None:
        raise DomainError(ErrorCode.UNAUTHENTICATED, "This API key is unknown or was revoked.")
    return Caller(
        CallerKind.API_KEY,
        key.account_id,
        AccountKind(key.account_kind),
        key.key_id,
        Tier(key.tier),
    )


async def create_key(
    postgres: Postgres, *, account: str, kind: AccountKind, tier: Tier
) -> NewCredential:
    """A new key for the account of that name, which is created when it is new.

    Raises ``conflict`` where the account exists with the other kind.
    """
    name = account.strip()
    if not name or len(name) > MAX_ACCOUNT_NAME_CHARS or not name.isprintable():
        raise invalid("account", f"a printable name of 1 to {MAX_ACCOUNT_NAME_CHARS} characters")
    key = new_key()
    async with postgres.transaction() as connection:
        await queries.add_account(connection, uuid4(), name, kind)
        account_id, existing_kind = await queries.account_named(connection, name)
        if existing_kind != kind:
            raise DomainError(
                ErrorCode.CONFLICT, f"The account exists already, and is {existing_kind}."
            )
        await queries.add_key(
            connection,
            key_id=uuid4(),
            account_id=account_id,
            prefix=key.prefix,
            digest=key.digest,
            tier=tier,
        )
    return key


async def revoke_key(postgres: Postgres, prefix: str) -> None:
    """Revokes the key that begins with ``prefix``, from the next request on.

    Raises ``not_found`` where no active key does.
    """
    if not await queries.revoke_keys(postgres, prefix):
        raise DomainError(ErrorCode.NOT_FOUND, "No active key begins with these characters.")
