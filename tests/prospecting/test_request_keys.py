"""One request under one Idempotency-Key: one session, one purchase, one delivery, one answer."""

import asyncio
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from hashlib import sha256

import pytest

from api.domain.idempotency.rules import KEPT
from api.domain.prospecting import exports, pushes, sessions
from api.domain.prospecting.push_source import LEASE
from api.domain.prospecting.records import ProspectingSession, SelectionMode
from api.domain.prospecting.sessions import ProspectingSearch
from api.errors import DomainError, ErrorCode
from api.paging import PageRequest
from api.work import RequestKey, Work
from tests.delivery.receivers import OK, always, listening, status
from tests.prospecting.conftest import Partner
from tests.prospecting.test_pushes import run

SELECTED = SelectionMode.SELECTED


def under(work: Work, key: str, asked: str = "this") -> Work:
    """A request with a key, as a door hands it on."""
    mine = RequestKey(sha256(key.encode()).digest(), sha256(asked.encode()).digest())
    return replace(work, request_key=mine)


def replayed(work: Work) -> bool:
    assert work.request_key is not None
    return work.request_key.replayed


async def start(work: Work, now: datetime | None = None) -> ProspectingSession:
    asked = ProspectingSearch("all employees in Nevada")
    return await sessions.start(work, asked, PageRequest(10), now=now)


def keys(partner: Partner) -> Callable[[str], str]:
    """Keys of this test's own: the digest of the credentials is a part of them."""
    return lambda name: f"{partner.account_id} {name}"


async def test_a_session_is_started_once_by_any_number_of_requests(partner: Partner) -> None:
    work, key = await partner.customer(), keys(partner)
    requests = [under(work, key("start")) for _ in range(8)]
    pages = await asyncio.gather(*(start(each) for each in requests))
    assert len({page.search_id for page in pages}) == 1
    assert len({repr(page.nodes) for page in pages}) == 1
    assert sum(not replayed(each) for each in requests) == 1
    counted = await partner.rows(
        "select sum(search_sessions) from wallet_entries where partner_customer_id = :id",
        id=work.embed.partner_customer_id,
    )
    assert counted[0][0] == 1
    with pytest.raises(DomainError) as refused:
        await start(under(work, key("start"), "something else"))
    assert refused.value.code is ErrorCode.INVALID_INPUT
    another = await start(under(work, key("another")))
    assert another.search_id != pages[0].search_id
    later = datetime.now(UTC) + KEPT + timedelta(minutes=1)
    renewed = await start(under(work, key("start"), "something else"), now=later)
    assert renewed.search_id != pages[0].search_id


async def test_an_export_is_bought_once_and_read_again(partner: Partner) -> None:
    work, key = await partner.customer(), keys(partner)
    page = await start(work)
    ids = [node.prospect_id for node in page.nodes]

    async def export(request: Work) -> exports.Export:
        return await exports.export(
            request, str(page.search_id), SELECTED, ids, None, in_one_piece=True
        )

    requests = [under(work, key("export")) for _ in range(6)]
    made = await asyncio.gather(*(export(each) for each in requests))
    assert len({repr(each) for each in made}) == 1
    assert made[0].net_new_billable_records == len(ids)
    assert sum(not replayed(each) for each in requests) == 1
    unkeyed = await export(work)
    assert (unkeyed.net_new_billable_records, unkeyed.csv) == (0, made[0].csv)


async def test_a_push_is_answered_as_the_first_time_whatever_became_of_it(
    partner: Partner,
) -> None:
    async with listening(always(status(503))) as receiver:
        work = await partner.customer(url=f"http://127.0.0.1:{receiver.port}/")
        key = keys(partner)
        page = await start(work)
        ids = [page.nodes[0].prospect_id]

        async def push(request: Work) -> pushes.Pushed:
            return await pushes.push(request, str(page.search_id), SELECTED, ids, None)

        first = await push(under(work, key("push")))
        receiver.answer = always(OK)
        assert await run(partner, datetime.now(UTC) + timedelta(minutes=1)) == 1
        request = under(work, key("push"))
        assert await push(request) == first
        assert replayed(request)
    assert (first.delivered, first.delivery_status) == (False, 503)
    assert len(receiver.requests) == 2


async def test_a_push_that_is_under_way_is_not_answered_yet(
    partner: Partner, monkeypatch: pytest.MonkeyPatch
) -> None:
    class Died(BaseException):
        """What a process dies of."""

    async def die(*_: object) -> None:
        raise Died

    async with listening(always(OK)) as receiver:
        work = await partner.customer(url=f"http://127.0.0.1:{receiver.port}/")
        key = keys(partner)
        page = await start(work)
        ids = [page.nodes[0].prospect_id]

        async def push() -> pushes.Pushed:
            request = under(work, key("push"))
            return await pushes.push(request, str(page.search_id), SELECTED, ids, None)

        with monkeypatch.context() as patch:
            patch.setattr(pushes, "_first_attempt", die)
            with pytest.raises(Died):
                await push()
        with pytest.raises(DomainError) as refused:
            await push()
        assert (refused.value.code, refused.value.retry_after_s) == (ErrorCode.CONFLICT, 1)
        assert await run(partner, datetime.now(UTC) + LEASE) == 1
        again = await push()
    assert (again.delivered, again.net_new_billable_records) == (True, 1)
    assert len(receiver.requests) == 1
