"""What an organisation search asks for, and what is wrong with it before anything is looked up."""

from dataclasses import dataclass, fields
from datetime import date
from enum import StrEnum
from typing import Any

from api.domain.company.domains import normalise_domain
from api.errors import FieldProblem, all_invalid

MAX_PAGE = 500
DEFAULT_PAGE = 100
MAX_REFERENCES = 3
MAX_STEERING = 5
MAX_WEIGHT = 2.0
MAX_EXCLUDES = 1_000
MAX_DESCRIBE_CHARS = 2_000
MAX_KEYWORDS = 100
MAX_KEYWORD_CHARS = 200
MAX_FILTER_VALUES = 200
MAX_FILTER_CHARS = 200

WEIGHTS = {"weak": 0.5, "normal": 1.0, "strong": 2.0}


class SearchMode(StrEnum):
    """How a search is run, as its inputs have it. Nobody sends a mode."""

    FILTER = "filter"
    FULLTEXT = "fulltext"
    SEMANTIC = "semantic"
    VECTOR_SIMILARITY = "vector_similarity"
    HYBRID = "hybrid"


@dataclass(frozen=True, slots=True)
class Keywords:
    """Words and phrases: a row has all of ``must_all``, one or more of ``must_any`` where that has
    entries, and none of ``must_not``. They are text: nothing in them is an operator.
    """

    must_all: tuple[str, ...] = ()
    must_any: tuple[str, ...] = ()
    must_not: tuple[str, ...] = ()

    @property
    def positive(self) -> tuple[str, ...]:
        """What rows are found by; empty where there is nothing to find."""
        return (*self.must_all, *self.must_any)


@dataclass(frozen=True, slots=True)
class Reference:
    """An organisation to be similar to, and how to steer away from it (DESIGN section 7)."""

    domain: str
    boost: tuple[str, ...] = ()
    penalize: tuple[str, ...] = ()
    repel_domains: tuple[str, ...] = ()
    weight: float = 1.0


@dataclass(frozen=True, slots=True)
class Filters:
    """Column filters. ``None`` was not sent; an empty list was, and restricts nothing."""

    country: tuple[str, ...] | None = None
    state: tuple[str, ...] | None = None
    region: tuple[str, ...] | None = None
    district: tuple[str, ...] | None = None
    municipality: tuple[str, ...] | None = None
    organization_type: tuple[str, ...] | None = None
    organization_size: tuple[str, ...] | None = None
    nace_code: tuple[str, ...] | None = None
    source: tuple[str, ...] | None = None
    company_register_court: tuple[str, ...] | None = None
    register_date_from: str | None = None
    register_date_to: str | None = None
    summary_keywords: tuple[str, ...] | None = None
    text_keywords: Keywords | None = None

    def restricts(self) -> bool:
        """Whether any row can fail these filters."""
        text = self.text_keywords
        return bool(text and text.positive) or any(
            getattr(self, each.name) for each in fields(self) if each.name != "text_keywords"
        )


@dataclass(frozen=True, slots=True)
class OrganisationSearch:
    """One search as it was asked for; ``filters`` are ``None`` where none were sent."""

    similar_to: tuple[Reference, ...] = ()
    describe: str | None = None
    keywords: Keywords = Keywords()
    filters: Filters | None = None
    excludes: tuple[str, ...] = ()
    min_score: float | None = None
    search_balance: float = 0.5
    dedup: bool = False
    explain: bool = False

    @property
    def applied(self) -> Filters:
        """The filters, where none were sent the ones that restrict nothing."""
        return self.filters or Filters()


def mode_of(asked: OrganisationSearch) -> SearchMode:
    """The mode that the inputs mean.

    Raises ``invalid_input`` where nothing is asked for, where ``describe`` comes with
    ``similar_to``, and where there are only words that rows must not have.
    """
    vector = bool(asked.similar_to) or asked.describe is not None
    problems = []
    if asked.similar_to and asked.describe is not None:
        problems.append(FieldProblem("describe", "cannot be combined with similar_to"))
    if asked.keywords.must_not and not asked.keywords.positive:
        problems.append(_needs_positive("keywords"))
    if not (vector or asked.keywords.positive or asked.keywords.must_not) and asked.filters is None:
        problems.append(
            FieldProblem(
                "filters", "give at least one of filters, keywords, describe and similar_to"
            )
        )
    if problems:
        raise all_invalid(tuple(problems))
    if vector:
        if asked.keywords.positive:
            return SearchMode.HYBRID
        return SearchMode.VECTOR_SIMILARITY if asked.similar_to else SearchMode.SEMANTIC
    return SearchMode.FULLTEXT if asked.keywords.positive else SearchMode.FILTER


