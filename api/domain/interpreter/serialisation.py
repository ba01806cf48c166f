"""Interpretations as plain JSON values, and back with everything checked.

Stored jobs keep an interpretation in this form, and callers hand an edited one in. Both come back
through the same validation, so nothing can be searched that the interpreter could not have said.
"""

from collections.abc import Callable, Mapping
from dataclasses import asdict
from functools import lru_cache
from typing import Any

from api.domain.company.industries import industries
from api.domain.company.places import MAX_CITY_CHARS, states
from api.domain.interpreter.interpretation import (
    DYNAMIC_ROLE,
    MAX_LISTED,
    MAX_TERMS,
    CompanyInterpretation,
    Filters,
    IndustryTerm,
    Location,
    PersonInterpretation,
    RoleTerm,
)
from api.domain.interpreter.locations import place
from api.domain.interpreter.quantities import NUMBER_MAX
from api.domain.interpreter.terms import industry_term, role_term
from api.domain.person.roles import roles
from api.errors import invalid

MAX_PHRASE_CHARS = 100
MAX_NAME_CHARS = 200
# A text of the greatest length has fewer words and doubts than this, each shorter than that.
_REMARKS_MAX = 1_000
_REMARK_CHARS_MAX = 4_000
_CODE_DIGITS = {"sic": (2, 4), "naics": (2, 6)}


def as_json(interpretation: PersonInterpretation | CompanyInterpretation) -> dict[str, Any]:
    """All fields in snake_case, as values that JSON knows."""
    plain = _plain(asdict(interpretation))
    assert isinstance(plain, dict)  # noqa: S101 - a dataclass is a mapping of its fields
    return plain


def _plain(value: Any) -> Any:
    if isinstance(value, dict):
        return {name: _plain(each) for name, each in value.items()}
    return [_plain(each) for each in value] if isinstance(value, tuple) else value


def persons_from_json(data: object) -> PersonInterpretation:
    """The interpretation that ``as_json`` made, or that a caller edited.

    Absent fields have their defaults; labels and keys are set anew from the dictionaries. Without
    roles everyone at the companies is meant. Raises ``invalid_input`` naming the field for a wrong
    type, an unknown field, key or state, a value out of bounds, and where nothing is restricted.
    """
    fields = _Fields.of(data, "interpretation", PersonInterpretation)
    asked = fields.many("roles", _role, MAX_LISTED)
    everyone = fields.flag("all_employees")
    _check_titles(asked, fields.path("roles"))
    if asked and everyone:
        raise invalid(fields.path("all_employees"), "must be false where roles are given.")
    found = PersonInterpretation(
        roles=asked,
        industries=fields.many("industries", _industry, MAX_LISTED),
        locations=fields.many("locations", _location, MAX_LISTED),
        filters=_filters(fields.get("filters"), fields.path("filters")),
        all_employees=not asked,
        requested_records=fields.number("requested_records", least=1),
        warnings=fields.remarks("warnings"),
        unparsed=fields.remarks("unparsed"),
    )
    nothing = not (asked or everyone or found.industries or found.locations)
    if nothing and found.filters == Filters():
        raise invalid("interpretation", "needs a role, an industry, a place or another filter.")
    return found


def companies_from_json(data: object) -> CompanyInterpretation:
    """The interpretation that ``as_json`` made, or that a caller edited.

    Raises ``invalid_input`` like :func:`persons_from_json`.
    """
    fields = _Fields.of(data, "interpretation", CompanyInterpretation)
    found = CompanyInterpretation(
        industries=fields.many("industries", _industry, MAX_LISTED),
        locations=fields.many("locations", _location, MAX_LISTED),
        filters=_filters(fields.get("filters"), fields.path("filters")),
        requested_records=fields.number("requested_records", least=1),
        warnings=fields.remarks("warnings"),
        unparsed=fields.remarks("unparsed"),
    )
    for excluded in found.filters.excluded_roles:
        raise invalid(fields.path("filters.excluded_roles"), f"{excluded.label} is no company.")
    if not (found.industries or found.locations) and found.filters == Filters():
        raise invalid("interpretation", "needs an industry, a place or another filter.")
    return found


