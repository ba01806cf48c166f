"""Jobs under kill -9: of the worker, the API, Redis and ClickHouse, again and again, and FLUSHALL.

Real processes, a stream of jobs, a receiver of their events, and no waiting but for conditions.
Every job that was accepted ends; none is billed twice; a campaign is given nobody twice; each end
is one event, which its receiver is told of at least once, under one id, and signed.
"""

import asyncio
import os
import random
import signal
import threading
from collections import defaultdict
from collections.abc import Iterator
from typing import Any
from uuid import UUID

import httpx2
import orjson
import psycopg
import pytest
from redis import Redis

from tests.conftest import load_documented
from tests.delivery.receivers import OK, Request, receiving, status
from tests.stack import Stack, scratch_folder, start, stop
from tests.story.test_kill import pids, wait_for
from tests.webhook.test_deliveries import Judge

KILLED = ("worker", "api", "redis", "clickhouse")
ROUNDS = 6
JOBS = "/v1/persons/search/jobs"
ENDPOINTS = "/v1/webhooks/endpoints"
JOBS_A_CAMPAIGN = 30
PATIENCE_S = 240
PAUSE_S = 0.02
FAILING_SHARE = 0.05
SLOW_SHARE = 0.25
SLOW_S = 0.2
UNFINISHED = "select count(*) from person_search_jobs where account_id = %s and due_at is not null"
UNDELIVERED = "select count(*) from webhook_deliveries where account_id = %s and status = 'pending'"


@pytest.fixture(scope="module")
def victim() -> Iterator[Stack]:
    """A stack of its own that may deliver to this machine, with the documented rows only."""
    with scratch_folder() as folder, pytest.MonkeyPatch.context() as environment:
        environment.setenv("STIBNITE_ALLOW_INSECURE_DELIVERY", "1")
        running = start(folder / "data", "--no-sample")
        load_documented(running, folder)
        yield running
        assert stop(running.process) == 0


class Stream:
    """Jobs queued one after another until told to stop, whatever happens to the stack."""

    def __init__(self, client: httpx2.Client):
        self.accepted: list[str] = []
        self.refused: list[int] = []
        self._client = client
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Stream":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.wait(PAUSE_S):
            campaign = len(self.accepted) // JOBS_A_CAMPAIGN
            body: dict[str, Any] = {"q": "partners at law firms in Ely, NV", "limit": 5}
            if is_deduped(campaign):
                body["dedupe_token"] = f"campaign {campaign}"
            try:
                response = self._client.post(JOBS, json=body)
            except httpx2.HTTPError:
                continue
            if response.status_code == 202:
                self.accepted.append(response.json()["job_id"])
            else:
                self.refused.append(response.status_code)

    def progress(self, jobs: int) -> None:
        """Waits until so many more are accepted."""
        target = len(self.accepted) + jobs
        wait_for(lambda: len(self.accepted) >= target, PATIENCE_S)


def is_deduped(campaign: int) -> bool:
    """Every other one: jobs with a token and without are settled in different ways."""
    return campaign % 2 == 0


def kill(stack: Stack, part: str, former: dict[str, int]) -> None:
    """Kills a part that has come back since it was last killed."""
    wait_for(lambda: pids(stack).get(part) not in {None, former.get(part)}, PATIENCE_S)
    former[part] = pids(stack)[part]
    os.kill(former[part], signal.SIGKILL)


class Customer:
    """What receives the events: slow now and then, and at times it fails once for an event.

    So workers are killed while they send, and what they leave behind meets retries.
    """

    def __init__(self) -> None:
        self.accepted: list[Request] = []
        self._seen: set[str] = set()
        self._draw = random.Random(2)

    async def answer(self, request: Request, writer: asyncio.StreamWriter) -> None:
        """Fails for an event at most once: the wait after a second failure is long."""
        event = request.headers["webhook-id"]
        is_new = event not in self._seen
        self._seen.add(event)
        if is_new and self._draw.random() < FAILING_SHARE:
            writer.write(status(500))
            return
        if self._draw.random() < SLOW_SHARE:
            await asyncio.sleep(SLOW_S)
        self.accepted.append(request)
        writer.write(OK)


