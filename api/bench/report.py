"""``stibnite bench persons`` as a whole: make a market, load it, measure, tell."""

from collections.abc import Callable
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from api.bench.measure import peak_memory_mib
from api.bench.persons import Report, measure
from api.bench.stack import bench_stack
from api.caller import AccountKind, Tier
from api.domain.account.service import create_key
from api.market.generate import generate
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres

LOAD_GOAL_PER_S = 200_000
MEMORY_GOAL_MIB = 3 * 1024


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
        tell(f"asking {calls:,} questions by each way")
        settings = stack.running.settings
        postgres = Postgres(settings.sqlalchemy_url)
        clickhouse = await ClickHouse.connect(settings.required_clickhouse_url)
        try:
            key = await create_key(
                postgres, account="bench", kind=AccountKind.STANDARD, tier=Tier.TIER_1
            )
            pages = await measure(stack.running.base_url, key.plain, clickhouse, calls=calls)
        finally:
            await clickhouse.close()
            await postgres.close()
        memory = peak_memory_mib(stack.pids())
    return Outcome(persons, round(persons / seconds), pages, memory)


def tell_outcome(outcome: Outcome, console: Console) -> None:
    """The outcome for people: what was measured, and whether it meets the goal."""
    legs = Table(title=f"A page of 100 people among {outcome.persons:,}, in milliseconds")
    for heading in ("", "calls", "p50", "p95", "p99"):
        legs.add_column(heading, justify="right" if heading else "left")
    for name, leg in outcome.pages.legs.items():
        legs.add_row(name, f"{leg.calls:,}", f"{leg.p50_ms}", f"{leg.p95_ms}", f"{leg.p99_ms}")
    console.print(legs)
    goals = Table(title="Goals")
    for heading in ("", "measured", "95 % interval", "goal", ""):
        goals.add_column(heading, justify="right" if heading else "left")
    for each in outcome.pages.ratios:
        interval = f"{each.low} to {each.high}"
        goals.add_row(each.name, f"{each.value}", interval, f"≤ {each.goal}", _mark(each.met))
    goals.add_row(
        "load, persons/s",
        f"{outcome.load_per_s:,}",
        "",
        f"≥ {LOAD_GOAL_PER_S:,}",
        _mark(outcome.load_per_s >= LOAD_GOAL_PER_S),
    )
    total = sum(outcome.peak_memory_mib.values())
    parts = ", ".join(f"{part} {mib}" for part, mib in outcome.peak_memory_mib.items())
    goals.add_row(
        f"peak memory, MiB ({parts})",
        f"{total:,}",
        "",
        f"≤ {MEMORY_GOAL_MIB:,}",
        _mark(total <= MEMORY_GOAL_MIB),
    )
    console.print(goals)


def _mark(met: bool) -> str:
    return "met" if met else "missed"
