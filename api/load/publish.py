"""Shows readers what is loaded: the serving tables, put in place in one step.

Readers see the old tables until the new ones are complete. A partition, which is an eighth of all
companies with their people, is made anew only where what is loaded differs from what was published;
the others are taken over without being copied. Where nothing differs, nothing is done.

A partition is written in slices of neighbouring buckets: each is read, joined with its companies in
memory, sorted and written as one part. So memory does not grow with the data, both cores work, and
the parts follow each other in the order of the key. Once at rest, the server merges them.
"""

import asyncio
from collections.abc import Iterable
from dataclasses import dataclass, field

from api.load.serving import (
    COMPANIES_CONTENT,
    COMPANY_SLICE,
    DOMAIN_INDEX,
    FIND_OUTDATED,
    OUTDATED,
    PERSON_SLICE,
    PERSONS_CONTENT,
    REPEATED,
    ROLE_SLICE,
    SERVED,
)
from api.stores.clickhouse import ClickHouse, Profile

# A slice of so many persons takes some 350 MiB while it is sorted and written.
SLICE_ROWS = 300_000
# The same of companies, whose texts are longer.
COMPANY_SLICE_ROWS = 150_000
SLICES_AT_ONCE = 2
# Parts of a table that is read with FINAL, above which merging them costs less than reading them.
PARTS_MAX = 100
_BUCKETS = 256
_PARTITIONS = 8
_BUCKETS_OF_PARTITION = _BUCKETS // _PARTITIONS
_NEVER_MERGED = "max_bytes_to_merge_at_max_space_in_pool"

type Content = tuple[int, int]
NO_CONTENT: Content = (0, 0)


@dataclass(frozen=True, slots=True)
class Contents:
    """Rows and the sum of their content, by partition."""

    companies: dict[int, Content] = field(default_factory=dict)
    persons: dict[int, Content] = field(default_factory=dict)

    def with_other_companies(self, than: "Contents") -> list[int]:
        """The partitions whose companies differ."""
        return _differing(self.companies, than.companies)

    def with_other_people(self, than: "Contents") -> list[int]:
        """The partitions whose people differ, or the companies that stand beside them."""
        return sorted({*_differing(self.persons, than.persons), *self.with_other_companies(than)})


def _differing(one: dict[int, Content], other: dict[int, Content]) -> list[int]:
    return [
        partition
        for partition in range(_PARTITIONS)
        if one.get(partition, NO_CONTENT) != other.get(partition, NO_CONTENT)
    ]


async def publish(clickhouse: ClickHouse) -> None:
    """Shows readers all that is loaded. One process at a time; the caller sees to that."""
    await drop_leftovers(clickhouse)
    await clickhouse.execute(
        f"CREATE TABLE {OUTDATED} (bucket UInt8, person_id String, version UInt64)"
        " ENGINE = MergeTree ORDER BY bucket",
        Profile.LOAD,
    )
    final = ""
    if await clickhouse.fetch(REPEATED, {}, Profile.LOAD):
        final = "FINAL"
        await clickhouse.execute(FIND_OUTDATED, Profile.LOAD)
    before, now = await _published(clickhouse), await _loaded(clickhouse, final)
    if now.with_other_people(before):
        await _renew(clickhouse, before, now, final)
    await drop_leftovers(clickhouse)
    for table in ("companies", "persons"):
        await _merge_when_scattered(clickhouse, table)


async def drop_leftovers(clickhouse: ClickHouse) -> None:
    """Drops what a publication leaves behind, whether it ended or was killed."""
    for table in (*(f"{name}_next" for name in SERVED), OUTDATED):
        await clickhouse.execute(f"DROP TABLE IF EXISTS {table} SYNC", Profile.LOAD)


async def _published(clickhouse: ClickHouse) -> Contents:
    rows = await clickhouse.fetch("SELECT * FROM published", {}, Profile.LOAD)
    return Contents(
        {partition: (count, content) for partition, count, content, _, _ in rows},
        {partition: (count, content) for partition, _, _, count, content in rows},
    )


async def _loaded(clickhouse: ClickHouse, final: str) -> Contents:
    companies, persons = [
        await clickhouse.fetch(sql, {}, Profile.LOAD)
        for sql in (COMPANIES_CONTENT, PERSONS_CONTENT.format(final=final))
    ]
    return Contents(
        {partition: (count, content) for partition, count, content in companies},
        {partition: (count, content) for partition, count, content in persons},
    )


