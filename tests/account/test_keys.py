"""API keys: shown once, stored as a digest, found again, revoked at once."""

from collections.abc import AsyncIterator

import pytest
from sqlalchemy import select

from api.caller import AccountKind, Tier
from api.credentials import digest_of
from api.domain.account import service
from api.domain.account.rules import PREFIX_CHARS, looks_like_key, new_key
from api.errors import DomainError, ErrorCode
from api.stores.postgres import Postgres
from api.stores.tables import accounts, api_keys
from tests.stack import Stack, stibnite


@pytest.fixture
async def postgres(stack: Stack) -> AsyncIterator[Postgres]:
    """A pool of the test's own."""
    opened = Postgres(stack.settings.sqlalchemy_url)
    yield opened
    await opened.close()


def test_keys_are_long_random_and_recognisable() -> None:
    plain = {new_key().plain for _ in range(100)}
    assert len(plain) == 100
    assert all(looks_like_key(key) and key.startswith("stib_live_") for key in plain)
    assert not looks_like_key("stib_live_")
    assert not looks_like_key(next(iter(plain)) + "\n")


async def test_a_key_authenticates_its_account(postgres: Postgres) -> None:
    key = await service.create_key(
        postgres, account="keys", kind=AccountKind.MANAGED, tier=Tier.TIER_3
    )
    caller = await service.authenticate(postgres, key.plain)
    assert (caller.account_kind, caller.tier) == (AccountKind.MANAGED, Tier.TIER_3)
    again = await service.create_key(
        postgres, account=" keys ", kind=AccountKind.MANAGED, tier=Tier.TIER_1
    )
    assert (await service.authenticate(postgres, again.plain)).account_id == caller.account_id


async def test_only_the_digest_is_stored(postgres: Postgres) -> None:
    key = await service.create_key(
        postgres, account="digests", kind=AccountKind.STANDARD, tier=Tier.TIER_1
    )
    rows = await postgres.fetch(select(api_keys).join(accounts).where(accounts.c.name == "digests"))
    (row,) = rows
    assert row.digest == digest_of(key.plain)
    assert row.prefix == key.plain[:PREFIX_CHARS]
    assert key.plain not in repr(tuple(row))


async def test_a_revoked_key_is_unknown(postgres: Postgres) -> None:
    key = await service.create_key(
        postgres, account="revocations", kind=AccountKind.STANDARD, tier=Tier.TIER_1
    )
    await service.revoke_key(postgres, key.prefix)
    with pytest.raises(DomainError) as caught:
        await service.authenticate(postgres, key.plain)
    assert caught.value.code is ErrorCode.UNAUTHENTICATED
    with pytest.raises(DomainError) as caught:
        await service.revoke_key(postgres, key.prefix)
    assert caught.value.code is ErrorCode.NOT_FOUND


async def test_an_account_does_not_change_its_kind(postgres: Postgres) -> None:
    await service.create_key(postgres, account="kinds", kind=AccountKind.STANDARD, tier=Tier.TIER_1)
    with pytest.raises(DomainError) as caught:
        await service.create_key(
            postgres, account="kinds", kind=AccountKind.MANAGED, tier=Tier.TIER_1
        )
    assert caught.value.code is ErrorCode.CONFLICT


@pytest.mark.parametrize("name", ["", "  ", "x" * 201, "a\x00b", "a\nb"])
async def test_account_names_are_bounded(postgres: Postgres, name: str) -> None:
    with pytest.raises(DomainError) as caught:
        await service.create_key(
            postgres, account=name, kind=AccountKind.STANDARD, tier=Tier.TIER_1
        )
    assert caught.value.code is ErrorCode.INVALID_INPUT


def test_the_command_prints_the_key_alone(stack: Stack) -> None:
    printed = stibnite("key", "create", "--account", "cli", "--data-dir", str(stack.data_dir))
    assert looks_like_key(printed.removesuffix("\n"))


def test_commands_say_what_to_do_where_no_stack_runs(tmp_path: object) -> None:
    with pytest.raises(AssertionError, match="stibnite up"):
        stibnite("key", "create", "--account", "x", "--data-dir", str(tmp_path))
