"""All SQL of the domain inventory, from ``domain_index``."""

from typing import Any

from api.domain.company.records import DomainLocation, DomainRow
from api.stores.clickhouse import ClickHouse, Profile


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
    conditions = ["contact_count >= {min_contacts:UInt32}"]
    values: dict[str, Any] = {"min_contacts": min_contacts, "row_limit": limit}
    if industry is not None:
        conditions.append("positionCaseInsensitiveUTF8(industry, {industry:String}) > 0")
        values["industry"] = industry
    if state is not None:
        conditions.append("state = {state:String}")
        values["state"] = state
    if after is not None:
        conditions.append("domain > {after:String}")
        values["after"] = after
    sql = (
        "SELECT domain, contact_count, industry, city, state FROM domain_index WHERE "  # noqa: S608
        + " AND ".join(conditions)
        + " ORDER BY domain LIMIT {row_limit:UInt32}"
    )
    return [
        DomainRow(domain, count, label, DomainLocation(city, region) if city or region else None)
        for domain, count, label, city, region in await clickhouse.fetch(
            sql, values, Profile.INTERACTIVE
        )
    ]
