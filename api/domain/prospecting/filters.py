"""The filters that refine a session: typed, bounded, and none over a value that is for sale (pure).

A filter may ask whether a contact field exists, as previews show it, and never what is in it.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict, dataclass, replace
from types import MappingProxyType
from typing import Any

from api.domain.company.industries import industries
from api.domain.company.places import MAX_CITY_CHARS, city_key, state_code, states
from api.domain.person.roles import roles
from api.errors import invalid

MAX_VALUES = 25
"""Values of one filter; they are alternatives."""
MAX_VALUE_CHARS = 100

EMPLOYEE_RANGES: Mapping[str, tuple[int, int | None]] = MappingProxyType(
    {
        "1-10": (1, 10),
        "11-50": (11, 50),
        "51-200": (51, 200),
        "201-500": (201, 500),
        "501-1000": (501, 1_000),
        "1001-5000": (1_001, 5_000),
        "5001-10000": (5_001, 10_000),
        "10001+": (10_001, None),
    }
)
"""Head counts, both ends inclusive, by the names that filters and facets give them."""

LEVELS: Mapping[str, str] = MappingProxyType(
    {
        "owner": "Owner",
        "founder": "Founder",
        "partner": "Partner",
        "president": "President",
        "c_level": "C-level",
        "vp": "Vice president",
        "head": "Head",
        "director": "Director",
        "manager": "Manager",
    }
)
"""Ranks in a company, the highest first; each is a role of the dictionary."""


@dataclass(frozen=True, slots=True)
class ProspectFilters:
    """What a page of a session is restricted to: filters are joined by AND, values by OR.

    ``has_*``: whether the field must exist (true), or must not (false).
    """

    industries: tuple[str, ...] = ()
    states: tuple[str, ...] = ()
    cities: tuple[str, ...] = ()
    employee_ranges: tuple[str, ...] = ()
    levels: tuple[str, ...] = ()
    roles: tuple[str, ...] = ()
    has_business_email: bool | None = None
    has_mobile_phone: bool | None = None
    has_linkedin_url: bool | None = None

    @property
    def of_rows(self) -> bool:
        """Whether they need what only people's whole rows have."""
        flags = (self.has_business_email, self.has_mobile_phone, self.has_linkedin_url)
        return bool(self.levels or self.roles) or any(flag is not None for flag in flags)

    def without(self, name: str) -> "ProspectFilters":
        """The same with one filter of several values less."""
        nothing: Any = {name: ()}
        return replace(self, **nothing)

    def as_json(self) -> dict[str, Any]:
        """Those that restrict, as JSON values under the names they came in by."""
        return {
            name: list(value) if isinstance(value, tuple) else value
            for name, value in asdict(self).items()
            if value is not None and value != ()
        }


NO_FILTERS = ProspectFilters()


def checked_filters(given: Mapping[str, Any] | None, at: str = "filters") -> ProspectFilters:
    """The filters in their canonical form: sorted, each value once, states as codes.

    Raises ``invalid_input`` naming the filter for a value that it cannot have.
    """
    given = given or {}

    def many(name: str, read: Callable[[str], str | None], message: str) -> tuple[str, ...]:
        values = given.get(name) or ()
        if len(values) > MAX_VALUES:
            raise invalid(f"{at}.{name}", f"must have at most {MAX_VALUES} entries")
        found = {read(value) for value in values}
        if None in found:
            raise invalid(f"{at}.{name}", message)
        return tuple(sorted(each for each in found if each is not None))

    return ProspectFilters(
        industries=many(
            "industries", _one_of(industries()), "a value that facets.industries gave out"
        ),
        states=many("states", state_code, "states of the US by code or name: NV or Nevada"),
        cities=many("cities", _city, f"names of 1 to {MAX_CITY_CHARS} characters"),
        employee_ranges=many(
            "employee_ranges", _one_of(EMPLOYEE_RANGES), "one of " + ", ".join(EMPLOYEE_RANGES)
        ),
        levels=many("levels", _one_of(LEVELS), "one of " + ", ".join(LEVELS)),
        roles=many("roles", _one_of(roles()), "a role's key, as the taxonomy lists them"),
        has_business_email=given.get("has_business_email"),
        has_mobile_phone=given.get("has_mobile_phone"),
        has_linkedin_url=given.get("has_linkedin_url"),
    )


def _one_of(known: Mapping[str, Any]) -> Callable[[str], str | None]:
    return lambda value: value if value in known else None


def _city(name: str) -> str | None:
    return (city_key(name) or None) if len(name) <= MAX_CITY_CHARS else None


def label_of(facet: str, value: str) -> str:
    """A facet's value in words."""
    if facet == "industries":
        known = industries().get(value)
        return value if known is None else known.label
    if facet == "states":
        return states().get(value, value)
    if facet == "levels":
        return LEVELS.get(value, value)
    return value.replace("-", " to ") if "-" in value else f"{value.removesuffix('+')} and more"
