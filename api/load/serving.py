"""The statements that make the serving tables from what is loaded.

Each fills a table ``<name>_next``; those of a slice do so for the buckets ``first`` to ``last``.
"""

from collections.abc import Sequence

from api.domain.company.conditions import TEXT_SEPARATOR, name_of, words_of
from api.domain.company.records import CompanyRow
from api.domain.person.records import PersonRow

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
    "role_index": (
        "role",
        "company_rank",
        "person_id",
        "company_industries",
        "company_state",
        "company_city_key",
        "company_employee_count",
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
    "published": (
        "partition",
        "companies",
        "companies_content",
        "persons",
        "persons_content",
    ),
}
"""The serving tables and the columns that are written; ``person_index`` names more as aliases."""
OUTDATED = "persons_outdated"
# A domain of a platform may be stated by very many companies; nobody pages through all of them.
_COMPANIES_OF_A_DOMAIN_MAX = 10_000

# Whether some id of persons is there twice. Ids are compared by a hash, which takes a tenth of the
# memory.
REPEATED = (
    "SELECT cityHash64(person_id) AS hash FROM persons GROUP BY hash HAVING count() > 1 LIMIT 1"
)

# Rows of persons who came again with another company, in another bucket, where FINAL does not see
# them.
FIND_OUTDATED = f"""
INSERT INTO {OUTDATED}
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

# Rows and their content, by partition. No two rows of a table have the same version.
COMPANIES_CONTENT = """
SELECT bitShiftRight(bucket, 5) AS partition, count(), sum(content)
FROM companies FINAL GROUP BY partition"""
PERSONS_CONTENT = f"""
SELECT bitShiftRight(bucket, 5) AS partition, count(), sum(content)
FROM persons {{final}}
WHERE version NOT IN (SELECT version FROM {OUTDATED}) GROUP BY partition"""  # noqa: S608


def _packed(columns: Sequence[str]) -> str:
    r"""An expression that joins columns with a NUL between them; absent ones are empty."""
    texts = [f"ifNull(toString({column}), '')" for column in columns]
    return "concat(" + ", '\\0', ".join(texts) + ")"


_PERSON = _packed(PersonRow._fields[1 : PersonRow._fields.index("company")])
_COMPANY = _packed(CompanyRow._fields)
PERSON_SLICE = f"""
INSERT INTO person_index_next ({", ".join(SERVED["person_index"])})
SELECT
    p.company_rank, p.person_id, p.person, c.company, p.roles, c.industries, c.state, c.city_key,
    c.employee_count, p.phone_key, p.linkedin_key
FROM
(
    SELECT company_rank, person_id, company_id, {_PERSON} AS person, roles, phone_key, linkedin_key
    FROM persons {{final}}
    WHERE bucket BETWEEN {{first:UInt8}} AND {{last:UInt8}} AND version NOT IN
    (
        SELECT version FROM {OUTDATED} WHERE bucket BETWEEN {{first:UInt8}} AND {{last:UInt8}}
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

ROLE_SLICE = f"""
INSERT INTO role_index_next ({", ".join(SERVED["role_index"])})
SELECT
    arrayJoin(roles), company_rank, person_id, company_industries, company_state, company_city_key,
    company_employee_count
FROM person_index_next
WHERE company_rank BETWEEN bitShiftLeft(toUInt64({{first:UInt8}}), 56)
    AND bitShiftLeft(toUInt64({{last:UInt8}}), 56) + 72057594037927935"""  # noqa: S608

_TEXTS = (
    f"concat(name, '{TEXT_SEPARATOR}', arrayStringConcat(keywords, '{TEXT_SEPARATOR}'),"
    f" '{TEXT_SEPARATOR}', ifNull(description, ''))"
)
COMPANY_SLICE = f"""
INSERT INTO company_index_next ({", ".join(SERVED["company_index"])})
SELECT
    company_rank, company_id, {_COMPANY}, industries, state, city_key, employee_count,
    ifNull(sic, ''), ifNull(naics, ''), {name_of("name")}, {words_of(_TEXTS)}
FROM companies FINAL
WHERE bucket BETWEEN {{first:UInt8}} AND {{last:UInt8}}"""  # noqa: S608

# Of several companies at a domain, that with most people says where and what it is: the highest
# weight, which is the number of people and, among equals, the rank.
DOMAIN_INDEX = f"""
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
            {_packed(("c.industry", "c.city", "c.state"))} AS main, n.contacts AS contacts,
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
