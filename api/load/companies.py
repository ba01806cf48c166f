"""Company rows on their way into the store: checked, normalised, classified."""

import pyarrow as pa
import pyarrow.compute as pc

from api.domain.company.classification import classify_company
from api.domain.company.domains import MAX_DOMAIN_CHARS, normalise_domain
from api.domain.company.places import city_key, state_code
from api.load.batches import LISTS_OF_TEXT, RawBatch
from api.load.columns import COMPANY_COLUMNS, EMPLOYEES_MAX, KEYWORDS, REVENUE_MAX, Reason
from api.load.values import (
    Verdicts,
    by_distinct_value,
    checked_text,
    clean_keywords,
    except_where,
    whole_numbers,
)

WANTED = (*(column.name for column in COMPANY_COLUMNS), KEYWORDS)
NEEDED = (("company_id",), ("name",))
_PLAIN_DOMAIN = r"^(?:[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?\.)+[a-z](?:[a-z0-9-]{0,61}[a-z0-9])$"
_AMERICAN = pa.array(["us", "usa", "u.s.", "u.s.a.", "united states", "united states of america"])


def company_batch(raw: RawBatch, verdicts: Verdicts) -> pa.RecordBatch:
    """The store's columns of a batch; rows that ``verdicts`` rejects have to be left out."""
    nothing = pa.nulls(len(raw), pa.string())
    text = {
        column.name: checked_text(raw.columns.get(column.name, nothing), column, verdicts)
        for column in COMPANY_COLUMNS
    }
    numbers = {
        name: whole_numbers(text[name], most, name, verdicts)
        for name, most in (("revenue", REVENUE_MAX), ("employee_count", EMPLOYEES_MAX))
    }
    text["domain"] = checked_domains(text["domain"], "domain", verdicts)
    text["state"] = _states(text["state"], text["country"])
    keywords = clean_keywords(
        raw.columns.get(KEYWORDS, pa.nulls(len(raw), LISTS_OF_TEXT)), verdicts
    )
    columns: dict[str, pa.Array] = {
        **text,
        **numbers,
        KEYWORDS: keywords,
        "city_key": pc.fill_null(by_distinct_value(text["city"], city_key, pa.string()), ""),
        "industries": _industries(text, keywords),
    }
    return pa.RecordBatch.from_pydict(columns)


def checked_domains(text: pa.Array, column: str, verdicts: Verdicts) -> pa.Array:
    """Domains and URLs as hosts; rejects what is no host name of at least two labels."""
    plain = pc.and_(
        pc.match_substring_regex(text, _PLAIN_DOMAIN),
        pc.and_(
            pc.invert(pc.starts_with(text, "www.")),
            pc.less_equal(pc.binary_length(text), MAX_DOMAIN_CHARS),
        ),
    )
    domains = except_where(text, pc.invert(plain), text, normalise_domain)
    verdicts.reject(pc.and_(pc.is_valid(text), pc.is_null(domains)), Reason.BAD_DOMAIN, column)
    return domains


def _states(state: pa.Array, country: pa.Array) -> pa.Array:
    """Codes for the names of American states; states of other countries as given."""
    american = pc.or_kleene(
        pc.is_null(country), pc.is_in(pc.utf8_lower(country), value_set=_AMERICAN)
    )
    codes = by_distinct_value(state, lambda name: state_code(name) or name, pa.string())
    return pc.if_else(american, codes, state)


def _industries(text: dict[str, pa.Array], keywords: pa.Array) -> pa.Array:
    evidence = pc.utf8_lower(
        pc.binary_join_element_wise(
            text["name"],
            pc.binary_join(keywords, ", "),
            text["description"],
            ". ",
            null_handling="replace",
        )
    )
    labels = [
        classify_company(industry, sic, naics, words)
        for industry, sic, naics, words in zip(
            text["industry"].to_pylist(),
            text["sic"].to_pylist(),
            text["naics"].to_pylist(),
            evidence.to_pylist(),
            strict=True,
        )
    ]
    return pa.array(labels, LISTS_OF_TEXT)
