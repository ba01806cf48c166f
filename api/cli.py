"""The command ``stibnite``."""

import os
from enum import StrEnum
from functools import partial
from pathlib import Path
from typing import Annotated, Any

import typer
from rich.markup import escape

from api.bench.commands import bench
from api.caller import AccountKind, Role, Tier
from api.console import failure, notes, run_command
from api.domain.account import service as accounts
from api.domain.delivery.rules import is_loopback_host
from api.domain.sign_in import service as sign_in
from api.embedded.errors import StackError
from api.embedded.run import run
from api.embedded.running import find_running
from api.errors import DomainError
from api.load.service import FileReport
from api.logs import configure_logging
from api.progress import Bar
from api.settings import Settings, SettingsError, settings
from api.startup import FirstStart, migrate_all
from api.stores.clickhouse import ClickHouse
from api.stores.postgres import Postgres

app = typer.Typer(
    name="stibnite",
    help="A self-hosted prospecting API: GraphQL first, with a documented REST layer.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
keys = typer.Typer(help="API keys.", no_args_is_help=True)
app.add_typer(keys, name="key")
checks = typer.Typer(help="Proofs on the running database.", no_args_is_help=True)
app.add_typer(checks, name="check")
users = typer.Typer(help="People who may sign in to the console.", no_args_is_help=True)
app.add_typer(users, name="user")
app.add_typer(bench, name="bench")

DataDir = Annotated[
    Path | None,
    typer.Option(help="Data folder of the stack [default: .stibnite, or STIBNITE_DATA_DIR]."),
]


@app.command()
def up(
    data_dir: DataDir = None,
    host: Annotated[str | None, typer.Option(help="Address to listen on.")] = None,
    port: Annotated[int | None, typer.Option(help="Port of the API; 0 chooses one.")] = None,
    sample: Annotated[
        int, typer.Option(min=1, max=10_000_000, help="Persons in the sample market.")
    ] = 20_000,
    no_sample: Annotated[bool, typer.Option("--no-sample", help="Start without data.")] = False,
) -> None:
    """Start everything: Postgres, Redis, ClickHouse, the API and a worker.

    DATABASE_URL, REDIS_URL and CLICKHOUSE_URL each replace the embedded part by your own server.
    On the first start a sample market is made, and a key to try it with. Ctrl-C stops everything.
    """
    given = _with_demo(_given(data_dir, host=host, port=port))
    configure_logging(given)
    first = FirstStart(0 if no_sample else sample, notes)
    run_command(run(given, prepare=first.prepare, on_ready=first.announce))


@app.command()
def migrate(data_dir: DataDir = None) -> None:
    """Bring Postgres and ClickHouse up to date (`stibnite up` does it by itself)."""
    for name in run_command(migrate_all(_reach(data_dir))):
        notes.print(f"applied {name}")


class Loadable(StrEnum):
    """What files can hold."""

    COMPANIES = "companies"
    PERSONS = "persons"
    ORGANISATIONS = "organisations"


@app.command()
def load(
    kind: Annotated[Loadable, typer.Argument(help="What the files hold.")],
    files: Annotated[list[Path], typer.Argument(help="CSV, JSON lines or Parquet; .gz, .zst too.")],
    data_dir: DataDir = None,
    rejects: Annotated[Path, typer.Option(help="Folder for the rejects files.")] = Path("."),
) -> None:
    """Load your own data into the running stack, companies before persons.

    Organisations stand by themselves; vectors that their file lacks are computed, which takes most
    of the time, and an interrupted load goes on where it was.

    Columns are found by name. Rows replace those of the same id, so a file can be loaded again. A
    row that cannot be loaded is named in FILE.rejects.csv and never stops the others.
    """
    of = _reach(data_dir)
    for report in run_command(_load(of, kind, files, rejects)):
        _tell(report)


async def _load(of: Settings, kind: Loadable, files: list[Path], rejects: Path) -> list[FileReport]:
    from api.load import service

    if kind is Loadable.ORGANISATIONS:
        return await _load_organisations(of, files, rejects)
    run_load = service.load_companies if kind is Loadable.COMPANIES else service.load_persons
    postgres = Postgres(of.sqlalchemy_url)
    clickhouse = await ClickHouse.connect(of.required_clickhouse_url)
    try:
        with Bar(notes, f"loading {kind}", None) as bar:
            async with postgres.exclusive("load"):
                return await run_load(
                    clickhouse, files, rejects_folder=rejects, progress=bar.advance
                )
    finally:
        await clickhouse.close()
        await postgres.close()


async def _load_organisations(of: Settings, files: list[Path], rejects: Path) -> list[FileReport]:
    from api.domain.organisation.embedder import embedder_of
    from api.load.organisation_service import load_organisations

    embedder = embedder_of(of)
    postgres = Postgres(of.sqlalchemy_url)
    try:
        async with postgres.exclusive("load organisations"):
            return await load_organisations(
                of.psycopg_url, embedder, files, rejects_folder=rejects, bars=partial(Bar, notes)
            )
    finally:
        await postgres.close()
        await embedder.close()


def _tell(report: FileReport) -> None:
    """One file's outcome: numbers on standard output, advice beside it."""
    typer.echo(f"{report.path.name}: {report.loaded} loaded, {report.rejected.total()} rejected")
    for reason, count in sorted(report.rejected.items()):
        typer.echo(f"  {reason}: {count}")
    if report.rejects_file is not None:
        notes.print(f"rejected rows are named in {report.rejects_file}")
    if report.ignored_columns:
        names = ", ".join(report.ignored_columns[:20])
        notes.print(f"[yellow]ignored columns: {escape(names)}[/yellow]")


@app.command()
def generate(
    persons: Annotated[int, typer.Option(min=1, max=100_000_000, help="How many persons.")],
    out: Annotated[Path, typer.Option(help="Folder for the Parquet files.")],
    seed: Annotated[int, typer.Option(min=0, help="The same seed gives the same market.")] = 1,
) -> None:
    """Make a synthetic market as Parquet: believable companies and people, all invented."""
    from api.market.generate import generate as make

    with Bar(notes, "generating", persons) as bar:
        try:
            market = make(persons, out, seed=seed, progress=bar.advance)
        except DomainError as error:
            raise failure(error.sentence(lambda name: name)) from None
    typer.echo(f"{market.companies} companies, {market.persons} persons in {out}")


@keys.command("create")
def create_key(
    account: Annotated[str, typer.Option(help="Name of the account; created when it is new.")],
    managed: Annotated[
        bool, typer.Option("--managed", help="The account is a partner with customers of its own.")
    ] = False,
    tier: Annotated[Tier, typer.Option(help="What the key may ask for.")] = Tier.TIER_1,
    data_dir: DataDir = None,
) -> None:
    """Create an API key and print it, alone, on standard output. It is never shown again."""
    kind = AccountKind.MANAGED if managed else AccountKind.STANDARD

    async def create(postgres: Postgres) -> str:
        key = await accounts.create_key(postgres, account=account, kind=kind, tier=tier)
        return key.plain

    typer.echo(run_command(_with_postgres(_reach(data_dir), create)))


@keys.command("revoke")
def revoke_key(
    prefix: Annotated[str, typer.Argument(help="The first 16 characters of the key.")],
    data_dir: DataDir = None,
) -> None:
    """Revoke an API key: from the next request on it is unknown."""
    run_command(
        _with_postgres(_reach(data_dir), lambda postgres: accounts.revoke_key(postgres, prefix))
    )
    notes.print("revoked")


@checks.command("ledger")
def ledger(data_dir: DataDir = None) -> None:
    """Prove that the books of all wallets are right; ends with 1 where they are not.

    A line for each invariant: for how many things it was checked, and how many break it.
    """
    from api.domain.wallet.ledger import Finding, check_ledger, faults_of

    found: list[Finding] = run_command(_with_postgres(_reach(data_dir), check_ledger))
    for each in found:
        verdict = f"{each.faults} FAULTS, {each.example} first" if each.faults else "holds"
        typer.echo(f"{each.name} ({each.checked}): {verdict}")
        if each.faults:
            notes.print(f"broken: {escape(each.sentence)}")
    if faults_of(found):
        raise failure("The books are wrong.")


@users.command("add")
def add_user(
    account: Annotated[str, typer.Option(help="Name of the account.")],
    email: Annotated[str, typer.Option(help="The address, as the issuer verified it.")],
    role: Annotated[Role, typer.Option(help="What the user may do.")] = Role.MEMBER,
    data_dir: DataDir = None,
) -> None:
    """Let somebody sign in to the console: whom the issuer knows under this address."""
    run_command(
        _with_postgres(
            _reach(data_dir),
            lambda postgres: sign_in.add_user(postgres, account=account, email=email, role=role),
        )
    )
    notes.print("added")


@users.command("remove")
def remove_user(
    email: Annotated[str, typer.Argument(help="The address the user was added under.")],
    data_dir: DataDir = None,
) -> None:
    """Remove a user: the sessions end with their next request."""
    run_command(
        _with_postgres(_reach(data_dir), lambda postgres: sign_in.remove_user(postgres, email))
    )
    notes.print("removed")


@app.command()
def schema() -> None:
    """Write schema.graphql, rest/openapi.json and api/embed/documents.json into the checkout."""
    from api.embed import MANIFEST
    from graph.schema import schema as built
    from graph.trusted import printed as printed_documents
    from rest.openapi import FILE, printed

    root = FILE.parents[1]
    sdl = root / "schema.graphql"
    sdl.write_text(f"{built.as_str()}\n", encoding="utf-8")
    FILE.write_bytes(printed())
    MANIFEST.write_bytes(printed_documents())
    names = (path.relative_to(root) for path in (sdl, FILE, MANIFEST))
    notes.print(f"wrote {', '.join(map(str, names))}")


def _with_demo(given: Settings) -> Settings:
    """With the demo for whoever is at this very machine, unless the environment says otherwise.

    Its key is on its page, so whoever reaches that page reaches the data.
    """
    if os.environ.get("STIBNITE_EMBED_DEMO"):
        return given
    return given.model_copy(update={"embed_demo": is_loopback_host(given.host)})


def _given(data_dir: Path | None, **options: Any) -> Settings:
    """The environment's settings, with what was given on the command line in their place."""
    chosen = {name: value for name, value in options.items() if value is not None}
    if data_dir is not None:
        chosen["data_dir"] = data_dir
    try:
        return settings().model_copy(update=chosen)
    except SettingsError as error:
        raise failure(str(error)) from None


def _reach(data_dir: Path | None) -> Settings:
    """How to reach the stack: the one that runs on the data folder, else the environment's urls."""
    given = _given(data_dir)
    try:
        running = find_running(given.data_dir, given)
    except (SettingsError, StackError) as error:
        raise failure(str(error)) from None
    if running is not None:
        return running.settings
    if given.database_url is None or given.clickhouse_url is None:
        raise failure(
            f"No stack runs on {given.data_dir}. Start it with `stibnite up`, name another folder "
            "with --data-dir, or set DATABASE_URL and CLICKHOUSE_URL to your own servers."
        )
    return given


async def _with_postgres[T](of: Settings, work: Any) -> T:
    postgres = Postgres(of.sqlalchemy_url)
    try:
        result: T = await work(postgres)
        return result
    finally:
        await postgres.close()


def main() -> None:
    """The entry point of the installed command."""
    app()


if __name__ == "__main__":
    main()
