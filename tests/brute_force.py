"""Random small markets, searched by looking at every row: what the store must agree with.

Nothing here knows a table or an index. Rows are those that files hold; titles and companies are
classified by the product's own functions, since what they find is not in question.
"""

import random
import re
from dataclasses import dataclass, replace
from typing import Any

from api.domain.company.classification import classify_company
from api.domain.company.places import city_key
from api.domain.interpreter.interpretation import (
    CompanyInterpretation,
    Filters,
    IndustryTerm,
    Location,
    PersonInterpretation,
    RoleTerm,
)
from api.domain.person.titles import classify_title

type Row = dict[str, Any]

TITLES = (
    "CEO", "Chief Executive Officer", "Owner", "Founder & CEO", "Partner", "VP, Marketing", "CMO",
    "Attorney", "Insurance Agent", "Zamboni Driver", "Senior Zamboni Driver", "Dog Walker", None,
)  # fmt: skip
TITLE_WORDS = ("Zamboni", "Dog Walker", "Driver Senior", "Officer")
ROLES = ("chief_executive", "owner", "partner", "founder", "decision_maker", "attorney")
INDUSTRIES = ("law_firm", "insurance_agency", "software", "restaurant")
CODES = (
    ("8111", "541110"),
    ("6411", "524210"),
    ("7372", "513210"),
    ("5812", "722511"),
    (None, None),
)
PLACES = (
    ("Las Vegas", "NV"), ("Reno", "NV"), ("Boise", "ID"), ("Portland", "OR"), ("Portland", "ME"),
    (None, "NV"), (None, None),
)  # fmt: skip
NAMES = (
    "Acme, Inc.",
    "The Acme Company",
    "Acme Dental",
    "Bolt & Sons LLC",
    "Bolt and Sons",
    "Orbit",
)
KEYWORDS = ("marketing automation", "C++", "payroll", "Café", "field-service")
DESCRIPTIONS = (
    "We automate payroll. Marketing is what others do.", "Marketing automation for dentists",
    "c++ and C# development;\nfield service", "Automation marketing", None,
)  # fmt: skip
_ARTICLE_AND_FORM = re.compile(r"^the | (?:inc|llc|company)$")


@dataclass(frozen=True, slots=True)
class Market:
    """Rows as files hold them."""

    companies: list[Row]
    persons: list[Row]

    def people(self, asked: PersonInterpretation) -> set[str]:
        """The ids of the people that are meant."""
        at = {row["company_id"] for row in self.companies if _company_fits(row, asked)}
        return {
            row["person_id"]
            for row in self.persons
            if row["company_id"] in at
            and (not asked.roles or _has_role(row, asked.roles))
            and not _has_role(row, asked.filters.excluded_roles)
        }

    def found_companies(self, asked: CompanyInterpretation) -> set[str]:
        """The ids of the companies that are meant."""
        return {row["company_id"] for row in self.companies if _company_fits(row, asked)}


def market(draw: random.Random, companies: int, persons: int) -> Market:
    """A random market; half of the companies have many people, some none."""
    rows = []
    for number in range(companies):
        sic, naics = draw.choice(CODES)
        city, state = draw.choice(PLACES)
        rows.append(
            {
                "company_id": f"c{number}",
                "name": draw.choice(NAMES),
                "domain": f"company-{number % (companies - 3)}.example",
                "employee_count": draw.choice((None, 1, 49, 50, 51, 1_000)),
                "sic": sic,
                "naics": naics,
                "city": city,
                "state": state,
                "country": "US",
                "keywords": draw.sample(KEYWORDS, draw.randrange(3)),
                "description": draw.choice(DESCRIPTIONS),
            }
        )
    people = [
        {
            "person_id": f"p{number}",
            "first_name": f"First{number}",
            "last_name": "Last",
            "job_title": draw.choice(TITLES),
            "company_id": f"c{draw.randrange(companies) // draw.choice((1, 2))}",
        }
        for number in range(persons)
    ]
    return Market(rows, people)


def person_search(draw: random.Random) -> PersonInterpretation:
    """A random search of people, of one condition or several."""
    roles = _roles(draw) if draw.random() < 0.8 else ()
    excluded = _roles(draw) if draw.random() < 0.2 else ()
    filters = replace(_filters(draw), excluded_roles=excluded)
    return PersonInterpretation(
        roles=roles,
        industries=_industries(draw) if draw.random() < 0.5 else (),
        locations=_locations(draw) if draw.random() < 0.4 else (),
        filters=filters,
        all_employees=not roles,
    )


def company_search(draw: random.Random) -> CompanyInterpretation:
    """A random search of companies."""
    return CompanyInterpretation(
        industries=_industries(draw) if draw.random() < 0.5 else (),
        locations=_locations(draw) if draw.random() < 0.4 else (),
        filters=_filters(draw),
    )


def _roles(draw: random.Random) -> tuple[RoleTerm, ...]:
    known = [RoleTerm(key, key, key) for key in draw.sample(ROLES, draw.randrange(3))]
    free = [
        RoleTerm("dynamic_role", words, None)
        for words in draw.sample(TITLE_WORDS, draw.randrange(2 if known else 3))
    ]
    return (*known, *free)