def _check_titles(terms: tuple[RoleTerm, ...], at: str) -> None:
    """Free titles are a condition each."""
    if sum(term.role is None for term in terms) > MAX_TERMS:
        raise invalid(at, f"must have at most {MAX_TERMS} that are not in the dictionary.")


class _Fields:
    """A JSON object on its way in; every reader checks type and bounds of one field."""

    def __init__(self, data: Mapping[str, Any], at: str):
        self._data = data
        self._at = at

    @classmethod
    def of(cls, data: object, at: str, known: type) -> "_Fields":
        """The fields of an object, none of which may be unknown to the class."""
        if not isinstance(data, Mapping):
            raise invalid(at, "must be an object.")
        unknown = data.keys() - known.__dataclass_fields__.keys()  # type: ignore[attr-defined]
        if unknown:
            raise invalid(at, f"has {len(unknown)} unknown field(s).")
        return cls(data, at)

    def path(self, name: str) -> str:
        """How a field is named in an error."""
        return f"{self._at}.{name}"

    def get(self, name: str) -> Any:
        """The value of a field, ``None`` where it is absent."""
        return self._data.get(name)

    def has(self, name: str) -> bool:
        """Whether the field is there, be it null."""
        return name in self._data

    def text(self, name: str, most: int = MAX_PHRASE_CHARS) -> str | None:
        """A text without leading, trailing and repeated spaces."""
        value = self._data.get(name)
        return None if value is None else _text(value, self.path(name), most)

    def number(self, name: str, *, least: int = 0) -> int | None:
        """A whole number from ``least`` to ``NUMBER_MAX`` + 1 ("over a billion")."""
        value = self._data.get(name)
        if value is None:
            return None
        if not isinstance(value, int) or isinstance(value, bool):
            raise invalid(self.path(name), "must be a whole number.")
        if not least <= value <= NUMBER_MAX + 1:
            raise invalid(self.path(name), f"must be from {least:,} to {NUMBER_MAX + 1:,}.")
        return value

    def flag(self, name: str) -> bool:
        """True or false; false where it is absent."""
        value = self._data.get(name)
        if value is not None and not isinstance(value, bool):
            raise invalid(self.path(name), "must be true or false.")
        return bool(value)

    def many[T](
        self, name: str, read: Callable[[object, str], T], most: int = MAX_TERMS
    ) -> tuple[T, ...]:
        """A list, without repetition."""
        value = self._data.get(name)
        if value is None:
            return ()
        if not isinstance(value, list | tuple):
            raise invalid(self.path(name), "must be a list.")
        if len(value) > most:
            raise invalid(self.path(name), f"must have at most {most} members.")
        return tuple(dict.fromkeys(read(each, self.path(name)) for each in value))

    def remarks(self, name: str) -> tuple[str, ...]:
        """A list of texts that nothing is done with but to show them, as they are."""
        value = self._data.get(name)
        if value is None:
            return ()
        if not isinstance(value, list | tuple) or len(value) > _REMARKS_MAX:
            raise invalid(self.path(name), f"must be a list of at most {_REMARKS_MAX:,} texts.")
        for each in value:
            if not isinstance(each, str) or len(each) > _REMARK_CHARS_MAX:
                message = f"must hold texts of at most {_REMARK_CHARS_MAX:,} characters."
                raise invalid(self.path(name), message)
        return tuple(value)


