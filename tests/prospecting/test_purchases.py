"""Purchases: once per customer and record, all or nothing, and kept as they were bought."""

import asyncio
import random
from pathlib import Path
from typing import Any

import pytest

from api.domain.prospecting import exports, purchases, sessions
from api.domain.prospecting.exports import csv_of
from api.domain.prospecting.records import (
    Action,
    ProspectingSession,
    Purchase,
    RevealState,
    SelectionMode,
)
from api.domain.prospecting.selection import MAX_SELECTED, checked_selection
from api.domain.prospecting.sessions import ProspectingSearch
from api.errors import DomainError, ErrorCode
from api.paging import PageRequest
from api.stores.clickhouse import ClickHouse
from api.work import Work
from tests.prospecting.conftest import Partner, loaded
from tests.prospecting.market import Market, market

IN_NEVADA = "all employees in Nevada"


async def start(work: Work, q: str = IN_NEVADA, limit: int = 100) -> ProspectingSession:
    return await sessions.start(work, ProspectingSearch(q), PageRequest(limit))


async def buy(
    work: Work, page: ProspectingSession, ids: list[str] | None = None, **filters: Any
) -> Purchase:
    session = await sessions.opened(work, str(page.search_id))
    mode = SelectionMode.SELECTED if ids else SelectionMode.ALL_RESULTS
    selection = checked_selection(mode, ids, filters)
    return await purchases.buy(work, session, selection, Action.EXPORT)


def ids_of(page: ProspectingSession) -> list[str]:
    return [node.prospect_id for node in page.nodes]


async def text_of(work: Work, purchase: Purchase) -> str:
    return b"".join([piece async for piece in csv_of(work, purchase.id)]).decode()


async def test_a_record_is_bought_once_and_then_owned(partner: Partner) -> None:
    work, neighbour = await partner.customer(), await partner.customer()
    page = await start(work)
    some = ids_of(page)[:5]
    first = await buy(work, page, [*some, *reversed(some)])
    assert (first.net_new, first.already_owned) == (5, 0)
    assert first.prospect_ids == some
    again = await buy(work, page, ids_of(page)[3:8])
    assert (again.net_new, again.already_owned) == (3, 2)
    reopened = await sessions.reopen(work, str(page.search_id), None, PageRequest(100))
    states = [node.reveal_state for node in reopened.nodes]
    assert states[:8] == [RevealState.PURCHASED] * 8
    assert set(states[8:]) == {RevealState.PREVIEW}
    other = await start(work)
    assert [node.reveal_state for node in other.nodes] == states
    theirs = await start(neighbour)
    assert {node.reveal_state for node in theirs.nodes} == {RevealState.PREVIEW}
    billed = await partner.rows(
        "select operation, requests, billable_records from usage_entries"
        " where account_id = :id and api_key_id is null order by created_at",
        id=partner.account_id,
    )
    assert [tuple(row) for row in billed if row[0] != "prospecting_search"] == [
        ("prospecting_export", 1, 5),
        ("prospecting_export", 1, 3),
    ]


async def test_a_bought_record_is_shown_in_full_beside_its_preview(
    partner: Partner, people: Market
) -> None:
    work = await partner.customer()
    page = await start(work)
    await buy(work, page, ids_of(page)[:1])
    (node, other, *_) = (
        await sessions.reopen(work, str(page.search_id), None, PageRequest(2))
    ).nodes
    assert node.record is not None
    row = next(each for each in people.persons if each["person_id"] == node.record.person_id)
    company = people.by_company[row["company_id"]]
    assert node.record.last_name == row["last_name"]
    assert node.record.business_email == row.get("business_email")
    assert node.record.company.phone == company["phone"]
    assert "canary" not in repr(other).lower()


async def test_what_was_bought_stays_as_it_was_though_the_data_changes(
    partner: Partner, clickhouse: ClickHouse, tmp_path: Path
) -> None:
    made = market(random.Random(3), companies=1, persons=2)
    made.companies[0]["state"] = "NV"
    there = await loaded(partner, clickhouse, made, tmp_path)
    work = await there.customer()
    page = await start(work)
    bought = await buy(work, page)
    before = await text_of(work, bought)
    for row in made.persons:
        row["last_name"] = "Changed"
    await made.load(clickhouse, tmp_path)
    again = await buy(work, page)
    assert again.net_new == 0
    assert await text_of(work, again) == before
    assert "Changed" not in before


