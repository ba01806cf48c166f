"""``stibnite bench jobs``: a queued search against the same search at once, and jobs per minute.

The legs are interleaved, ask the same questions of the same stack, and each goes first as often as
the others. A queued search is timed from the sending of the request to the receipt of its result:
told by the subscription (``told``, server-sent events), or polled for every 5 ms (``polled``),
which costs the stack a request each time. Both are held against the goal.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import orjson
from rich.console import Console
from rich.table import Table

from api.bench.measure import Latency, Ratio, latency, ratio
from api.bench.questions import COMPANIES, PLACES, ROLES
from api.bench.stack import bench_stack
from api.caller import AccountKind, Tier
from api.domain.account.service import create_key
from api.market.generate import generate
from api.stores.postgres import Postgres

PAGE = 100
WARM_UP_CALLS = 20
RATIO_GOAL = 2.0
RATE_GOAL = 300
_JOBS = "/v1/persons/search/jobs"
_AT_ONCE = 16
_AT_ONCE_LEG, _TOLD_LEG, _POLLED_LEG = "search", "queued, told", "queued, polled"
_POLL_EVERY_S = 0.005
_POLL_MANY_EVERY_S = 0.05
_LONGEST_LINE = 2**21
# What the documented answer of a search holds.
_UPDATES = """subscription ($id: ID!) { personSearchJobUpdates(jobId: $id) {
  status error searchStrategy billableRecords
  interpretation {
    roles { key label } industries { key label } locations { key label city state }
    filters { companyCity companyState employeeCountMin employeeCountMax }
    allEmployees requestedRecords warnings
  }
  pagination { limit totalRecords totalRecordsRelation totalPages nextCursor maxRecords }
  nodes {
    personId firstName lastName jobTitle businessEmail mobilePhone linkedinUrl
    company {
      companyId name domain website phone linkedinUrl revenue employeeCount industry sic naics
      city state country
    }
  }
} }"""
_DONE_WITHIN_S = 300.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that one run found."""

    persons: int
    legs: dict[str, Latency]
    records_a_page: float
    ratios: tuple[Ratio, Ratio]
    jobs: int
    jobs_per_minute: int

    def as_json(self) -> dict[str, Any]:
        """The outcome for machines."""
        return asdict(self)


async def bench_jobs(
    persons: int, calls: int, jobs: int, folder: Path, tell: Callable[[str], None]
) -> Outcome:
    """Measures a market of ``persons`` people, in a stack of its own below ``folder``."""
    tell(f"generating {persons:,} persons")
    market = generate(persons, folder / "market")
    async with bench_stack(folder / "data") as stack:
        tell("loading")
        rejects = ("--rejects", str(folder))
        await stack.command("load", "companies", *map(str, market.company_files), *rejects)
        await stack.command("load", "persons", *map(str, market.person_files), *rejects)
        postgres = Postgres(stack.running.settings.sqlalchemy_url)
        try:
            key = await create_key(
                postgres, account="bench", kind=AccountKind.STANDARD, tier=Tier.TIER_1
            )
        finally:
            await postgres.close()
        headers = {"x-api-key": key.plain}
        async with aiohttp.ClientSession(
            stack.running.base_url, headers=headers, read_bufsize=_LONGEST_LINE
        ) as session:
            tell(f"asking {calls:,} questions in each way")
            timed = await _interleaved(session, calls)
            tell(f"queueing {jobs:,} jobs")
            rate = await _rate(session, jobs)
    return Outcome(
        persons,
        {name: latency(leg.seconds) for name, leg in timed.items()},
        round(sum(timed[_AT_ONCE_LEG].records) / calls, 1),
        (_against_search(timed, _TOLD_LEG), _against_search(timed, _POLLED_LEG)),
        jobs,
        rate,
    )


@dataclass(slots=True)
class Leg:
    """One way to a page; each asking gives the number of its records."""

    ask: Callable[[aiohttp.ClientSession, str], Awaitable[int]]
    seconds: list[float] = field(default_factory=list)
    records: list[int] = field(default_factory=list)


def questions() -> list[str]:
    """Every combination of role, kind of company and place."""
    return [
        "".join(parts)
        for parts in itertools.product(itertools.chain.from_iterable(ROLES), COMPANIES, PLACES)
    ]


