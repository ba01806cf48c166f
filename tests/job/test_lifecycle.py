"""Jobs against a plain model: created, claimed, lost, settled late, given up, expired.

Whatever happens in whatever order: a job ends at most once, its records are billed once exactly if
it succeeded, its end is one event, and only the attempt that owns it can settle it.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import ClassVar
from uuid import UUID

import pytest
from hypothesis import HealthCheck, Phase, settings
from hypothesis import strategies as st
from hypothesis.stateful import (
    Bundle,
    RuleBasedStateMachine,
    initialize,
    invariant,
    multiple,
    precondition,
    rule,
    run_state_machine_as_test,
)

from api.domain.company.records import CompanyRow
from api.domain.job import running, service
from api.domain.job.records import Claim
from api.domain.job.rules import DEADLINE, LEASE, MAX_ATTEMPTS, REPUBLISH_AFTER, JobStatus
from api.domain.job.running import Timings
from api.domain.person.records import PersonRow
from api.domain.person.search import Found, PersonSearch
from api.errors import DomainError
from api.paging import PageRequest
from api.work import Work
from tests.job.conftest import Bench, at

KEEP = timedelta(days=7)
COMPANY = CompanyRow._make(("company", "Company", *(None,) * (len(CompanyRow._fields) - 2)))


def found(records: int) -> Found:
    """So many people."""
    rows = [
        PersonRow(f"person {number}", "Ada", "Example", None, None, None, None, COMPANY, number)
        for number in range(records)
    ]
    return Found(rows)


@dataclass
class Model:
    """What is known of one job."""

    created_at: datetime
    status: JobStatus = JobStatus.QUEUED
    attempt: int = 0
    due_at: datetime | None = None
    published_at: datetime | None = None
    finished_at: datetime | None = None
    billed: int = 0

    def claimable(self, now: datetime) -> bool:
        due = self.due_at is not None and (self.due_at <= now or self.attempt == 0)
        return due and self.attempt < MAX_ATTEMPTS

    def end(self, status: JobStatus, now: datetime) -> None:
        self.status, self.due_at, self.finished_at = status, None, now


class Jobs(RuleBasedStateMachine):
    """The rules; every step is one that some process may take at any moment."""

    bench: ClassVar[Bench]
    jobs = Bundle("jobs")
    claims = Bundle("claims")

    @initialize()
    def begin(self) -> None:
        """A new account each time, in a database that others have used."""
        self.work: Work = self.bench.new_work()
        self.clock = 0.0
        self.models: dict[UUID, Model] = {}
        self.bench.queue.rows.clear()
        self.bench.rows("delete from person_search_jobs")

    @property
    def now(self) -> datetime:
        return at(self.clock)

    @rule(target=jobs)
    def create(self) -> UUID:
        asked, page = PersonSearch("CEOs in Nevada"), PageRequest(100)
        job = self.bench.run(service.create(self.work, asked, page, now=self.now))
        now = self.now
        self.models[job.job_id] = Model(now, due_at=now, published_at=now)
        assert self.bench.queue.jobs()[-1] == job.job_id
        job_id: UUID = job.job_id
        return job_id

    @rule(
        seconds=st.sampled_from(
            [0.5, 3, REPUBLISH_AFTER.total_seconds(), LEASE.total_seconds(), 61, 1800]
        )
    )
    def wait(self, seconds: float) -> None:
        self.clock += seconds

    @rule(target=claims, job=jobs)
    def claim(self, job: UUID) -> object:
        """A worker is handed an id; claims that are never settled are workers that were killed."""
        claim = self.bench.run(running.take(self.work.stores, job, self.now))
        model = self.models.get(job)
        if model is None or not model.claimable(self.now):
            assert claim is None
            return multiple()
        model.attempt += 1
        model.status, model.due_at = JobStatus.RUNNING, self.now + LEASE
        assert claim.attempt == model.attempt
        return claim

    @rule(claim=claims, records=st.integers(0, 3))
    def settle(self, claim: Claim, records: int) -> None:
        """Also late, also twice."""
        won = self.bench.run(
            running.settle(self.work.stores, claim, found(records), Timings(1, 2), self.now)
        )
        model = self.models.get(claim.job_id)
        assert won == self._owns(model, claim)
        if won and model is not None:
            model.end(JobStatus.SUCCEEDED, self.now)
            model.billed = records

    @rule(claim=claims, transient=st.booleans())
    def give_back(self, claim: Claim, transient: bool) -> None:
        """Also late, also twice."""
        self.bench.run(
            running.give_back(
                self.work.stores, claim, self.now, reason="It is down.", transient=transient
            )
        )
        model = self.models.get(claim.job_id)
        if model is None or not self._owns(model, claim):
            return
        pause = timedelta(seconds=min(2 ** (claim.attempt - 1), 60))
        out_of_time = self.now + pause >= model.created_at + DEADLINE
        if not transient or claim.attempt >= MAX_ATTEMPTS or out_of_time:
            model.end(JobStatus.FAILED, self.now)
        else:
            model.status, model.due_at = JobStatus.QUEUED, self.now + pause

    @rule(room=st.integers(0, 3))
    def sweep(self, room: int) -> None:
        self.bench.queue.rows.clear()
        self.bench.run(running.sweep(self.work.stores, self.now, room=room))
        now = self.now
        for model in self.models.values():
            due = model.due_at is not None and model.due_at <= now
            if due and (model.attempt >= MAX_ATTEMPTS or model.created_at <= now - DEADLINE):
                model.end(JobStatus.FAILED, now)
        lost = {job for job, model in self.models.items() if self._is_lost(model)}
        published = self.bench.queue.jobs()
        assert len(published) == len(set(published)) == min(room, len(lost))
        assert set(published) <= lost
        for job in published:
            self.models[job].published_at = now

    @precondition(lambda self: any(model.finished_at for model in self.models.values()))
    @rule()
    def expire(self) -> None:
        self.clock += KEEP.total_seconds()
        gone = self.bench.run(running.expire(self.work.stores, self.now, keep=KEEP))
        old = [
            job
            for job, model in self.models.items()
            if model.finished_at is not None and model.finished_at <= self.now - KEEP
        ]
        assert gone == len(old)
        for job in old:
            del self.models[job]
            with pytest.raises(DomainError, match="no such job"):
                self.bench.run(service.one(self.work, str(job)))

    @invariant()
    def rows_are_as_the_model_says(self) -> None:
        rows = self.bench.rows(
            "select id, status, attempt, due_at, published_at, finished_at from person_search_jobs"
        )
        assert {row.id: tuple(row[1:]) for row in rows} == {
            job: (each.status, each.attempt, each.due_at, each.published_at, each.finished_at)
            for job, each in self.models.items()
        }

    @invariant()
    def each_success_is_billed_once_and_each_end_is_one_event(self) -> None:
        bills = {
            row.id: row.billable_records
            for row in self.bench.rows(
                "select id, billable_records from usage_entries"
                " where account_id = :id and requests = 0",
                id=self.work.caller.account_id,
            )
        }
        ends = [
            (row.job_id, row.type.rpartition(".")[2])
            for row in self.bench.rows(
                "select payload::jsonb -> 'data' ->> 'job_id' as job_id, type"
                " from webhook_events where account_id = :id",
                id=self.work.caller.account_id,
            )
        ]
        assert len({job for job, _ in ends}) == len(ends)
        for job, model in self.models.items():
            if model.status is JobStatus.SUCCEEDED:
                assert bills[running.bill_of(job)] == model.billed
            else:
                assert running.bill_of(job) not in bills
            ended = model.finished_at is not None
            assert ((str(job), str(model.status)) in ends) == ended

    @staticmethod
    def _owns(model: Model | None, claim: Claim) -> bool:
        running_now = model is not None and model.status is JobStatus.RUNNING
        return running_now and model is not None and model.attempt == claim.attempt

    def _is_lost(self, model: Model) -> bool:
        if model.due_at is None or model.due_at > self.now or model.published_at is None:
            return False
        return model.published_at < max(model.due_at, self.now - REPUBLISH_AFTER) or (
            model.published_at == self.now - REPUBLISH_AFTER
        )


def test_jobs_live_as_the_model_says(bench: Bench) -> None:
    Jobs.bench = bench
    run_state_machine_as_test(
        Jobs,
        settings=settings(
            max_examples=15,
            stateful_step_count=25,
            deadline=None,
            derandomize=True,
            # Against a real server, making a failure small takes longer than reading it.
            phases=(Phase.generate,),
            suppress_health_check=list(HealthCheck),
        ),
    )
