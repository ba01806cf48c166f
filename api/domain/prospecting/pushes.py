"""Pushes: records bought and delivered to the partner's receiver, now or by retries."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.delivery.dispatch import Attempt, Slots, dispatch
from api.domain.delivery.sender import Outcome, Outgoing, Sender
from api.domain.prospecting import pushes_due
from api.domain.prospecting.purchases import buy
from api.domain.prospecting.push_source import LEASE, PushSource
from api.domain.prospecting.records import Action, Purchase, SelectionMode
from api.domain.prospecting.selection import checked_selection
from api.domain.prospecting.sessions import customer_of, opened
from api.errors import DomainError, ErrorCode
from api.work import Stores, Work

FIRST_ATTEMPT_S = 6.0
"""The first attempt is made while somebody waits for it; who is slower gets it by a retry."""
SLOTS = Slots(healthy=8, failing=4, per_account=4, per_endpoint=4)
"""Few at a time, since a push may have megabytes."""


_log = structlog.get_logger("prospecting")


@dataclass(frozen=True, slots=True)
class PushedSelection:
    """The choice that was pushed; ids only where they were named."""

    mode: SelectionMode
    prospect_ids: list[str]


@dataclass(frozen=True, slots=True)
class Pushed:
    """What came of a push.

    ``delivery_status`` is the receiver's HTTP status, absent where it gave none.
    """

    delivered: bool
    delivery_status: int | None
    search_id: UUID
    partner_customer_id: UUID
    selection: PushedSelection
    pushed_records: int
    net_new_billable_records: int
    already_purchased_records: int


async def push(
    work: Work,
    search_id: str,
    mode: SelectionMode,
    prospect_ids: Sequence[str] | None,
    filters: Mapping[str, Any] | None,
    *,
    now: datetime | None = None,
) -> Pushed:
    """Buys what of a selection is net new, and posts all of it to the partner's receiver.

    The purchase is committed first. Where the receiver does not accept, the push is delivered later
    on the schedule of webhooks, under the same id, and nothing is billed again. Raises
    ``conflict`` where nobody configured where to push to, ``not_found``, and as
    :func:`api.domain.prospecting.purchases.buy` does.
    """
    embed, stores, now = work.embed, work.stores, now or datetime.now(UTC)
    session = await opened(work, search_id, now=now)
    selection = checked_selection(mode, prospect_ids, filters)
    customer = await customer_of(work)
    if customer.result_delivery_url is None:
        raise DomainError(
            ErrorCode.CONFLICT,
            "There is nowhere to push to: the partner has to set this customer's"
            " result_delivery_url.",
        )

    async def add_push(connection: AsyncConnection, purchase: Purchase) -> None:
        await pushes_due.add(connection, purchase, claims=1, due_at=now + LEASE)

    purchase = await buy(work, session, selection, Action.PUSH, also=add_push, now=now)
    if work.request_key is not None and work.request_key.replayed:
        code = await pushes_due.answered(stores.postgres, purchase.id, now)
    else:
        outcome = await _first_attempt(stores, purchase.id)
        code = None if outcome is None else outcome.status
        if work.request_key is not None:
            await pushes_due.keep_answer(stores.postgres, purchase.id, code)
    named = mode is not SelectionMode.ALL_RESULTS
    return Pushed(
        delivered=code is not None and 200 <= code < 300,
        delivery_status=code,
        search_id=session.id,
        partner_customer_id=embed.partner_customer_id,
        selection=PushedSelection(mode, purchase.prospect_ids if named else []),
        pushed_records=len(purchase.person_ids),
        net_new_billable_records=purchase.net_new,
        already_purchased_records=purchase.already_owned,
    )


async def _first_attempt(stores: Stores, purchase_id: UUID) -> Outcome | None:
    """The outcome of sending a push that its purchase has claimed; ``None`` where it was not
    sent.

    Recorded before it is told. Whatever fails here is tried again when the lease ends, and bought
    all the same: so nothing is raised.
    """
    try:
        return await _attempted(stores, purchase_id)
    except DomainError as failure:
        _log.warning("a push is left to the sweep", code=failure.code)
        return None


async def _attempted(stores: Stores, purchase_id: UUID) -> Outcome | None:
    source = PushSource(stores.postgres, stores.sealer)
    (row,) = await pushes_due.claimed(stores.postgres, [purchase_id])
    if row.url is None:
        await pushes_due.cancel(stores.postgres, [row])
        return None
    at = datetime.now(UTC)
    claim = await source.prepared(row, at)
    outcome = claim.outgoing
    if isinstance(outcome, Outgoing):
        async with Sender(insecure=stores.insecure_delivery, total=FIRST_ATTEMPT_S) as sender:
            outcome = await sender.send(outcome)
    await source.record([Attempt(claim, at, outcome)], datetime.now(UTC))
    return outcome


async def deliver_due(stores: Stores) -> None:
    """Sends every push that is due; several processes may, each takes its own."""
    async with Sender(insecure=stores.insecure_delivery) as sender:
        await dispatch(PushSource(stores.postgres, stores.sealer), sender, slots=SLOTS)
