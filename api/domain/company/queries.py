"""All SQL of companies: pages and counts from ``company_index``, domains from ``domain_index``."""

from typing import Any, NamedTuple

from api.domain.company.conditions import add_company_conditions
from api.domain.company.records import CompanyRow, DomainLocation, DomainRow
from api.domain.interpreter.interpretation import CompanyInterpretation
from api.stores.clickhouse import ClickHouse, Profile
from api.stores.conditions import Conditions, after_key

SEPARATOR = "\0"
"""Between the values that are packed into one column; no value holds it."""

CompanyKey = tuple[int, str]


class FoundCompany(NamedTuple):
    """A company of a page, and its place in the total order: ``(rank, row.company_id)``."""

    rank: int
    row: CompanyRow


def company_row(packed: str) -> CompanyRow:
    """The company in a packed column of a serving table; an absent value is empty there."""
    company_id, name, *optional = packed.split(SEPARATOR)
    row = CompanyRow._make((company_id, name, *(text or None for text in optional)))
    return row._replace(
        revenue=None if row.revenue is None else int(row.revenue),
        employee_count=None if row.employee_count is None else int(row.employee_count),
    )


def search_conditions(interpretation: CompanyInterpretation) -> Conditions:
    """What an interpretation asks for: any of its industries and of its places, all its filters."""
    conditions = Conditions()
    add_company_conditions(conditions, interpretation, of_people=False)
    return conditions


def statement(
    conditions: Conditions, after: CompanyKey | None, limit: int
) -> tuple[str, dict[str, Any]]:
    """The statement of one page in the total order (company_rank, company_id), and its values."""
    behind = after_key(conditions, after, "company_rank", "company_id")
    sql = (
        f"SELECT company_rank, company FROM company_index {behind.where} "  # noqa: S608
        "ORDER BY company_rank, company_id LIMIT {row_limit:UInt32}"
    )
    return sql, {**behind.values, "row_limit": limit}


async def page(
    clickhouse: ClickHouse, conditions: Conditions, after: CompanyKey | None, limit: int
) -> list[FoundCompany]:
    """Up to ``limit`` companies that meet the conditions, after a position."""
    sql, values = statement(conditions, after, limit)
    rows = await clickhouse.fetch(sql, values, Profile.INTERACTIVE)
    return [FoundCompany(rank, company_row(packed)) for rank, packed in rows]


async def count(clickhouse: ClickHouse, conditions: Conditions, at_most: int | None = None) -> int:
    """How many companies meet the conditions: exactly, or as far as ``at_most``."""
    sql = f"SELECT count() FROM company_index {conditions.where}"  # noqa: S608
    values = conditions.values
    if at_most is not None:
        sql = (
            f"SELECT count() FROM (SELECT company_rank FROM company_index {conditions.where}"  # noqa: S608
            " LIMIT {at_most:UInt64})"
        )
        values = {**values, "at_most": at_most}
    return int((await clickhouse.fetch(sql, values, Profile.INTERACTIVE))[0][0])


async def domains(
    clickhouse: ClickHouse,
    *,
    min_contacts: int,
    industry: str | None,
    state: str | None,
    after: str | None,
    limit: int,
) -> list[DomainRow]:
    """Up to ``limit`` domains in alphabetical order, after a domain."""
    conditions = Conditions()
    conditions.add("contact_count >= {min_contacts:UInt32}", min_contacts=min_contacts)
    if industry is not None:
        conditions.add(
            "positionCaseInsensitiveUTF8(industry, {industry:String}) > 0", industry=industry
        )
    if state is not None:
        conditions.add("state = {state:String}", state=state)
    if after is not None:
        conditions.add("domain > {after:String}", after=after)
    sql = (
        "SELECT domain, contact_count, industry, city, state FROM domain_index "  # noqa: S608
        f"{conditions.where} ORDER BY domain LIMIT {{row_limit:UInt32}}"
    )
    values = {**conditions.values, "row_limit": limit}
    return [
        DomainRow(domain, contacts, label, DomainLocation(city, region) if city or region else None)
        for domain, contacts, label, city, region in await clickhouse.fetch(
            sql, values, Profile.INTERACTIVE
        )
    ]
