"""Partners for the tests of the iframe: managed accounts, each with a key of its own."""

from collections.abc import Iterator
from uuid import uuid4

import pytest

from api.caller import AccountKind
from tests.stack import Asker, Stack


def managed(stack: Stack) -> str:
    """The API key of a new managed account."""
    return stack.new_key(f"partner {uuid4()}", kind=AccountKind.MANAGED)


@pytest.fixture
def partner(stack: Stack) -> Iterator[Asker]:
    """A partner that has nothing yet."""
    with stack.client(managed(stack)) as client:
        yield Asker(client)


@pytest.fixture
def other_partner(stack: Stack) -> Iterator[Asker]:
    """Another one."""
    with stack.client(managed(stack)) as client:
        yield Asker(client)
