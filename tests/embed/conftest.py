"""Partners for the tests of the iframe, and what a browser needs to see theirs."""

from collections.abc import AsyncIterator, Iterator

import pytest
import pytest_asyncio
from playwright.async_api import Browser

from tests.delivery.receivers import OK, Receiver, always, listening
from tests.embed.keys import managed
from tests.embed.pages import Site, insecure_api, open_browser, site
from tests.stack import Asker, Stack


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


@pytest.fixture(scope="session")
def open_stack(stack: Stack) -> Iterator[Stack]:
    """The API with partners on this machine."""
    with insecure_api(stack) as running:
        yield running


@pytest_asyncio.fixture(scope="session")
async def browser() -> AsyncIterator[Browser]:
    """One browser; each test has a profile of its own in it."""
    async with open_browser() as opened:
        yield opened


@pytest_asyncio.fixture(scope="session")
async def partner_site() -> AsyncIterator[Site]:
    """The partner's site."""
    async with site() as served:
        yield served


@pytest_asyncio.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """The partner's endpoint."""
    async with listening(always(OK)) as listens:
        yield listens
