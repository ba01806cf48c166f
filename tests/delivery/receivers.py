"""Receivers of deliveries that really listen: plain or TLS, well-behaved or not."""

import asyncio
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field

import trustme
from anyio.from_thread import start_blocking_portal

HOST = "customer.example"
OK = b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\nok"


@dataclass
class Request:
    """What a receiver was sent."""

    line: str
    headers: dict[str, str]
    body: bytes


Answer = Callable[[Request, asyncio.StreamWriter], Awaitable[None]]


@dataclass
class Receiver:
    """A listening socket, what it was sent, and how many connections were made to it."""

    answer: Answer
    requests: list[Request] = field(default_factory=list)
    connections: int = 0
    port: int = 0
    hold: set[asyncio.Task[None]] = field(default_factory=set)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection, until either side closes it."""
        self.connections += 1
        task = asyncio.current_task()
        assert task is not None
        self.hold.add(task)
        try:
            while (request := await _read(reader)) is not None:
                self.requests.append(request)
                await self.answer(request, writer)
                await writer.drain()
        except (ConnectionError, asyncio.CancelledError):
            pass
        finally:
            self.hold.discard(task)
            writer.close()


async def _read(reader: asyncio.StreamReader) -> Request | None:
    try:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
    except (asyncio.IncompleteReadError, ssl.SSLError):
        return None
    line, *rest = head.rstrip("\r\n").split("\r\n")
    headers = {name.lower(): value for name, value in (each.split(": ", 1) for each in rest)}
    return Request(line, headers, await reader.readexactly(int(headers.get("content-length", 0))))


def always(response: bytes) -> Answer:
    """The same response to everything."""

    async def answer(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(response)

    return answer


def status(code: int, *headers: str) -> bytes:
    """A response without a body."""
    lines = [f"HTTP/1.1 {code} x", "content-length: 0", *headers]
    return ("\r\n".join(lines) + "\r\n\r\n").encode()


@asynccontextmanager
async def listening(
    answer: Answer,
    tls: ssl.SSLContext | None = None,
    host: str = "127.0.0.1",
    port: int = 0,
) -> AsyncIterator[Receiver]:
    """A receiver on a port of its own."""
    receiver = Receiver(answer)
    server = await asyncio.start_server(receiver.serve, host, port, ssl=tls)
    receiver.port = server.sockets[0].getsockname()[1]
    try:
        yield receiver
    finally:
        server.close()
        for task in list(receiver.hold):
            task.cancel()
        await asyncio.gather(*receiver.hold, return_exceptions=True)
        await server.wait_closed()


@contextmanager
def receiving(answer: Answer) -> Iterator[Receiver]:
    """The same for tests without an event loop: it has one of its own, in a thread."""
    with (
        start_blocking_portal() as portal,
        portal.wrap_async_context_manager(listening(answer)) as receiver,
    ):
        yield receiver


class Certificates:
    """An authority of the tests' own, and certificates under it."""

    def __init__(self) -> None:
        self._authority = trustme.CA()

    def server(self, name: str = HOST) -> ssl.SSLContext:
        """What a receiver of that name shows."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        self._authority.issue_cert(name).configure_cert(context)
        return context

    def client(self) -> ssl.SSLContext:
        """A client that trusts this authority, and verifies as any client does."""
        context = ssl.create_default_context()
        self._authority.configure_trust(context)
        return context
