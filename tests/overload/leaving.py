"""Callers who hang up, and what Postgres still does for them."""

import socket
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, LiteralString
from urllib.parse import urlsplit

import orjson
import psycopg

from tests.stack import Stack

type Looking = psycopg.Connection[tuple[int]]


@contextmanager
def asking(
    stack: Stack, key: str, method: str, path: str, body: Any = None, **headers: str
) -> Iterator[None]:
    """Sends a request, and hangs up at the end of the block without having read an answer."""
    host = urlsplit(stack.base_url)
    content = b"" if body is None else orjson.dumps(body)
    sent = {"host": "x", "x-api-key": key, "content-length": str(len(content))}
    if content:
        sent["content-type"] = "application/json"
    head = "".join(f"{name}: {value}\r\n" for name, value in (sent | headers).items())
    request = f"{method} {path} HTTP/1.1\r\n{head}\r\n".encode() + content
    with socket.create_connection((str(host.hostname), int(host.port or 0))) as caller:
        caller.sendall(request)
        yield


@contextmanager
def nobody_reads(stack: Stack, table: LiteralString) -> Iterator[Looking]:
    """Holds a table, so that everybody waits for it in Postgres."""
    url = stack.settings.required_database_url
    with psycopg.connect(url) as holder:
        holder.execute(f"lock table {table} in access exclusive mode")
        with psycopg.connect(url, autocommit=True) as looking:
            yield looking
        holder.rollback()


def hung(looking: Looking, table: str) -> int:
    """Statements that wait for the table."""
    row = looking.execute(
        "select count(*) from pg_stat_activity where wait_event_type = 'Lock' and query like %s",
        [f"%{table}%"],
    ).fetchone()
    assert row is not None
    return row[0]
