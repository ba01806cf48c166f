from collections.abc import Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from api.domain.company.classification import classify_company
from api.domain.person.titles import classify_title
from api.market.generate import Market, sample

PERSONS = 20_000

type Row = dict[str, Any]


def classified(company: Row) -> tuple[str, ...]:
    """The industries that a company's row tells."""
    texts = [company["name"], *company["keywords"], company["description"] or ""]
    return classify_company(
        company["industry"], company["sic"], company["naics"], " ".join(texts).lower()
    )


@dataclass(frozen=True)
class Sample:
    """A generated market, read back from its files."""

    market: Market
    companies: list[Row]
    persons: list[Row]

    @cached_property
    def by_id(self) -> dict[str, Row]:
        return {company["company_id"]: company for company in self.companies}

    @cached_property
    def industries(self) -> dict[str, tuple[str, ...]]:
        """The industries that each company's row tells, by the company's identifier."""
        return {company["company_id"]: classified(company) for company in self.companies}

    def of_industry(self, key: str) -> list[Row]:
        return [row for row in self.companies if key in self.industries[row["company_id"]]]

    def people(self, role: str, industry: str | None = None, **place: str) -> list[Row]:
        """People of a role, at companies of an industry (or any) whose columns equal ``place``."""
        return [
            person
            for person in self.persons
            if role in classify_title(person["job_title"])
            and all(self.by_id[person["company_id"]][key] == value for key, value in place.items())
            and (industry is None or industry in self.industries[person["company_id"]])
        ]


def read_sample(market: Market) -> Sample:
    companies, persons = read(market)
    return Sample(market, companies.to_pylist(), persons.to_pylist())


def read(market: Market) -> tuple[pa.Table, pa.Table]:
    """The two tables of a market, all files in order."""
    return (
        pa.concat_tables([pq.read_table(path) for path in market.company_files]),
        pa.concat_tables([pq.read_table(path) for path in market.person_files]),
    )


@pytest.fixture(scope="session")
def town() -> Iterator[Sample]:
    with sample(PERSONS) as market:
        yield read_sample(market)
