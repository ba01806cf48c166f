"""Showing readers the new state: at once, in parts that follow each other, after any kill."""

import asyncio
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from api.load import incoming, publish
from api.load.publish import slices
from api.load.service import load_companies, load_persons
from api.stores.clickhouse import ClickHouse, Profile
from tests.embedded.clickhouse_server import ROOT
from tests.load.files import company, parquet_file, person

PERSONS = 20_000
COMPANIES = 400
LEFTOVERS = (
    "SELECT count() FROM system.tables WHERE database = currentDatabase()"
    " AND (name LIKE '%next' OR name LIKE '%incoming%' OR name LIKE '%outdated')"
)
# How many people there are, how many distinct ones, and which first names they have.
STATE = "SELECT count(), uniqExact(person_id), groupUniqArray(first_name) FROM person_index"
KILLED_LOAD = """
import asyncio, sys
from pathlib import Path
from api.load import readers
from api.load.service import load_persons
from api.stores.clickhouse import ClickHouse

readers.PARQUET_BATCH_ROWS = 5_000

def progress(rows):
    if sys.argv[3] == "while reading":
        print("reading", flush=True)
        sys.stdin.read()

async def load():
    clickhouse = await ClickHouse.connect(sys.argv[1])
    await load_persons(
        clickhouse, [Path(sys.argv[2])], rejects_folder=Path(sys.argv[2]).parent, progress=progress
    )

asyncio.run(load())
"""


def persons_file(folder: Path, first_name: str) -> Path:
    rows = [person(n, n % COMPANIES, first_name=first_name) for n in range(PERSONS)]
    return parquet_file(folder / f"{first_name}.parquet", rows)


async def load_market(clickhouse: ClickHouse, folder: Path) -> None:
    """Everybody is called Old."""
    companies = parquet_file(folder / "companies.parquet", [company(n) for n in range(COMPANIES)])
    await load_companies(clickhouse, [companies], rejects_folder=folder)
    await load_persons(clickhouse, [persons_file(folder, "Old")], rejects_folder=folder)


async def state(clickhouse: ClickHouse) -> list[object]:
    return (await clickhouse.fetch(STATE, {}, Profile.LOAD))[0]


async def test_readers_never_see_half_a_load(clickhouse: ClickHouse, tmp_path: Path) -> None:
    await load_market(clickhouse, tmp_path)
    old, new = ([PERSONS, PERSONS, [name]] for name in ("Old", "New"))
    seen: list[list[object]] = []
    loading = asyncio.create_task(
        load_persons(clickhouse, [persons_file(tmp_path, "New")], rejects_folder=tmp_path)
    )
    while not loading.done():
        seen.append(await state(clickhouse))
    await loading
    seen.append(await state(clickhouse))
    changes = seen.index(new)
    assert seen == [old] * changes + [new] * (len(seen) - changes)
    assert changes > 0, "nobody read while the load ran"
    assert await clickhouse.fetch(LEFTOVERS, {}, Profile.LOAD) == [[0]]


@pytest.mark.parametrize("moment", ["while reading", "while publishing"])
async def test_a_killed_load_changes_nothing_and_can_be_run_again(
    clickhouse: ClickHouse, database: str, tmp_path: Path, moment: str
) -> None:
    await load_market(clickhouse, tmp_path)
    path = persons_file(tmp_path, "New")
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        "-c",
        KILLED_LOAD,
        database,
        str(path),
        moment,
        cwd=ROOT,
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    try:
        if moment == "while reading":
            assert process.stdout is not None
            assert await process.stdout.readline() == b"reading\n"
        else:
            exists = "EXISTS TABLE person_index_next"
            while await clickhouse.fetch(exists, {}, Profile.LOAD) == [[0]]:
                assert process.returncode is None, "the load ended before it could be killed"
    finally:
        process.kill()
        await process.communicate()
    assert await clickhouse.fetch(LEFTOVERS, {}, Profile.LOAD) != [[0]]
    assert await state(clickhouse) == [PERSONS, PERSONS, ["Old"]]
    (report,) = await load_persons(clickhouse, [path], rejects_folder=tmp_path)
    assert report.loaded == PERSONS
    assert await state(clickhouse) == [PERSONS, PERSONS, ["New"]]
    assert await clickhouse.fetch(LEFTOVERS, {}, Profile.LOAD) == [[0]]


async def test_parts_follow_each_other(
    clickhouse: ClickHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Each slice is one part, and no two overlap: what makes pages quick without any merging."""
    monkeypatch.setattr(publish, "SLICE_ROWS", PERSONS // 7)
    monkeypatch.setattr(incoming, "PART_ROWS", PERSONS // 5)
    await load_market(clickhouse, tmp_path)
    parts = await clickhouse.fetch(
        "SELECT min(company_rank), max(company_rank) FROM person_index GROUP BY _part ORDER BY 1",
        {},
        Profile.LOAD,
    )
    assert 7 <= len(parts) <= 9
    assert all(last < first for (_, last), (first, _) in pairwise(parts))
    assert await state(clickhouse) == [PERSONS, PERSONS, ["Old"]]


async def test_scattered_tables_are_merged(
    clickhouse: ClickHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "PARTS_MAX", 1)
    await load_market(clickhouse, tmp_path)
    await load_persons(clickhouse, [persons_file(tmp_path, "New")], rejects_folder=tmp_path)
    rows = await clickhouse.fetch("SELECT count() FROM persons", {}, Profile.LOAD)
    assert rows == [[PERSONS]]
    assert await state(clickhouse) == [PERSONS, PERSONS, ["New"]]


def test_slices() -> None:
    rows = publish.SLICE_ROWS
    assert slices({}) == []
    assert slices({7: 1}) == [(0, 255)]
    assert slices({0: rows, 255: rows}) == [(0, 254), (255, 255)]
    assert slices({0: rows // 2, 1: rows // 2, 2: 1, 200: 3 * rows}) == [
        (0, 1),
        (2, 199),
        (200, 200),
    ]
    even = slices(dict.fromkeys(range(256), rows // 3))
    assert [first for first, _ in even] == [0, *(last + 1 for _, last in even[:-1])]
    assert even[-1][1] == 255
