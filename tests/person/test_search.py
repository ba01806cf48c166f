"""Person search over random markets: every walk gives out what it should, once, and bills that."""

import asyncio
import random
from dataclasses import replace
from pathlib import Path

import pytest
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.interpreter.interpretation import Filters, PersonInterpretation
from api.domain.interpreter.terms import role_term
from api.domain.person import search
from api.domain.person.records import PersonSearchPage, SearchStrategy
from api.errors import DomainError, ErrorCode
from api.load.service import load_companies, load_persons
from api.paging import PageRequest
from tests import brute_force
from tests.load.files import json_file
from tests.person.conftest import Desk

SEARCHES = 15
EVERYBODY = PersonInterpretation(all_employees=True)


async def load(desk: Desk, folder: Path, market: brute_force.Market) -> None:
    companies = json_file(folder / "companies.jsonl", market.companies)
    persons = json_file(folder / "persons.jsonl", market.persons)
    clickhouse = desk.stores.clickhouse
    await load_companies(clickhouse, [companies], rejects_folder=folder)
    await load_persons(clickhouse, [persons], rejects_folder=folder)


async def page(
    desk: Desk, asked: PersonInterpretation, request: PageRequest, token: str | None = None
) -> PersonSearchPage:
    prepared = prepared_for(desk, asked, request, token)
    return await search.settle(desk.stores, prepared, desk.payer())


def prepared_for(
    desk: Desk, asked: PersonInterpretation, request: PageRequest, token: str | None
) -> search.PreparedSearch:
    """As a search by text is prepared, for an interpretation that no text need have."""
    cursors = desk.stores.cursors
    wanted = search.PersonSearch(dedupe_token=token)
    return search.prepare_checked(desk.account_id, cursors, asked, wanted, request)


async def walk(
    desk: Desk,
    asked: PersonInterpretation,
    limit: int,
    cap: int | None = None,
    token: str | None = None,
) -> list[PersonSearchPage]:
    """All pages, following the cursors."""
    pages: list[PersonSearchPage] = []
    cursor = None
    while not pages or cursor:
        request = PageRequest(limit, cursor, cap if cursor is None else None)
        pages.append(await page(desk, asked, request, token))
        cursor = pages[-1].pagination.next_cursor
    return pages


def ids(pages: list[PersonSearchPage]) -> list[str]:
    return [row.person_id for each in pages for row in each.nodes]


@pytest.mark.parametrize("seed", [1, 2])
async def test_walks_of_random_searches(desk: Desk, tmp_path: Path, seed: int) -> None:
    market = brute_force.market(random.Random(seed), companies=40, persons=600)
    await load(desk, tmp_path, market)
    draw = random.Random(-seed)
    strategies = set()
    requests = records = 0
    for _ in range(SEARCHES):
        asked = brute_force.person_search(draw)
        if draw.random() < 0.3:
            asked = of_the_taxonomy(asked, draw)
        expected = market.people(asked)
        limit = draw.choice((1, 7, 100)) if len(expected) < 40 else draw.choice((33, 100))
        cap = draw.choice((None, None, 1, limit, limit + 1, 50))
        pages = await walk(desk, asked, limit, cap)
        found = ids(pages)
        assert len(found) == len(set(found)) == min(len(expected), cap or len(expected)), asked
        assert set(found) <= expected
        assert all(len(each.nodes) == limit for each in pages[:-1])
        for each in pages:
            assert_totals(each, len(expected), cap)
        strategies.add(pages[0].search_strategy)
        requests += len(pages)
        records += len(found)
    assert strategies == set(SearchStrategy)
    assert await desk.usage() == (requests, records)


def of_the_taxonomy(asked: PersonInterpretation, draw: random.Random) -> PersonInterpretation:
    """A search for the same places that the fast path serves."""
    keys = draw.sample(("chief_executive", "owner", "partner", "attorney"), draw.randrange(1, 3))
    roles = tuple(role_term(key) for key in keys)
    places = Filters(asked.filters.company_city, asked.filters.company_state)
    return replace(asked, roles=roles, filters=places, all_employees=False)


