"""Asks parts whether they are well. Each question may hang: the supervisor bounds its time."""

import asyncio
from contextlib import suppress

_LONGEST_STATUS_LINE = 1_024


async def http_answers(host: str, port: int, path: str) -> bool:
    """Whether ``GET path`` is answered with status 200.

    Raises:
        OSError: nobody listens, or the connection broke.
    """
    reader, writer = await asyncio.open_connection(host, port, limit=_LONGEST_STATUS_LINE)
    try:
        request = f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nConnection: close\r\n\r\n"
        writer.write(request.encode("ascii"))
        await writer.drain()
        words = (await reader.readline()).split()
    finally:
        writer.close()
        with suppress(OSError):
            await writer.wait_closed()
    return len(words) >= 2 and words[0].startswith(b"HTTP/1.") and words[1] == b"200"


def reachable_host(host: str) -> str:
    """The address at which a server that listens on ``host`` is reached from this machine."""
    return {"0.0.0.0": "127.0.0.1", "::": "::1", "": "127.0.0.1"}.get(host, host)  # noqa: S104
