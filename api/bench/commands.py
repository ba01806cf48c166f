"""The commands ``stibnite bench …``. Each makes a stack of its own in a temporary folder."""

import tempfile
from pathlib import Path
from typing import Annotated, Any

import orjson
import typer
from rich.console import Console

from api.console import notes, run_command

bench = typer.Typer(help="Benchmarks: ratios, with their goals.", no_args_is_help=True)

Json = Annotated[Path | None, typer.Option(help="Write the figures to this file, too.")]


@bench.command("persons")
def bench_persons(
    persons: Annotated[int, typer.Option(min=100_000, help="Size of the market.")] = 1_000_000,
    calls: Annotated[
        int, typer.Option(min=30, help="Questions of each strategy, by each way.")
    ] = 1_000,
    smaller: Annotated[
        Path | None,
        typer.Option(exists=True, help="Figures (--json) of a run with fewer persons: growth."),
    ] = None,
    json: Json = None,
) -> None:
    """A page of 100 people: GraphQL and REST against the same SQL straight on the engine.

    Needs about 1 GiB of disk per million persons while it runs.
    """
    from api.bench.report import bench_persons as measure
    from api.bench.report import tell_outcome

    with tempfile.TemporaryDirectory(prefix="stibnite-bench-") as folder:
        outcome = run_command(measure(persons, calls, Path(folder), notes.print))
    write_json(json, outcome.as_json())
    before = None if smaller is None else orjson.loads(smaller.read_bytes())
    tell_outcome(outcome, Console(), before)


@bench.command("organisations")
def bench_organisations(
    organisations: Annotated[int, typer.Option(min=5_000, help="How many.")] = 200_000,
    calls: Annotated[int, typer.Option(min=30, help="Questions by each way.")] = 300,
    peers: Annotated[bool, typer.Option(help="Measure other engines, too.")] = True,
    json: Json = None,
) -> None:
    """Every mode of organisation search, its legs, recall, and other engines on the same data.

    The other engines (LanceDB, qdrant-edge, DuckDB, tantivy) are the extra `bench` and run in this
    process.
    """
    from api.bench.organisations_report import bench_organisations as measure
    from api.bench.organisations_report import tell_outcome

    with tempfile.TemporaryDirectory(prefix="stibnite-bench-") as folder:
        outcome = run_command(
            measure(organisations, calls, Path(folder), notes.print, with_peers=peers)
        )
    tell_outcome(outcome, Console())
    write_json(json, outcome.as_json())


@bench.command("deliveries")
def bench_deliveries(
    deliveries: Annotated[int, typer.Option(min=100, help="Deliveries in one round.")] = 4_000,
    rounds: Annotated[int, typer.Option(min=3, help="Rounds by each way.")] = 10,
    json: Json = None,
) -> None:
    """Signed deliveries against raw requests to the same receiver, from one process."""
    from api.bench.deliveries import bench_deliveries as measure
    from api.bench.deliveries import tell_outcome

    with tempfile.TemporaryDirectory(prefix="stibnite-bench-") as folder:
        outcome = measure(deliveries, rounds, Path(folder), notes.print)
    tell_outcome(outcome, Console())
    write_json(json, outcome.as_json())


@bench.command("interpret")
def bench_interpret(
    questions: Annotated[int, typer.Option(min=50, max=10_000, help="How many are made.")] = 400,
    rounds: Annotated[int, typer.Option(min=1, max=1_000, help="How often each is read.")] = 20,
    json: Json = None,
) -> None:
    """Understanding a question, without any store: the goal is 1 ms at the 99th percentile."""
    from api.bench.interpret import measure, tell_outcome

    outcome = measure(questions, rounds)
    tell_outcome(outcome, Console())
    write_json(json, outcome.as_json())


@bench.command("jobs")
def bench_jobs(
    persons: Annotated[int, typer.Option(min=100_000, help="Size of the market.")] = 1_000_000,
    calls: Annotated[int, typer.Option(min=30, help="Questions by each way.")] = 300,
    jobs: Annotated[int, typer.Option(min=50, help="Jobs to count per minute.")] = 500,
    json: Json = None,
) -> None:
    """A queued search against the same search at once, and queued searches per minute."""
    from api.bench.jobs import bench_jobs as measure
    from api.bench.jobs import tell_outcome

    with tempfile.TemporaryDirectory(prefix="stibnite-bench-") as folder:
        outcome = run_command(measure(persons, calls, jobs, Path(folder), notes.print))
    tell_outcome(outcome, Console())
    write_json(json, outcome.as_json())


@bench.command("prospecting")
def bench_prospecting(
    persons: Annotated[int, typer.Option(min=100_000, help="Size of the market.")] = 1_000_000,
    calls: Annotated[int, typer.Option(min=30, help="Sessions of each strategy.")] = 300,
    json: Json = None,
) -> None:
    """The first previews of a session in the iframe against the person search."""
    from api.bench.prospecting import bench_prospecting as measure
    from api.bench.prospecting import tell_previews

    with tempfile.TemporaryDirectory(prefix="stibnite-bench-") as folder:
        outcome = run_command(measure(persons, calls, Path(folder), notes.print))
    tell_previews(outcome, Console())
    write_json(json, outcome.as_json())


@bench.command("export")
def bench_export(
    persons: Annotated[int, typer.Option(min=100_000, help="Size of the market.")] = 200_000,
    json: Json = None,
) -> None:
    """Exports of 1,000 and 10,000 records: rows a second, and how far the API's memory grows."""
    from api.bench.prospecting import bench_export as measure
    from api.bench.prospecting import tell_exports

    with tempfile.TemporaryDirectory(prefix="stibnite-bench-") as folder:
        outcome = run_command(measure(persons, Path(folder), notes.print))
    tell_exports(outcome, Console())
    write_json(json, outcome.as_json())


@bench.command("overload")
def bench_overload(
    persons: Annotated[int, typer.Option(min=100_000, help="Size of the market.")] = 100_000,
    seconds: Annotated[int, typer.Option(min=8, max=600, help="How long the crowd stays.")] = 60,
    json: Json = None,
) -> None:
    """Three times the peak rate in an open loop: who is answered, how fast, and what it leaves."""
    from api.bench.overload import bench_overload as measure
    from api.bench.overload import tell_outcome

    with tempfile.TemporaryDirectory(prefix="stibnite-bench-") as folder:
        outcome = run_command(measure(persons, seconds, Path(folder), notes.print))
    tell_outcome(outcome, Console())
    write_json(json, outcome.as_json())


def write_json(file: Path | None, figures: dict[str, Any]) -> None:
    """Writes the figures of a run where a file was asked for."""
    if file is not None:
        file.write_bytes(orjson.dumps(figures, option=orjson.OPT_INDENT_2))
