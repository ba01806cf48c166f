"""What was understood of a natural-language person search, in executable and reportable form.

Documented as ``interpretation`` of GET /v1/persons/search. ``key`` and ``label`` are what callers
see; ``role`` and ``industry`` name the dictionary entry that the search runs on.
"""

from dataclasses import dataclass, field

DYNAMIC_ROLE = "dynamic_role"
DYNAMIC_INDUSTRY = "dynamic_industry"


@dataclass(frozen=True, slots=True)
class RoleTerm:
    """One role asked for.

    ``key`` is a taxonomy key, or ``dynamic_role`` for a role outside the precomputed taxonomy,
    whose ``label`` is then the singular of what was typed ("CMO"). ``role`` is the key in the role
    dictionary, or ``None``: then ``label`` is matched as free title text.
    """

    key: str
    label: str
    role: str | None


@dataclass(frozen=True, slots=True)
class IndustryTerm:
    """One industry asked for; ``key`` is a taxonomy key or ``dynamic_industry``.

    ``industry`` is the key in the industry dictionary ("saas"); always known, since an industry
    that is not understood is reported as unparsed words and never invented.
    """

    key: str
    label: str
    industry: str


@dataclass(frozen=True, slots=True)
class Location:
    """A company location; ``key`` is ``state:NV`` or ``city:las-vegas,NV``, if a state is known."""

    key: str
    label: str
    city: str | None = None
    state: str | None = None


@dataclass(frozen=True, slots=True)
class PersonFilters:
    """The documented filters. City and state are set where exactly one place was asked for."""

    company_city: str | None = None
    company_state: str | None = None
    employee_count_min: int | None = None
    employee_count_max: int | None = None


@dataclass(frozen=True, slots=True)
class PersonInterpretation:
    """The validated reading of one query. Several roles, industries or places mean "any of"."""

    roles: tuple[RoleTerm, ...] = ()
    industries: tuple[IndustryTerm, ...] = ()
    locations: tuple[Location, ...] = ()
    filters: PersonFilters = field(default_factory=PersonFilters)
    all_employees: bool = False
    requested_records: int | None = None
    warnings: tuple[str, ...] = ()
    unparsed: tuple[str, ...] = ()