async def test_somebody_who_is_gone_is_a_conflict_and_nothing_is_bought(
    partner: Partner, clickhouse: ClickHouse, tmp_path: Path
) -> None:
    made = market(random.Random(3), companies=2, persons=4)
    made.companies[0]["state"] = "NV"
    for row in made.persons:
        row["company_id"] = "c0"
    there = await loaded(partner, clickhouse, made, tmp_path)
    work = await there.customer()
    page = await start(work)
    assert len(page.nodes) == 4
    made.persons[0]["company_id"] = "c1"
    await made.load(clickhouse, tmp_path)
    with pytest.raises(DomainError) as refused:
        await buy(work, page, ids_of(page))
    assert refused.value.code is ErrorCode.CONFLICT
    assert not await partner.rows(
        "select 1 from owned_records where account_id = :id", id=partner.account_id
    )


async def test_two_at_the_same_moment_are_billed_once(partner: Partner) -> None:
    work = await partner.customer()
    page = await start(work)
    some = ids_of(page)[:40]
    drawn = random.Random(1)
    bought = await asyncio.gather(
        *(buy(work, page, drawn.sample(some, len(some))) for _ in range(8))
    )
    assert sorted(each.net_new for each in bought) == [0] * 7 + [40]
    assert all(len(each.person_ids) == 40 for each in bought)
    owned = await partner.rows(
        "select count(*), count(distinct purchase_id) from owned_records where account_id = :id",
        id=partner.account_id,
    )
    assert tuple(owned[0]) == (40, 1)


async def test_all_results_are_those_of_the_filters(partner: Partner, people: Market) -> None:
    work = await partner.customer()
    page = await start(work)
    bought = await buy(work, page, None, states=["NV"], has_business_email=True)
    reopened = await sessions.reopen(
        work, str(page.search_id), {"has_business_email": True}, PageRequest(100)
    )
    assert len(bought.person_ids) == reopened.pagination.total_records
    assert set(ids_of(reopened)) <= set(bought.prospect_ids)


class TestSelections:
    """What is chosen is checked before anything is bought."""

    @pytest.mark.parametrize(
        ("mode", "ids", "argument"),
        [
            (SelectionMode.SELECTED, [], "prospect_ids"),
            (SelectionMode.SELECTED, None, "prospect_ids"),
            (SelectionMode.PAGE, [], "prospect_ids"),
            (SelectionMode.ALL_RESULTS, ["pr_x"], "prospect_ids"),
            (SelectionMode.SELECTED, ["pr_x"] * (MAX_SELECTED + 1), "prospect_ids"),
        ],
    )
    def test_a_choice_of_nobody_or_of_too_many_is_refused(
        self, mode: SelectionMode, ids: list[str] | None, argument: str
    ) -> None:
        with pytest.raises(DomainError) as refused:
            checked_selection(mode, ids, None)
        assert refused.value.problems[0].argument == argument

    async def test_ids_that_the_session_did_not_give_out_are_refused(
        self, partner: Partner
    ) -> None:
        work, stranger = await partner.customer(), await partner.customer()
        page, other, theirs = await start(work), await start(work), await start(stranger)
        mine = ids_of(page)[0]
        for wrong in (
            ids_of(other)[0],
            ids_of(theirs)[0],
            mine[:-1] + ("A" if mine[-1] != "A" else "B"),
            mine.removeprefix("pr_"),
            mine + "=",
            "canary-id-00001",
            "5x5-person-123",
            "pr_",
            "é",
        ):
            with pytest.raises(DomainError) as refused:
                await buy(work, page, [mine, wrong])
            assert refused.value.code is ErrorCode.INVALID_INPUT
            assert refused.value.problems[0].argument == "prospect_ids"
        assert not await partner.rows(
            "select 1 from prospecting_purchases where account_id = :id", id=partner.account_id
        )

    async def test_nobody_matching_is_refused(self, partner: Partner) -> None:
        work = await partner.customer()
        page = await start(work)
        with pytest.raises(DomainError) as refused:
            await buy(
                work, page, None, employee_ranges=["51-200"], industries=["bank"], levels=["vp"]
            )
        assert refused.value.code is ErrorCode.INVALID_INPUT

    async def test_an_export_has_to_be_enabled(self, partner: Partner) -> None:
        work = await partner.customer(csv=False)
        page = await start(work)
        with pytest.raises(DomainError) as refused:
            await exports.export(work, str(page.search_id), SelectionMode.PAGE, ids_of(page), None)
        assert refused.value.code is ErrorCode.FORBIDDEN

    async def test_an_export_of_another_customer_is_not_there(self, partner: Partner) -> None:
        work, stranger = await partner.customer(), await partner.customer()
        page = await start(work)
        bought = await buy(work, page, ids_of(page)[:1])
        with pytest.raises(DomainError) as refused:
            await text_of(stranger, bought)
        assert refused.value.code is ErrorCode.NOT_FOUND
