"""The SQL of counting organisations, and of the values of a column."""

from collections.abc import Sequence
from datetime import date, timedelta
from typing import Any

from sqlalchemy import ColumnElement, Date, cast, func, select, text

from api.domain.organisation.queries.lists import Conditions
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.records import GroupColumn
from api.stores.postgres import Postgres
from api.stores.tables import organisations

_COLUMNS = organisations.c


class Bucket:
    """A group of organisations: how many they are, and by name the values of the columns that it is
    a group of; the other columns of ``GroupColumn`` are ``None``.
    """

    __slots__ = ("count", *GroupColumn)

    def __init__(self, count: int, **values: str):
        self.count = count
        for column in GroupColumn:
            setattr(self, column, values.get(column))


async def grouped(
    reader: Reader,
    columns: Sequence[str],
    conditions: Conditions,
    *,
    unit: str | None,
    limit: int,
) -> tuple[list[Bucket], int]:
    """Up to ``limit`` groups of rows by up to two columns, and how many groups there are.

    The largest first, equal ones by their values; where the first column is a date, by time. A date
    is cut to ``unit`` (year, month, week; a day without one) and written as its first day.
    """
    if not columns:
        ((total,),) = await reader.fetch(
            select(func.count()).select_from(organisations).where(*conditions)
        )
        return [Bucket(count=total)], 1
    rows = select(*(_key(name, unit).label(name) for name in columns)).where(*conditions).subquery()
    keys = [rows.c[name] for name in columns]
    size = func.count().label("size")
    order = [keys[0], size.desc(), *keys[1:]] if _is_date(columns[0]) else [size.desc(), *keys]
    statement = (
        select(*keys, size, func.count().over())
        .where(*(key.is_not(None) for key in keys))
        .group_by(*keys)
        .order_by(*order)
        .limit(limit)
    )
    found = await reader.fetch(statement)
    buckets = [
        Bucket(
            count=row[-2],
            **{name: _written(value) for name, value in zip(columns, row, strict=False)},
        )
        for row in found
    ]
    return buckets, found[0][-1] if found else 0


def _key(name: str, unit: str | None) -> ColumnElement[Any]:
    column = _COLUMNS[name]
    if name == "summary_keywords":
        return func.unnest(column)
    if not _is_date(name):
        return column
    return cast(column if unit is None else func.date_trunc(unit, column), Date)


def _is_date(name: str) -> bool:
    return name in ("company_register_date", "created_at")


def _written(value: Any) -> str:
    return value.isoformat() if isinstance(value, date) else str(value)


def between(field: str, first: date | None, last: date | None) -> list[ColumnElement[bool]]:
    """Days of a date column, both included."""
    column = _COLUMNS[field]
    conditions = []
    if first is not None:
        conditions.append(column >= first)
    if last is not None and last < date.max:
        conditions.append(column < last + timedelta(days=1))
    return conditions


async def distinct_values(postgres: Postgres, column: str, limit: int) -> list[str]:
    """Up to ``limit`` different values of an indexed column: the index is asked for the next value
    after the last, so that the cost is that of the values and not of the rows.
    """
    name = _COLUMNS[column].name
    statement = text(
        f"""
        with recursive found as (
            (select {name} as value from organisations where {name} is not null
                order by 1 limit 1)
            union all
            select (select {name} from organisations where {name} > found.value
                order by 1 limit 1)
            from found where found.value is not null
        )
        select value from found where value is not null limit :row_limit
        """  # noqa: S608 - the name is that of a column of the table
    )
    return [row[0] for row in await postgres.fetch(statement, {"row_limit": limit})]
