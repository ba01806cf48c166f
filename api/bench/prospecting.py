"""``stibnite bench prospecting`` and ``stibnite bench export``: what the iframe waits for.

The first previews of a session against the same people by the person search, in turn, each first
as often as the other: by REST, which counts the menus of the filters too, and as the iframe asks,
which does so when the people are there. Exports by their rows a second, and by how far they raise
the peak of the API's memory.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from api.bench.doors import PAGE, open_doors
from api.bench.embedded_session import EmbeddedSession, embedded_session
from api.bench.measure import Latency, Ratio, latency, ratio, resident_kib
from api.bench.questions import choose
from api.bench.stack import BenchStack, bench_stack
from api.market.generate import generate

PREVIEWS_GOAL = 1.5
GROWTH_GOAL_MIB = 16
WARM_UP_CALLS = 20
FRAMED = 25
"""What the iframe asks for at once."""
EXPORTED = (1_000, 10_000)
_MIB = 1024

Leg = Callable[[str], Awaitable[int]]


@dataclass(frozen=True, slots=True)
class Previews:
    """First previews and pages of the person search, by strategy, in milliseconds."""

    legs: dict[str, Latency]
    ratios: tuple[Ratio, ...]

    def as_json(self) -> dict[str, Any]:
        """The outcome for machines."""
        return asdict(self)


@dataclass(frozen=True, slots=True)
class ExportRun:
    """One export: its records, those that were bought, and what it took."""

    records: int
    net_new: int
    seconds: float
    mib: float
    peak_mib: float
    """The API's peak resident memory meanwhile."""
    peak_growth_mib: float

    @property
    def rows_per_s(self) -> int:
        """Records a second, from the request to the last byte."""
        return round(self.records / self.seconds)


@dataclass(frozen=True, slots=True)
class Exports:
    """Exports of a run, in their order."""

    runs: tuple[ExportRun, ...]

    def as_json(self) -> dict[str, Any]:
        """The outcome for machines."""
        return asdict(self)


async def bench_prospecting(
    persons: int, calls: int, folder: Path, tell: Callable[[str], None]
) -> Previews:
    """Measures ``calls`` sessions and searches of each strategy in a market of ``persons``."""
    async with _market(persons, folder, tell) as stack, embedded_session(stack) as embedded:
        tell(f"starting {calls:,} sessions of each strategy")
        return await _previews(stack, embedded, calls)


async def bench_export(persons: int, folder: Path, tell: Callable[[str], None]) -> Exports:
    """Exports 1,000 and 10,000 people, and the same 10,000 again, from a market of ``persons``."""
    async with _market(persons, folder, tell) as stack, embedded_session(stack) as embedded:
        tell("exporting")
        api = stack.pids()["api"]
        runs = []
        # The first is for what a process makes once.
        for count in (100, *EXPORTED, EXPORTED[-1]):
            page = await embedded.search(f"give me {count} people in Texas or California", 1)
            runs.append(await _exported(embedded, page["search_id"], api))
        for expected, run in zip(EXPORTED, runs[1:], strict=False):
            if run.records != expected:
                raise RuntimeError(f"{run.records} people are too few: measure with more persons.")
    return Exports(tuple(runs[1:]))


@asynccontextmanager
async def _market(
    persons: int, folder: Path, tell: Callable[[str], None]
) -> AsyncIterator[BenchStack]:
    tell(f"generating {persons:,} persons")
    market = generate(persons, folder / "market")
    async with bench_stack(folder / "data") as stack:
        tell("loading")
        rejects = ("--rejects", str(folder))
        await stack.command("load", "companies", *map(str, market.company_files), *rejects)
        await stack.command("load", "persons", *map(str, market.person_files), *rejects)
        yield stack


