"""Showing readers the new state: at once, in parts that follow each other, after any kill."""

import asyncio
import sys
from itertools import pairwise
from pathlib import Path

import pytest

from api.load import incoming, publish
from api.load.publish import slices
from api.load.service import load_companies, load_persons
from api.load.serving import SERVED
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
from api.load.serving import SERVED
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


NAMES = "SELECT person_id, first_name FROM person_index WHERE first_name != 'Old'"


async def partitions_of(clickhouse: ClickHouse, table: str) -> dict[str, set[str]]:
    """The files of each partition, by what they hold."""
    rows = await clickhouse.fetch(
        "SELECT partition_id, groupArray(hash_of_all_files) FROM system.parts WHERE active"
        " AND database = currentDatabase() AND table = {table:String} GROUP BY partition_id",
        {"table": table},
        Profile.LOAD,
    )
    return {partition: set(hashes) for partition, hashes in rows}


async def settled(clickhouse: ClickHouse, table: str) -> dict[str, set[str]]:
    """The partitions of a table, when the server has merged the parts of each into one."""
    async with asyncio.timeout(60):
        while True:
            partitions = await partitions_of(clickhouse, table)
            if all(len(files) == 1 for files in partitions.values()):
                return partitions
            await asyncio.sleep(0.1)


async def test_only_partitions_that_changed_are_made_anew(
    clickhouse: ClickHouse, tmp_path: Path
) -> None:
    await load_market(clickhouse, tmp_path)
    before = {table: await settled(clickhouse, table) for table in SERVED}
    one = parquet_file(tmp_path / "one.parquet", [person(7, 7, first_name="New")])
    await load_persons(clickhouse, [one], rejects_folder=tmp_path)
    after = {table: await settled(clickhouse, table) for table in SERVED}
    old, new = before["person_index"], after["person_index"]
    assert [new[key] == files for key, files in old.items()].count(False) == 1
    assert len(new) == len(old) == 8
    # What the others hold does not depend on names.
    assert after["role_index"] == before["role_index"]
    assert after["company_index"] == before["company_index"]
    assert await clickhouse.fetch(NAMES, {}, Profile.LOAD) == [["p000007", "New"]]


async def test_a_person_who_moves_and_moves_back(clickhouse: ClickHouse, tmp_path: Path) -> None:
    """Both partitions change, though only one of them is given a row."""
    await load_market(clickhouse, tmp_path)
    sql = "SELECT company_id FROM person_index WHERE person_id = 'p000007'"
    roles = "SELECT count(), uniqExact(person_id) FROM role_index WHERE role = 'decision_maker'"
    for number in (8, 7, 9, 300, 7):
        one = parquet_file(tmp_path / "one.parquet", [person(7, number, first_name="Old")])
        await load_persons(clickhouse, [one], rejects_folder=tmp_path)
        assert await clickhouse.fetch(sql, {}, Profile.LOAD) == [[f"c{number}"]]
        assert await state(clickhouse) == [PERSONS, PERSONS, ["Old"]]
        assert await clickhouse.fetch(roles, {}, Profile.LOAD) == [[PERSONS, PERSONS]]


async def test_a_company_that_changes_does_so_beside_its_people(
    clickhouse: ClickHouse, tmp_path: Path
) -> None:
    await load_market(clickhouse, tmp_path)
    path = parquet_file(tmp_path / "moved.parquet", [company(7, city="Reno", state="NV")])
    await load_companies(clickhouse, [path], rejects_folder=tmp_path)
    for table in ("person_index", "role_index", "company_index"):
        sql = (
            "SELECT DISTINCT company_rank = cityHash64('c7') FROM"  # noqa: S608
            f" {table} WHERE company_city_key = 'reno' AND company_state = 'NV'"
        )
        assert await clickhouse.fetch(sql, {}, Profile.LOAD) == [[1]]


async def test_rows_of_the_same_content_publish_nothing(
    clickhouse: ClickHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    await load_market(clickhouse, tmp_path)
    before = await state(clickhouse)

    async def refuse(*_: object) -> None:
        raise AssertionError("tables are made anew")

    monkeypatch.setattr(publish, "_renew", refuse)
    await load_persons(clickhouse, [persons_file(tmp_path, "Old")], rejects_folder=tmp_path)
    path = parquet_file(tmp_path / "companies.parquet", [company(n) for n in range(COMPANIES)])
    await load_companies(clickhouse, [path], rejects_folder=tmp_path)
    assert await state(clickhouse) == before
    assert await clickhouse.fetch(LEFTOVERS, {}, Profile.LOAD) == [[0]]


async def test_partitions_at_rest_are_one_part(
    clickhouse: ClickHouse, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(publish, "SLICE_ROWS", PERSONS // 40)
    await load_market(clickhouse, tmp_path)
    parts = await settled(clickhouse, "person_index")
    assert [len(files) for files in parts.values()] == [1] * 8
    assert await state(clickhouse) == [PERSONS, PERSONS, ["Old"]]


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
    assert 8 <= len(parts) <= 16
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
    rows = 1_000
    everything = range(8)
    assert slices({}, everything, rows) == []
    assert slices({7: 1}, everything, rows) == [(0, 31)]
    assert slices({7: 1}, [1, 2], rows) == []
    assert slices({0: rows, 255: rows}, everything, rows) == [(0, 31), (224, 255)]
    assert slices({0: rows // 2, 1: rows // 2, 2: 1, 20: 3 * rows}, [0], rows) == [
        (0, 1),
        (2, 19),
        (20, 20),
    ]
    even = slices(dict.fromkeys(range(256), rows // 3), everything, rows)
    assert [first for first, _ in even] == [0, *(last + 1 for _, last in even[:-1])]
    assert even[-1][1] == 255