def _needs_positive(name: str) -> FieldProblem:
    return FieldProblem(f"{name}.must_not", "needs an entry in must_all or must_any beside it")


def checked(asked: OrganisationSearch) -> OrganisationSearch:
    """The search with its domains in their normal form.

    Raises ``invalid_input`` naming what is no domain, a date that does not exist, and whatever
    ``filter_problems`` finds.
    """
    problems: list[FieldProblem] = []

    def domain(text: str, name: str) -> str:
        host = normalise_domain(text)
        if host is None:
            problems.append(FieldProblem(name, "must be domains such as example.com"))
        return host or ""

    def domains(texts: tuple[str, ...], name: str) -> tuple[str, ...]:
        return tuple(dict.fromkeys(domain(text, name) for text in texts))

    references = tuple(
        Reference(
            domain(each.domain, "similar_to"),
            each.boost,
            each.penalize,
            domains(each.repel_domains, "similar_to.repel_domains"),
            each.weight,
        )
        for each in asked.similar_to
    )
    excludes = domains(asked.excludes, "excludes")
    problems += filter_problems(asked.applied)
    if problems:
        raise all_invalid(tuple(dict.fromkeys(problems)))
    return OrganisationSearch(
        references,
        asked.describe,
        asked.keywords,
        asked.filters,
        excludes,
        asked.min_score,
        asked.search_balance,
        asked.dedup,
        asked.explain,
    )


def filter_problems(filters: Filters) -> list[FieldProblem]:
    """What is wrong with filters: dates that are none, NACE codes that are none, and words that
    must not be there without any that must.
    """
    problems = []
    for name in ("register_date_from", "register_date_to"):
        text = getattr(filters, name)
        if text is not None and parsed_date(text) is None:
            problems.append(FieldProblem(f"filters.{name}", "must be a date such as 2024-12-31"))
    if any(nace_prefixes(code) is None for code in filters.nace_code or ()):
        problems.append(
            FieldProblem(
                "filters.nace_code", "must be a section such as C, or the start of a code: 62.01"
            )
        )
    text_keywords = filters.text_keywords
    if text_keywords and text_keywords.must_not and not text_keywords.positive:
        problems.append(_needs_positive("filters.text_keywords"))
    return problems


def parsed_date(text: str) -> date | None:
    """The date of ``YYYY-MM-DD``; ``None`` for any other text and for days that do not exist."""
    try:
        parsed = date.fromisoformat(text)
    except ValueError:
        return None
    return parsed if parsed.isoformat() == text else None


# NACE Rev. 2: the divisions (first two digits) of each section.
_SECTIONS = {
    "A": (1, 3),
    "B": (5, 9),
    "C": (10, 33),
    "D": (35, 35),
    "E": (36, 39),
    "F": (41, 43),
    "G": (45, 47),
    "H": (49, 53),
    "I": (55, 56),
    "J": (58, 63),
    "K": (64, 66),
    "L": (68, 68),
    "M": (69, 75),
    "N": (77, 82),
    "O": (84, 84),
    "P": (85, 85),
    "Q": (86, 88),
    "R": (90, 93),
    "S": (94, 96),
    "T": (97, 98),
    "U": (99, 99),
}


def nace_prefixes(text: str) -> tuple[str, ...] | None:
    """The beginnings of the codes that a value of the ``nace_code`` filter means.

    A section letter, ``NACE C: Manufacturing`` for its letter, or digits of a code (``62``,
    ``62.01``). ``None`` for text that is none of these.
    """
    value = text.strip()
    if value[:5].upper() == "NACE ":
        value = value[5:].partition(":")[0].strip()
    if value.upper() in _SECTIONS:
        first, last = _SECTIONS[value.upper()]
        return tuple(f"{division:02d}" for division in range(first, last + 1))
    digits, point, rest = value.partition(".")
    whole = digits.isascii() and digits.isdigit() and len(digits) <= 2
    after = not rest or (rest.isascii() and rest.isdigit() and len(rest) <= 2)
    if not whole or not after or (point and len(digits) != 2):
        return None
    return (value,)


def as_sent(filters: Filters) -> dict[str, Any]:
    """The filters that were sent, by name."""
    return {
        each.name: getattr(filters, each.name)
        for each in fields(filters)
        if getattr(filters, each.name) is not None
    }
