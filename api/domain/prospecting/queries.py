"""The SQL of a session's people in ClickHouse: refined conditions, facets, rows by position."""

import asyncio
from collections.abc import Sequence
from typing import Any

from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.person import queries as people
from api.domain.person.delivered import Position
from api.domain.person.records import PersonRow
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

_RANGES = ", ".join(
    f"company_employee_count >= {least}"
    + (f" AND company_employee_count <= {most}" if most is not None else "")
    + f", '{name}'"
    for name, (least, most) in EMPLOYEE_RANGES.items()
)
# What each menu counts: an array of the values that a row has.
_VALUES = {
    "industries": "arrayMap(each -> toString(each), company_industries)",
    "states": "arrayFilter(each -> each != '', [ifNull(toString(company_state), '')])",
    "employee_ranges": f"arrayFilter(each -> each != '', [multiIf({_RANGES}, '')])",
    "levels": "arrayMap(each -> toString(each),"
    " arrayFilter(each -> has({facet_levels:Array(String)}, each), roles))",
}
_COLUMNS = "company_industries, company_state, company_employee_count, roles"


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
    """
    set_ones = [name for name in _VALUES if getattr(filters, name)]
    unset = [name for name in _VALUES if name not in set_ones]
    answers = await asyncio.gather(
        _counted(clickhouse, refined(interpretation, filters, whole_rows=True), unset),
        *(
            _counted(
                clickhouse,
                refined(interpretation, filters.without(name), whole_rows=True),
                [name],
            )
            for name in set_ones
        ),
    )
    menus: dict[str, list[FacetValue]] = {}
    for _, found in answers:
        menus |= found
    total = answers[0][0]
    bounded = any(each > COUNTED_MAX for each, _ in answers)
    return total, ProspectFacets(**menus, bounded=bounded)


async def _counted(
    clickhouse: ClickHouse, conditions: Conditions, menus: Sequence[str]
) -> tuple[int, dict[str, list[FacetValue]]]:
    counts = [
        f"sumMap({_VALUES[name]}, arrayMap(each -> toUInt32(1), {_VALUES[name]}))" for name in menus
    ]
    sql = (
        f"SELECT {', '.join(['count()', *counts])} FROM (SELECT {_COLUMNS} FROM person_index"  # noqa: S608
        f" {conditions.where} LIMIT {{counted:UInt32}})"
    )
    values: dict[str, Any] = {**conditions.values, "counted": COUNTED_MAX + 1}
    if "levels" in menus:
        values["facet_levels"] = list(LEVELS)
    ((total, *found),) = await clickhouse.fetch(sql, values, Profile.INTERACTIVE)
    return int(total), {name: _menu(name, *each) for name, each in zip(menus, found, strict=True)}


def _menu(name: str, values: Sequence[str], counts: Sequence[int]) -> list[FacetValue]:
    """Sizes and ranks in their own order, all others by their frequency."""
    found = [
        FacetValue(value, label_of(name, value), int(count))
        for value, count in zip(values, counts, strict=True)
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
