"""``stibnite bench persons`` as a whole: make a market, load it, measure, tell."""

import asyncio
import resource
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from api.bench.measure import Ratio, peak_memory_mib
from api.bench.persons import Report, measure
from api.bench.stack import bench_stack
from api.caller import AccountKind, Tier
from api.domain.account.service import create_key
from api.domain.person.records import SearchStrategy
from api.market.generate import generate
from api.stores.clickhouse import ClickHouse, Profile
from api.stores.postgres import Postgres

LOAD_GOAL_PER_S = 200_000
MEMORY_GOAL_MIB = 3 * 1024
GROWTH_GOAL = 1.5
_REST_WITHIN_S = 300
# Merges that run, and partitions that are in more than one part.
_UNREST = """
SELECT
    (SELECT count() FROM system.merges WHERE database = currentDatabase())
    + (
        SELECT count() FROM
        (
            SELECT 1 FROM system.parts
            WHERE active AND database = currentDatabase()
                AND table IN ('person_index', 'role_index')
            GROUP BY table, partition_id HAVING count() > 1
        )
    )"""


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that one run found."""

    persons: int
    load_per_s: int
    pages: Report
    peak_memory_mib: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """The outcome for machines."""
        return asdict(self)


async def bench_persons(
    persons: int, calls: int, folder: Path, tell: Callable[[str], None]
) -> Outcome:
    """Measures a market of ``persons`` people, in a stack of its own below ``folder``."""
    tell(f"generating {persons:,} persons")
    market = generate(persons, folder / "market")
    async with bench_stack(folder / "data") as stack:
        tell("loading")
        rejects = ("--rejects", str(folder))
        await stack.command("load", "companies", *map(str, market.company_files), *rejects)
        seconds = await stack.command("load", "persons", *map(str, market.person_files), *rejects)
        # The largest child that has ended: one of the two loads.
        loader_mib = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss // 1024
        settings = stack.running.settings
        postgres = Postgres(settings.sqlalchemy_url)
        clickhouse = await ClickHouse.connect(settings.required_clickhouse_url)
        try:
            tell("waiting until the tables are at rest")
            await _at_rest(clickhouse)
            tell(f"asking {calls:,} questions of each strategy by each way")
            key = await create_key(
                postgres, account="bench", kind=AccountKind.STANDARD, tier=Tier.TIER_1
            )
            pages = await measure(stack.running.base_url, key.plain, clickhouse, calls=calls)
        finally:
            await clickhouse.close()
            await postgres.close()
        memory = {**peak_memory_mib(stack.pids()), "loader": loader_mib}
    return Outcome(persons, round(persons / seconds), pages, memory)


async def _at_rest(clickhouse: ClickHouse) -> None:
    async with asyncio.timeout(_REST_WITHIN_S):
        # The server tells nobody when it has merged.
        while (await clickhouse.fetch(_UNREST, {}, Profile.LOAD))[0][0]:  # noqa: ASYNC110
            await asyncio.sleep(0.5)


def tell_outcome(outcome: Outcome, console: Console, smaller: dict[str, Any] | None) -> None:
    """The outcome for people: what was measured, and whether it meets the goal.

    ``smaller`` is the outcome for machines of a run with fewer persons.
    """
    legs = Table(title=f"A page of 100 people among {outcome.persons:,}, in milliseconds")
    for heading in ("strategy", "way", "questions", "calls", "p50", "p95", "p99"):
        legs.add_column(heading, justify="left" if heading in ("strategy", "way") else "right")
    for strategy, found in outcome.pages.strategies.items():
        for name, leg in found.legs.items():
            counts = (f"{found.questions}", f"{leg.calls:,}")
            legs.add_row(strategy, name, *counts, f"{leg.p50_ms}", f"{leg.p95_ms}", f"{leg.p99_ms}")
        legs.add_section()
    console.print(legs)
    goals = Table(title="Goals")
    for heading in ("", "measured", "95 % interval", "goal", ""):
        goals.add_column(heading, justify="right" if heading else "left")
    for name, each in _ratios(outcome):
        interval = f"{each.low} to {each.high}"
        goals.add_row(name, f"{each.value}", interval, f"≤ {each.goal}", _mark(each.met))
    for name, measured, goal, met in _others(outcome, smaller):
        goals.add_row(name, measured, "", goal, _mark(met))
    console.print(goals)


def _ratios(outcome: Outcome) -> Iterator[tuple[str, Ratio]]:
    for strategy, found in outcome.pages.strategies.items():
        for each in found.ratios:
            yield f"{strategy}: {each.name}", each
    if outcome.pages.depth is not None:
        yield outcome.pages.depth.name, outcome.pages.depth


def _others(
    outcome: Outcome, smaller: dict[str, Any] | None
) -> Iterator[tuple[str, str, str, bool]]:
    """Name, value, goal, and whether it is met."""
    if smaller is not None:
        growth = _growth(outcome, smaller)
        yield (
            f"taxonomy: p50 by REST ÷ that at {smaller['persons']:,}",
            f"{growth:.3f}",
            f"≤ {GROWTH_GOAL}",
            growth <= GROWTH_GOAL,
        )
    compared, right = outcome.pages.exact_counts
    yield "exact counts equal a full count", f"{right}", f"{compared}", right == compared
    rate = outcome.load_per_s
    yield "load, persons/s", f"{rate:,}", f"≥ {LOAD_GOAL_PER_S:,}", rate >= LOAD_GOAL_PER_S
    total = sum(outcome.peak_memory_mib.values())
    parts = ", ".join(f"{part} {mib}" for part, mib in outcome.peak_memory_mib.items())
    yield (
        f"peak memory, MiB ({parts})",
        f"{total:,}",
        f"≤ {MEMORY_GOAL_MIB:,}",
        total <= MEMORY_GOAL_MIB,
    )


def _growth(outcome: Outcome, smaller: dict[str, Any]) -> float:
    name = SearchStrategy.TAXONOMY.value
    now = outcome.pages.strategies[name].legs["REST"].p50_ms
    before: float = smaller["pages"]["strategies"][name]["legs"]["REST"]["p50_ms"]
    return now / before


def _mark(met: bool) -> str:
    return "met" if met else "missed"
