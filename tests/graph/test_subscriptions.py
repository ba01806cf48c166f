"""Updates of a queued search, pushed over server-sent events and over graphql-transport-ws."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import httpx2
import orjson
import psycopg
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from api.uuid7 import uuid7
from graph.websocket import SUBSCRIPTIONS_MAX
from tests.stack import Asker, Stack

UPDATES = """subscription ($id: ID!) {
  personSearchJobUpdates(jobId: $id) { jobId status billableRecords nodes { personId } }
}"""
NOBODY = "01890000-0000-7000-8000-000000000000"
PATIENCE_S = 60


def queue(asker: Asker) -> str:
    """A new job."""
    body = {"q": "partners at law firms in Ely, NV", "limit": 7}
    job_id: str = asker.http.post("/v1/persons/search/jobs", json=body).json()["job_id"]
    return job_id


@contextmanager
def waiting_job(stack: Stack, asker: Asker) -> Iterator[str]:
    """A job that is due in an hour, as after an attempt that failed."""
    like = queue(asker)
    url = stack.settings.required_database_url
    with psycopg.connect(url, autocommit=True) as database:
        row = database.execute(
            "insert into person_search_jobs (id, account_id, api_key_id, status, search, attempt,"
            " due_at, published_at, interpretation_ms)"
            " select %s, account_id, api_key_id, 'queued', search, 1, now() + interval '1 hour',"
            " now(), 0 from person_search_jobs where id = %s returning id::text",
            (uuid7(datetime.now(UTC)), like),
        ).fetchone()
    assert row is not None
    yield row[0]
    with psycopg.connect(url, autocommit=True) as database:
        database.execute("delete from person_search_jobs where id = %s", row)


def refusal(asker: Asker, job_id: str) -> httpx2.Response:
    """What is answered in place of a stream."""
    body = {"query": UPDATES, "variables": {"id": job_id}}
    return asker.http.post("/graphql", json=body, headers={"accept": "text/event-stream"})


def told(asker: Asker, job_id: str) -> list[dict[str, Any]]:
    """What a stream of server-sent events told, from first to last."""
    body = {"query": UPDATES, "variables": {"id": job_id}}
    headers = {"accept": "text/event-stream"}
    answers = []
    with asker.http.stream("POST", "/graphql", json=body, headers=headers) as response:
        assert response.headers["content-type"].startswith("text/event-stream")
        event = ""
        for line in response.iter_lines():
            name, _, value = line.partition(": ")
            if name == "event":
                event = value
            elif name == "data" and event == "next":
                answers.append(orjson.loads(value))
    assert event == "complete"
    return answers


@contextmanager
def socket(stack: Stack, payload: dict[str, str] | None) -> Iterator[ClientConnection]:
    """A connection that has introduced itself."""
    url = stack.base_url.replace("http", "ws", 1) + "/graphql"
    with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as connection:
        send(connection, type="connection_init", **({"payload": payload} if payload else {}))
        yield connection


def send(connection: ClientConnection, **message: Any) -> None:
    """Sends one message."""
    connection.send(orjson.dumps(message).decode())


def receive(connection: ClientConnection) -> dict[str, Any]:
    """The next message."""
    message: dict[str, Any] = orjson.loads(connection.recv(PATIENCE_S))
    return message


def subscribe(connection: ClientConnection, name: str, job_id: str) -> None:
    """Starts a subscription."""
    payload = {"query": UPDATES, "variables": {"id": job_id}}
    send(connection, type="subscribe", id=name, payload=payload)


def key_of(asker: Asker) -> dict[str, str]:
    """The payload that introduces a caller."""
    return {"x-api-key": asker.http.headers["x-api-key"]}


def check(updates: list[dict[str, Any]], job_id: str) -> None:
    """States only go forward, and the last one is the result."""
    jobs = [each["personSearchJobUpdates"] for each in updates]
    assert {job["jobId"] for job in jobs} == {job_id}
    order = ["queued", "running", "succeeded"]
    places = [order.index(job["status"]) for job in jobs]
    assert places == sorted(set(places))
    assert jobs[-1]["billableRecords"] == len(jobs[-1]["nodes"]) == 7


def test_server_sent_events_end_with_the_result(asker: Asker) -> None:
    job_id = queue(asker)
    check([answer["data"] for answer in told(asker, job_id)], job_id)
    assert len(told(asker, job_id)) == 1, "a job that has ended is told once"


def test_a_websocket_tells_several_jobs(stack: Stack, asker: Asker) -> None:
    jobs = {f"job {number}": queue(asker) for number in range(3)}
    updates: dict[str, list[dict[str, Any]]] = {name: [] for name in jobs}
    with socket(stack, key_of(asker)) as connection:
        assert receive(connection) == {"type": "connection_ack"}
        for name, job_id in jobs.items():
            subscribe(connection, name, job_id)
        open_ones = set(jobs)
        while open_ones:
            message = receive(connection)
            if message["type"] == "complete":
                open_ones.remove(message["id"])
            else:
                updates[message["id"]].append(message["payload"]["data"])
    for name, job_id in jobs.items():
        check(updates[name], job_id)


def test_a_job_of_another_account_is_not_told(stack: Stack, asker: Asker, stranger: Asker) -> None:
    job_id = queue(asker)
    for each in (job_id, NOBODY):
        queried = stranger.graphql(
            "query ($id: ID!) { personSearchJob(jobId: $id) { jobId } }", id=each
        )
        refused = refusal(stranger, each)
        assert refused.status_code == queried.status_code == 404
        (asked,), (streamed,) = queried.json()["errors"], refused.json()["errors"]
        assert streamed["extensions"]["code"] == asked["extensions"]["code"] == "not_found"
        assert streamed["message"] == asked["message"]
        with socket(stack, key_of(stranger)) as connection:
            receive(connection)
            subscribe(connection, "theirs", each)
            refused_there = receive(connection)
            assert refused_there["type"] == "error"
            (error,) = refused_there["payload"]
            assert error["extensions"]["code"] == "not_found"


def test_without_a_key_nothing_is_told(stack: Stack, asker: Asker) -> None:
    job_id = queue(asker)
    with socket(stack, None) as connection:
        assert receive(connection) == {"type": "connection_ack"}
        subscribe(connection, "mine", job_id)
        (error,) = receive(connection)["payload"]
        assert error["extensions"]["code"] == "unauthenticated"
    with socket(stack, {"x-api-key": "stib_live_unknown"}) as connection:
        assert closed(connection) == 4403


def closed(connection: ClientConnection) -> int | None:
    """The code with which the server closes."""
    with pytest.raises(ConnectionClosed) as closing:
        connection.recv(PATIENCE_S)
    return closing.value.rcvd.code if closing.value.rcvd else None


WRONG: list[Any] = [
    [],
    7,
    {},
    {"type": 7},
    {"type": "nonsense"},
    {"type": "subscribe"},
    {"type": "subscribe", "id": 7, "payload": {"query": "{ usage { requests } }"}},
    {"type": "subscribe", "id": "x" * 129, "payload": {"query": "{ usage { requests } }"}},
    {"type": "subscribe", "id": "a", "payload": {"query": 7}},
    {"type": "subscribe", "id": "a", "payload": {"query": "{ a }", "variables": []}},
    {"type": "complete", "id": {}},
]


@pytest.mark.parametrize("message", WRONG)
def test_a_message_without_the_shape_closes_the_connection(
    stack: Stack, asker: Asker, message: Any
) -> None:
    with socket(stack, key_of(asker)) as connection:
        receive(connection)
        connection.send(orjson.dumps(message).decode())
        assert closed(connection) == 4400


def test_one_protocol_is_spoken(stack: Stack) -> None:
    url = stack.base_url.replace("http", "ws", 1) + "/graphql"
    with connect(url, subprotocols=[Subprotocol("graphql-ws")]) as connection:
        assert closed(connection) == 4406


def test_a_subscription_needs_a_stream(asker: Asker) -> None:
    body = {"query": UPDATES, "variables": {"id": queue(asker)}}
    response = asker.http.post("/graphql", json=body)
    assert response.status_code == 406


def test_a_connection_that_does_not_introduce_itself_is_closed(stack: Stack) -> None:
    url = stack.base_url.replace("http", "ws", 1) + "/graphql"
    with connect(url, subprotocols=[Subprotocol("graphql-transport-ws")]) as connection:
        assert closed(connection) == 4408


def test_one_subscription_too_many_is_refused_and_the_others_go_on(
    stack: Stack, asker: Asker
) -> None:
    with waiting_job(stack, asker) as job_id, socket(stack, key_of(asker)) as connection:
        receive(connection)
        for number in range(SUBSCRIPTIONS_MAX):
            subscribe(connection, f"update {number}", job_id)
            assert receive(connection)["type"] == "next"
        subscribe(connection, "one too many", job_id)
        refused = receive(connection)
        assert (refused["type"], refused["id"]) == ("error", "one too many")
        send(connection, type="complete", id="update 3")
        # What is completed makes room as soon as the server has seen to it.
        answer = refused
        while answer["type"] == "error":
            subscribe(connection, "in its place", job_id)
            answer = receive(connection)
        assert (answer["type"], answer["id"]) == ("next", "in its place")
        queued = queue(asker)
        send(connection, type="complete", id="update 4")
        answer = refused
        while answer["type"] != "complete":
            if answer["type"] == "error":
                subscribe(connection, "a job that ends", queued)
            answer = receive(connection)
        assert answer["id"] == "a job that ends"
