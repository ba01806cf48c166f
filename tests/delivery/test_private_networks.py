"""No delivery ever reaches a private network, whatever a URL says and a name server answers."""

import sys
from collections.abc import AsyncIterator, Iterator
from typing import Any

import pytest

from api.domain.delivery.sender import Outcome, Outgoing, Sender, SendError
from tests.delivery.receivers import HOST, OK, Receiver, always, listening
from tests.delivery.test_urls import NOT_PUBLIC, REFUSED

# An address of the loopback network that nobody else uses, and its forms within IPv6.
CANARY = "127.83.91.17"
CANARY_FORMS = (
    CANARY,
    f"::ffff:{CANARY}",
    "::ffff:7f53:5b11",
    f"::{CANARY}",
    "64:ff9b::7f53:5b11",
    "2002:7f53:5b11::",
)
PORT = 8443
BODY = b"{}"


class Connections:
    """Every address that this process begins to connect to, as the interpreter reports it."""

    def __init__(self) -> None:
        self.seen: list[Any] = []
        self.watching = False
        sys.addaudithook(self._heard)

    def _heard(self, event: str, arguments: tuple[Any, ...]) -> None:
        if self.watching and event == "socket.connect":
            self.seen.append(arguments[1])


_CONNECTIONS = Connections()


@pytest.fixture
def connections() -> Iterator[list[Any]]:
    """What is connected to during a test."""
    _CONNECTIONS.seen.clear()
    _CONNECTIONS.watching = True
    yield _CONNECTIONS.seen
    _CONNECTIONS.watching = False


@pytest.fixture
async def canary() -> AsyncIterator[Receiver]:
    """A listener on a permitted port of an address that is not; nobody may ever connect to it."""
    async with listening(always(OK), host=CANARY, port=PORT) as listener:
        yield listener
        assert listener.connections == 0


async def sent(url: str, *answers: list[str], insecure: bool = False) -> list[Outcome]:
    """Sends to a URL once for each answer of the name server, which gives no other."""
    left = list(answers)

    async def look_up(host: str, port: int) -> list[str]:
        return left.pop(0)

    async with Sender(lookup=look_up, insecure=insecure, total=5) as sender:
        outcomes = [await sender.send(Outgoing(url, {}, BODY)) for _ in answers or [None]]
    assert left == []
    return outcomes


async def test_the_canary_sings(connections: list[Any]) -> None:
    """What the other tests rely on: a connection would be seen by both."""
    async with listening(always(OK), host=CANARY, port=PORT) as listener:
        (outcome,) = await sent(f"http://{HOST}:{PORT}/", [CANARY], insecure=True)
        assert outcome.accepted
        assert listener.connections == 1
    assert connections == [(CANARY, PORT)]


@pytest.mark.parametrize("url", REFUSED)
async def test_refused_urls_are_not_connected_to(connections: list[Any], url: str) -> None:
    """At the attempt too, however the URL came to be stored."""
    (outcome,) = await sent(url)
    assert outcome.error is SendError.URL_REFUSED
    assert connections == []


@pytest.mark.parametrize("address", sorted({*NOT_PUBLIC, *CANARY_FORMS}))
async def test_names_that_lead_to_private_addresses(
    connections: list[Any], canary: Receiver, address: str
) -> None:
    (outcome,) = await sent(f"https://{HOST}:{PORT}/", [address])
    assert outcome.error is SendError.ADDRESS_REFUSED
    assert connections == []


@pytest.mark.parametrize(
    "addresses",
    [
        ["1.1.1.1", CANARY],
        [CANARY, "1.1.1.1"],
        ["1.1.1.1", "2606:4700::1111", "::1"],
        ["2606:4700::1111", "8.8.8.8", "169.254.169.254"],
        ["1.1.1.1", "64:ff9b::a9fe:a9fe"],
    ],
)
async def test_one_private_address_among_public_ones_is_enough(
    connections: list[Any], canary: Receiver, addresses: list[str]
) -> None:
    (outcome,) = await sent(f"https://{HOST}:{PORT}/", addresses)
    assert outcome.error is SendError.ADDRESS_REFUSED
    assert connections == []


async def test_a_name_without_an_address(connections: list[Any]) -> None:
    (outcome,) = await sent(f"https://{HOST}/", [])
    assert outcome.error is SendError.NAME_NOT_RESOLVED
    assert connections == []


async def test_a_name_server_that_changes_its_answer(connections: list[Any]) -> None:
    """Each connection is made to the addresses of one look-up, which were all checked.

    Loopback stands for what is public here (development permits it), 10.0.0.1 for what is not.
    """

    async def close(_: object, writer: Any) -> None:
        writer.write(OK.replace(b"OK\r\n", b"OK\r\nconnection: close\r\n"))

    async with listening(close) as receiver:
        url = f"http://{HOST}:{receiver.port}/"
        first, second, third = await sent(
            url, ["127.0.0.1"], ["10.0.0.1"], ["127.0.0.1"], insecure=True
        )
        assert first.accepted
        assert second.error is SendError.ADDRESS_REFUSED
        assert third.accepted
        assert connections == [("127.0.0.1", receiver.port)] * 2


async def test_a_kept_connection_stays_where_it_is(connections: list[Any]) -> None:
    """What a name leads to now is no matter to a connection to the address that was checked."""
    calls = 0

    async def look_up(host: str, port: int) -> list[str]:
        nonlocal calls
        calls += 1
        return ["127.0.0.1"] if calls == 1 else ["10.0.0.1"]

    async with (
        listening(always(OK)) as receiver,
        Sender(insecure=True, lookup=look_up, total=5) as sender,
    ):
        outgoing = Outgoing(f"http://{HOST}:{receiver.port}/", {}, BODY)
        assert (await sender.send(outgoing)).accepted
        assert (await sender.send(outgoing)).accepted
        assert connections == [("127.0.0.1", receiver.port)]
