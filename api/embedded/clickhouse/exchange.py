"""One HTTP request and its answer, over ASGI: bounded bodies, and ClickHouse's headers."""

import asyncio
import secrets
from collections.abc import AsyncIterator, Awaitable, Callable, Iterable, MutableMapping
from functools import partial
from typing import Any

from api.embedded.clickhouse import protocol
from api.embedded.clickhouse.compression import Decoder
from api.embedded.clickhouse.engine import PIECE_BYTES, Statistics
from api.embedded.clickhouse.errors import (
    QUERY_IS_TOO_LARGE,
    TIMEOUT_EXCEEDED,
    QueryError,
    query_error,
)

type Message = MutableMapping[str, Any]
type Receive = Callable[[], Awaitable[Message]]
type Send = Callable[[Message], Awaitable[None]]
type Headers = list[tuple[bytes, bytes]]

# SQL text, with the rows of an INSERT … VALUES.
STATEMENT_BYTES_MAX = 16 * 1024 * 1024
# A client that sends or takes nothing for this long gives up its slot.
STALL_SECONDS_MAX = 120.0
# After a failed insert, so much of the rest is read and dropped, to let the client see the error.
DRAIN_BYTES_MAX = 256 * 1024 * 1024

TEXT = (b"content-type", b"text/plain; charset=UTF-8")
_BINARY = b"application/octet-stream"
_CONTENT_TYPES = {
    "TabSeparated": b"text/tab-separated-values; charset=UTF-8",
    "CSV": b"text/csv; charset=UTF-8",
    "JSON": b"application/json; charset=UTF-8",
}


class ExchangeOverError(Exception):
    """The connection is closed, or has to be: there is no answer to give any more."""


class Exchange:
    """One request and its answer."""

    def __init__(self, receive: Receive, send: Send, headers: Headers):
        """``headers`` are those of every answer."""
        self._receive = receive
        self._send = send
        self._headers = headers
        self.body_complete = False
        self._started = False
        self._exception_tag = ""

    def identify(self, query_id: str) -> None:
        """Name the query in the answer."""
        self._headers = [*self._headers, (b"x-clickhouse-query-id", query_id.encode())]

    async def read(self) -> bytes:
        """The next bytes of the body; sets ``body_complete`` with the last."""
        try:
            async with asyncio.timeout(STALL_SECONDS_MAX):
                message = await self._receive()
        except TimeoutError:
            raise query_error(
                TIMEOUT_EXCEEDED, "TIMEOUT_EXCEEDED", "The client has stopped sending"
            ) from None
        if message["type"] == "http.disconnect":
            raise ExchangeOverError
        self.body_complete = not message.get("more_body", False)
        body: bytes = message.get("body", b"")
        return body

    async def gone(self) -> None:
        """Return when the client has closed the connection; only after the whole body."""
        while (await self._receive())["type"] != "http.disconnect":
            pass

    async def answer(self, status: int, headers: Headers, body: bytes) -> None:
        """A complete answer in one piece."""
        await self._start(status, [*headers, (b"content-length", b"%d" % len(body))])
        await self._body(body, last=True)

    async def result(
        self, format_name: str, statistics: Statistics, size: int, pieces: Iterable[bytes]
    ) -> None:
        """A complete result of ``size`` bytes; no format for a statement without a result."""
        summary = (b"x-clickhouse-summary", protocol.summary(statistics))
        length = (b"content-length", b"%d" % size)
        await self._start(200, [*_format_headers(format_name), summary, length])
        sent = 0
        for piece in pieces:
            sent += len(piece)
            await self._body(piece, last=sent == size)

    async def start_stream(self, format_name: str, *, tell_failure: bool) -> None:
        """Begin a result whose end is not known.

        A failure on the way stands at its end, for clients that know to look for it
        (``tell_failure``); for others it breaks the connection.
        """
        headers = _format_headers(format_name)
        if tell_failure:
            self._exception_tag = secrets.token_hex(8)
            headers.append((b"x-clickhouse-exception-tag", self._exception_tag.encode()))
        await self._start(200, headers)

    async def piece(self, piece: bytes, *, last: bool = False) -> None:
        """The next piece of a streamed result."""
        await self._body(piece, last=last)

    async def fail(self, error: QueryError) -> None:
        """Answer with an error: as status and text, or at the end of a streamed result."""
        if self._started:
            if not self._exception_tag:
                raise ExchangeOverError from error
            await self._body(protocol.exception_tail(self._exception_tag, error), last=True)
            return
        headers = [TEXT, (b"x-clickhouse-exception-code", b"%d" % error.code)]
        if not await self._drained():
            headers.append((b"connection", b"close"))
        await self.answer(error.status, headers, error.text.encode() + b"\n")

    async def _drained(self) -> bool:
        """Read what is left of the body: a client that is still sending does not see an answer."""
        dropped = 0
        while not self.body_complete and dropped < DRAIN_BYTES_MAX:
            dropped += len(await self.read())
        return self.body_complete

    async def _start(self, status: int, headers: Headers) -> None:
        self._started = True
        await self._send(
            {
                "type": "http.response.start",
                "status": status,
                "headers": [*self._headers, *headers],
            }
        )

    async def _body(self, body: bytes, *, last: bool) -> None:
        try:
            async with asyncio.timeout(STALL_SECONDS_MAX):
                await self._send(
                    {"type": "http.response.body", "body": body, "more_body": not last}
                )
        except TimeoutError:
            raise ExchangeOverError from None


class Body:
    """The decompressed body of one request."""

    def __init__(self, exchange: Exchange, decoder: Decoder):
        self._exchange = exchange
        self._decoder = decoder

    @property
    def complete(self) -> bool:
        """Whether all of it has been read."""
        return self._exchange.body_complete

    async def next(self) -> bytes:
        """The next bytes, for bodies that are known to be small."""
        plain = self._decoder.feed(await self._exchange.read())
        if self.complete:
            self._decoder.finish()
        return plain

    async def whole(self, start: bytes) -> bytes:
        """All of a body that begins with ``start``; raises error 229 when it is too long."""
        body = bytearray(start)
        while not self.complete:
            body += await self.next()
            if len(body) > STATEMENT_BYTES_MAX:
                raise query_error(
                    QUERY_IS_TOO_LARGE, "QUERY_IS_TOO_LARGE", "The statement is too long"
                )
        return bytes(body)

    async def pieces(self) -> AsyncIterator[Callable[[], bytes]]:
        """The rest in pieces of about 1 MiB, each decompressed when it is called, in order."""
        gathered = bytearray()
        while not self.complete:
            gathered += await self._exchange.read()
            if len(gathered) >= PIECE_BYTES or self.complete:
                yield partial(self._decoder.feed, bytes(gathered))
                gathered.clear()
        self._decoder.finish()


def _format_headers(format_name: str) -> Headers:
    if not format_name:
        return [TEXT]
    return [
        (b"content-type", _CONTENT_TYPES.get(format_name, _BINARY)),
        (b"x-clickhouse-format", format_name.encode()),
    ]
