"""Signed deliveries per second, as a share of the raw requests that the same process can send.

Both go to the same receiver, a process of its own, over kept connections, as many at a time, in
turn, the one and the other first. A raw request is a POST of the same length by the same client and
nothing else; a delivery is claimed from Postgres, its secret opened, its body signed twice, its
address checked, and its attempt recorded.
"""

import asyncio
import statistics
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Sequence
from contextlib import asynccontextmanager
from dataclasses import asdict, dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import uvloop
from rich.console import Console
from rich.table import Table
from sqlalchemy import create_engine, text

from api.bench.measure import ratio
from api.bench.stack import bench_stack
from api.domain.account.queries import add_account
from api.domain.delivery.dispatch import SLOTS, dispatch
from api.domain.delivery.sender import Sender
from api.domain.webhook import queries
from api.domain.webhook.deliveries import WebhookSource
from api.domain.webhook.events import emit
from api.domain.webhook.records import EndpointRow
from api.domain.webhook.rules import EndpointStatus, EventType, payload_of
from api.domain.webhook.signing import new_secret
from api.moments import written
from api.sealing import Sealer
from api.settings import Settings
from api.stores.postgres import Postgres
from api.stores.postgres_migrations import migrate
from api.work import settle_memory

GOAL = 0.5
ACCOUNTS = SLOTS.healthy // SLOTS.per_endpoint
_EVENT = EventType.PERSON_SEARCH_JOB_SUCCEEDED


@dataclass(frozen=True, slots=True)
class Outcome:
    """What one run found: rates are per second, medians over the rounds.

    ``low`` and ``high`` enclose 95 % of the ratios of a bootstrap.
    """

    deliveries_per_round: int
    rounds: int
    raw_per_s: int
    signed_per_s: int
    ratio: float
    low: float
    high: float

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.ratio >= GOAL

    def as_json(self) -> dict[str, Any]:
        """The outcome for machines."""
        return {**asdict(self), "goal": GOAL, "met": self.met}


def bench_deliveries(
    deliveries: int, rounds: int, folder: Path, tell: Callable[[str], None]
) -> Outcome:
    """Measures ``rounds`` times ``deliveries`` signed and raw requests, in turn."""
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        return runner.run(_measure(deliveries, rounds, folder, tell))


async def _measure(
    deliveries: int, rounds: int, folder: Path, tell: Callable[[str], None]
) -> Outcome:
    async with bench_stack(folder / "data") as stack, _receiver() as port:
        # A database of its own, in which no worker looks for what is due.
        postgres = Postgres(await asyncio.to_thread(_database, stack.running.settings))
        try:
            return await _run(postgres, port, deliveries, rounds, tell)
        finally:
            await postgres.close()


async def _run(
    postgres: Postgres, port: int, deliveries: int, rounds: int, tell: Callable[[str], None]
) -> Outcome:
    sealer = Sealer("a secret of this benchmark alone")
    url = f"http://127.0.0.1:{port}/"
    accounts = [await _account(postgres, sealer, url) for _ in range(ACCOUNTS)]
    source = WebhookSource(postgres, sealer)
    signed: list[float] = []
    raw: list[float] = []
    # As a worker's process does once it is up.
    settle_memory()
    async with Sender(insecure=True) as sender, _session() as session:

        async def send_signed() -> None:
            sent, seconds = await _timed(dispatch(source, sender))
            signed.append(seconds / sent)

        async def send_raw() -> None:
            _, seconds = await _timed(_raw(session, url, deliveries))
            raw.append(seconds / deliveries)

        for number in range(rounds + 1):
            await _emit(postgres, accounts, deliveries)
            for leg in (send_signed, send_raw) if number % 2 else (send_raw, send_signed):
                await leg()
            await _assert_delivered(postgres, deliveries * (number + 1))
            tell(f"round {number}: {1 / signed[-1]:,.0f} signed, {1 / raw[-1]:,.0f} raw per second")
    # The first round opens connections and fills caches.
    del signed[0], raw[0]
    share = ratio("signed / raw", raw, signed, GOAL)
    return Outcome(
        deliveries,
        rounds,
        round(1 / statistics.median(raw)),
        round(1 / statistics.median(signed)),
        share.value,
        share.low,
        share.high,
    )


async def _timed[Result](work: Awaitable[Result]) -> tuple[Result, float]:
    before = time.perf_counter()
    result = await work
    return result, time.perf_counter() - before


async def _emit(postgres: Postgres, accounts: Sequence[UUID], count: int) -> None:
    async with postgres.transaction() as connection:
        for index in range(count):
            await emit(connection, accounts[index % ACCOUNTS], _EVENT, {"job_id": str(uuid4())})


async def _assert_delivered(postgres: Postgres, count: int) -> None:
    statement = text("select count(*) from webhook_deliveries where status = 'delivered'")
    ((found,),) = await postgres.fetch(statement)
    if found != count:
        raise RuntimeError(f"{found} of {count} were delivered")


def _session() -> aiohttp.ClientSession:
    return aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=0))


async def _raw(session: aiohttp.ClientSession, url: str, count: int) -> None:
    left = iter(range(count))
    data = {"job_id": str(uuid4())}
    body = payload_of(_EVENT, written(datetime.now(UTC)), data).encode()

    async def post() -> None:
        for _ in left:
            async with session.post(url, data=body) as response:
                await response.read()

    await asyncio.gather(*(post() for _ in range(SLOTS.healthy)))


async def _account(postgres: Postgres, sealer: Sealer, url: str) -> UUID:
    account_id = uuid4()
    endpoint = EndpointRow(
        uuid4(), url, None, list(EventType), EndpointStatus.ACTIVE, None, datetime.now(UTC)
    )
    async with postgres.transaction() as connection:
        await add_account(connection, account_id, f"bench {account_id}", "standard")
        await queries.add_endpoint(connection, account_id, endpoint, sealer.seal(new_secret()))
    return account_id


def _database(of: Settings) -> str:
    admin = create_engine(of.sqlalchemy_url, isolation_level="AUTOCOMMIT")
    with admin.connect() as connection:
        connection.execute(text("create database deliveries"))
    url = admin.url.set(database="deliveries").render_as_string(hide_password=False)
    admin.dispose()
    migrate(url)
    return url


@asynccontextmanager
async def _receiver() -> AsyncIterator[int]:
    process = await asyncio.create_subprocess_exec(
        *(sys.executable, "-m", "api.bench.receiver"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None  # noqa: S101 - it was asked for
    try:
        yield int(await process.stdout.readline())
    finally:
        process.terminate()
        await process.wait()


def tell_outcome(outcome: Outcome, console: Console) -> None:
    """The outcome for people."""
    table = Table(title="Requests per second to one receiver, from one process")
    for heading in ("signed deliveries", "raw POSTs", "ratio", "95 % interval", "goal", ""):
        table.add_column(heading, justify="right")
    table.add_row(
        f"{outcome.signed_per_s:,}",
        f"{outcome.raw_per_s:,}",
        f"{outcome.ratio}",
        f"{outcome.low} to {outcome.high}",
        f"≥ {GOAL}",
        "met" if outcome.met else "missed",
    )
    console.print(table)
