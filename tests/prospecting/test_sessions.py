"""Sessions: previews that give nothing away, filters and facets that a plain model agrees with."""

import random
from collections import Counter
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from uuid import uuid4

import pytest

from api.domain.prospecting import sessions
from api.domain.prospecting.filters import (
    EMPLOYEE_RANGES,
    LEVELS,
    MAX_VALUES,
    ProspectFilters,
    checked_filters,
)
from api.domain.prospecting.records import ProspectFacets, ProspectingSession, RevealState
from api.domain.prospecting.sessions import ProspectingSearch
from api.errors import DomainError, ErrorCode
from api.paging import PageRequest
from api.stores.clickhouse import ClickHouse
from api.work import Work
from tests.prospecting.conftest import Partner, caller, loaded
from tests.prospecting.market import Market, is_within, market

EVERYBODY = ProspectingSearch("all employees at companies in the US with 1+ employees")
IN_NEVADA = ProspectingSearch("all employees in Nevada")


async def start(
    work: Work, q: str = "all employees in Nevada", limit: int = 100
) -> ProspectingSession:
    return await sessions.start(work, ProspectingSearch(q), PageRequest(limit))


async def walk(
    work: Work, search_id: str, filters: dict[str, object], limit: int
) -> list[ProspectingSession]:
    """All pages of a session under filters, following the cursors."""
    pages: list[ProspectingSession] = []
    cursor = None
    while not pages or cursor:
        page = PageRequest(limit, cursor)
        pages.append(await sessions.reopen(work, search_id, filters, page))
        cursor = pages[-1].pagination.next_cursor
    return pages


def names(pages: list[ProspectingSession]) -> list[str]:
    """First names, which are as distinct as the people."""
    return [node.first_name for page in pages for node in page.nodes]


def first_name(person_id: str) -> str:
    return f"First{int(person_id.rpartition('-')[2])}"


ROLES = {"all employees": (), "owners": ("owner",), "decision makers": ("decision_maker",)}
FILTERS: list[dict[str, object]] = [
    {},
    {"states": ["Nevada"], "cities": ["LAS  VEGAS"]},
    {"employee_ranges": ["1-10", "10001+"], "has_business_email": True},
    {"levels": ["vp", "c_level"], "has_mobile_phone": False},
    {"industries": ["law_firm", "software"], "levels": ["owner"], "has_linkedin_url": True},
    {"roles": ["decision_maker"], "states": ["NV"]},
    {"employee_ranges": ["11-50"]},
]


@pytest.mark.parametrize(
    "q", ["all employees in Nevada", "owners in Nevada", "decision makers in Nevada"]
)
async def test_filters_and_facets_are_those_of_a_plain_model(
    partner: Partner, people: Market, q: str
) -> None:
    work = await partner.customer()
    started = await start(work, q)
    base = ProspectFilters(states=("NV",), roles=ROLES[q.split(" in ")[0]])
    everyone = people.matching(base)
    assert started.pagination.total_records == len(everyone) > 10
    for given in FILTERS:
        filters = checked_filters(given)
        pages = await walk(work, str(started.search_id), given, 17)
        expected = everyone & people.matching(filters)
        found = names(pages)
        assert len(found) == len(set(found))
        assert set(found) == {first_name(each) for each in expected}
        assert {page.pagination.total_records for page in pages} == {len(expected)}
        facets = pages[0].facets
        assert facets is not None
        ranked = not q.startswith("owners")
        assert_facets(facets, people, everyone, filters, ranked=ranked)


def assert_facets(
    facets: ProspectFacets,
    made: Market,
    everyone: set[str],
    filters: ProspectFilters,
    *,
    ranked: bool,
) -> None:
    """Each menu counts what it would leave if its own filter were another one.

    Who asks for one role has asked for a rank, and gets no menu of them.
    """
    for menu in ("industries", "states", "employee_ranges", "levels"):
        left = everyone & made.matching(filters.without(menu))
        expected = Counter(
            value
            for row in made.persons
            if row["person_id"] in left
            for value in values_of(made, row, menu)
        )
        if menu == "levels" and not ranked:
            expected.clear()
        assert {each.value: each.count for each in getattr(facets, menu)} == expected, menu
    assert not facets.bounded


def values_of(made: Market, row: dict[str, object], menu: str) -> list[str]:
    company = made.by_company[str(row["company_id"])]
    if menu == "industries":
        return sorted(made.industries(row))
    if menu == "states":
        return [company["state"]] if company["state"] else []
    if menu == "employee_ranges":
        return [each for each in EMPLOYEE_RANGES if is_within(company["employee_count"], each)]
    return [level for level in LEVELS if made.fits(row, ProspectFilters(levels=(level,)))]


async def test_a_page_of_previews_says_nothing_that_is_for_sale(
    partner: Partner, people: Market
) -> None:
    work = await partner.customer()
    page = await start(work)
    assert page.nodes
    shown = repr(page.nodes) + repr(page.facets) + repr(page.pagination)
    assert "canary" not in shown.lower()
    for node in page.nodes:
        assert node.last_initial == "Z"
        assert node.reveal_state is RevealState.PREVIEW
        assert node.record is None
    by_name = {first_name(row["person_id"]): row for row in people.persons}
    for node in page.nodes:
        row = by_name[node.first_name]
        assert node.available._asdict() == {
            name: name in row for name in ("business_email", "mobile_phone", "linkedin_url")
        }


