"""A hundred credits, and two hundred people who want one record each at the same moment."""

import asyncio
from contextlib import ExitStack

import httpx2

from api.domain.partner_customer.rules import CustomerDefaults, Delivery, EnforcementMode
from tests.prospecting.iframe import Iframe
from tests.stack import Stack

CREDITS = 100
REVEALS = 200
STRICT = CustomerDefaults(EnforcementMode.ENFORCED, delivery=Delivery(csv_export_enabled=True))


async def test_exactly_a_hundred_of_two_hundred_reveals_succeed(stack: Stack) -> None:
    """The others are told why; the balance is 0, and there is one entry for each record."""
    with ExitStack() as closing:
        iframe = Iframe.opened(stack, closing, STRICT, credit_units=CREDITS)
        q = "partners at law firms in Ely, NV"
        page = iframe.search(q, limit=100)
        cursor = page["pagination"]["next_cursor"]
        more = iframe.search(q, limit=100, cursor=cursor)
        ids = [each["prospect_id"] for each in page["data"] + more["data"]]
        assert len(set(ids)) == REVEALS
        search_id = page["search_id"]
        async with httpx2.AsyncClient(
            base_url=stack.base_url,
            headers=iframe.http.headers,
            limits=httpx2.Limits(max_connections=REVEALS),
            timeout=120,
        ) as client:
            answers = await asyncio.gather(*(reveal(client, search_id, each) for each in ids))
        statuses = [answer.status_code for answer in answers]
        assert (statuses.count(200), statuses.count(402)) == (CREDITS, REVEALS - CREDITS)
        for answer in answers:
            if answer.status_code == 402:
                assert answer.json()["reason"] == "insufficient_credits"
                assert answer.json()["available"] == 0
            else:
                assert answer.headers["x-net-new-billable-records"] == "1"
        ((balance,),) = iframe.rows(
            "select balance from wallets where partner_customer_id = :customer_id"
        )
        ((entries, revealed),) = iframe.rows(
            "select count(*), sum(record_reveals) from wallet_entries"
            " where partner_customer_id = :customer_id and kind = 'reveal'"
        )
        ((owned,),) = iframe.rows(
            "select count(*) from owned_records where partner_customer_id = :customer_id"
        )
        ((billed,),) = iframe.rows(
            "select sum(billable_records) from usage_entries where account_id = :account_id"
        )
    assert (balance, entries, revealed, owned, billed) == (0, CREDITS, CREDITS, CREDITS, CREDITS)


async def reveal(client: httpx2.AsyncClient, search_id: str, prospect_id: str) -> httpx2.Response:
    """Exports one record. An answer of 503 says that nothing was bought, and to try again."""
    asked = {"selection_mode": "selected", "prospect_ids": [prospect_id]}
    while True:
        answer = await client.post(f"/v1/prospecting/sessions/{search_id}/export", json=asked)
        if answer.status_code not in (429, 503):
            return answer
        await asyncio.sleep(int(answer.headers["retry-after"]))
