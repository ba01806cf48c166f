"""``stibnite bench overload``: three times what the API can do, in an open loop.

Requests come at their times whether earlier ones are answered or not, as from a crowd that does not
know of itself. The rate that the API can do is measured first, by callers who wait for each answer.
Everything is on one machine and takes its share of the same cores: what counts are ratios.
"""

import asyncio
import time
from collections import Counter
from collections.abc import Callable
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import aiohttp
import psutil
from rich.console import Console
from rich.table import Table

from api.bench.jobs import questions
from api.bench.measure import Latency, latency
from api.bench.stack import bench_stack
from api.caller import AccountKind, Tier
from api.domain.account.service import create_key
from api.market.generate import generate
from api.stores.postgres import Postgres

TIMES_PEAK = 3
CALLERS = 32
PEAK_S = 10
WITHIN_S = 5
"""So soon after the crowd has gone, a request takes as long as before it came."""
CALM_CALLS = 50
# Those that wait for an answer at one time; beyond it the machine could not even count them.
OUTSTANDING_MAX = 5_000
SPREAD_GOAL = 4.0
GROWTH_GOAL = 1.25
RECOVERY_GOAL = 1.5
_PAGE = "/v1/persons/search"
_GRAPHQL = "query ($q: String!) { personSearch(q: $q, first: 20) { nodes { personId firstName } } }"


@dataclass(slots=True)
class Crowd:
    """What became of the requests of one phase."""

    seconds: dict[int, list[float]] = field(default_factory=dict)
    failures: Counter[str] = field(default_factory=Counter)
    without_hint: int = 0
    """Refusals that did not say when to come back."""

    def note(self, status: int, seconds: float) -> None:
        """Notes one answer."""
        self.seconds.setdefault(status, []).append(seconds)


