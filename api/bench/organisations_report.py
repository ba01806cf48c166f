"""``stibnite bench organisations`` as a whole: make organisations, load them, measure, tell."""

from collections.abc import Callable
from contextlib import ExitStack
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.table import Table

from api.bench.measure import peak_memory_mib
from api.bench.organisation_data import make_organisations, questions
from api.bench.organisation_peers import Peer, peers, require_peers
from api.bench.organisations import RECALL_GOALS, Report, measure
from api.bench.stack import bench_stack
from api.caller import AccountKind, Tier
from api.domain.account.service import create_key
from api.domain.organisation.onnx import OnnxEmbedder
from api.stores.postgres import Postgres

# How far peers walk their graphs: about as far as the store does, so that recall is alike.
PEERS_EF = 200


@dataclass(frozen=True, slots=True)
class Outcome:
    """Everything that one run found."""

    organisations: int
    load_s: float
    peers_load_s: dict[str, float]
    report: Report
    peak_memory_mib: dict[str, int]

    def as_json(self) -> dict[str, Any]:
        """The outcome for machines."""
        return asdict(self)


async def bench_organisations(
    count: int, calls: int, folder: Path, tell: Callable[[str], None], *, with_peers: bool
) -> Outcome:
    """Measures ``count`` organisations, in a stack of its own below ``folder``.

    Raises ``unavailable`` where peers are wanted and not installed.
    """
    if with_peers:
        require_peers()
    embedder = OnnxEmbedder()
    tell(f"making {count:,} organisations")
    made = await make_organisations(count, folder, embedder)
    with ExitStack() as open_peers:
        engines: list[Peer] = []
        if with_peers:
            engines = open_peers.enter_context(peers(made, folder, PEERS_EF, tell))
        async with bench_stack(folder / "data") as stack:
            tell("loading them")
            load_s = await stack.command(
                "load", "organisations", str(made.file), "--rejects", str(folder)
            )
            tell(f"asking {calls:,} questions by each way")
            postgres = Postgres(stack.running.settings.sqlalchemy_url)
            try:
                key = await create_key(
                    postgres, account="bench", kind=AccountKind.STANDARD, tier=Tier.TIER_1
                )
                to = (stack.running.base_url, key.plain, postgres)
                # Three texts a call, and those of warming up.
                asked = questions(3 * calls + 100)
                report = await measure(made, asked, to, embedder, engines, calls)
            finally:
                await postgres.close()
                await embedder.close()
            memory = peak_memory_mib(stack.pids())
    peers_load_s = {each.name: each.load_s for each in engines}
    return Outcome(count, round(load_s, 1), peers_load_s, report, memory)


def tell_outcome(outcome: Outcome, console: Console) -> None:
    """The outcome for people: what was measured, and whether it meets the goal."""
    report = outcome.report
    ways = Table(title=f"{outcome.organisations:,} organisations, in milliseconds")
    for heading in ("", "calls", "p50", "p95", "p99", "recall@10"):
        ways.add_column(heading, justify="right" if heading else "left")
    for name, way in report.ways.items():
        recall = report.recall.get(name)
        ways.add_row(
            name,
            f"{way.calls:,}",
            f"{way.p50_ms}",
            f"{way.p95_ms}",
            f"{way.p99_ms}",
            "" if recall is None else f"{recall:.4f}",
        )
    console.print(ways)
    goals = Table(title="Goals")
    for heading in ("", "measured", "95 % interval", "goal", ""):
        goals.add_column(heading, justify="right" if heading else "left")
    for each in report.ratios:
        interval = f"{each.low} to {each.high}"
        goals.add_row(each.name, f"{each.value}", interval, f"≤ {each.goal}", _mark(each.met))
    for share, goal in RECALL_GOALS.items():
        name = f"leg vector, {share} filter" if share else "leg vector"
        found = report.recall[name]
        goals.add_row(f"recall@10, {name}", f"{found:.4f}", "", f"≥ {goal}", _mark(found >= goal))
    console.print(goals)
    memory = ", ".join(f"{part} {mib}" for part, mib in outcome.peak_memory_mib.items())
    others = "".join(f", {name} {load_s}" for name, load_s in outcome.peers_load_s.items())
    console.print(f"loaded in, s: {outcome.load_s}{others}")
    console.print(f"peak memory, MiB: {memory}")


def _mark(met: bool) -> str:
    return "met" if met else "missed"
