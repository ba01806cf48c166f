"""What restricts which organisations count, as SQL conditions; used by every statement on them."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import ColumnElement, Text, any_, cast, func, literal
from sqlalchemy.dialects.postgresql import ARRAY, JSONB
from sqlalchemy.types import UserDefinedType

from api.domain.organisation.criteria import Filters, nace_prefixes, parsed_date
from api.domain.organisation.words import TEXT, Query, as_json, matching, unscored
from api.stores.tables import CATEGORIES, organisations

_COLUMNS = organisations.c
# A filter of codes means all that begin with them.
_EQUAL = tuple(name for name in CATEGORIES if name != "nace_code")


class _SearchQuery(UserDefinedType[str]):
    """pg_search's type of a query object."""

    cache_ok = True

    def get_col_spec(self, **_: Any) -> str:
        """Its name in DDL and casts."""
        return "paradedb.searchqueryinput"


def found_by(query: Query) -> ColumnElement[bool]:
    """Whether a row is found by a query of words."""
    value = cast(cast(literal(as_json(query), Text), JSONB), _SearchQuery)
    return _COLUMNS.domain.op("@@@", is_comparison=True)(value)


def in_list(column: ColumnElement[Any], values: Sequence[str]) -> ColumnElement[bool]:
    """Whether a column equals one of the values."""
    return column == any_(literal(list(values), ARRAY(Text)))


def without(domains: Sequence[str]) -> list[ColumnElement[bool]]:
    """Leaves domains out."""
    return [~in_list(_COLUMNS.domain, domains)] if domains else []


def conditions_of(filters: Filters) -> list[ColumnElement[bool]]:
    """The conditions of filters: OR inside a list, AND across filters."""
    conditions = [
        in_list(_COLUMNS[name], values) for name in _EQUAL if (values := getattr(filters, name))
    ]
    if filters.nace_code:
        starts = [f"{start}%" for code in filters.nace_code for start in nace_prefixes(code) or ()]
        conditions.append(_COLUMNS.nace_code.like(any_(literal(starts, ARRAY(Text)))))
    if filters.summary_keywords:
        wanted = literal(list(filters.summary_keywords), ARRAY(Text))
        conditions.append(_COLUMNS.summary_keywords.op("&&", is_comparison=True)(wanted))
    day = _COLUMNS.company_register_date
    if filters.register_date_from is not None:
        conditions.append(day >= parsed_date(filters.register_date_from))
    if filters.register_date_to is not None:
        conditions.append(day <= parsed_date(filters.register_date_to))
    if filters.text_keywords and filters.text_keywords.positive:
        conditions.append(found_by(unscored(matching(filters.text_keywords, TEXT))))
    return conditions


def score() -> ColumnElement[float]:
    """The BM25 score of a row found by :func:`found_by`."""
    return func.pdb.score(_COLUMNS.domain)
