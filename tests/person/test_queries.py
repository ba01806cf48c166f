"""People from the store: every search finds what looking at each row finds, each person once."""

import random
from pathlib import Path

import pytest

from api.domain.interpreter.interpretation import PersonInterpretation
from api.domain.person import queries
from api.load.service import load_companies, load_persons
from api.stores.clickhouse import ClickHouse
from tests import brute_force
from tests.load.files import json_file

SEARCHES = 30


async def loaded(clickhouse: ClickHouse, folder: Path, seed: int) -> brute_force.Market:
    """A random market, in the store."""
    market = brute_force.market(random.Random(seed), companies=60, persons=900)
    companies = json_file(folder / "companies.jsonl", market.companies)
    persons = json_file(folder / "persons.jsonl", market.persons)
    await load_companies(clickhouse, [companies], rejects_folder=folder)
    await load_persons(clickhouse, [persons], rejects_folder=folder)
    return market


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_pages_and_counts_of_random_searches(
    clickhouse: ClickHouse, tmp_path: Path, seed: int
) -> None:
    market = await loaded(clickhouse, tmp_path, seed)
    draw = random.Random(-seed)
    sizes = []
    for _ in range(SEARCHES):
        asked = brute_force.person_search(draw)
        expected = market.people(asked)
        conditions = queries.search_conditions(asked)
        limit = draw.choice((1, 7, 100, 1_000)) if len(expected) < 50 else draw.choice((40, 100))
        walked, after = [], None
        while rows := await queries.page(clickhouse, conditions, after, limit):
            assert len(rows) <= limit
            walked += [(row.rank, row.person_id) for row in rows]
            after = walked[-1]
        assert walked == sorted(walked), asked
        assert [person_id for _, person_id in walked] == list(
            dict.fromkeys(person_id for _, person_id in walked)
        ), asked
        assert {person_id for _, person_id in walked} == expected, asked
        assert await queries.count(clickhouse, conditions) == len(expected), asked
        assert await queries.exact_count(clickhouse, asked) == len(expected), asked
        assert await queries.count(clickhouse, conditions, 10) == min(10, len(expected)), asked
        sizes.append(len(expected))
    assert sum(size > 0 for size in sizes) > SEARCHES // 2, "these searches find too little"


async def test_people_of_several_companies(clickhouse: ClickHouse, tmp_path: Path) -> None:
    market = await loaded(clickhouse, tmp_path, 4)
    asked = [f"c{number}" for number in range(0, 60, 2)] + ["nobody", "it's"]
    found = await queries.people_of_companies(clickhouse, asked, 3)
    assert list(found) == asked
    for company_id, people in found.items():
        known = sorted(
            row["person_id"] for row in market.persons if row["company_id"] == company_id
        )
        assert [row.person_id for row in people] == known[:3]
        assert {row.company.company_id for row in people} <= {company_id}
    assert await queries.people_of_companies(clickhouse, [], 3) == {}


async def test_people_at_domains(clickhouse: ClickHouse, tmp_path: Path) -> None:
    market = await loaded(clickhouse, tmp_path, 5)
    domains = [f"company-{number}.example" for number in (0, 1, 7)]
    # As many as are allowed, and long ones.
    domains += [f"{'x' * 60}-{n}.example" for n in range(queries.AT_DOMAINS_MAX - len(domains))]
    at = {row["company_id"] for row in market.companies if row["domain"] in domains}
    assert len(at) > 3, "two companies share a domain"
    for asked in (PersonInterpretation(), brute_force.person_search(random.Random(1))):
        conditions = queries.at_domains(queries.search_conditions(asked), domains)
        rows = await queries.page(clickhouse, conditions, None, 1_000)
        assert {row.person_id for row in rows} == {
            row["person_id"]
            for row in market.persons
            if row["company_id"] in at and row["person_id"] in market.people(asked)
        }
    with pytest.raises(ValueError, match="5001 domains"):
        queries.at_domains(conditions, [*domains, "one.example"])
