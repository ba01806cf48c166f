"""Invented people whose values for sale are canaries, and a plain model of what filters mean."""

import random
from dataclasses import asdict, dataclass, field
from functools import cache
from pathlib import Path
from typing import Any

from api.domain.company.classification import classify_company
from api.domain.person.titles import classify_title
from api.domain.prospecting.filters import EMPLOYEE_RANGES, ProspectFilters
from api.load.service import load_companies, load_persons
from api.stores.clickhouse import ClickHouse
from tests.load.files import json_file

type Row = dict[str, Any]

TITLES = (
    "Chief Marketing Officer", "Owner", "VP of Sales", "Director of Marketing", "Head of Sales",
    "Marketing Manager", "Founder & CEO", "Barista", None,
)  # fmt: skip
PLACES = (("Las Vegas", "NV"), ("Reno", "NV"), ("Boise", "ID"), ("Portland", "OR"), (None, None))
CODES = (("8111", "541110"), ("7372", "513210"), ("5812", "722511"), (None, None))
FOR_SALE = ("business_email", "mobile_phone", "linkedin_url")


@dataclass(frozen=True, slots=True)
class Market:
    """Rows as files hold them."""

    companies: list[Row]
    persons: list[Row]
    by_company: dict[str, Row] = field(init=False)

    def __post_init__(self) -> None:
        """Indexes the companies."""
        object.__setattr__(self, "by_company", {row["company_id"]: row for row in self.companies})

    async def load(self, clickhouse: ClickHouse, folder: Path) -> None:
        """Puts the rows where searches find them."""
        companies = json_file(folder / "companies.jsonl", self.companies)
        persons = json_file(folder / "persons.jsonl", self.persons)
        await load_companies(clickhouse, [companies], rejects_folder=folder)
        await load_persons(clickhouse, [persons], rejects_folder=folder)

    def matching(self, filters: ProspectFilters) -> set[str]:
        """The ids of the people that filters leave."""
        return {row["person_id"] for row in self.persons if self.fits(row, filters)}

    def fits(self, row: Row, filters: ProspectFilters) -> bool:
        """Whether a person is left by filters."""
        company = self.by_company[row["company_id"]]
        roles = _roles(row["job_title"] or "")
        city = (company["city"] or "").lower()
        given = asdict(filters)
        return (
            (not filters.industries or bool(set(filters.industries) & self.industries(row)))
            and (not filters.states or company["state"] in filters.states)
            and (not filters.cities or city in filters.cities)
            and (
                not filters.employee_ranges
                or any(
                    is_within(company["employee_count"], each) for each in filters.employee_ranges
                )
            )
            and (not filters.levels or bool(roles & set(filters.levels)))
            and (not filters.roles or bool(roles & set(filters.roles)))
            and all(given[f"has_{name}"] in (None, row.get(name) is not None) for name in FOR_SALE)
        )

    def industries(self, row: Row) -> set[str]:
        """The industries of a person's company."""
        company = self.by_company[row["company_id"]]
        return _industries(company["sic"], company["naics"], company["name"])


@cache
def _roles(title: str) -> set[str]:
    return set(classify_title(title))


@cache
def _industries(sic: str | None, naics: str | None, name: str) -> set[str]:
    return set(classify_company(None, sic, naics, name))


def is_within(employees: int | None, employee_range: str) -> bool:
    """Whether a head count lies in a range."""
    least, most = EMPLOYEE_RANGES[employee_range]
    return employees is not None and employees >= least and (most is None or employees <= most)


def market(draw: random.Random, companies: int, persons: int) -> Market:
    """A random market; each value for sale is a canary of its own."""
    rows = []
    for number in range(companies):
        sic, naics = draw.choice(CODES)
        city, state = draw.choice(PLACES)
        rows.append(
            {
                "company_id": f"c{number}",
                "name": f"Company {number}",
                "domain": f"canary-domain-{number}.example",
                "phone": f"+1208555{number:04}",
                "linkedin_url": f"https://linkedin.com/company/canary-{number}",
                "employee_count": draw.choice((None, 1, 10, 11, 200, 201, 5_000, 10_001)),
                "sic": sic,
                "naics": naics,
                "city": city,
                "state": state,
                "country": "US",
            }
        )
    return Market(
        rows, [person(draw, number, draw.randrange(companies)) for number in range(persons)]
    )


def person(draw: random.Random, number: int, company: int) -> Row:
    """Somebody; contact fields are there or not."""
    row: Row = {
        "person_id": f"canary-id-{number:05}",
        "first_name": f"First{number}",
        "last_name": f"Zcanary{number:05}",
        "job_title": draw.choice(TITLES),
        "company_id": f"c{company}",
    }
    contacts = {
        "business_email": f"canary.mail.{number:05}@canary.example",
        "mobile_phone": f"+1702{5_550_000 + number}",
        "linkedin_url": f"https://www.linkedin.com/in/canary-link-{number:05}",
    }
    return row | {name: value for name, value in contacts.items() if draw.random() < 0.7}
