"""``stibnite bench jobs``: a queued search against the same search at once, and jobs per minute.

The two legs are interleaved, ask the same questions of the same stack, and each goes first as often
as the other. A queued search is timed from the sending of the request to the receipt of its result,
which is polled for as the documents say.
"""

import asyncio
import itertools
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import aiohttp
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
_POLL_EVERY_S = 0.004
_DONE_WITHIN_S = 300.0


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that one run found."""

    persons: int
    legs: dict[str, Latency]
    ratio: Ratio
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
        async with aiohttp.ClientSession(stack.running.base_url, headers=headers) as session:
            tell(f"asking {calls:,} questions both ways")
            at_once, queued = await _interleaved(session, calls)
            tell(f"queueing {jobs:,} jobs")
            rate = await _rate(session, jobs)
    return Outcome(
        persons,
        {"search": latency(at_once), "queued search": latency(queued)},
        ratio("queued search ÷ search", queued, at_once, RATIO_GOAL),
        jobs,
        rate,
    )


def questions() -> list[str]:
    """Every combination of role, kind of company and place."""
    return [
        "".join(parts)
        for parts in itertools.product(itertools.chain.from_iterable(ROLES), COMPANIES, PLACES)
    ]


async def _interleaved(
    session: aiohttp.ClientSession, calls: int
) -> tuple[list[float], list[float]]:
    """Seconds of each search, and of each queued one."""
    asked = questions()
    for q in asked[:WARM_UP_CALLS]:
        await _search(session, q)
        await _queued(session, q)
    at_once: list[float] = []
    queued: list[float] = []
    legs = ((_search, at_once), (_queued, queued))
    for number in range(calls):
        q = asked[number * 7 % len(asked)]
        for leg, seconds in legs if number % 2 else legs[::-1]:
            started = time.perf_counter()
            await leg(session, q)
            seconds.append(time.perf_counter() - started)
    return at_once, queued


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
        await _result(session, job_id, poll_every_s=0.05)
    return round(60 * jobs / (time.perf_counter() - started))


async def _search(session: aiohttp.ClientSession, q: str) -> None:
    params = {"q": q, "limit": str(PAGE)}
    async with session.get("/v1/persons/search", params=params) as response:
        response.raise_for_status()
        await response.json()


async def _queued(session: aiohttp.ClientSession, q: str) -> None:
    await _result(session, await _submit(session, q), poll_every_s=_POLL_EVERY_S)


async def _submit(session: aiohttp.ClientSession, q: str) -> str:
    async with session.post(_JOBS, json={"q": q, "limit": PAGE}) as response:
        response.raise_for_status()
        job_id: str = (await response.json())["job_id"]
        return job_id


async def _result(session: aiohttp.ClientSession, job_id: str, *, poll_every_s: float) -> None:
    deadline = time.monotonic() + _DONE_WITHIN_S
    while time.monotonic() < deadline:
        async with session.get(f"{_JOBS}/{job_id}") as response:
            response.raise_for_status()
            body = await response.json()
        if body["status"] == "succeeded":
            return
        if body["status"] == "failed":
            raise RuntimeError(f"a job failed: {body['error']}")
        await asyncio.sleep(poll_every_s)
    raise RuntimeError("a job did not end")


def tell_outcome(outcome: Outcome, console: Console) -> None:
    """The outcome for people."""
    legs = Table(title=f"A page of people among {outcome.persons:,}, in milliseconds")
    for heading in ("", "calls", "p50", "p95", "p99"):
        legs.add_column(heading, justify="right" if heading else "left")
    for name, leg in outcome.legs.items():
        legs.add_row(name, f"{leg.calls:,}", f"{leg.p50_ms}", f"{leg.p95_ms}", f"{leg.p99_ms}")
    console.print(legs)
    goals = Table(title="Goals")
    for heading in ("", "measured", "95 % interval", "goal", ""):
        goals.add_column(heading, justify="right" if heading else "left")
    each = outcome.ratio
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
