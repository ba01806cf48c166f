"""Person rows and pages as they are given out by every door."""

from dataclasses import dataclass
from enum import StrEnum
from typing import NamedTuple

from api.domain.company.records import CompanyRow
from api.domain.interpreter.interpretation import PersonInterpretation
from api.paging import BilledPage


class PersonRow(NamedTuple):
    """One person with the company; what is unknown is ``None``. ``rank`` orders, unshown."""

    person_id: str
    first_name: str
    last_name: str
    job_title: str | None
    business_email: str | None
    mobile_phone: str | None
    linkedin_url: str | None
    company: CompanyRow
    rank: int


class SearchStrategy(StrEnum):
    """The execution path of a search, documented as ``search_strategy``."""

    TAXONOMY = "taxonomy"
    INDEXED_DYNAMIC = "indexed_dynamic"
    DYNAMIC = "dynamic"


type PersonPage = BilledPage[PersonRow]


@dataclass(frozen=True)
class PersonSearchPage(BilledPage[PersonRow]):
    """A page of people found by a natural-language search."""

    interpretation: PersonInterpretation
    search_strategy: SearchStrategy


class PersonMatches(NamedTuple):
    """The answer of an exact look-up."""

    nodes: list[PersonRow]
    billable_records: int
