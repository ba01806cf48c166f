"""All SQL of people: filtered pages, counts, look-ups and companies' people.

Who asks for one role of the dictionary reads that role's range of ``role_index``, whatever else is
asked for, and takes the rows of a page from ``person_index``: a page and an exact count are bounded
by the people of the role. All other searches read ``person_index`` and its indexes.
"""

from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from uuid import UUID

from api.domain.company.conditions import add_company_conditions
from api.domain.company.queries import SEPARATOR, company_row
from api.domain.company.records import CompanyRow
from api.domain.interpreter.interpretation import PersonInterpretation, RoleTerm
from api.domain.person.records import PersonRow
from api.stores.clickhouse import ClickHouse, Profile
from api.stores.conditions import Conditions, after_key

# What is only shown is packed into two columns (see the migration). They are taken apart here:
# naming their parts in SQL would cost the engine ten milliseconds of analysis for each page.
_COLUMNS = "person_id, person, company, company_rank"

PersonKey = tuple[int, str]
_PEOPLE = "person_index"
_ROLES = "role_index"
AT_DOMAINS_MAX = 5_000


def statement(
    conditions: Conditions, after: PersonKey | None, limit: int
) -> tuple[str, dict[str, Any]]:
    """The statement of one page in the total order (company_rank, person_id), and its values."""
    behind = after_key(conditions, after, "company_rank", "person_id")
    order = "ORDER BY company_rank, person_id"
    limited = f"{order} LIMIT {{row_limit:UInt32}}"
    if behind.table == _ROLES:
        sql = (
            f"SELECT {_COLUMNS} FROM person_index WHERE (company_rank, person_id) IN"  # noqa: S608
            f" (SELECT company_rank, person_id FROM role_index {behind.where} {limited}) {order}"
        )
    else:
        sql = f"SELECT {_COLUMNS} FROM person_index {behind.where} {limited}"  # noqa: S608
    return sql, {**behind.values, "row_limit": limit}


async def page(
    clickhouse: ClickHouse, conditions: Conditions, after: PersonKey | None, limit: int
) -> list[PersonRow]:
    """Up to ``limit`` people that meet the conditions, after a position."""
    sql, values = statement(conditions, after, limit)
    return _people(await clickhouse.fetch(sql, values, Profile.INTERACTIVE))


async def count(clickhouse: ClickHouse, conditions: Conditions, at_most: int | None = None) -> int:
    """How many people meet the conditions: exactly, or as far as ``at_most``."""
    table = conditions.table or _PEOPLE
    sql = f"SELECT count() FROM {table} {conditions.where}"  # noqa: S608
    values = conditions.values
    if at_most is not None:
        sql = (
            f"SELECT count() FROM (SELECT company_rank FROM {table} {conditions.where}"  # noqa: S608
            " LIMIT {at_most:UInt64})"
        )
        values = {**values, "at_most": at_most}
    return int((await clickhouse.fetch(sql, values, Profile.INTERACTIVE))[0][0])


async def generation(clickhouse: ClickHouse) -> UUID:
    """What names the data that searches read now: each publication has its own."""
    rows = await clickhouse.fetch(
        "SELECT uuid FROM system.tables"
        " WHERE database = currentDatabase() AND name = 'person_index'",
        {},
        Profile.INTERACTIVE,
    )
    return UUID(rows[0][0])


async def exact_count(clickhouse: ClickHouse, interpretation: PersonInterpretation) -> int:
    """How many people an interpretation means, exactly."""
    return await count(clickhouse, search_conditions(interpretation))


async def people_of_companies(
    clickhouse: ClickHouse, company_ids: Sequence[str], first: int
) -> dict[str, list[PersonRow]]:
    """The first people of each of these companies in the total order, by one query.

    A company that nobody is known at has an empty list.
    """
    rows = await clickhouse.fetch(
        f"SELECT {_COLUMNS} FROM person_index WHERE company_rank IN"  # noqa: S608
        " (SELECT cityHash64(arrayJoin({company_ids:Array(String)})))"
        " ORDER BY company_rank, person_id LIMIT {first:UInt32} BY company_rank",
        {"company_ids": list(company_ids), "first": first},
        Profile.INTERACTIVE,
    )
    people: dict[str, list[PersonRow]] = {company_id: [] for company_id in company_ids}
    for person in _people(rows):
        people[person.company.company_id].append(person)
    return people