async def _previews(stack: BenchStack, embedded: EmbeddedSession, calls: int) -> Previews:
    legs: dict[str, Latency] = {}
    ratios: list[Ratio] = []
    async with open_doors(stack.running.base_url, embedded.partner_key) as doors:

        async def by_rest(q: str) -> int:
            return len((await embedded.search(q, PAGE))["data"])

        async def searched(q: str) -> int:
            return len((await doors.rest(q))["data"])

        async def in_the_iframe(q: str) -> int:
            return await embedded.framed(q, FRAMED) + PAGE - FRAMED

        async def searched_alike(q: str) -> int:
            return len(await doors.graphql(q, FRAMED)) + PAGE - FRAMED

        pairs = (
            ("first previews", by_rest, searched),
            (f"first {FRAMED} in the iframe", in_the_iframe, searched_alike),
        )
        for strategy, questions in (await choose(doors)).items():
            for name, previewed, paged in pairs:
                previews, pages = await _in_turn(questions, calls, previewed, paged)
                legs[f"{strategy}: {name}"] = latency(previews)
                legs[f"{strategy}: {name}, as a person search"] = latency(pages)
                title = f"{strategy}: {name} ÷ person search"
                ratios.append(ratio(title, previews, pages, PREVIEWS_GOAL))
    return Previews(legs, tuple(ratios))


async def _in_turn(
    questions: Sequence[str], calls: int, previewed: Leg, paged: Leg
) -> tuple[list[float], list[float]]:
    """Seconds of both, each first as often as the other; all of them fill a page."""
    previews: list[float] = []
    pages: list[float] = []
    for number in range(WARM_UP_CALLS + calls):
        q = questions[number % len(questions)]
        pair = ((previewed, previews), (paged, pages))
        for leg, into in pair if number % 2 else reversed(pair):
            started = time.perf_counter()
            rows = await leg(q)
            into.append(time.perf_counter() - started)
            if rows < PAGE:
                raise RuntimeError(f"{q!r} does not fill a page")
        if number == WARM_UP_CALLS - 1:
            previews.clear()
            pages.clear()
    return previews, pages


async def _exported(embedded: EmbeddedSession, search_id: str, api: int) -> ExportRun:
    # Begins a new account of the peak (proc(5)).
    await asyncio.to_thread(Path(f"/proc/{api}/clear_refs").write_text, "5", "ascii")
    before = resident_kib(api, "VmRSS")
    started = time.perf_counter()
    records, net_new, size = await embedded.export_all(search_id)
    seconds = time.perf_counter() - started
    peak = resident_kib(api, "VmHWM")
    return ExportRun(
        records,
        net_new,
        seconds=round(seconds, 3),
        mib=round(size / _MIB**2, 2),
        peak_mib=round(peak / _MIB, 1),
        peak_growth_mib=round((peak - before) / _MIB, 1),
    )


def tell_previews(outcome: Previews, console: Console) -> None:
    """The outcome for people."""
    table = Table(title="First pages, in milliseconds")
    for heading in ("", "calls", "p50", "p95", "p99"):
        table.add_column(heading, justify="right" if heading else "left")
    for name, leg in outcome.legs.items():
        table.add_row(name, f"{leg.calls:,}", f"{leg.p50_ms}", f"{leg.p95_ms}", f"{leg.p99_ms}")
    console.print(table)
    goals = Table(title="Goals")
    for heading in ("", "measured", "95 % interval", "goal", ""):
        goals.add_column(heading, justify="right" if heading else "left")
    for each in outcome.ratios:
        interval = f"{each.low} to {each.high}"
        met = "met" if each.met else "missed"
        goals.add_row(each.name, f"{each.value}", interval, f"≤ {each.goal}", met)
    console.print(goals)


def tell_exports(outcome: Exports, console: Console) -> None:
    """The outcome for people."""
    table = Table(title="Exports by REST, streamed")
    for heading in (
        "records",
        "net new",
        "MiB",
        "seconds",
        "rows/s",
        "peak RSS, MiB",
        "growth",
        "",
    ):
        table.add_column(heading, justify="right")
    for run in outcome.runs:
        flat = run.peak_growth_mib <= GROWTH_GOAL_MIB
        table.add_row(
            f"{run.records:,}",
            f"{run.net_new:,}",
            f"{run.mib}",
            f"{run.seconds}",
            f"{run.rows_per_s:,}",
            f"{run.peak_mib}",
            f"{run.peak_growth_mib}",
            f"{'met' if flat else 'missed'}: ≤ {GROWTH_GOAL_MIB}",
        )
    console.print(table)