def _industries(draw: random.Random) -> tuple[IndustryTerm, ...]:
    return tuple(IndustryTerm(x, x, x) for x in draw.sample(INDUSTRIES, draw.randrange(1, 3)))


def _locations(draw: random.Random) -> tuple[Location, ...]:
    known = [place for place in PLACES if place[1]]
    return tuple(
        Location("key", "label", city if draw.random() < 0.7 else None, state)
        for city, state in draw.sample(known, draw.randrange(1, 3))
    )


def _filters(draw: random.Random) -> Filters:
    def some[T](share: float, values: tuple[T, ...]) -> tuple[T, ...]:
        return tuple(draw.sample(values, draw.randrange(1, 3))) if draw.random() < share else ()

    return Filters(
        company_city=draw.choice(("las  vegas", "Portland")) if draw.random() < 0.1 else None,
        company_state=draw.choice(("NV", "ID")) if draw.random() < 0.1 else None,
        employee_count_min=draw.choice((1, 50)) if draw.random() < 0.2 else None,
        employee_count_max=draw.choice((50, 999)) if draw.random() < 0.2 else None,
        sic=some(0.1, ("81", "6411", "99")),
        naics=some(0.1, ("54", "722511", "5")),
        keywords=some(0.2, ("Marketing Automation", "c++", "C#", "café", "field service", "!?")),
        keywords_any=some(
            0.2, ("payroll", "Café", "field service", "c++", "nobody says this", "?")
        ),
        company_names=some(0.1, ("acme", "The Bolt & Sons", "ORBIT INC", "Nobody")),
        excluded_industries=_industries(draw) if draw.random() < 0.2 else (),
        excluded_locations=_locations(draw) if draw.random() < 0.2 else (),
        excluded_sic=some(0.1, ("81", "6411", "99")),
        excluded_naics=some(0.1, ("54", "722511", "5")),
        excluded_keywords=some(0.2, ("payroll", "automation marketing", "marketing")),
    )


def _has_role(row: Row, terms: tuple[RoleTerm, ...]) -> bool:
    title = row["job_title"] or ""
    words = set(re.findall(r"[a-z]+", title.lower()))
    return any(
        term.role in classify_title(title)
        if term.role is not None
        else set(term.label.lower().split()) <= words
        for term in terms
    )


def _company_fits(row: Row, asked: PersonInterpretation | CompanyInterpretation) -> bool:
    filters = asked.filters
    text = ". ".join((row["name"], ", ".join(row["keywords"]), row["description"] or "")).lower()
    industries = classify_company(None, row["sic"], row["naics"], text)
    employees = row["employee_count"]
    wanted = (*filters.sic, *filters.naics)
    return (
        (not asked.industries or any(term.industry in industries for term in asked.industries))
        and not any(term.industry in industries for term in filters.excluded_industries)
        and (not asked.locations or any(_is_at(row, place) for place in asked.locations))
        and not any(_is_at(row, place) for place in filters.excluded_locations)
        and filters.company_state in (None, row["state"])
        and (
            filters.company_city is None
            or city_key(filters.company_city) == city_key(row["city"] or "")
        )
        and (
            filters.employee_count_min is None
            or (employees is not None and employees >= filters.employee_count_min)
        )
        and (
            filters.employee_count_max is None
            or (employees is not None and employees <= filters.employee_count_max)
        )
        and (
            not wanted
            or any((row["sic"] or "").startswith(code) for code in filters.sic)
            or any((row["naics"] or "").startswith(code) for code in filters.naics)
        )
        and not any((row["sic"] or "").startswith(code) for code in filters.excluded_sic)
        and not any((row["naics"] or "").startswith(code) for code in filters.excluded_naics)
        and all(_says(row, phrase) for phrase in filters.keywords)
        and (not filters.keywords_any or any(_says(row, phrase) for phrase in filters.keywords_any))
        and not any(_says(row, phrase) for phrase in filters.excluded_keywords)
        and (
            not filters.company_names
            or _name(row["name"]) in {_name(name) for name in filters.company_names}
        )
    )


def _is_at(row: Row, place: Location) -> bool:
    return place.state in (None, row["state"]) and (
        place.city is None or (row["city"] is not None and place.city == row["city"])
    )


def _words(text: str) -> list[str]:
    return re.findall(r"[\w+#]+", text.lower())


def _says(row: Row, phrase: str) -> bool:
    """Whether one of the texts has the words of the phrase, one after the other."""
    asked = _words(phrase)
    texts = [_words(text) for text in (row["name"], *row["keywords"], row["description"] or "")]
    return bool(asked) and any(
        words[at : at + len(asked)] == asked for words in texts for at in range(len(words))
    )


def _name(text: str) -> str:
    words = [word for word in _words(text) if word != "and"]
    return _ARTICLE_AND_FORM.sub("", " ".join(words))
