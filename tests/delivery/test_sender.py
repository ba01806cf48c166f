"""The sender against receivers that really listen, and against ones that misbehave."""

import asyncio
import gzip
import socket
import threading
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import pytest

from api.domain.delivery.sender import (
    KEPT_BYTES,
    MAX_READ_BYTES,
    Lookup,
    Outcome,
    Outgoing,
    Sender,
    SendError,
)
from tests.delivery.receivers import (
    HOST,
    OK,
    Certificates,
    Receiver,
    Request,
    always,
    listening,
    status,
)

BODY = b'{"type":"person_search.job.succeeded"}'
SHORT_S = 0.4
HEAD = b"HTTP/1.1 200 OK\r\n"


@pytest.fixture
async def plain() -> AsyncIterator[Sender]:
    """A sender for development: plain http to loopback; patient for a moment only."""
    async with Sender(insecure=True, total=SHORT_S) as sender:
        yield sender


def to(receiver: Receiver, path: str = "/hook", scheme: str = "http") -> Outgoing:
    url = f"{scheme}://127.0.0.1:{receiver.port}{path}"
    return Outgoing(url, {"content-type": "application/json", "x-mark": "1"}, BODY)


def leads_to(*addresses: str) -> Lookup:
    """A name server that knows one answer."""

    async def look_up(host: str, port: int) -> list[str]:
        assert host == HOST
        return list(addresses)

    return look_up


async def test_what_is_sent_and_what_comes_back(plain: Sender) -> None:
    async with listening(always(OK)) as receiver:
        outcome = await plain.send(to(receiver, "/a%20b?c=%2F&d=[1]"))
    assert outcome.accepted
    assert (outcome.status, outcome.error, outcome.body) == (200, None, "ok")
    (request,) = receiver.requests
    assert request.line == "POST /a%20b?c=%2F&d=[1] HTTP/1.1"
    assert request.body == BODY
    assert set(request.headers) <= {
        "host", "content-type", "x-mark", "content-length", "user-agent"
    }  # fmt: skip


async def test_connections_are_kept_and_used_again(plain: Sender) -> None:
    async with listening(always(OK)) as receiver:
        for _ in range(5):
            assert (await plain.send(to(receiver))).accepted
        assert (receiver.connections, len(receiver.requests)) == (1, 5)


@pytest.mark.parametrize("code", [200, 201, 202, 204, 299])
async def test_two_hundreds_are_success(plain: Sender, code: int) -> None:
    async with listening(always(status(code))) as receiver:
        assert (await plain.send(to(receiver))).accepted


@pytest.mark.parametrize("code", [300, 304, 400, 404, 410, 429, 500, 503, 999])
async def test_nothing_else_is(plain: Sender, code: int) -> None:
    async with listening(always(status(code))) as receiver:
        outcome = await plain.send(to(receiver))
    assert not outcome.accepted
    assert outcome.status == code


@pytest.mark.parametrize("code", [301, 302, 303, 307, 308])
async def test_redirects_are_never_followed(plain: Sender, code: int) -> None:
    async with listening(always(OK)) as canary:
        target = f"http://127.0.0.1:{canary.port}/private"
        headers = (f"location: {target}", f"refresh: 0; url={target}", "set-cookie: a=b")
        async with listening(always(status(code, *headers))) as receiver:
            assert (await plain.send(to(receiver))).status == code
            await plain.send(to(receiver))
        assert canary.connections == 0
    assert all("cookie" not in each.headers for each in receiver.requests)


async def test_a_proxy_of_the_environment_is_not_used(
    plain: Sender, monkeypatch: pytest.MonkeyPatch
) -> None:
    async with listening(always(OK)) as proxy, listening(always(OK)) as receiver:
        for name in ("http_proxy", "HTTP_PROXY", "https_proxy", "all_proxy", "ALL_PROXY"):
            monkeypatch.setenv(name, f"http://127.0.0.1:{proxy.port}")
        assert (await plain.send(to(receiver))).accepted
        assert proxy.connections == 0


async def hang(_: Request, writer: asyncio.StreamWriter) -> None:
    await asyncio.Event().wait()


