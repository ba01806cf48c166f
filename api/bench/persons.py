"""``stibnite bench persons``: a page of people by both doors, against the same SQL on the engine.

The engine leg sends the very statements that the API sends, with the same client to the same
server, and decodes the rows; the time inside the engine, as it reports it, stands beside. Calls of
all legs are interleaved, the questions rotate, and each leg goes first as often as the others. Each
strategy is measured by itself.
"""

import asyncio
import itertools
import time
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field, replace

from api.bench.doors import PAGE, Doors, open_doors
from api.bench.measure import Latency, Ratio, latency, ratio
from api.bench.questions import broad, choose
from api.domain.interpreter.parser import interpret_persons
from api.domain.person import queries
from api.domain.person.records import SearchStrategy
from api.stores.clickhouse import ClickHouse, Profile

WARM_UP_CALLS = 30
# How deep a walk goes, how many are walked, and how often both ends are then asked for.
DEPTH = 100
WALKS = 5
ROUNDS_OF_WALK = 20
COUNTS = 20
_P95 = 0.95

Leg = Callable[[str], Awaitable[int]]


@dataclass(slots=True)
class Samples:
    """Seconds of each call, by leg."""

    engine: list[float] = field(default_factory=list)
    in_process: list[float] = field(default_factory=list)
    rest: list[float] = field(default_factory=list)
    graphql: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class StrategyReport:
    """What a run found of one strategy."""

    questions: int
    legs: dict[str, Latency]
    ratios: tuple[Ratio, ...]


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found. ``exact_counts`` are how many were compared, and how many were right."""

    strategies: dict[str, StrategyReport]
    depth: Ratio | None
    exact_counts: tuple[int, int]


async def measure(base_url: str, key: str, clickhouse: ClickHouse, *, calls: int) -> Report:
    """Asks ``calls`` questions of each strategy by each leg; all of them fill a page."""
    async with open_doors(base_url, key) as doors:
        chosen = await choose(doors)
        strategies = {
            name: await _strategy(doors, clickhouse, name, questions, calls)
            for name, questions in chosen.items()
        }
        everything = [q for questions in chosen.values() for q in questions]
        depth = await _depth(doors, clickhouse, broad())
    return Report(strategies, depth, await _exact_counts(clickhouse, everything))


async def _strategy(
    doors: Doors, clickhouse: ClickHouse, name: str, questions: Sequence[str], calls: int
) -> StrategyReport:
    samples = Samples()

    async def engine(q: str) -> int:
        return await _engine(clickhouse, q, samples, counted=name == SearchStrategy.TAXONOMY)

    async def rest(q: str) -> int:
        return len((await doors.rest(q))["data"])

    async def graphql(q: str) -> int:
        return len(await doors.graphql(q))

    legs: dict[str, Leg] = {"engine": engine, "rest": rest, "graphql": graphql}
    for q in questions[:WARM_UP_CALLS]:
        for leg in legs.values():
            await leg(q)
    samples.in_process.clear()
    orders = list(itertools.permutations(legs))
    for number in range(calls):
        q = questions[number % len(questions)]
        for leg_name in orders[number % len(orders)]:
            started = time.perf_counter()
            rows = await legs[leg_name](q)
            getattr(samples, leg_name).append(time.perf_counter() - started)
            if rows < PAGE:
                raise RuntimeError(f"{leg_name} answered {q!r} with {rows} rows")
    return StrategyReport(
        len(questions),
        {
            "in the engine": latency(samples.in_process),
            "engine over HTTP": latency(samples.engine),
            "REST": latency(samples.rest),
            "GraphQL": latency(samples.graphql),
        },
        (
            ratio("REST ÷ engine", samples.rest, samples.engine, 1.5),
            ratio("REST ÷ engine, p95", samples.rest, samples.engine, 1.5, _P95),
            ratio("GraphQL ÷ engine", samples.graphql, samples.engine, 1.5),
            ratio("GraphQL ÷ engine, p95", samples.graphql, samples.engine, 1.5, _P95),
            ratio("GraphQL ÷ REST", samples.graphql, samples.rest, 1.2),
        ),
    )


async def _engine(clickhouse: ClickHouse, q: str, samples: Samples, *, counted: bool) -> int:
    """A page and, where the API counts exactly, the count beside it, as the API asks for them."""
    interpretation = interpret_persons(q)
    conditions = queries.search_conditions(interpretation)
    sql, values = queries.statement(conditions, None, PAGE + 1)
    page = clickhouse.answer(sql, values, Profile.INTERACTIVE)
    if counted:
        answer, _ = await asyncio.gather(page, queries.exact_count(clickhouse, interpretation))
    else:
        answer = await page
    samples.in_process.append(answer.engine_s)
    return len(answer.rows)


async def _depth(doors: Doors, clickhouse: ClickHouse, questions: Sequence[str]) -> Ratio | None:
    """How much longer page 100 takes than page 1, where there are that many pages."""
    first: list[float] = []
    last: list[float] = []
    walked = 0
    for q in questions:
        conditions = queries.search_conditions(interpret_persons(q))
        # The last page is asked for, too.
        records = PAGE * (DEPTH + 1)
        if await queries.count(clickhouse, conditions, records) < records:
            continue
        cursor: str | None = None
        for _ in range(DEPTH - 1):
            cursor = (await doors.rest(q, cursor))["pagination"]["next_cursor"]
        for _ in range(ROUNDS_OF_WALK):
            for seconds, at in ((first, None), (last, cursor)):
                started = time.perf_counter()
                await doors.rest(q, at)
                seconds.append(time.perf_counter() - started)
        walked += 1
        if walked == WALKS:
            break
    return ratio(f"page {DEPTH} ÷ page 1", last, first, 1.2) if walked else None


async def _exact_counts(clickhouse: ClickHouse, questions: Sequence[str]) -> tuple[int, int]:
    """Counts of searches for one role, compared with counts that use no table of roles."""
    right = 0
    asked = questions[:: max(1, len(questions) // COUNTS)][:COUNTS]
    for q in asked:
        interpretation = interpret_persons(q)
        # Two equal roles mean what one does, and are looked for among all people.
        twice = replace(interpretation, roles=interpretation.roles * 2)
        full = await queries.count(clickhouse, queries.search_conditions(twice))
        right += await queries.exact_count(clickhouse, interpretation) == full
    return len(asked), right
