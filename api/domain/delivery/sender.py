"""Sends what was prepared to URLs that customers gave: the one way out of the house.

Prepare, send, record: the caller commits a claim, sends with no transaction open, and commits what
came of it. The connection is made to the very addresses that were checked, for the name that was
asked for (SNI, certificate, Host); a kept connection stays at the address it was made to. Redirects
are not followed, proxies and cookies not used, responses not decompressed.
"""

import asyncio
import socket
import ssl
import time
from collections.abc import Awaitable, Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from enum import StrEnum
from types import TracebackType
from typing import Any, Self

import aiohttp
from aiohttp.abc import AbstractResolver, ResolveResult
from yarl import URL

from api.domain.delivery.rules import check_url, is_deliverable
from api.domain.delivery.schedule import retry_after_of

TOTAL_S = 15.0
CONNECT_S = 5.0
MAX_READ_BYTES = 64 * 1024
KEPT_BYTES = 1024
# Shorter than most servers keep an idle connection, so that few are closed as they are reused.
_KEEP_ALIVE_S = 4.0
# Look-ups block a thread, and a name server that a customer controls may be slow on purpose.
_LOOKUP_THREADS = 288

Lookup = Callable[[str, int], Awaitable[list[str]]]
"""The addresses (text) of a host's name, IPv4 and IPv6; raises ``OSError`` where it has none."""


class SendError(StrEnum):
    """Why there was no response."""

    URL_REFUSED = "url_refused"
    ADDRESS_REFUSED = "address_refused"
    NAME_NOT_RESOLVED = "name_not_resolved"
    CONNECTION_FAILED = "connection_failed"
    TLS_FAILED = "tls_failed"
    TIMED_OUT = "timed_out"
    BROKEN_RESPONSE = "broken_response"
    SECRET_UNREADABLE = "secret_unreadable"  # noqa: S105 - no secret


@dataclass(frozen=True, slots=True)
class Outgoing:
    """A prepared request: POST, with this body and these headers."""

    url: str
    headers: Mapping[str, str]
    body: bytes


@dataclass(frozen=True, slots=True)
class Outcome:
    """What came of sending: the response's status, or the reason why there is none."""

    status: int | None
    error: SendError | None
    duration_ms: int
    body: str | None = None
    """The beginning of the response, at most 1,024 bytes of it."""
    retry_after: timedelta | None = None

    @property
    def accepted(self) -> bool:
        """Whether the receiver has it: 2xx and nothing else."""
        return self.status is not None and 200 <= self.status < 300


class Sender:
    """A client for one event loop; ``async with`` opens and closes its connections.

    ``insecure`` (development only) permits ``http`` and loopback. ``lookup``, ``tls`` and ``total``
    (seconds for one request, everything included) are for tests.
    """

    def __init__(
        self,
        *,
        insecure: bool = False,
        lookup: Lookup | None = None,
        tls: ssl.SSLContext | None = None,
        total: float = TOTAL_S,
    ):
        self._insecure = insecure
        self._lookup = lookup
        self._tls = tls
        self._timeout = aiohttp.ClientTimeout(total=total, sock_connect=CONNECT_S)

    async def __aenter__(self) -> Self:
        self._threads = ThreadPoolExecutor(_LOOKUP_THREADS, "lookup")
        self._session = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(
                resolver=_CheckedResolver(self._lookup or self._look_up, insecure=self._insecure),
                use_dns_cache=False,
                ssl=self._tls or True,
                limit=0,
                keepalive_timeout=_KEEP_ALIVE_S,
            ),
            timeout=self._timeout,
            cookie_jar=aiohttp.DummyCookieJar(),
            auto_decompress=False,
            trust_env=False,
            skip_auto_headers=("Accept", "Accept-Encoding"),
        )
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        await self._session.close()
        self._threads.shutdown(wait=False, cancel_futures=True)

    async def send(self, outgoing: Outgoing) -> Outcome:
        """Sends one request; every way in which it can fail is an outcome, none is raised."""
        started = time.perf_counter()
        try:
            check_url(outgoing.url, insecure=self._insecure)
        except ValueError:
            return Outcome(None, SendError.URL_REFUSED, 0)
        try:
            async with self._session.post(
                URL(outgoing.url, encoded=True),
                data=outgoing.body,
                headers=outgoing.headers,
                allow_redirects=False,
            ) as response:
                body = await _beginning(response)
                status, later = response.status, response.headers.get("Retry-After")
        except (OSError, aiohttp.ClientError, ValueError) as error:
            return Outcome(None, _reason(error), _milliseconds(started))
        return Outcome(
            status,
            None,
            _milliseconds(started),
            body=body,
            retry_after=None if 200 <= status < 300 else retry_after_of(later, datetime.now(UTC)),
        )

    async def _look_up(self, host: str, port: int) -> list[str]:
        loop = asyncio.get_running_loop()
        found = await loop.run_in_executor(
            self._threads, lambda: socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
        )
        return [_address(at) for _, _, _, _, at in found]


def _address(at: tuple[Any, ...]) -> str:
    """An address as text; an IPv6 one of a single link has its scope, for which it is refused."""
    return f"{at[0]}%{at[3]}" if len(at) == 4 and at[3] else str(at[0])


class _RefusedAddress(OSError):
    """A name leads, among others, to an address that no connection may be made to."""


class _CheckedResolver(AbstractResolver):
    """Gives a connector addresses that were all checked, or none."""

    def __init__(self, lookup: Lookup, *, insecure: bool):
        self._lookup = lookup
        self._insecure = insecure

    async def resolve(
        self, host: str, port: int = 0, family: socket.AddressFamily = socket.AF_UNSPEC
    ) -> list[ResolveResult]:
        addresses = await self._lookup(host, port)
        if not addresses:
            raise OSError("no address")
        if not all(is_deliverable(each, insecure=self._insecure) for each in addresses):
            raise _RefusedAddress("an address is not public")
        return [
            ResolveResult(
                hostname=host,
                host=each,
                port=port,
                family=socket.AF_INET6 if ":" in each else socket.AF_INET,
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST | socket.AI_NUMERICSERV,
            )
            for each in addresses
        ]

    async def close(self) -> None:
        """Nothing to close."""


async def _beginning(response: aiohttp.ClientResponse) -> str:
    """The first 1,024 bytes of a body; after 64 KB of it the connection is closed, not reused.

    A body that breaks off or takes too long changes nothing: the status was there before it.
    """
    kept = bytearray()
    read = 0
    try:
        while chunk := await response.content.read(MAX_READ_BYTES):
            kept += chunk[: KEPT_BYTES - len(kept)]
            read += len(chunk)
            if read > MAX_READ_BYTES:
                response.close()
                break
    except (OSError, aiohttp.ClientError):
        response.close()
    text = kept.decode("utf-8", "replace")
    return "".join(c if c.isprintable() or c in "\n\t" else "\ufffd" for c in text)


def _reason(error: Exception) -> SendError:
    if isinstance(error, aiohttp.ClientConnectorDNSError):
        if isinstance(error.os_error, _RefusedAddress):
            return SendError.ADDRESS_REFUSED
        return SendError.NAME_NOT_RESOLVED
    if isinstance(error, TimeoutError):
        return SendError.TIMED_OUT
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return SendError.TLS_FAILED
    if isinstance(error, aiohttp.ClientConnectorError):
        return SendError.CONNECTION_FAILED
    return SendError.BROKEN_RESPONSE


def _milliseconds(started: float) -> int:
    return round((time.perf_counter() - started) * 1000)
