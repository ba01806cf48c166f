"""Queued searches while a part is away: they are accepted, wait, run later, or fail with a word."""

import os
import signal
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import orjson
import psycopg
import pytest

from api.domain.job.rules import MAX_ATTEMPTS
from tests.conftest import load_documented
from tests.contract.test_jobs import PARTNERS, create, ended
from tests.delivery.receivers import OK, always, receiving
from tests.embedded.clickhouse_server import Server
from tests.graph.test_subscriptions import key_of, receive, socket, subscribe, waiting_job
from tests.stack import Asker, Stack, scratch_folder, start, stop
from tests.story.test_kill import pids, ready, wait_for
from tests.webhook.test_deliveries import Judge


@pytest.fixture(scope="module")
def engine(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    """A search engine of the tests' own, which no supervisor starts again."""
    running = Server(tmp_path_factory.mktemp("engine") / "data").started()
    yield running
    running.end()


@pytest.fixture(scope="module")
def victim(engine: Server) -> Iterator[Stack]:
    """A stack on that engine, which may deliver to this machine."""
    with scratch_folder() as folder, pytest.MonkeyPatch.context() as environment:
        environment.setenv("STIBNITE_ALLOW_INSECURE_DELIVERY", "1")
        environment.setenv("CLICKHOUSE_URL", f"http://127.0.0.1:{engine.port}/market")
        running = start(folder / "data", "--no-sample")
        load_documented(running, folder)
        yield running
        assert stop(running.process) == 0


@pytest.fixture
def owner(victim: Stack) -> Iterator[Asker]:
    """A fresh key."""
    with victim.client(victim.new_key()) as client:
        yield Asker(client)


def oldest_waiting_job_s(owner: Asker) -> float | None:
    """What ``/ready`` says of the queue, be the stack ready or not."""
    seconds: float | None = owner.rest("/ready").json()["worker"]["oldest_waiting_job_s"]
    return seconds


def test_a_subscription_outlives_a_restart_of_postgres(victim: Stack, owner: Asker) -> None:
    with (
        waiting_job(victim, owner) as job_id,
        socket(victim, key_of(owner)) as connection,
    ):
        assert receive(connection) == {"type": "connection_ack"}
        subscribe(connection, "waiting", job_id)
        assert told(connection) == "queued"
        killed = pids(victim)["postgres"]
        os.kill(killed, signal.SIGKILL)
        wait_for(lambda: pids(victim).get("postgres", killed) != killed)
        wait_for(lambda: ready(owner.http))
        change(victim, "update person_search_jobs set due_at = now() where id = %s", job_id)
        states = [told(connection)]
        while states[-1] != "succeeded":
            states.append(told(connection))
        assert states in (["running", "succeeded"], ["succeeded"])
        assert receive(connection) == {"type": "complete", "id": "waiting"}


@pytest.mark.parametrize("number", [signal.SIGSTOP, signal.SIGKILL])
def test_a_search_is_queued_without_redis_and_runs_later(
    victim: Stack, owner: Asker, number: signal.Signals
) -> None:
    redis = pids(victim)["redis"]
    os.kill(redis, number)
    job_id = create(owner, q=PARTNERS, limit=5)["job_id"]
    if number is signal.SIGSTOP:
        wait_for(lambda: (oldest_waiting_job_s(owner) or 0) > 0)
        assert owner.rest("/ready").status_code == 503
        with suppress(ProcessLookupError):
            os.kill(redis, signal.SIGCONT)
    assert ended(owner, job_id)["billable_records"] == 5
    wait_for(lambda: ready(owner.http) and oldest_waiting_job_s(owner) is None)


def test_a_search_fails_with_a_word_when_the_engine_stays_away(
    victim: Stack, owner: Asker, engine: Server
) -> None:
    with receiving(always(OK)) as receiver:
        hook = {"url": f"http://127.0.0.1:{receiver.port}/"}
        endpoint = owner.http.post("/v1/webhooks/endpoints", json=hook).json()
        engine.end()
        try:
            job_id = create(owner, q=PARTNERS, limit=5)["job_id"]
            # Its first attempt fails; the pauses of those before the last, two minutes, are left
            # out.
            skip = (
                "update person_search_jobs set attempt = %s"
                " where id = %s and status = 'queued' and attempt between 1 and 3"
            )
            wait_for(lambda: change(victim, skip, MAX_ATTEMPTS - 1, job_id) == 1)
            body = ended(owner, job_id)
        finally:
            engine.start_again()
        assert body["status"] == "failed"
        assert body["error"].startswith("The search engine cannot answer right now.")
        assert body["error"].endswith(f"It was tried {MAX_ATTEMPTS} times; nothing was billed.")
        assert not {"data", "pagination", "billable_records", "timings_ms"} & body.keys()
        assert owner.usage()["billable_records"] == 0
        wait_for(lambda: receiver.requests)
    (request,) = receiver.requests
    assert Judge(endpoint["signing_secret"]).accepts(request)
    event = orjson.loads(request.body)
    assert event["type"] == "person_search.job.failed"
    assert event["data"] == {"job_id": job_id, "status": "failed", "error": body["error"]}


def told(connection: Any) -> str:
    """The state that the next update tells."""
    status: str = receive(connection)["payload"]["data"]["personSearchJobUpdates"]["status"]
    return status


def change(stack: Stack, sql: str, *values: object) -> int:
    """Changes rows; how many."""
    with psycopg.connect(stack.settings.required_database_url, autocommit=True) as database:
        return database.execute(sql.encode(), values).rowcount
