"""Jobs under kill -9: of the worker, the API, Redis and ClickHouse, again and again, and FLUSHALL.

Real processes, a stream of jobs, and no waiting but for conditions. Every job that was accepted
ends; none is billed twice; a campaign is given nobody twice; each end is one event.
"""

import os
import random
import signal
import threading
from collections import Counter
from collections.abc import Iterator
from typing import Any
from uuid import UUID, uuid4

import httpx2
import psycopg
import pytest
from redis import Redis

from tests.conftest import load_documented
from tests.stack import Stack, scratch_folder, start, stop
from tests.story.test_kill import pids, wait_for

KILLED = ("worker", "api", "redis", "clickhouse")
ROUNDS = 6
JOBS = "/v1/persons/search/jobs"
JOBS_A_CAMPAIGN = 30
PATIENCE_S = 240
PAUSE_S = 0.02


@pytest.fixture(scope="module")
def victim() -> Iterator[Stack]:
    """A stack of its own, with the documented rows and the crowd only."""
    with scratch_folder() as folder:
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
            body = {
                "q": "partners at law firms in Ely, NV",
                "limit": 5,
                "dedupe_token": f"campaign {campaign}",
            }
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


def kill(stack: Stack, part: str, former: dict[str, int]) -> None:
    """Kills a part that has come back since it was last killed."""
    wait_for(lambda: pids(stack).get(part) not in {None, former.get(part)}, PATIENCE_S)
    former[part] = pids(stack)[part]
    os.kill(former[part], signal.SIGKILL)


def subscribe(database: psycopg.Connection[Any], account: UUID) -> None:
    """Has the account's events written; nothing listens there."""
    database.execute(
        "insert into webhook_endpoints (id, account_id, url, events, status, secret) values"
        " (%s, %s, 'https://receiver.example/', %s, 'active', %s)",
        (uuid4(), account, ["person_search.job.succeeded", "person_search.job.failed"], b"x"),
    )


def test_jobs_survive_everything(victim: Stack) -> None:
    draw = random.Random(1)
    former: dict[str, int] = {}
    key = victim.new_key("survivor")
    url = victim.settings.required_database_url
    with psycopg.connect(url, autocommit=True) as database, victim.client(key) as client:
        row = database.execute("select id from accounts where name = 'survivor'").fetchone()
        assert row is not None
        account: UUID = row[0]
        subscribe(database, account)
        with Stream(client) as stream:
            for number in range(ROUNDS):
                for part in draw.sample(KILLED, len(KILLED)):
                    stream.progress(draw.randint(1, 6))
                    kill(victim, part, former)
                if number == ROUNDS // 2:
                    flush(victim)
            stream.progress(5)
        assert not set(stream.refused) - {503}
        wait_for(lambda: unfinished(database, account) == 0, PATIENCE_S)
        check_the_books(database, account, stream.accepted)
        check_the_results(client, stream.accepted)


def flush(stack: Stack) -> None:
    """Empties Redis, as soon as it answers."""

    def flushed() -> bool:
        try:
            with Redis.from_url(stack.settings.required_redis_url) as redis:
                return bool(redis.flushall())
        except Exception:
            return False

    wait_for(flushed, PATIENCE_S)


def unfinished(database: psycopg.Connection[Any], account: UUID) -> int:
    """Jobs that have not ended."""
    row = database.execute(
        "select count(*) from person_search_jobs where account_id = %s and due_at is not null",
        (account,),
    ).fetchone()
    assert row is not None
    return int(row[0])


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
        "select requests, billable_records from usage_entries where account_id = %s", (account,)
    ).fetchall()
    assert sum(requests for requests, _ in entries) == len(jobs)
    assert sum(records for _, records in entries) == sum(records for _, records in jobs.values())
    assert len(entries) == 2 * len(jobs)
    events = Counter(
        job
        for (job,) in database.execute(
            "select payload::jsonb -> 'data' ->> 'job_id' from webhook_events"
            " where account_id = %s",
            (account,),
        )
    )
    assert events == dict.fromkeys(jobs, 1)


def check_the_results(client: httpx2.Client, accepted: list[str]) -> None:
    """What was billed is what is given out, and nobody twice in a campaign."""
    given: dict[int, list[str]] = {}
    for number, job in enumerate(accepted):
        body = client.get(f"{JOBS}/{job}").json()
        assert body["billable_records"] == len(body["data"])
        given.setdefault(number // JOBS_A_CAMPAIGN, []).extend(
            person["person_id"] for person in body["data"]
        )
    assert sum(map(len, given.values())) > 0
    for campaign in given.values():
        assert len(campaign) == len(set(campaign))
