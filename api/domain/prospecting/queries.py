"""The SQL of a session's people in ClickHouse: refined conditions, facets, rows by position."""

import asyncio
from collections.abc import Sequence
from typing import Any

from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.person import queries as people
from api.domain.person.delivered import Position
from api.domain.person.records import PersonRow
from api.domain.person.roles import DECISION_MAKER
from api.domain.prospecting.filters import (
    EMPLOYEE_RANGES,
    LEVELS,
    ProspectFilters,
    label_of,
)
from api.domain.prospecting.records import FacetValue, ProspectFacets
from api.paging import COUNTED_MAX
from api.stores.clickhouse import ClickHouse, Profile
from api.stores.conditions import Conditions

FACET_VALUES_MAX = 25
ROWS_AT_ONCE = 1_000
# They travel in a URL, which a server takes up to a megabyte: of the longest ids so many.
_NAMED_AT_ONCE = 300

_RANGES_BY_LEAST = {least: name for name, (least, _) in EMPLOYEE_RANGES.items()}
_LEAST = ", ".join(map(str, (0, *_RANGES_BY_LEAST)))
# What each menu counts: an array of what a row has, and a one for each. In few words, since it
# takes as long to analyse a statement as to run it. What is not known is "" or 0 here.
_COUNTS = {
    "industries": "sumMap(CAST(company_industries, 'Array(String)'),"
    " arrayWithConstant(length(company_industries), 1))",
    "states": "sumMap([ifNull(company_state, '')], [1])",
    "employee_ranges": f"sumMap([roundDown(ifNull(company_employee_count, 0), [{_LEAST}])], [1])",
    "levels": "sumMap(arrayIntersect(CAST(roles, 'Array(String)'), {facet_levels:Array(String)})"
    " AS ranks, arrayWithConstant(length(ranks), 1))",
}
_COLUMNS = "company_industries, company_state, company_employee_count"


def refined(
    interpretation: PersonInterpretation, filters: ProspectFilters, *, whole_rows: bool = False
) -> Conditions:
    """What an interpretation asks for, restricted by the filters of a session."""
    conditions = people.search_conditions(interpretation, whole_rows=whole_rows or filters.of_rows)
    for name, column in (
        ("industries", "company_industries"),
        ("levels", "roles"),
        ("roles", "roles"),
    ):
        values = getattr(filters, name)
        if values:
            parameter = f"refined_{name}"
            conditions.add(
                f"hasAny({column}, {{{parameter}:Array(String)}})", **{parameter: list(values)}
            )
    for name, column in (("states", "company_state"), ("cities", "company_city_key")):
        values = getattr(filters, name)
        if values:
            parameter = f"refined_{name}"
            conditions.add(
                f"{column} IN {{{parameter}:Array(String)}}", **{parameter: list(values)}
            )
    conditions.add_any([_within(each) for each in filters.employee_ranges])
    for column in ("business_email", "mobile_phone", "linkedin_url"):
        wanted = getattr(filters, f"has_{column}")
        if wanted is not None:
            conditions.add(f"{column} IS {'NOT NULL' if wanted else 'NULL'}")
    return conditions


def _within(employee_range: str) -> str:
    least, most = EMPLOYEE_RANGES[employee_range]
    sql = f"company_employee_count >= {least}"
    return sql if most is None else f"({sql} AND company_employee_count <= {most})"


async def facets(
    clickhouse: ClickHouse, interpretation: PersonInterpretation, filters: ProspectFilters
) -> tuple[int, ProspectFacets]:
    """How many people match, as far as one more than 10,000, and the menus of the filters.

    One statement reads the matching rows once; a menu whose own filter is set needs another one.
    Who asks for one role has said a rank, and gets no menu of them: its people are counted where
    their roles are not.
    """
    ranked = _has_ranks(interpretation)
    menus = [name for name in _COUNTS if ranked or name != "levels"]
    filtered = [name for name in menus if getattr(filters, name)]
    unfiltered = [name for name in menus if name not in filtered]
    answers = await asyncio.gather(
        _counted(clickhouse, refined(interpretation, filters, whole_rows=ranked), unfiltered),
        *(
            _counted(
                clickhouse,
                refined(interpretation, filters.without(name), whole_rows=ranked),
                [name],
            )
            for name in filtered
        ),
    )
    found: dict[str, list[FacetValue]] = {name: [] for name in _COUNTS}
    for _, counted in answers:
        found |= counted
    bounded = any(each > COUNTED_MAX for each, _ in answers)
    return answers[0][0], ProspectFacets(**found, bounded=bounded)


def _has_ranks(interpretation: PersonInterpretation) -> bool:
    """Whether people of several ranks may be meant."""
    roles = interpretation.roles
    return len(roles) != 1 or roles[0].role in (None, DECISION_MAKER)


async def _counted(
    clickhouse: ClickHouse, conditions: Conditions, menus: Sequence[str]
) -> tuple[int, dict[str, list[FacetValue]]]:
    counts = ", ".join(["count()", *(_COUNTS[name] for name in menus)])
    columns = f"{_COLUMNS}, roles" if "levels" in menus else _COLUMNS
    sql = (
        f"SELECT {counts} FROM (SELECT {columns} FROM {conditions.table or 'person_index'}"  # noqa: S608
        f" {conditions.where} LIMIT {{counted:UInt32}})"
    )
    values: dict[str, Any] = {**conditions.values, "counted": COUNTED_MAX + 1}
    if "levels" in menus:
        values["facet_levels"] = list(LEVELS)
    ((total, *found),) = await clickhouse.fetch(sql, values, Profile.INTERACTIVE)
    return int(total), {name: _menu(name, *each) for name, each in zip(menus, found, strict=True)}


def _menu(name: str, keys: Sequence[Any], counts: Sequence[int]) -> list[FacetValue]:
    """Sizes and ranks in their own order, all others by their frequency."""
    values = [_RANGES_BY_LEAST.get(key, "") for key in keys] if name == "employee_ranges" else keys
    found = [
        FacetValue(value, label_of(name, value), int(count))
        for value, count in zip(values, counts, strict=True)
        if value
    ]
    order = {"employee_ranges": list(EMPLOYEE_RANGES), "levels": list(LEVELS)}.get(name)
    if order is not None:
        return sorted(found, key=lambda each: order.index(each.value))
    return sorted(found, key=lambda each: (-each.count, each.label))[:FACET_VALUES_MAX]


async def at_positions(clickhouse: ClickHouse, places: Sequence[Position]) -> list[PersonRow]:
    """The people at these places in the order of lists, as far as they are still there."""
    found: list[PersonRow] = []
    for start in range(0, len(places), _NAMED_AT_ONCE):
        some = places[start : start + _NAMED_AT_ONCE]
        conditions = Conditions()
        # Ranks lead the primary key; a person's id is one person's.
        conditions.add(
            "company_rank IN {ranks:Array(UInt64)} AND person_id IN {ids:Array(String)}",
            ranks=[rank for rank, _ in some],
            ids=[person_id for _, person_id in some],
        )
        found += await people.page(clickhouse, conditions, None, len(some))
    return found
