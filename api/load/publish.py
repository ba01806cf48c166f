r"""Makes the serving tables from what is loaded, and puts them in place in one step.

Readers see the old tables until the new ones are complete.

``person_index`` is written in slices of neighbouring buckets: each is read, joined with its
companies in memory, sorted and written as one part. So memory does not grow with the data, both
cores work, and the parts follow each other in the order of the key, which is what makes pages quick
without ever merging them.
"""

import asyncio

from api.domain.company.conditions import TEXT_SEPARATOR, name_of, words_of
from api.stores.clickhouse import ClickHouse, Profile

# A slice of so many persons takes some 350 MiB while it is sorted and written, and a table of 10M
# persons gets 35 parts.
SLICE_ROWS = 300_000
SLICES_AT_ONCE = 2
# Parts of a table that is read with FINAL, above which merging them costs less than reading them.
PARTS_MAX = 100
_BUCKETS = 256
# A domain of a platform may be stated by very many companies; nobody pages through all of them.
_COMPANIES_OF_A_DOMAIN_MAX = 10_000

SERVED = {
    "person_index": (
        "company_rank",
        "person_id",
        "person",
        "company",
        "roles",
        "company_industries",
        "company_state",
        "company_city_key",
        "company_employee_count",
        "phone_key",
        "linkedin_key",
    ),
    "company_index": (
        "company_rank",
        "company_id",
        "company",
        "company_industries",
        "company_state",
        "company_city_key",
        "company_employee_count",
        "sic",
        "naics",
        "name_key",
        "words",
    ),
    "domain_index": ("domain", "contact_count", "industry", "city", "state", "company_ranks"),
}
"""The serving tables and the columns that are written; ``person_index`` names more as aliases."""
_OUTDATED = "persons_outdated"

# Rows of persons who came again with another company, in another bucket, where FINAL does not see
# them. Ids are compared by a hash first, which takes a tenth of the memory.
_FIND_OUTDATED = f"""
INSERT INTO {_OUTDATED}
SELECT bucket, person_id, version
FROM
(
    SELECT bucket, person_id, version, max(version) OVER (PARTITION BY person_id) AS newest
    FROM persons
    WHERE cityHash64(person_id) IN
    (
        SELECT cityHash64(person_id) AS hash FROM persons
        GROUP BY hash HAVING min(bucket) != max(bucket)
    )
)
WHERE version != newest"""  # noqa: S608 - names of our own tables, here and below


def _packed(*columns: str) -> str:
    r"""An expression that joins columns with a NUL between them; absent ones are empty."""
    texts = [f"ifNull(toString({column}), '')" for column in columns]
    return "concat(" + ", '\\0', ".join(texts) + ")"


_PERSON = _packed(
    "first_name", "last_name", "job_title", "business_email", "mobile_phone", "linkedin_url"
)
_COMPANY = _packed(
    "company_id",
    "name",
    "domain",
    "website",
    "phone",
    "linkedin_url",
    "revenue",
    "employee_count",
    "industry",
    "sic",
    "naics",
    "city",
    "state",
    "country",
)
_SLICE = f"""
INSERT INTO person_index_next ({", ".join(SERVED["person_index"])})
SELECT
    p.company_rank, p.person_id, p.person, c.company, p.roles, c.industries, c.state, c.city_key,
    c.employee_count, p.phone_key, p.linkedin_key
FROM
(
    SELECT company_rank, person_id, company_id, {_PERSON} AS person, roles, phone_key, linkedin_key
    FROM persons {{final}}
    WHERE bucket BETWEEN {{first:UInt8}} AND {{last:UInt8}} AND (person_id, version) NOT IN
    (
        SELECT person_id, version FROM {_OUTDATED}
        WHERE bucket BETWEEN {{first:UInt8}} AND {{last:UInt8}}
    )
) AS p
INNER JOIN
(
    SELECT
        company_id, {_COMPANY} AS company, industries, toLowCardinality(state) AS state,
        toLowCardinality(city_key) AS city_key, employee_count
    FROM companies FINAL
    WHERE bucket BETWEEN {{first:UInt8}} AND {{last:UInt8}}
) AS c
ON p.company_id = c.company_id"""  # noqa: S608

_TEXTS = (
    f"concat(name, '{TEXT_SEPARATOR}', arrayStringConcat(keywords, '{TEXT_SEPARATOR}'),"
    f" '{TEXT_SEPARATOR}', ifNull(description, ''))"
)
_COMPANY_INDEX = f"""
INSERT INTO company_index_next ({", ".join(SERVED["company_index"])})
SELECT
    company_rank, company_id, {_COMPANY}, industries, state, city_key, employee_count,
    ifNull(sic, ''), ifNull(naics, ''), {name_of("name")}, {words_of(_TEXTS)}
FROM companies FINAL
WHERE bucket BETWEEN {{first:UInt8}} AND {{last:UInt8}}"""  # noqa: S608