def assert_totals(found: PersonSearchPage, matching: int, cap: int | None) -> None:
    """What is said about the whole is true; exactly where it says so."""
    told = found.pagination
    assert told.total_records is not None
    truth = min(matching, cap) if cap else matching
    if found.search_strategy is SearchStrategy.TAXONOMY:
        assert (told.total_records, told.total_records_relation) == (truth, None)
        assert told.total_matching_records == (matching if cap else None)
    else:
        assert told.total_records <= truth
        assert (told.total_records_relation is None) == (told.next_cursor is None) or cap
        assert told.total_records_relation or told.total_records == truth
        assert told.total_matching_records is None
    assert told.total_pages == -(-told.total_records // told.limit)


@pytest.mark.parametrize("seed", [3, 4])
async def test_nothing_is_delivered_twice_in_a_scope(desk: Desk, tmp_path: Path, seed: int) -> None:
    market = brute_force.market(random.Random(seed), companies=40, persons=600)
    await load(desk, tmp_path, market)
    draw = random.Random(-seed)
    records = 0
    for number in range(SEARCHES // 2):
        asked = brute_force.person_search(draw)
        expected = market.people(asked)
        dedupe = f"campaign {number}"
        given: list[str] = []
        for _ in range(1_000):
            limit = draw.randint(max(1, len(expected) // 8), 100)
            cap = draw.choice((None, limit, 2 * limit + 1))
            pages = [await page(desk, asked, PageRequest(limit, None, cap), dedupe)]
            cursor = pages[0].pagination.next_cursor
            if cursor and draw.random() < 0.5:
                pages.append(await page(desk, asked, PageRequest(limit, cursor), dedupe))
            new = ids(pages)
            left = len(expected) - len(given)
            given += new
            # Pages are full as long as there is something new.
            assert len(pages[0].nodes) == min(limit, left, cap or left), asked
            if not new:
                break
        assert len(given) == len(set(given)), asked
        assert set(given) == expected, asked
        records += len(given)
    assert (await desk.usage())[1] == records


async def test_a_scope_goes_on_where_new_people_come(desk: Desk, tmp_path: Path) -> None:
    market = brute_force.market(random.Random(5), companies=40, persons=600)
    early = brute_force.Market(market.companies, market.persons[::2])
    await load(desk, tmp_path, early)
    dedupe = "spring"
    first = ids(await walk(desk, EVERYBODY, 100, 250, dedupe))
    await load(desk, tmp_path, market)
    second = ids(await walk(desk, EVERYBODY, 100, None, dedupe))
    assert len(first) == 250
    assert sorted(first + second) == sorted(row["person_id"] for row in market.persons)


async def test_many_at_once_share_a_scope_exactly(desk: Desk, tmp_path: Path) -> None:
    market = brute_force.market(random.Random(6), companies=40, persons=600)
    await load(desk, tmp_path, market)
    dedupe = "race"
    request = PageRequest(25)
    pages = await asyncio.gather(*(page(desk, EVERYBODY, request, dedupe) for _ in range(20)))
    assert [len(each.nodes) for each in pages] == [25] * 20
    assert len(set(ids(list(pages)))) == 500
    rest = ids(await walk(desk, EVERYBODY, 100, None, dedupe))
    assert len(set(ids(list(pages)) + rest)) == 600 == 500 + len(rest)
    assert (await desk.usage())[1] == 600


async def test_a_transaction_that_is_undone_delivers_nothing(desk: Desk, tmp_path: Path) -> None:
    market = brute_force.market(random.Random(7), companies=40, persons=60)
    await load(desk, tmp_path, market)
    prepared = prepared_for(desk, EVERYBODY, PageRequest(10), "undone")
    seen: list[str] = []

    async def fail(connection: AsyncConnection, delivered: PersonSearchPage) -> None:
        seen.extend(ids([delivered]))
        raise RuntimeError("the job's row could not be written")

    with pytest.raises(RuntimeError):
        await search.settle(desk.stores, prepared, desk.payer(), fail)
    assert await desk.usage() == (0, 0)
    payer = desk.payer(requests=0)

    async def also(connection: AsyncConnection, delivered: PersonSearchPage) -> None:
        assert ids([delivered]) == seen

    delivered = await search.settle(desk.stores, prepared, payer, also)
    assert ids([delivered]) == seen
    assert await desk.usage() == (0, 10)


async def test_the_cap_travels_and_cannot_be_changed(desk: Desk, tmp_path: Path) -> None:
    market = brute_force.market(random.Random(8), companies=40, persons=300)
    await load(desk, tmp_path, market)
    first = await page(desk, EVERYBODY, PageRequest(10, None, 25))
    cursor = first.pagination.next_cursor
    with pytest.raises(DomainError) as caught:
        await page(desk, EVERYBODY, PageRequest(10, cursor, 26))
    assert caught.value.code is ErrorCode.INVALID_CURSOR
    second = await page(desk, EVERYBODY, PageRequest(10, cursor))
    third = await page(desk, EVERYBODY, PageRequest(10, second.pagination.next_cursor))
    assert len(set(ids([first, second, third]))) == 25
    assert third.pagination.next_cursor is None
    assert third.pagination.total_records == 25