async def drip_headers(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.write(b"HTTP/1.1 200 OK\r\n")
    while True:
        writer.write(b"x-a: b\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def hint_for_ever(_: Request, writer: asyncio.StreamWriter) -> None:
    while True:
        writer.write(b"HTTP/1.1 103 Early Hints\r\n\r\n")
        await writer.drain()
        await asyncio.sleep(0.02)


async def reset(_: Request, writer: asyncio.StreamWriter) -> None:
    writer.transport.abort()


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (hang, SendError.TIMED_OUT),
        (hint_for_ever, SendError.TIMED_OUT),
        (reset, SendError.BROKEN_RESPONSE),
        (always(b"220 smtp.example ESMTP\r\n\r\n"), SendError.BROKEN_RESPONSE),
        (always(b"\x00\xff" * 5_000 + b"\r\n\r\n"), SendError.BROKEN_RESPONSE),
        (always(HEAD + b"x: " + b"a" * 100_000 + b"\r\n\r\n"), SendError.BROKEN_RESPONSE),
        (always(HEAD + b"a: b\r\n" * 10_000 + b"\r\n"), SendError.BROKEN_RESPONSE),
    ],
)  # fmt: skip
async def test_receivers_that_misbehave(plain: Sender, answer: object, error: SendError) -> None:
    async with listening(answer) as receiver:  # type: ignore[arg-type]
        outcome = await plain.send(to(receiver))
    assert (outcome.status, outcome.error) == (None, error)


async def test_dripping_headers_end_at_the_limit(plain: Sender) -> None:
    async with listening(drip_headers) as receiver:
        outcome = await plain.send(to(receiver))
    assert outcome.error in {SendError.TIMED_OUT, SendError.BROKEN_RESPONSE}


async def test_a_refused_connection(plain: Sender) -> None:
    async with listening(always(OK)) as receiver:
        pass
    assert (await plain.send(to(receiver))).error is SendError.CONNECTION_FAILED


async def test_a_dripping_body_does_not_take_the_status_back(plain: Sender) -> None:
    async def drip(_: Request, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 202 OK\r\ncontent-length: 1000\r\n\r\nbegun")
        await hang(_, writer)

    async with listening(drip) as receiver:
        outcome = await plain.send(to(receiver))
    assert (outcome.status, outcome.body) == (202, "begun")
    assert outcome.accepted


async def test_of_a_hundred_megabytes_a_little_is_read() -> None:
    sent = 0

    async def flood(_: Request, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 500 x\r\ncontent-length: 100000000\r\n\r\n")
        for _part in range(1_000):
            writer.write(b"a" * 100_000)
            await writer.drain()
            sent += 100_000

    async with Sender(insecure=True) as sender, listening(flood) as receiver:
        outcome = await sender.send(to(receiver))
        again = await sender.send(to(receiver))
    assert outcome.status == again.status == 500
    assert outcome.body == "a" * KEPT_BYTES
    # What was written and not read lies in the buffers of two sockets.
    assert sent < 40_000_000
    assert receiver.connections == 2
    assert MAX_READ_BYTES == 65_536


async def test_compressed_bodies_are_left_alone(plain: Sender) -> None:
    bomb = gzip.compress(b"\0" * 50_000_000)
    head = f"HTTP/1.1 200 OK\r\ncontent-encoding: gzip\r\ncontent-length: {len(bomb)}\r\n\r\n"
    async with listening(always(head.encode() + bomb)) as receiver:
        outcome = await plain.send(to(receiver))
    assert outcome.accepted
    assert outcome.body is not None
    assert len(outcome.body) <= KEPT_BYTES


async def test_what_is_kept_of_a_body_can_be_stored_and_shown(plain: Sender) -> None:
    body = b"\x00\x1b[31m\xff\xfe \xed\xa0\x80 line\nline \xc3\xa9"
    head = f"HTTP/1.1 400 x\r\ncontent-length: {len(body)}\r\n\r\n".encode()
    async with listening(always(head + body)) as receiver:
        outcome = await plain.send(to(receiver))
    assert outcome.body is not None
    assert "\x00" not in outcome.body
    assert "\x1b" not in outcome.body
    assert outcome.body.endswith(" line\nline é")
    outcome.body.encode()


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("120", timedelta(seconds=120)),
        ("99999999999999999999", timedelta(hours=24)),
        ("Fri, 31 Dec 1999 23:59:59 GMT", None),
        ("soon", None),
        ("-5", None),
        ("²", None),
        ("", None),
    ],
)
async def test_retry_after(plain: Sender, header: str, expected: timedelta | None) -> None:
    async with listening(always(status(503, f"retry-after: {header}"))) as receiver:
        assert (await plain.send(to(receiver))).retry_after == expected


