"""The ASGI application that answers as a ClickHouse server does."""

import asyncio
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace

from api.embedded.clickhouse import protocol
from api.embedded.clickhouse.compression import Decoder
from api.embedded.clickhouse.engine import PIECE_BYTES, OutputStream
from api.embedded.clickhouse.errors import ABORTED, ACCESS_DENIED, QueryError, query_error
from api.embedded.clickhouse.exchange import (
    TEXT,
    Body,
    Exchange,
    ExchangeOverError,
    Message,
    Receive,
    Send,
)
from api.embedded.clickhouse.insertion import insert_rows
from api.embedded.clickhouse.pool import Lease, SessionPool
from api.embedded.clickhouse.protocol import Request
from api.embedded.clickhouse.statement import (
    Insert,
    decode_statement,
    may_be_insert,
    outline,
    split_insert,
)

# What a request with ``wait_end_of_query=1`` gets with a proper status in any case.
HELD_BYTES_MAX = 64 * 1024 * 1024


class Application:
    """Answers ``/ping`` and ``/``; ``hosts`` are the names it may be called by, any when empty."""

    def __init__(self, pool: SessionPool, timezone: str, hosts: frozenset[str]):
        self._pool = pool
        self._hosts = hosts
        self._headers = [(b"x-clickhouse-timezone", timezone.encode())]

    async def __call__(self, scope: Message, receive: Receive, send: Send) -> None:
        """The ASGI entry point."""
        exchange = Exchange(receive, send, self._headers)
        with suppress(ExchangeOverError):
            try:
                await self._answer(scope, exchange)
            except QueryError as error:
                await exchange.fail(error)
            except asyncio.CancelledError:
                # The process is ending and has waited for this request long enough.
                await exchange.fail(query_error(ABORTED, "ABORTED", "The server is shutting down"))

    async def _answer(self, scope: Message, exchange: Exchange) -> None:
        headers: dict[bytes, bytes] = dict(scope["headers"])
        method, path = scope["method"], scope["path"]
        self._refuse_browsers(headers)
        if method not in ("GET", "POST"):
            await exchange.answer(405, [TEXT, (b"allow", b"GET, POST")], b"Method not allowed\n")
        elif path not in ("/", "/ping"):
            await exchange.answer(404, [TEXT], b"There is no such path\n")
        elif path == "/ping" or (method == "GET" and not scope["query_string"]):
            await exchange.answer(200, [TEXT], b"Ok.\n")
        else:
            request = protocol.read_request(scope["query_string"], headers, method)
            exchange.identify(request.query_id)
            await self._query(request, headers, exchange)

    def _refuse_browsers(self, headers: Mapping[bytes, bytes]) -> None:
        """A web page can reach every port of its visitor's machine, and no password is asked."""
        host = headers.get(b"host", b"").decode("latin-1")
        called = host[: host.rfind(":")] if host.rfind(":") > host.rfind("]") else host
        if (
            b"origin" in headers
            or b"sec-fetch-site" in headers
            or (self._hosts and called not in self._hosts)
        ):
            raise query_error(ACCESS_DENIED, "ACCESS_DENIED", "Requests of browsers are refused")

    async def _query(
        self, request: Request, headers: Mapping[bytes, bytes], exchange: Exchange
    ) -> None:
        body = Body(
            exchange, Decoder(headers.get(b"content-encoding", b"").decode("latin-1").lower())
        )
        content_type = headers.get(b"content-type", b"")
        if content_type.startswith(b"multipart/form-data"):
            form = protocol.read_form(await body.whole(b""), content_type)
            await self._run(request.with_form(form), exchange)
            return
        start = request.statement.encode()
        insert = split_insert(start, complete=True)
        if insert is None:
            # The body continues the text of the URL.
            start = start + b"\n" if start else start
            while insert is None and not body.complete and may_be_insert(start):
                start += await body.next()
                insert = split_insert(start, complete=body.complete)
        if insert is not None:
            await self._insert(insert, body, request, exchange)
        else:
            sql = decode_statement(await body.whole(start))
            await self._run(replace(request, statement=sql), exchange)

    async def _run(self, request: Request, exchange: Exchange) -> None:
        """Run a statement that is complete, and send its result."""
        sql = request.statement
        shape = outline(sql, request.default_format)
        lane = self._pool.read_lane if shape.is_read else self._pool.write_lane
        async with self._pool.lease(lane, request.session_key(read=shape.is_read)) as lease:
            # As on a server: a write goes on without its client.
            watch = shape.is_read and asyncio.create_task(_stop_when_gone(exchange, lease))
            try:
                if shape.streamable:
                    await _stream(request, shape.result_format, lease, exchange)
                    return
                output = await lease.run(
                    lease.session.query, sql, request.default_format, request.parameters
                )
            finally:
                if watch:
                    watch.cancel()
        # The session serves others while the result, which has become independent of it, is sent.
        await exchange.result(
            shape.result_format if shape.is_read or output.size else "",
            output.statistics,
            output.size,
            output.pieces(),
        )

    async def _insert(
        self, insert: Insert, body: Body, request: Request, exchange: Exchange
    ) -> None:
        """Run an INSERT, handing on its rows as they arrive; answer when they are on disk."""
        key = request.session_key(read=False)
        async with self._pool.lease(self._pool.write_lane, key) as lease:
            statistics = await insert_rows(insert, body, lease)
        await exchange.result("", statistics, 0, (b"",))


async def _stream(request: Request, format_name: str, lease: Lease, exchange: Exchange) -> None:
    """Send a result block by block; a short one at once, with its length and its summary."""
    held_bytes = HELD_BYTES_MAX if request.wait_for_end else PIECE_BYTES

    def begin() -> tuple[OutputStream, list[bytes]]:
        stream = lease.session.stream(request.statement, format_name, request.parameters)
        return stream, stream.pieces(held_bytes)

    stream, pieces = await lease.run(begin)
    if stream.finished:
        size = sum(map(len, pieces))
        await exchange.result(format_name, stream.statistics, size, pieces or (b"",))
        return
    # Until the last block is fetched, the session holds an open query.
    reusable, lease.session.reusable = lease.session.reusable, False
    await exchange.start_stream(format_name, tell_failure=not request.wait_for_end)
    while pieces:
        await exchange.piece(b"".join(pieces))
        pieces = [] if stream.finished else await lease.run(stream.pieces, PIECE_BYTES)
    await exchange.piece(b"", last=True)
    lease.session.reusable = reusable


async def _stop_when_gone(exchange: Exchange, lease: Lease) -> None:
    await exchange.gone()
    await lease.stop()