def _filters(data: object, at: str) -> Filters:
    if data is None:
        return Filters()
    fields = _Fields.of(data, at, Filters)
    excluded_roles = fields.many("excluded_roles", _role, MAX_LISTED)
    _check_titles(excluded_roles, fields.path("excluded_roles"))
    return Filters(
        company_city=fields.text("company_city", MAX_CITY_CHARS),
        company_state=_state(fields.get("company_state"), fields.path("company_state")),
        employee_count_min=fields.number("employee_count_min"),
        employee_count_max=fields.number("employee_count_max"),
        sic=fields.many("sic", _code_of("sic")),
        naics=fields.many("naics", _code_of("naics")),
        keywords=fields.many("keywords", _phrase),
        keywords_any=fields.many("keywords_any", _phrase),
        company_names=fields.many("company_names", lambda v, p: _text(v, p, MAX_NAME_CHARS)),
        excluded_roles=excluded_roles,
        excluded_industries=fields.many("excluded_industries", _industry, MAX_LISTED),
        excluded_locations=fields.many("excluded_locations", _location, MAX_LISTED),
        excluded_keywords=fields.many("excluded_keywords", _phrase),
        excluded_sic=fields.many("excluded_sic", _code_of("sic")),
        excluded_naics=fields.many("excluded_naics", _code_of("naics")),
    )


def _role(data: object, at: str) -> RoleTerm:
    """A role by ``role``, else by its taxonomy ``key``, else by its label; or a free title."""
    fields = _Fields.of(data, at, RoleTerm)
    key, label = fields.text("key"), fields.text("label", MAX_NAME_CHARS)
    role = fields.text("role")
    if role is None and key is not None and key != DYNAMIC_ROLE:
        role = key
    if role is None and label is not None and not fields.has("role"):
        role = _roles_by_label().get(label.lower())
    if role is not None:
        if role not in roles():
            raise invalid(at, "names a role that is not in the dictionary.")
        return role_term(role)
    if label is None or not any(character.isalnum() for character in label):
        raise invalid(at, "needs a key of the dictionary, or a label to be found in titles.")
    return RoleTerm(DYNAMIC_ROLE, label, None)


def _industry(data: object, at: str) -> IndustryTerm:
    """An industry by ``industry``, else by its taxonomy ``key``, else by its label."""
    fields = _Fields.of(data, at, IndustryTerm)
    label = fields.text("label")
    key = fields.text("industry") or fields.text("key")
    if key not in industries():
        key = _industries_by_label().get((label or "").lower())
    if key is None:
        raise invalid(at, "names an industry that is not in the dictionary.")
    return industry_term(key)


def _location(data: object, at: str) -> Location:
    fields = _Fields.of(data, at, Location)
    city = fields.text("city", MAX_CITY_CHARS)
    state = _state(fields.get("state"), fields.path("state"))
    if city is None and state is None:
        raise invalid(at, "needs a city, a state, or both.")
    return place(city, state)


def _state(value: object, at: str) -> str | None:
    if value is not None and (not isinstance(value, str) or value not in states()):
        raise invalid(at, "must be the two-letter code of a US state, such as NV.")
    return value


def _text(value: object, at: str, most: int) -> str:
    if not isinstance(value, str):
        raise invalid(at, "must be a text.")
    if len(value) > most:
        raise invalid(at, f"must be at most {most} characters.")
    words = " ".join(value.split())
    if not words:
        raise invalid(at, "must not be blank.")
    return words


def _phrase(value: object, at: str) -> str:
    """A keyword phrase; in lower case, as companies' texts are searched."""
    words = _text(value, at, MAX_PHRASE_CHARS).lower()
    if not any(character.isalnum() for character in words):
        raise invalid(at, "must hold a letter or a digit.")
    return words


def _code_of(kind: str) -> Callable[[object, str], str]:
    shortest, longest = _CODE_DIGITS[kind]

    def read(value: object, at: str) -> str:
        if not isinstance(value, str) or not value.isascii() or not value.isdigit():
            raise invalid(at, "must be a text of digits.")
        if not shortest <= len(value) <= longest:
            raise invalid(at, f"must have {shortest} to {longest} digits.")
        return value

    return read


@lru_cache(maxsize=1)
def _roles_by_label() -> Mapping[str, str]:
    """Written roles go before the products of levels and functions, as in the interpreter."""
    found: dict[str, str] = {}
    for role in roles().values():
        found.setdefault(role_term(role.key).label.lower(), role.key)
    return found


@lru_cache(maxsize=1)
def _industries_by_label() -> Mapping[str, str]:
    return {industry.label.lower(): industry.key for industry in industries().values()}
