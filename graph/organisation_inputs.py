"""What organisation searches and counts are given: keywords, references, filters."""

from dataclasses import fields
from typing import Any

import strawberry

from api.domain.company.domains import MAX_DOMAIN_CHARS
from api.domain.organisation.criteria import (
    MAX_DESCRIBE_CHARS,
    MAX_FILTER_CHARS,
    MAX_FILTER_VALUES,
    MAX_KEYWORD_CHARS,
    MAX_KEYWORDS,
    MAX_REFERENCES,
    MAX_STEERING,
    Filters,
    Keywords,
    OrganisationSearch,
    Reference,
)
from graph.directives import Shorthand
from graph.operation import member
from graph.scalars import SteeringWeight


def _words(description: str) -> Any:
    return member(
        description,
        default=None,
        max_items=MAX_KEYWORDS,
        min_length=1,
        max_length=MAX_KEYWORD_CHARS,
    )


@strawberry.input(
    description="Words and phrases, which are text and never operators. An entry of several words "
    "is found where they stand next to each other. `mustNot` needs an entry in another list."
)
class KeywordsInput:
    """Becomes :class:`api.domain.organisation.criteria.Keywords`."""

    must_all: list[str] | None = _words("All of these.")
    must_any: list[str] | None = _words("One or more of these.")
    must_not: list[str] | None = _words("None of these.")


def keywords_of(given: KeywordsInput | None) -> Keywords:
    """The keywords that were sent; none are empty ones."""
    if given is None:
        return Keywords()
    return Keywords(
        tuple(given.must_all or ()), tuple(given.must_any or ()), tuple(given.must_not or ())
    )


def _terms(description: str, most: int) -> Any:
    return member(description, default=None, max_items=MAX_STEERING, min_length=1, max_length=most)


@strawberry.input(
    description="An organisation to be similar to, with what to be nearer to and further from. "
    "REST bodies may give its domain alone.",
    directives=[Shorthand(field="domain")],
)
class SimilarToInput:
    """Becomes :class:`api.domain.organisation.criteria.Reference`."""

    domain: str = member("Domain of the reference.", min_length=1, max_length=MAX_DOMAIN_CHARS)
    boost: list[str] | None = _terms("Terms to be nearer to.", MAX_KEYWORD_CHARS)
    penalize: list[str] | None = _terms("Terms to be further from.", MAX_KEYWORD_CHARS)
    repel_domains: list[str] | None = _terms("Organisations to be further from.", MAX_DOMAIN_CHARS)
    weight: SteeringWeight | None = member(
        "How much boost, penalize and repelDomains count; 1.0 where it is not given.", default=None
    )


def references_of(given: list[SimilarToInput] | None) -> tuple[Reference, ...]:
    """The references that were sent."""
    return tuple(
        Reference(
            each.domain,
            tuple(each.boost or ()),
            tuple(each.penalize or ()),
            tuple(each.repel_domains or ()),
            1.0 if each.weight is None else each.weight,
        )
        for each in given or ()
    )


def _values(description: str) -> Any:
    return member(
        description,
        default=None,
        max_items=MAX_FILTER_VALUES,
        min_length=1,
        max_length=MAX_FILTER_CHARS,
    )


@strawberry.input(
    description="Column filters: any value of a list, and all of the filters. An empty list "
    "restricts nothing."
)
class OrganisationFilters:
    """Becomes :class:`api.domain.organisation.criteria.Filters`."""

    country: list[str] | None = _values("Full English names, for instance Germany.")
    state: list[str] | None = _values("Names of states.")
    region: list[str] | None = _values("Names of regions.")
    district: list[str] | None = _values("Names of districts.")
    municipality: list[str] | None = _values("Names of municipalities.")
    organization_type: list[str] | None = _values("Company, Startup, Public, Academic, Other.")
    organization_size: list[str] | None = _values(
        "Micro (0-9), Small (10-49), Medium-sized (50-249), Large enterprise (250+)."
    )
    nace_code: list[str] | None = _values(
        "Sections (C, or NACE C: Manufacturing) or the first digits of codes (62, 62.01)."
    )
    source: list[str] | None = _values("Where rows come from.")
    company_register_court: list[str] | None = _values("Register courts.")
    register_date_from: str | None = member(
        "First day of companyRegisterDate, for instance 2020-01-01.",
        default=None,
        min_length=10,
        max_length=10,
    )
    register_date_to: str | None = member(
        "Last day of companyRegisterDate.", default=None, min_length=10, max_length=10
    )
    summary_keywords: list[str] | None = _values("Whole entries of summaryKeywords, as stored.")
    text_keywords: KeywordsInput | None = member(
        "Keywords that the long text must have; slower than summaryKeywords.", default=None
    )


@strawberry.input(
    description="Companies like some: of organisations that match best, at most 2,000, those whose "
    "domain is that of a company. Give at least one of the fields; `similarTo` excludes `describe`."
)
class CompaniesLikeInput:
    """Becomes an :class:`api.domain.organisation.criteria.OrganisationSearch`."""

    similar_to: list[SimilarToInput] | None = member(
        "Organisations to be similar to.", default=None, max_items=MAX_REFERENCES
    )
    describe: str | None = member(
        "The kind of companies, in plain words.",
        default=None,
        min_length=1,
        max_length=MAX_DESCRIBE_CHARS,
    )
    filters: OrganisationFilters | None = member("Column filters.", default=None)


def likeness_of(given: CompaniesLikeInput | None) -> OrganisationSearch | None:
    """The likeness that was sent."""
    if given is None:
        return None
    return OrganisationSearch(
        similar_to=references_of(given.similar_to),
        describe=given.describe,
        filters=filters_of(given.filters),
    )


def filters_of(given: OrganisationFilters | None) -> Filters | None:
    """The filters that were sent; ``None`` where there were none at all."""
    if given is None:
        return None
    values: dict[str, Any] = {}
    for each in fields(Filters):
        value = getattr(given, each.name)
        values[each.name] = tuple(value) if isinstance(value, list) else value
    if given.text_keywords is not None:
        values["text_keywords"] = keywords_of(given.text_keywords)
    return Filters(**values)
