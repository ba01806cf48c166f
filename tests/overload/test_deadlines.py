"""A process that has too much to do, a store that hangs, a caller who leaves: over HTTP."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from typing import LiteralString
from urllib.parse import urlsplit
from uuid import uuid4

import psycopg
import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.api_processes import api_process
from tests.stack import Stack
from tests.story.test_kill import wait_for

RUNNING, WAITING, DEADLINE_S = 2, 2, 2


@pytest.fixture(scope="module")
def small(stack: Stack) -> Iterator[Stack]:
    """A process that takes on little, and not for long."""
    with api_process(
        stack,
        STIBNITE_REQUESTS_IN_FLIGHT=str(RUNNING),
        STIBNITE_REQUESTS_WAITING=str(WAITING),
        STIBNITE_REQUEST_DEADLINE_S=str(DEADLINE_S),
        STIBNITE_STREAMS_MAX="2",
    ) as running:
        yield running


@contextmanager
def nobody_signs_in(stack: Stack) -> Iterator[psycopg.Connection[tuple[int]]]:
    """Holds the table of keys, so that every request with a key waits for it in Postgres."""
    with nobody_reads(stack, "api_keys") as looking:
        yield looking


@contextmanager
def nobody_reads(stack: Stack, table: LiteralString) -> Iterator[psycopg.Connection[tuple[int]]]:
    """Holds a table, so that everybody waits for it in Postgres."""
    url = stack.settings.required_database_url
    with psycopg.connect(url) as holder:
        holder.execute(f"lock table {table} in access exclusive mode")
        with psycopg.connect(url, autocommit=True) as looking:
            yield looking
        holder.rollback()


def hung(looking: psycopg.Connection[tuple[int]]) -> int:
    """Statements that wait for the table."""
    row = looking.execute(
        "select count(*) from pg_stat_activity"
        " where wait_event_type = 'Lock' and query like '%api_keys%'"
    ).fetchone()
    assert row is not None
    return row[0]


def test_too_much_is_refused_at_once_and_probes_are_answered(small: Stack) -> None:
    key = small.new_key("crowd")
    with small.client(key) as client, ThreadPoolExecutor(RUNNING + WAITING) as crowd:
        with nobody_signs_in(small) as looking:
            asked = [crowd.submit(client.get, "/v1/usage") for _ in range(RUNNING + WAITING)]
            wait_for(lambda: hung(looking) == RUNNING)
            # The two that wait are in the process by now, or else these would wait in their place.
            wait_for(lambda: client.get("/v1/usage").status_code == 503)
            rest = client.get("/v1/usage")
            graphql = client.post("/graphql", json={"query": "{ usage { requests } }"})
            probe = client.get("/health")
            assert hung(looking) <= RUNNING
        answers = [each.result() for each in asked]
    assert probe.status_code == 200
    for refused in (rest, graphql):
        assert refused.status_code == 503
        assert refused.headers["retry-after"] == "1"
        assert refused.headers["x-request-id"]
    assert rest.headers["content-type"] == "application/problem+json"
    assert rest.json()["code"] == "unavailable"
    (error,) = graphql.json()["errors"]
    assert error["extensions"]["code"] == "unavailable"
    assert {each.status_code for each in answers} <= {200, 503}


def test_a_request_ends_at_its_deadline_and_so_does_its_statement(small: Stack) -> None:
    """In less than the five seconds that any statement may take."""
    with small.client(small.new_key("late")) as client, nobody_signs_in(small) as looking:
        answer = client.get("/v1/usage")
        assert answer.status_code == 503
        assert answer.json()["code"] == "unavailable"
        wait_for(lambda: hung(looking) == 0)
    with small.client(small.new_key("late")) as client:
        assert client.get("/v1/usage").status_code == 200


def test_a_subscription_that_cannot_begin_says_when_to_try_again(small: Stack) -> None:
    asked = "subscription ($id: ID!) { personSearchJobUpdates(jobId: $id) { status } }"
    body = {"query": asked, "variables": {"id": str(uuid4())}}
    key = small.new_key("waiting")
    with small.client(key) as client, nobody_reads(small, "person_search_jobs"):
        answer = client.post("/graphql", json=body, headers={"accept": "text/event-stream"})
    assert (answer.status_code, answer.headers["retry-after"]) == (503, "2")
    assert answer.json()["errors"][0]["extensions"]["code"] == "unavailable"


def test_the_statement_of_a_caller_who_leaves_is_ended(small: Stack, stack: Stack) -> None:
    """By the process with the usual deadline, so that it is not the deadline that ends it."""
    key = stack.new_key("leaving")
    host = urlsplit(stack.base_url)
    request = f"GET /v1/usage HTTP/1.1\r\nhost: x\r\nx-api-key: {key}\r\n\r\n".encode()
    with nobody_signs_in(stack) as looking:
        with socket.create_connection((str(host.hostname), int(host.port or 0))) as caller:
            caller.sendall(request)
            wait_for(lambda: hung(looking) == 1)
        wait_for(lambda: hung(looking) == 0)
    with stack.client(key) as client:
        assert client.get("/v1/usage").status_code == 200


def test_streams_are_so_many_and_no_more(small: Stack) -> None:
    url = small.base_url.replace("http", "ws", 1) + "/graphql"
    protocols = [Subprotocol("graphql-transport-ws")]
    with (
        connect(url, subprotocols=protocols),
        connect(url, subprotocols=protocols),
        pytest.raises(InvalidStatus),
    ):
        connect(url, subprotocols=protocols)

    def opens() -> bool:
        try:
            with connect(url, subprotocols=protocols):
                return True
        except InvalidStatus:
            return False

    wait_for(opens)


def test_slow_senders_hold_no_place(small: Stack) -> None:
    """More of them than there are places, and everybody else is answered."""
    host = urlsplit(small.base_url)
    head = (
        b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\n"
        b"content-length: 1000\r\n\r\n{"
    )
    senders = [
        socket.create_connection((str(host.hostname), int(host.port or 0)))
        for _ in range(RUNNING + WAITING + 2)
    ]
    try:
        for sender in senders:
            sender.sendall(head)
        with small.client(small.new_key("quick")) as client:
            assert client.get("/v1/usage").status_code == 200
        answers = [sender.recv(4_000) for sender in senders]
        assert all(answer.startswith(b"HTTP/1.1 400") for answer in answers)
    finally:
        for sender in senders:
            sender.close()