def test_jobs_survive_everything(victim: Stack) -> None:
    draw = random.Random(1)
    former: dict[str, int] = {}
    customer = Customer()
    key = victim.new_key("survivor")
    url = victim.settings.required_database_url
    with (
        psycopg.connect(url, autocommit=True) as database,
        victim.client(key) as client,
        receiving(customer.answer) as receiver,
    ):
        account: UUID = one(database, "select id from accounts where name = 'survivor'")
        hook = {"url": f"http://127.0.0.1:{receiver.port}/hook"}
        endpoint = client.post(ENDPOINTS, json=hook).json()
        with Stream(client) as stream:
            for number in range(ROUNDS):
                for part in draw.sample(KILLED, len(KILLED)):
                    stream.progress(draw.randint(1, 6))
                    kill(victim, part, former)
                if number == ROUNDS // 2:
                    flush(victim)
            stream.progress(5)
        assert not set(stream.refused) - {503}
        wait_for(lambda: not one(database, UNFINISHED, account), PATIENCE_S)
        check_the_books(database, account, stream.accepted)
        check_the_results(client, stream.accepted)
        wait_for(lambda: not one(database, UNDELIVERED, account), PATIENCE_S)
        check_the_deliveries(database, account, endpoint["signing_secret"], customer.accepted)


def flush(stack: Stack) -> None:
    """Empties Redis, as soon as it answers."""

    def flushed() -> bool:
        try:
            with Redis.from_url(stack.settings.required_redis_url) as redis:
                return bool(redis.flushall())
        except Exception:
            return False

    wait_for(flushed, PATIENCE_S)


def one(database: psycopg.Connection[Any], sql: str, *values: object) -> Any:
    """The one value that a statement gives."""
    row = database.execute(sql.encode(), values).fetchone()
    assert row is not None
    return row[0]


def check_the_books(database: psycopg.Connection[Any], account: UUID, accepted: list[str]) -> None:
    """Of all jobs there are, those too whose answer was lost with the API."""
    jobs = {
        str(job): (status, records)
        for job, status, records in database.execute(
            "select id, status, billable_records from person_search_jobs where account_id = %s",
            (account,),
        )
    }
    assert set(accepted) <= set(jobs)
    assert len(accepted) == len(set(accepted)) >= ROUNDS * len(KILLED)
    assert {status for status, _ in jobs.values()} == {"succeeded"}
    entries = database.execute(
        "select requests, billable_records from usage_entries"
        " where account_id = %s and operation = 'person_search_job'",
        (account,),
    ).fetchall()
    assert sum(requests for requests, _ in entries) == len(jobs)
    assert sum(records for _, records in entries) == sum(records for _, records in jobs.values())
    assert len(entries) == 2 * len(jobs)


def check_the_deliveries(
    database: psycopg.Connection[Any], account: UUID, secret: str, accepted: list[Request]
) -> None:
    """Each job's end was told at least once, always under the id of its one event, and signed."""
    statuses = database.execute(
        "select status, count(*) from webhook_deliveries where account_id = %s group by status",
        (account,),
    ).fetchall()
    events = database.execute(
        "select j.id, v.id from person_search_jobs j left join webhook_events v"
        " on v.payload::jsonb -> 'data' ->> 'job_id' = j.id::text where j.account_id = %s",
        (account,),
    ).fetchall()
    assert len(events) == len({job for job, _ in events})
    assert statuses == [("delivered", len(events))]
    judge = Judge(secret)
    told: defaultdict[str, set[str]] = defaultdict(set)
    for request in accepted:
        assert judge.accepts(request)
        told[orjson.loads(request.body)["data"]["job_id"]].add(request.headers["webhook-id"])
    assert told == {str(job): {str(event)} for job, event in events}


def check_the_results(client: httpx2.Client, accepted: list[str]) -> None:
    """What was billed is what is given out, and nobody twice in a campaign with a token."""
    given: dict[int, list[str]] = {}
    for number, job in enumerate(accepted):
        body = client.get(f"{JOBS}/{job}").json()
        assert body["billable_records"] == len(body["data"])
        given.setdefault(number // JOBS_A_CAMPAIGN, []).extend(
            person["person_id"] for person in body["data"]
        )
    assert sum(map(len, given.values())) > 0
    for campaign, persons in given.items():
        assert len(persons) == len(set(persons)) or not is_deduped(campaign)
