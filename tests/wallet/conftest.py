"""Customers with wallets in a Postgres of the tests' own."""

import pytest

from api.stores.postgres import Postgres
from tests.wallet.purse import Purse


@pytest.fixture
async def purse(postgres: Postgres) -> Purse:
    """A fresh partner's customer with an empty wallet: enforced, rollover, at noon."""
    return await Purse.opened(postgres)