async def test_prospect_ids_are_stable_in_a_session_and_strange_to_others(
    partner: Partner,
) -> None:
    work = await partner.customer()
    page, other = await start(work), await start(work)
    again = await sessions.reopen(work, str(page.search_id), {}, PageRequest(100))
    assert [node.prospect_id for node in page.nodes] == [node.prospect_id for node in again.nodes]
    assert not {node.prospect_id for node in page.nodes} & {
        node.prospect_id for node in other.nodes
    }


async def test_one_letter_of_a_name_of_one_letter_is_not_shown(
    partner: Partner, clickhouse: ClickHouse, tmp_path: Path
) -> None:
    made = market(random.Random(10), companies=1, persons=3)
    made.companies[0]["state"] = "NV"
    for row, name in zip(made.persons, ("李", "O.", "ßen"), strict=True):
        row["last_name"] = name
    page = await start(await (await loaded(partner, clickhouse, made, tmp_path)).customer())
    assert {node.first_name: node.last_initial for node in page.nodes} == {
        "First0": None,
        "First1": None,
        "First2": "SS",
    }


class TestSessions:
    """Sessions belong to a customer, end, and keep their cursors to themselves."""

    async def test_only_the_customer_opens_them_and_not_for_ever(self, partner: Partner) -> None:
        work, foreign = await partner.customer(), await partner.customer()
        page = await start(work)
        search_id, request = str(page.search_id), PageRequest(10)
        reopened = await sessions.reopen(work, search_id, None, request)
        assert reopened.interpretation == page.interpretation
        assert reopened.expires_at == page.expires_at
        later = datetime.now(UTC) + sessions.KEPT + timedelta(minutes=1)
        colleague = replace(
            work, identity=caller(work.embed.account_id, work.embed.partner_customer_id, "other")
        )
        await sessions.reopen(colleague, search_id, None, request)
        for who, which, now in (
            (foreign, search_id, None),
            (work, search_id, later),
            (work, str(uuid4()), None),
            (work, "search_123", None),
            (work, "", None),
        ):
            with pytest.raises(DomainError) as refused:
                await sessions.reopen(who, which, None, request, now=now)
            assert refused.value.code is ErrorCode.NOT_FOUND

    async def test_cursors_are_bound_to_session_filters_and_customer(
        self, partner: Partner
    ) -> None:
        work, foreign = await partner.customer(), await partner.customer()
        page, other, theirs = await start(work, limit=5), await start(work), await start(foreign)
        cursor = page.pagination.next_cursor
        assert cursor is not None
        assert "canary" not in repr(cursor)
        mine = str(page.search_id)
        following = await sessions.reopen(work, mine, None, PageRequest(5, cursor))
        by_search = await sessions.start(work, IN_NEVADA, PageRequest(5, cursor))
        assert [each.prospect_id for each in following.nodes] == [
            each.prospect_id for each in by_search.nodes
        ]
        assert by_search.search_id == page.search_id
        assert (
            await partner.rows(
                "select count(*) from prospecting_sessions where account_id = :a",
                a=partner.account_id,
            )
        )[0][0] == 3
        for who, which, filters in (
            (work, str(other.search_id), None),
            (work, mine, {"states": ["NV"]}),
            (foreign, str(theirs.search_id), None),
        ):
            with pytest.raises(DomainError) as refused:
                await sessions.reopen(who, which, filters, PageRequest(5, cursor))
            assert refused.value.code is ErrorCode.INVALID_CURSOR

    async def test_a_requested_count_caps_all_pages(self, partner: Partner) -> None:
        work = await partner.customer()
        page = await start(work, "give me 7 owners in Nevada, Idaho or Oregon", limit=5)
        rest = await sessions.reopen(
            work, str(page.search_id), None, PageRequest(5, page.pagination.next_cursor)
        )
        assert [len(each.nodes) for each in (page, rest)] == [5, 2]
        assert page.pagination.total_records == 7
        assert rest.pagination.next_cursor is None


@pytest.mark.parametrize(
    "filters",
    [
        {"industries": ["no industry"]},
        {"states": ["Bavaria"]},
        {"cities": ["!?"]},
        {"cities": ["x" * 101]},
        {"employee_ranges": ["1-11"]},
        {"levels": ["intern"]},
        {"roles": ["canary"]},
        {"states": ["NV"] * (MAX_VALUES + 1)},
    ],
)
def test_what_no_filter_can_have_is_refused_by_name(filters: dict[str, list[str]]) -> None:
    with pytest.raises(DomainError) as refused:
        checked_filters(filters)
    (problem,) = refused.value.problems
    assert problem.argument == f"filters.{next(iter(filters))}"
    assert refused.value.code is ErrorCode.INVALID_INPUT