@dataclass(frozen=True, slots=True)
class Measured:
    """One figure with its goal; it is met where the value is not more."""

    name: str
    value: float
    goal: float

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.value <= self.goal


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that one run found."""

    peak_per_s: float
    offered_per_s: float
    accepted_per_s: float
    answers: dict[str, Latency]
    failures: dict[str, int]
    measured: tuple[Measured, ...]

    def as_json(self) -> dict[str, Any]:
        """The outcome for machines."""
        return asdict(self)


async def bench_overload(
    persons: int, seconds: int, folder: Path, tell: Callable[[str], None]
) -> Outcome:
    """Overloads a stack of its own, with a market of ``persons`` people, for so many seconds."""
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
        connector = aiohttp.TCPConnector(limit=0)
        async with aiohttp.ClientSession(
            stack.running.base_url, headers={"x-api-key": key.plain}, connector=connector
        ) as session:
            return await _measured(session, stack.pids, seconds, tell)


async def _measured(
    session: aiohttp.ClientSession,
    pids: Callable[[], dict[str, int]],
    seconds: int,
    tell: Callable[[str], None],
) -> Outcome:
    asked = questions()
    await _calm(session, asked)
    before = await _calm(session, asked)
    tell(f"measuring the peak for {PEAK_S} s")
    peak = await _peak(session, asked)
    tell(f"{TIMES_PEAK} × {peak:.0f}/s for {seconds} s")
    started_as = pids()["api"]
    crowd, rss = await _open_loop(session, asked, TIMES_PEAK * peak, seconds, started_as)
    await asyncio.sleep(WITHIN_S)
    after = await _calm(session, asked)
    accepted = crowd.seconds.get(200, [])
    refused = crowd.seconds.get(503, [])
    others = sum(len(each) for status, each in crowd.seconds.items() if status not in {200, 503})
    answered = latency(accepted)
    crashed = float(pids()["api"] != started_as)
    return Outcome(
        round(peak, 1),
        round(TIMES_PEAK * peak, 1),
        round(len(accepted) / seconds, 1),
        {
            "calm, before": latency(before),
            "accepted": answered,
            **({"refused": latency(refused)} if refused else {}),
            "calm, after": latency(after),
        },
        dict(crowd.failures),
        (
            Measured("accepted: p99 ÷ p50", _ratio(answered.p99_ms, answered.p50_ms), SPREAD_GOAL),
            Measured(
                "refused p50 ÷ accepted p50",
                _ratio(latency(refused).p50_ms, answered.p50_ms) if refused else 0.0,
                1.0,
            ),
            Measured("memory: end ÷ a quarter of the way", _ratio(*rss), GROWTH_GOAL),
            Measured(
                f"p50 {WITHIN_S} s after ÷ before",
                _ratio(latency(after).p50_ms, latency(before).p50_ms),
                RECOVERY_GOAL,
            ),
            Measured("answers that are neither 200 nor 503", float(others), 0.0),
            Measured("refusals without Retry-After", float(crowd.without_hint), 0.0),
            Measured("connections that broke", float(sum(crowd.failures.values())), 0.0),
            Measured("crashes", crashed, 0.0),
        ),
    )


def _ratio(over: float, under: float) -> float:
    return round(over / under, 3)


async def _ask(session: aiohttp.ClientSession, asked: list[str], number: int, crowd: Crowd) -> None:
    """One request, by each door in turn."""
    q = asked[number * 7 % len(asked)]
    started = time.perf_counter()
    try:
        if number % 2:
            body = {"query": _GRAPHQL, "variables": {"q": q}}
            answering = session.post("/graphql", json=body)
        else:
            answering = session.get(_PAGE, params={"q": q, "limit": "20"})
        async with answering as response:
            await response.read()
            crowd.note(response.status, time.perf_counter() - started)
            if response.status == 503 and "retry-after" not in response.headers:
                crowd.without_hint += 1
    except (aiohttp.ClientError, TimeoutError, OSError) as error:
        crowd.failures[type(error).__name__] += 1


async def _calm(session: aiohttp.ClientSession, asked: list[str]) -> list[float]:
    """The seconds of requests one after the other."""
    crowd = Crowd()
    for number in range(CALM_CALLS):
        await _ask(session, asked, number, crowd)
    return crowd.seconds[200]


async def _peak(session: aiohttp.ClientSession, asked: list[str]) -> float:
    """Requests per second of callers who wait for each answer."""
    crowd = Crowd()
    ends = time.perf_counter() + PEAK_S

    async def caller(first: int) -> None:
        number = first
        while time.perf_counter() < ends:
            await _ask(session, asked, number, crowd)
            number += CALLERS + 1

    await asyncio.gather(*map(caller, range(CALLERS)))
    return len(crowd.seconds[200]) / PEAK_S


async def _open_loop(
    session: aiohttp.ClientSession, asked: list[str], per_s: float, seconds: int, pid: int
) -> tuple[Crowd, tuple[float, float]]:
    """Requests at their times; and the API's memory at the end and a quarter of the way."""
    crowd, pending = Crowd(), set[asyncio.Task[None]]()
    process = psutil.Process(pid)
    started = time.perf_counter()
    quarter: float | None = None
    number = 0
    while (now := time.perf_counter() - started) < seconds:
        if quarter is None and now > seconds / 4:
            quarter = float(process.memory_info().rss)
        while number < now * per_s:
            number += 1
            if len(pending) >= OUTSTANDING_MAX:
                crowd.failures["the crowd itself was too large"] += 1
                continue
            task = asyncio.create_task(_ask(session, asked, number, crowd))
            pending.add(task)
            task.add_done_callback(pending.discard)
        await asyncio.sleep(0.002)
    end = float(process.memory_info().rss)
    await asyncio.gather(*pending)
    return crowd, (end, quarter or end)


def tell_outcome(outcome: Outcome, console: Console) -> None:
    """Prints the outcome as tables."""
    console.print(
        f"peak {outcome.peak_per_s}/s, offered {outcome.offered_per_s}/s,"
        f" accepted {outcome.accepted_per_s}/s"
    )
    table = Table("requests", "number", "p50 ms", "p95 ms", "p99 ms")
    for name, each in outcome.answers.items():
        table.add_row(name, f"{each.calls:,}", f"{each.p50_ms}", f"{each.p95_ms}", f"{each.p99_ms}")
    console.print(table)
    goals = Table("measure", "value", "goal", "")
    for measured in outcome.measured:
        goals.add_row(
            measured.name,
            f"{measured.value}",
            f"≤ {measured.goal}",
            "met" if measured.met else "not met",
        )
    console.print(goals)
    for name, count in outcome.failures.items():
        console.print(f"{name}: {count:,}")
