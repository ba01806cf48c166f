"""A process that has too much to do, a store that hangs, a caller who leaves: over HTTP."""

import socket
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import urlsplit
from uuid import uuid4

import pytest
from websockets.exceptions import InvalidStatus
from websockets.sync.client import connect
from websockets.typing import Subprotocol

from tests.api_processes import api_process
from tests.overload.leaving import hung, nobody_reads
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


KEYS = "api_keys"
"""Whoever asks with a key waits, when nobody reads this table."""


def test_too_much_is_refused_at_once_and_probes_are_answered(small: Stack) -> None:
    key = small.new_key("crowd")
    with small.client(key) as client, ThreadPoolExecutor(RUNNING + WAITING) as crowd:
        with nobody_reads(small, KEYS) as looking:
            asked = [crowd.submit(client.get, "/v1/usage") for _ in range(RUNNING + WAITING)]
            wait_for(lambda: hung(looking, KEYS) == RUNNING)
            # The two that wait are in the process by now, or else these would wait in their place.
            wait_for(lambda: client.get("/v1/usage").status_code == 503)
            rest = client.get("/v1/usage")
            graphql = client.post("/graphql", json={"query": "{ usage { requests } }"})
            probe = client.get("/health")
            assert hung(looking, KEYS) <= RUNNING
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
    with small.client(small.new_key("late")) as client, nobody_reads(small, KEYS) as looking:
        answer = client.get("/v1/usage")
        assert answer.status_code == 503
        assert answer.json()["code"] == "unavailable"
        wait_for(lambda: hung(looking, KEYS) == 0)
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