# Of several companies at a domain, that with most people says where and what it is: the highest
# weight, which is the number of people and, among equals, the rank.
_DOMAIN_INDEX = f"""
INSERT INTO domain_index_next ({", ".join(SERVED["domain_index"])})
SELECT
    domain, contact_count, nullIf(splitByChar('\\0', main)[1], ''),
    nullIf(splitByChar('\\0', main)[2], ''), nullIf(splitByChar('\\0', main)[3], ''), ranks
FROM
(
    SELECT
        domain, sum(contacts) AS contact_count, argMax(main, weight) AS main,
        arraySort(groupArray({_COMPANIES_OF_A_DOMAIN_MAX})(company_rank)) AS ranks
    FROM
    (
        SELECT
            assumeNotNull(c.domain) AS domain, c.company_rank AS company_rank,
            {_packed("c.industry", "c.city", "c.state")} AS main, n.contacts AS contacts,
            bitShiftLeft(n.contacts, 32) + bitShiftRight(c.company_rank, 32) AS weight
        FROM
        (
            SELECT domain, company_rank, industry, city, state
            FROM companies FINAL WHERE domain IS NOT NULL
        ) AS c
        LEFT JOIN
        (
            SELECT company_rank, count() AS contacts FROM person_index_next GROUP BY company_rank
            SETTINGS optimize_aggregation_in_order = 1
        ) AS n
        ON c.company_rank = n.company_rank
    )
    GROUP BY domain
)"""  # noqa: S608


async def publish(clickhouse: ClickHouse, *, ids_are_unique: bool = False) -> None:
    """Shows readers all that is loaded. One process at a time; the caller sees to that.

    ``ids_are_unique`` says that no id of ``persons`` is there twice, which saves a quarter of the
    work.
    """
    await drop_leftovers(clickhouse)
    for table in SERVED:
        await clickhouse.execute(f"CREATE TABLE {table}_next AS {table}", Profile.LOAD)
    await clickhouse.execute(
        f"CREATE TABLE {_OUTDATED} (bucket UInt8, person_id String, version UInt64)"
        " ENGINE = MergeTree ORDER BY bucket",
        Profile.LOAD,
    )
    if not ids_are_unique:
        await clickhouse.execute(_FIND_OUTDATED, Profile.LOAD)
    await _write_slices(clickhouse, _SLICE.replace("{final}", "" if ids_are_unique else "FINAL"))
    for first in range(0, _BUCKETS, _BUCKETS // 4):
        last = first + _BUCKETS // 4 - 1
        await clickhouse.execute(_COMPANY_INDEX, Profile.SLICE, {"first": first, "last": last})
    await clickhouse.execute(_DOMAIN_INDEX, Profile.LOAD)
    exchanges = ", ".join(f"{table} AND {table}_next" for table in SERVED)
    await clickhouse.execute(f"EXCHANGE TABLES {exchanges}", Profile.LOAD)
    await drop_leftovers(clickhouse)
    for table in ("companies", "persons"):
        await _merge_when_scattered(clickhouse, table)


async def drop_leftovers(clickhouse: ClickHouse) -> None:
    """Drops what a publication leaves behind, whether it ended or was killed."""
    for table in (*(f"{name}_next" for name in SERVED), _OUTDATED):
        await clickhouse.execute(f"DROP TABLE IF EXISTS {table} SYNC", Profile.LOAD)


async def _write_slices(clickhouse: ClickHouse, sql: str) -> None:
    rows = await clickhouse.fetch(
        "SELECT bucket, count() FROM persons GROUP BY bucket", {}, Profile.LOAD
    )
    turns = asyncio.Semaphore(SLICES_AT_ONCE)

    async def write(first: int, last: int) -> None:
        async with turns:
            await clickhouse.execute(sql, Profile.SLICE, {"first": first, "last": last})

    async with asyncio.TaskGroup() as tasks:
        for first, last in slices(dict(map(tuple, rows))):
            tasks.create_task(write(first, last))


def slices(rows_of_bucket: dict[int, int]) -> list[tuple[int, int]]:
    """Ranges of buckets, first and last included, with about ``SLICE_ROWS`` rows each."""
    ranges: list[tuple[int, int]] = []
    first, held = 0, 0
    for bucket in range(_BUCKETS):
        rows = rows_of_bucket.get(bucket, 0)
        if held and held + rows > SLICE_ROWS:
            ranges.append((first, bucket - 1))
            first, held = bucket, 0
        held += rows
    if held:
        ranges.append((first, _BUCKETS - 1))
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
