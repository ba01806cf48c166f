"""Customers that come into being by their first embed session."""

import asyncio
from uuid import UUID, uuid4

import pytest

from api.domain.account.queries import add_account
from api.domain.partner_customer import queries, service
from api.domain.partner_customer.records import CustomerRow
from api.domain.partner_customer.rules import (
    CustomerDefaults,
    Delivery,
    EnforcementMode,
    Limits,
    ResetPolicy,
    ResultAction,
)
from api.domain.wallet.service import summary
from api.stores.postgres import Postgres
from tests.wallet.purse import NOON

KEY = CustomerDefaults(
    EnforcementMode.ENFORCED,
    ResetPolicy.ROLLOVER,
    Limits(monthly_credit_units=5, lifetime_record_reveals=0),
    Delivery("https://partner.example/api/prospects", "Add to HubSpot", True),
)


@pytest.fixture
async def partner(postgres: Postgres) -> UUID:
    """A managed account."""
    account_id = uuid4()
    async with postgres.transaction() as connection:
        await add_account(connection, account_id, f"partner {account_id}", "managed")
    return account_id


async def ensure(
    postgres: Postgres, partner: UUID, external_id: str, defaults: CustomerDefaults = KEY
) -> CustomerRow:
    async with postgres.transaction() as connection:
        return await service.ensure(
            connection, partner, external_id, name=" Acme\n Inc ", defaults=defaults
        )


async def made_by_partner(
    postgres: Postgres, partner: UUID, external_id: str, delivery: Delivery
) -> None:
    async with postgres.transaction() as connection:
        defaults = CustomerDefaults(delivery=delivery)
        assert await queries.add(
            connection, partner, external_id, None, defaults, embedded_at=None, now=NOON
        )


async def test_any_number_of_first_sessions_at_once_make_one_customer(
    postgres: Postgres, partner: UUID
) -> None:
    found = await asyncio.gather(*(ensure(postgres, partner, "c-1") for _ in range(60)))
    assert len({each.id for each in found}) == 1
    made = found[0]
    assert (made.name, made.limits) == ("Acme Inc", KEY.limits)
    assert made.credit_enforcement_mode is EnforcementMode.ENFORCED
    assert made.allowed_result_actions == [ResultAction.PUSH_ENDPOINT, ResultAction.CSV_EXPORT]
    assert made.result_action_labels == ("Add to HubSpot", "Export CSV")
    told = await summary(postgres, partner, made.id, NOON)
    assert (told.wallet.available_credit_units, told.wallet.limits) == (None, KEY.limits)


async def test_external_ids_are_exact_and_of_one_account(postgres: Postgres, partner: UUID) -> None:
    other = uuid4()
    async with postgres.transaction() as connection:
        await add_account(connection, other, f"partner {other}", "managed")
    ids = {
        (await ensure(postgres, account, external)).id
        for account, external in ((partner, "c"), (partner, "C"), (partner, "c "), (other, "c"))
    }
    assert len(ids) == 4


async def test_a_customer_of_the_partners_own_takes_from_its_first_key_what_is_not_said(
    postgres: Postgres, partner: UUID
) -> None:
    own = Delivery("https://own.example/in", None, False)
    await made_by_partner(postgres, partner, "c-2", own)
    found = await ensure(postgres, partner, "c-2")
    assert found.result_delivery_url == "https://own.example/in"
    assert found.result_delivery_cta == "Add to HubSpot"
    assert found.csv_export_enabled is False
    assert found.credit_enforcement_mode is EnforcementMode.METERED, "the partner's own choice"
    assert found.name is None


async def test_later_keys_change_nothing(postgres: Postgres, partner: UUID) -> None:
    first = await ensure(postgres, partner, "c-3", CustomerDefaults())
    assert first.allowed_result_actions == []
    assert first.result_action_labels == (None, None)
    assert await ensure(postgres, partner, "c-3") == first
