"""Companies from the store: a search finds what looking at each row finds, each once."""

import random
from pathlib import Path

import pytest

from api.domain.company import queries
from api.load.service import load_companies
from api.stores.clickhouse import ClickHouse
from tests import brute_force
from tests.load.files import json_file

SEARCHES = 30


async def loaded(clickhouse: ClickHouse, folder: Path, seed: int) -> brute_force.Market:
    """The companies of a random market, in the store."""
    market = brute_force.market(random.Random(seed), companies=300, persons=0)
    path = json_file(folder / "companies.jsonl", market.companies)
    await load_companies(clickhouse, [path], rejects_folder=folder)
    return market


@pytest.mark.parametrize("seed", [1, 2, 3])
async def test_pages_and_counts_of_random_searches(
    clickhouse: ClickHouse, tmp_path: Path, seed: int
) -> None:
    market = await loaded(clickhouse, tmp_path, seed)
    draw = random.Random(-seed)
    sizes = []
    for _ in range(SEARCHES):
        asked = brute_force.company_search(draw)
        expected = market.found_companies(asked)
        conditions = queries.search_conditions(asked)
        limit = draw.choice((1, 7, 100)) if len(expected) < 30 else draw.choice((30, 100))
        walked, after = [], None
        while found := await queries.page(clickhouse, conditions, after, limit):
            assert len(found) <= limit
            walked += [(company.rank, company.row.company_id) for company in found]
            after = walked[-1]
        assert walked == sorted(walked), asked
        ids = [company_id for _, company_id in walked]
        assert len(set(ids)) == len(ids), asked
        assert set(ids) == expected, asked
        assert await queries.count(clickhouse, conditions) == len(expected), asked
        assert await queries.count(clickhouse, conditions, 10) == min(10, len(expected)), asked
        sizes.append(len(expected))
    assert sum(size > 0 for size in sizes) > SEARCHES // 2, "these searches find too little"