class TestTls:
    """Over TLS: the name is verified although the address is what is connected to."""

    certificates = Certificates()

    async def outcome(self, receiver: Receiver, lookup: Lookup, total: float = 5) -> Outcome:
        # Insecure, for the port and the address; the certificate is verified all the same.
        async with Sender(
            insecure=True, lookup=lookup, tls=self.certificates.client(), total=total
        ) as sender:
            return await sender.send(Outgoing(f"https://{HOST}:{receiver.port}/", {}, BODY))

    async def test_the_checked_address_is_connected_to_under_the_name(self) -> None:
        names: list[str | None] = []
        server = self.certificates.server()
        server.sni_callback = lambda _, name, __: names.append(name)
        async with listening(always(OK), server) as receiver:
            assert (await self.outcome(receiver, leads_to("127.0.0.1"))).accepted
        assert names == [HOST]
        assert receiver.requests[0].headers["host"] == f"{HOST}:{receiver.port}"

    async def test_a_certificate_of_another_name_is_refused(self) -> None:
        async with listening(always(OK), self.certificates.server("other.example")) as receiver:
            outcome = await self.outcome(receiver, leads_to("127.0.0.1"))
        assert outcome.error is SendError.TLS_FAILED
        assert not receiver.requests

    async def test_an_unknown_authority_is_refused(self) -> None:
        async with listening(always(OK), Certificates().server()) as receiver:
            outcome = await self.outcome(receiver, leads_to("127.0.0.1"))
        assert outcome.error is SendError.TLS_FAILED
        assert not receiver.requests

    async def test_plain_text_where_tls_is_expected(self) -> None:
        async def greet(_: Request, writer: asyncio.StreamWriter) -> None:
            writer.write(OK)

        async with listening(greet) as receiver:
            outcome = await self.outcome(receiver, leads_to("127.0.0.1"), total=SHORT_S)
        assert outcome.status is None
        assert not receiver.requests


async def test_the_limit_counts_the_look_up() -> None:
    async def never(host: str, port: int) -> list[str]:
        await asyncio.Event().wait()
        return []

    async with Sender(lookup=never, total=SHORT_S) as sender:
        outcome = await sender.send(Outgoing(f"https://{HOST}/", {}, BODY))
    assert outcome.error is SendError.TIMED_OUT


async def test_slow_look_ups_do_not_hold_up_others(monkeypatch: pytest.MonkeyPatch) -> None:
    """Name servers that customers control may be slow: as many look-ups wait as there are slots."""
    real, go_on = socket.getaddrinfo, threading.Event()

    def slow(host: str, *args: Any, **kwargs: Any) -> Any:
        if host.startswith("slow"):
            go_on.wait(60)
        return real("127.0.0.1", *args, **kwargs)

    monkeypatch.setattr(socket, "getaddrinfo", slow)
    async with Sender(insecure=True) as sender, listening(always(OK)) as receiver:

        def send(host: str) -> asyncio.Task[Outcome]:
            url = f"http://{host}.example:{receiver.port}/"
            return asyncio.create_task(sender.send(Outgoing(url, {}, BODY)))

        waiting = [send(f"slow{number}") for number in range(80)]
        assert (await send("quick")).accepted
        assert not any(each.done() for each in waiting)
        go_on.set()
        assert all(each.accepted for each in await asyncio.gather(*waiting))