def _people(rows: list[list[Any]]) -> list[PersonRow]:
    # Colleagues share their company.
    companies = {packed: company_row(packed) for packed in {row[2] for row in rows}}
    return [
        _person(person_id, person, companies[company], rank)
        for person_id, person, company, rank in rows
    ]


def _person(person_id: str, packed: str, company: CompanyRow, rank: int) -> PersonRow:
    first_name, last_name, job_title, email, mobile, linkedin = packed.split(SEPARATOR)
    return PersonRow(
        person_id,
        first_name,
        last_name,
        job_title or None,
        email or None,
        mobile or None,
        linkedin or None,
        company,
        rank,
    )


def search_conditions(
    interpretation: PersonInterpretation, *, whole_rows: bool = False
) -> Conditions:
    """What an interpretation asks for: any of its roles, industries and places, all its filters.

    Without a role that is everybody at the companies ("all employees"). ``whole_rows`` for more
    conditions on what only ``person_index`` has.
    """
    roles, excluded = interpretation.roles, interpretation.filters.excluded_roles
    if len(roles) == 1 and roles[0].role is not None and not excluded and not whole_rows:
        conditions = Conditions(table=_ROLES)
        conditions.add("role = {role:String}", role=roles[0].role)
    else:
        conditions = Conditions(table=_PEOPLE)
        alternatives, values = _roles(roles, "roles", "title")
        conditions.add_any(alternatives, **values)
        alternatives, values = _roles(excluded, "excluded_roles", "excluded_title")
        for role in alternatives:
            conditions.add(f"NOT {role}")
        conditions.values.update(values)
    add_company_conditions(conditions, interpretation, of_people=True)
    return conditions


def _roles(terms: Sequence[RoleTerm], roles: str, title: str) -> tuple[list[str], dict[str, Any]]:
    """Conditions of which each means some of the terms, and their values under these names."""
    sql: list[str] = []
    values: dict[str, Any] = {}
    known = [term.role for term in terms if term.role is not None]
    if known:
        sql.append(f"hasAny(roles, {{{roles}:Array(String)}})")
        values[roles] = known
    for number, label in enumerate(term.label for term in terms if term.role is None):
        sql.append(f"hasAllTokens(title_key, {{{title}_{number}:String}})")
        values[f"{title}_{number}"] = label.lower()
    return sql, values


def at_domains(conditions: Conditions, domains: Sequence[str]) -> Conditions:
    """The conditions, restricted to the people of companies at any of up to 5,000 domains."""
    if len(domains) > AT_DOMAINS_MAX:
        raise ValueError(f"{len(domains)} domains; {AT_DOMAINS_MAX} are allowed")
    restricted = replace(conditions, sql=[*conditions.sql], values={**conditions.values})
    restricted.add(
        "company_rank IN (SELECT arrayJoin(company_ranks) FROM domain_index"
        " WHERE domain IN {at_domains:Array(String)})",
        at_domains=list(domains),
    )
    return restricted


def domain_conditions(domain: str) -> Conditions:
    """Everybody at the companies of a domain; their ranks make it a range of the primary key."""
    conditions = Conditions()
    conditions.add(
        "company_rank IN (SELECT arrayJoin(company_ranks) FROM domain_index"
        " WHERE domain = {domain:String}) AND company_domain = {domain:String}",
        domain=domain,
    )
    return conditions


def company_conditions(company_id: str) -> Conditions:
    """Everybody at one company: a range of the primary key."""
    conditions = Conditions()
    conditions.add("company_rank = cityHash64({company_id:String})", company_id=company_id)
    return conditions


def lookup_conditions(
    *,
    email: str | None = None,
    company_domain: str | None = None,
    linkedin_url: str | None = None,
    phone: str | None = None,
) -> Conditions:
    """Exact, normalised identifiers, joined by AND."""
    conditions = domain_conditions(company_domain) if company_domain is not None else Conditions()
    if email is not None:
        conditions.add("email_key = {email:String}", email=email)
    if linkedin_url is not None:
        conditions.add("linkedin_key = {linkedin:String}", linkedin=linkedin_url)
    if phone is not None:
        conditions.add("phone_key = {phone:String}", phone=phone)
    return conditions
