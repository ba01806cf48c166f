"""What ``stibnite up`` does between healthy engines and its first request: migrations, a sample."""

import asyncio
import os
from functools import partial
from pathlib import Path

from rich.console import Console

from api.caller import AccountKind, Tier
from api.domain.account.service import create_key
from api.embed.demo import make_demo_key
from api.errors import DomainError
from api.load import queries
from api.load.service import load_companies, load_persons
from api.progress import Bar
from api.settings import Settings
from api.stores.clickhouse import ClickHouse
from api.stores.clickhouse_migrations import migrate as migrate_clickhouse
from api.stores.postgres import Postgres
from api.stores.postgres_migrations import migrate as migrate_postgres

SAMPLE_ACCOUNT = "sample"
SAMPLE_KEY_FILE = "sample-key"
# Their vectors take ten seconds on two cores that have nothing else to do, and tests start often.
SAMPLE_ORGANISATIONS = 2_000
_PERSONS_PER_ORGANISATION = 20


async def migrate_all(of: Settings) -> list[str]:
    """Brings both stores up to date; the names of what was applied to ClickHouse.

    Processes that start at once take turns: the lock of the Postgres migrations serves for both.
    """
    await asyncio.to_thread(migrate_postgres, of.sqlalchemy_url)
    postgres = Postgres(of.sqlalchemy_url)
    try:
        async with postgres.exclusive("migrate"):
            return await migrate_clickhouse(of.required_clickhouse_url)
    finally:
        await postgres.close()


class FirstStart:
    """Prepares a stack; on its first start it makes a sample market of ``sample`` persons."""

    def __init__(self, sample: int, notes: Console):
        self._sample = sample
        self._notes = notes

    async def prepare(self, of: Settings) -> None:
        """Runs when the engines are healthy, before the API and the worker start."""
        await migrate_all(of)
        clickhouse = await ClickHouse.connect(of.required_clickhouse_url)
        try:
            if self._sample and not (await queries.counts(clickhouse)).companies:
                await self._load_sample(of, clickhouse)
        finally:
            await clickhouse.close()
        if not key_file(of).exists():
            await self._make_key(of)
        if of.embed_demo:
            await make_demo_key(of)

    def announce(self, of: Settings, base_url: str) -> None:
        """Tells a person where everything is."""
        key = key_file(of).read_text(encoding="ascii").strip()
        demo = f"  iframe     {base_url}/embed/demo\n" if of.embed_demo else ""
        self._notes.print(
            f"""
[bold]Stibnite is ready.[/bold] Ctrl-C stops everything.

  GraphiQL   {base_url}/graphql
  REST docs  {base_url}/docs
{demo}  API key    {key}

  curl -G -H "x-api-key: {key}" \\
    {base_url}/v1/persons/search \\
    --data-urlencode "q=CMOs of SaaS companies in Nevada with 50+ employees"
""",
            soft_wrap=True,
            highlight=False,
        )

    async def _load_sample(self, of: Settings, clickhouse: ClickHouse) -> None:
        # Imported here: making a market needs much that no other start does.
        from api.market.generate import sample

        with Bar(self._notes, "sample market", self._sample) as bar:
            made = sample(self._sample, progress=bar.advance)
            market = await asyncio.to_thread(made.__enter__)
            try:
                folder = market.company_files[0].parent
                await load_companies(clickhouse, market.company_files, rejects_folder=folder)
                await load_persons(clickhouse, market.person_files, rejects_folder=folder)
                await self._load_sample_organisations(of, market.company_files[0])
            finally:
                await asyncio.to_thread(made.__exit__, None, None, None)

    async def _load_sample_organisations(self, of: Settings, companies: Path) -> None:
        """The market's first companies are its organisations, as far as their vectors take seconds.

        A start does not fail for want of a service that embeds.
        """
        from api.domain.organisation.embedder import embedder_of
        from api.load.organisation_service import load_organisations
        from api.market.generate import first_rows

        rows = min(SAMPLE_ORGANISATIONS, 1 + self._sample // _PERSONS_PER_ORGANISATION)
        embedder = embedder_of(of)
        try:
            await load_organisations(
                of.psycopg_url,
                embedder,
                [await asyncio.to_thread(first_rows, companies, rows)],
                rejects_folder=companies.parent,
                bars=partial(Bar, self._notes),
            )
        except DomainError as error:
            self._notes.print(f"The sample has no organisations: {error.message}")
        finally:
            await embedder.close()

    async def _make_key(self, of: Settings) -> None:
        postgres = Postgres(of.sqlalchemy_url)
        try:
            key = await create_key(
                postgres, account=SAMPLE_ACCOUNT, kind=AccountKind.STANDARD, tier=Tier.TIER_1
            )
        finally:
            await postgres.close()
        descriptor = os.open(key_file(of), os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600)
        with os.fdopen(descriptor, "w", encoding="ascii") as file:
            file.write(f"{key.plain}\n")


def key_file(of: Settings) -> Path:
    """Where the key to try with is kept, readable by its owner only."""
    return of.data_dir / SAMPLE_KEY_FILE
