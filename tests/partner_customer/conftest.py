"""Partners with customers on the running stack."""

from collections.abc import Iterator

import pytest

from tests.embed.keys import managed
from tests.partner_customer.partner import Partner
from tests.stack import Stack


@pytest.fixture
def partner(stack: Stack) -> Iterator[Partner]:
    """A fresh partner."""
    with stack.client(managed(stack)) as client:
        yield Partner(stack, client)


@pytest.fixture
def rival(stack: Stack) -> Iterator[Partner]:
    """Another one."""
    with stack.client(managed(stack)) as client:
        yield Partner(stack, client)
