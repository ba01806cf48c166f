"""All SQL of people: filtered pages, look-ups and a company's people, from ``person_index``."""

from dataclasses import dataclass, field
from typing import Any

from api.domain.company.places import city_key
from api.domain.company.records import CompanyRow
from api.domain.interpreter.interpretation import Location, PersonInterpretation
from api.domain.person.records import PersonRow
from api.stores.clickhouse import ClickHouse, Profile

# What is only shown is packed into two columns (see the migration). They are taken apart here:
# naming their parts in SQL would cost the engine ten milliseconds of analysis for each page.
_COLUMNS = "person_id, person, company, company_rank"
_SEPARATOR = "\0"

PersonKey = tuple[int, str]


@dataclass(slots=True)
class Conditions:
    """Conditions joined by AND with their bound values; SQL text never holds a caller's value."""

    sql: list[str] = field(default_factory=list)
    values: dict[str, Any] = field(default_factory=dict)

    def add(self, sql: str, **values: Any) -> None:
        """Adds one condition; ``values`` are its ``{name:Type}`` parameters."""
        self.sql.append(sql)
        self.values.update(values)

    @property
    def where(self) -> str:
        """The WHERE clause."""
        return "WHERE " + " AND ".join(self.sql) if self.sql else ""


def statement(
    conditions: Conditions, after: PersonKey | None, limit: int
) -> tuple[str, dict[str, Any]]:
    """The statement of one page in the total order (company_rank, person_id), and its values."""
    if after is not None:
        # The first half is what the primary key understands; the second makes it exact.
        conditions.add(
            "company_rank >= {after_rank:UInt64}"
            " AND (company_rank, person_id) > ({after_rank:UInt64}, {after_id:String})",
            after_rank=after[0],
            after_id=after[1],
        )
    sql = (
        f"SELECT {_COLUMNS} FROM person_index {conditions.where} "  # noqa: S608
        "ORDER BY company_rank, person_id LIMIT {row_limit:UInt32}"
    )
    return sql, {**conditions.values, "row_limit": limit}


async def page(
    clickhouse: ClickHouse, conditions: Conditions, after: PersonKey | None, limit: int
) -> list[PersonRow]:
    """Up to ``limit`` people that meet the conditions, after a position."""
    sql, values = statement(conditions, after, limit)
    rows = await clickhouse.fetch(sql, values, Profile.INTERACTIVE)
    # Colleagues share their company.
    companies = {packed: _company(packed) for packed in {row[2] for row in rows}}
    return [
        _person(person_id, person, companies[company], rank)
        for person_id, person, company, rank in rows
    ]


def _person(person_id: str, packed: str, company: CompanyRow, rank: int) -> PersonRow:
    first_name, last_name, job_title, email, mobile, linkedin = packed.split(_SEPARATOR)
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


def _company(packed: str) -> CompanyRow:
    company_id, name, *optional = packed.split(_SEPARATOR)
    row = CompanyRow._make((company_id, name, *(text or None for text in optional)))
    return row._replace(
        revenue=None if row.revenue is None else int(row.revenue),
        employee_count=None if row.employee_count is None else int(row.employee_count),
    )


def search_conditions(interpretation: PersonInterpretation) -> Conditions:
    """What an interpretation asks for: any of its roles, of its industries and of its places."""
    conditions = Conditions()
    _add_roles(conditions, interpretation)
    if interpretation.industries:
        conditions.add(
            "hasAny(company_industries, {industries:Array(String)})",
            industries=[term.industry for term in interpretation.industries],
        )
    if interpretation.locations:
        _add_locations(conditions, interpretation.locations)
    filters = interpretation.filters
    if filters.company_state is not None:
        conditions.add("company_state = {state:String}", state=filters.company_state)
    if filters.company_city is not None:
        conditions.add("company_city_key = {city:String}", city=city_key(filters.company_city))
    if filters.employee_count_min is not None:
        conditions.add(
            "company_employee_count >= {employees_min:UInt32}",
            employees_min=filters.employee_count_min,
        )
    if filters.employee_count_max is not None:
        conditions.add(
            "company_employee_count <= {employees_max:UInt32}",
            employees_max=filters.employee_count_max,
        )
    return conditions


def _add_roles(conditions: Conditions, interpretation: PersonInterpretation) -> None:
    alternatives = []
    known = [term.role for term in interpretation.roles if term.role is not None]
    if known:
        alternatives.append("hasAny(roles, {roles:Array(String)})")
        conditions.values["roles"] = known
    titles = [term.label for term in interpretation.roles if term.role is None]
    for number, title in enumerate(titles):
        alternatives.append(f"hasAllTokens(title_key, {{title_{number}:String}})")
        conditions.values[f"title_{number}"] = title.lower()
    if alternatives:
        conditions.add("(" + " OR ".join(alternatives) + ")")


def _add_locations(conditions: Conditions, locations: tuple[Location, ...]) -> None:
    alternatives = []
    for number, place in enumerate(locations):
        parts = []
        if place.city is not None:
            parts.append(f"company_city_key = {{place_city_{number}:String}}")
            conditions.values[f"place_city_{number}"] = city_key(place.city)
        if place.state is not None:
            parts.append(f"company_state = {{place_state_{number}:String}}")
            conditions.values[f"place_state_{number}"] = place.state
        alternatives.append("(" + " AND ".join(parts) + ")")
    conditions.add("(" + " OR ".join(alternatives) + ")")


def domain_conditions(domain: str) -> Conditions:
    """Everybody at the companies of a domain; their ranks make it a range of the primary key."""
    conditions = Conditions()
    conditions.add(
        "company_rank IN (SELECT arrayJoin(company_ranks) FROM domain_index"
        " WHERE domain = {domain:String}) AND company_domain = {domain:String}",
        domain=domain,
    )
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