async def _renew(clickhouse: ClickHouse, before: Contents, now: Contents, final: str) -> None:
    for table in SERVED:
        await clickhouse.execute(f"CREATE TABLE {table}_next AS {table}", Profile.LOAD)
        # Merging would take both cores from the slices that are still to be written.
        await clickhouse.execute(
            f"ALTER TABLE {table}_next MODIFY SETTING {_NEVER_MERGED} = 1", Profile.LOAD
        )
    companies, people = now.with_other_companies(before), now.with_other_people(before)
    await _take_over(clickhouse, ("company_index",), before.companies, companies)
    await _take_over(clickhouse, ("person_index", "role_index"), before.persons, people)
    turns = asyncio.Semaphore(SLICES_AT_ONCE)
    async with asyncio.TaskGroup() as tasks:
        for ranges, statements in (
            (
                slices(await _rows_of_buckets(clickhouse, "persons"), people, SLICE_ROWS),
                (PERSON_SLICE.replace("{final}", final), ROLE_SLICE),
            ),
            (
                slices(
                    await _rows_of_buckets(clickhouse, "companies"), companies, COMPANY_SLICE_ROWS
                ),
                (COMPANY_SLICE,),
            ),
        ):
            for first, last in ranges:
                tasks.create_task(_write_slice(clickhouse, turns, statements, first, last))
    await clickhouse.execute(DOMAIN_INDEX, Profile.LOAD)
    await _note(clickhouse, now)
    exchanges = ", ".join(f"{table} AND {table}_next" for table in SERVED)
    await clickhouse.execute(f"EXCHANGE TABLES {exchanges}", Profile.LOAD)
    for table in SERVED:
        await clickhouse.execute(f"ALTER TABLE {table} RESET SETTING {_NEVER_MERGED}", Profile.LOAD)


async def _take_over(
    clickhouse: ClickHouse, tables: Iterable[str], held: dict[int, Content], changed: list[int]
) -> None:
    """Gives the new tables the partitions of the old ones that stay as they are."""
    for partition in held.keys() - set(changed):
        for table in tables:
            await clickhouse.execute(
                f"ALTER TABLE {table}_next ATTACH PARTITION ID '{partition}' FROM {table}",
                Profile.LOAD,
            )


async def _write_slice(
    clickhouse: ClickHouse,
    turns: asyncio.Semaphore,
    statements: Iterable[str],
    first: int,
    last: int,
) -> None:
    async with turns:
        for sql in statements:
            await clickhouse.execute(sql, Profile.SLICE, {"first": first, "last": last})


async def _note(clickhouse: ClickHouse, contents: Contents) -> None:
    """Remembers what the new tables were made from."""
    rows = [
        (partition, *companies, *contents.persons.get(partition, NO_CONTENT))
        for partition, companies in contents.companies.items()
    ]
    await clickhouse.execute(
        f"INSERT INTO published_next ({', '.join(SERVED['published'])})"  # noqa: S608 - numbers
        f" VALUES {', '.join(map(str, rows))}",
        Profile.LOAD,
    )


async def _rows_of_buckets(clickhouse: ClickHouse, table: str) -> dict[int, int]:
    rows = await clickhouse.fetch(
        f"SELECT bucket, count() FROM {table} GROUP BY bucket",  # noqa: S608 - a table of ours
        {},
        Profile.LOAD,
    )
    return dict(map(tuple, rows))


def slices(
    rows_of_bucket: dict[int, int], partitions: Iterable[int], rows_max: int
) -> list[tuple[int, int]]:
    """Ranges of buckets, first and last included, with at most about ``rows_max`` rows each.

    They cover what these partitions hold, and none reaches over the end of its partition.
    """
    ranges: list[tuple[int, int]] = []
    for partition in partitions:
        start = partition * _BUCKETS_OF_PARTITION
        first, held = start, 0
        for bucket in range(start, start + _BUCKETS_OF_PARTITION):
            rows = rows_of_bucket.get(bucket, 0)
            if held and held + rows > rows_max:
                ranges.append((first, bucket - 1))
                first, held = bucket, 0
            held += rows
        if held:
            ranges.append((first, start + _BUCKETS_OF_PARTITION - 1))
    return ranges


async def _merge_when_scattered(clickhouse: ClickHouse, table: str) -> None:
    rows = await clickhouse.fetch(
        "SELECT count() FROM system.parts"
        " WHERE active AND database = currentDatabase() AND table = {table:String}",
        {"table": table},
        Profile.LOAD,
    )
    if rows[0][0] > PARTS_MAX:
        await clickhouse.execute(f"OPTIMIZE TABLE {table} FINAL", Profile.SLICE)
