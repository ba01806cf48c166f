"""What was understood of a natural-language search, in executable and reportable form.

Documented as ``interpretation`` of GET /v1/persons/search and GET /v1/companies/search. ``key`` and
``label`` are what callers see; ``role`` and ``industry`` name the dictionary entry that the search
runs on.
"""

from dataclasses import dataclass, field

DYNAMIC_ROLE = "dynamic_role"
DYNAMIC_INDUSTRY = "dynamic_industry"

# Of phrases, codes, names and free titles; more in one query are a list, not a question, and would
# be one condition each.
MAX_TERMS = 25
# Of roles, industries and places, which are looked up: a department has dozens of roles, and two
# regions dozens of states.
MAX_LISTED = 100


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
    that is not understood becomes a keyword or is reported as unparsed words, and never invented.
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
class Filters:
    """The filters of a search; all of them apply. An absent or empty one restricts nothing.

    ``company_city`` and ``company_state`` are set where exactly one place was asked for; head
    counts are inclusive. ``sic`` and ``naics`` are codes or their first digits: a company has any
    of all of them together. Each of ``keywords`` stands as whole words in the company's name,
    keywords or description; so does at least one of ``keywords_any``. ``company_names`` are names,
    of which the company bears any.
    What ``excluded_*`` name must not apply; none of several may.
    """

    company_city: str | None = None
    company_state: str | None = None
    employee_count_min: int | None = None
    employee_count_max: int | None = None
    sic: tuple[str, ...] = ()
    naics: tuple[str, ...] = ()
    keywords: tuple[str, ...] = ()
    keywords_any: tuple[str, ...] = ()
    company_names: tuple[str, ...] = ()
    excluded_roles: tuple[RoleTerm, ...] = ()
    excluded_industries: tuple[IndustryTerm, ...] = ()
    excluded_locations: tuple[Location, ...] = ()
    excluded_keywords: tuple[str, ...] = ()
    excluded_sic: tuple[str, ...] = ()
    excluded_naics: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class PersonInterpretation:
    """The validated reading of a person search. Several roles, industries or places: any of them.

    ``all_employees`` is true exactly where no role restricts the search.
    """

    roles: tuple[RoleTerm, ...] = ()
    industries: tuple[IndustryTerm, ...] = ()
    locations: tuple[Location, ...] = ()
    filters: Filters = field(default_factory=Filters)
    all_employees: bool = False
    requested_records: int | None = None
    warnings: tuple[str, ...] = ()
    unparsed: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class CompanyInterpretation:
    """The validated reading of a company search. Several industries or places: any of them."""

    industries: tuple[IndustryTerm, ...] = ()
    locations: tuple[Location, ...] = ()
    filters: Filters = field(default_factory=Filters)
    requested_records: int | None = None
    warnings: tuple[str, ...] = ()
    unparsed: tuple[str, ...] = ()