async def _interleaved(session: aiohttp.ClientSession, calls: int) -> dict[str, Leg]:
    """Every way to the same pages, in turn."""
    asked = questions()
    legs = {
        _AT_ONCE_LEG: Leg(_search),
        _TOLD_LEG: Leg(_queued_and_told),
        _POLLED_LEG: Leg(_queued_and_polled),
    }
    for number in range(-WARM_UP_CALLS, calls):
        q = asked[number * 7 % len(asked)]
        order = list(legs.values())
        turn = number % len(order)
        for leg in order[turn:] + order[:turn]:
            started = time.perf_counter()
            records = await leg.ask(session, q)
            if number >= 0:
                leg.seconds.append(time.perf_counter() - started)
                leg.records.append(records)
    return legs


def _against_search(timed: dict[str, Leg], name: str) -> Ratio:
    under = timed[_AT_ONCE_LEG].seconds
    return ratio(f"{name} ÷ {_AT_ONCE_LEG}", timed[name].seconds, under, RATIO_GOAL)


async def _rate(session: aiohttp.ClientSession, jobs: int) -> int:
    """Jobs per minute, from the first request to the last result."""
    asked = questions()
    started = time.perf_counter()
    pending = asyncio.Semaphore(_AT_ONCE)

    async def submit(number: int) -> str:
        async with pending:
            return await _submit(session, asked[number * 7 % len(asked)])

    ids = await asyncio.gather(*map(submit, range(jobs)))
    for job_id in ids:
        await _result(session, job_id, poll_every_s=_POLL_MANY_EVERY_S)
    return round(60 * jobs / (time.perf_counter() - started))


async def _search(session: aiohttp.ClientSession, q: str) -> int:
    params = {"q": q, "limit": str(PAGE)}
    async with session.get("/v1/persons/search", params=params) as response:
        response.raise_for_status()
        return len((await response.json(loads=orjson.loads))["data"])


async def _queued_and_told(session: aiohttp.ClientSession, q: str) -> int:
    asked = {"query": _UPDATES, "variables": {"id": await _submit(session, q)}}
    headers = {"accept": "text/event-stream"}
    async with session.post("/graphql", json=asked, headers=headers) as response:
        response.raise_for_status()
        async for line in response.content:
            if line.startswith(b"data: "):
                job = orjson.loads(line.removeprefix(b"data: "))["data"]["personSearchJobUpdates"]
                if _has_ended(job):
                    return len(job["nodes"])
    raise RuntimeError("a job's updates ended before the job did")


async def _queued_and_polled(session: aiohttp.ClientSession, q: str) -> int:
    job_id = await _submit(session, q)
    return await _result(session, job_id, poll_every_s=_POLL_EVERY_S)


async def _submit(session: aiohttp.ClientSession, q: str) -> str:
    async with session.post(_JOBS, json={"q": q, "limit": PAGE}) as response:
        response.raise_for_status()
        job_id: str = (await response.json())["job_id"]
        return job_id


async def _result(session: aiohttp.ClientSession, job_id: str, *, poll_every_s: float) -> int:
    deadline = time.monotonic() + _DONE_WITHIN_S
    while time.monotonic() < deadline:
        await asyncio.sleep(poll_every_s)
        async with session.get(f"{_JOBS}/{job_id}") as response:
            response.raise_for_status()
            body = await response.json(loads=orjson.loads)
        if _has_ended(body):
            return len(body["data"])
    raise RuntimeError("a job did not end")


def _has_ended(job: dict[str, Any]) -> bool:
    if job["status"] == "failed":
        raise RuntimeError(f"a job failed: {job['error']}")
    return bool(job["status"] == "succeeded")


def tell_outcome(outcome: Outcome, console: Console) -> None:
    """The outcome for people."""
    title = f"A page of {outcome.records_a_page} people among {outcome.persons:,}, in milliseconds"
    legs = Table(title=title)
    for heading in ("", "calls", "p50", "p95", "p99"):
        legs.add_column(heading, justify="right" if heading else "left")
    for name, leg in outcome.legs.items():
        legs.add_row(name, f"{leg.calls:,}", f"{leg.p50_ms}", f"{leg.p95_ms}", f"{leg.p99_ms}")
    console.print(legs)
    goals = Table(title="Goals")
    for heading in ("", "measured", "95 % interval", "goal", ""):
        goals.add_column(heading, justify="right" if heading else "left")
    for each in outcome.ratios:
        goals.add_row(
            each.name,
            f"{each.value}",
            f"{each.low} to {each.high}",
            f"≤ {each.goal}",
            "met" if each.met else "missed",
        )
    goals.add_row(
        f"jobs per minute, of {outcome.jobs:,}",
        f"{outcome.jobs_per_minute:,}",
        "",
        f"≥ {RATE_GOAL}",
        "met" if outcome.jobs_per_minute >= RATE_GOAL else "missed",
    )
    console.print(goals)
