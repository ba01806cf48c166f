"""Deliveries of pushes to partners' receivers: at least once, under one id, of what was bought."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta

import orjson
import structlog

from api.domain.delivery.dispatch import Attempt, Claim, Room
from api.domain.delivery.schedule import wait_after
from api.domain.delivery.sender import Outcome, Outgoing, SendError
from api.domain.prospecting import pushes_due
from api.domain.prospecting.pushes_due import ClaimedPush, PushStatus, Settled
from api.domain.webhook.signing import signature_headers
from api.sealing import Sealer, SealError
from api.stores.postgres import Postgres

LEASE = timedelta(seconds=60)
"""A claim is void after this; reading and sending take less."""
EVENT = "prospecting.records.pushed"
USER_AGENT = "stibnite-prospecting/1.0"

_log = structlog.get_logger("prospecting")


class PushSource:
    """A :class:`api.domain.delivery.dispatch.Source` of the pushes in Postgres."""

    def __init__(
        self, postgres: Postgres, sealer: Sealer, *, chance: Callable[[], float] = random.random
    ):
        self._postgres = postgres
        self._sealer = sealer
        self._chance = chance

    async def claim(self, room: Room, now: datetime) -> list[Claim]:
        """Claims due pushes and prepares their requests.

        Those that have nowhere to go any more are cancelled on the way.
        """
        rows = await pushes_due.claim(self._postgres, room, now=now, lease_until=now + LEASE)
        stray = [row for row in rows if row.url is None]
        if stray:
            await pushes_due.cancel(self._postgres, stray)
        return [await self.prepared(row, now) for row in rows if row.url is not None]

    async def prepared(self, row: ClaimedPush, now: datetime) -> Claim:
        """The request of a claimed push that has somewhere to go."""
        return Claim(
            delivery_id=row.purchase_id,
            number=row.claims,
            step=row.step,
            account_id=row.account_id,
            endpoint_id=row.partner_customer_id,
            failing=row.step > 0,
            outgoing=await self._outgoing(row, now),
        )

    async def record(self, attempts: Sequence[Attempt], now: datetime) -> None:
        """Records what came of attempts: delivered, due again, or given up."""
        await pushes_due.record(
            self._postgres, [(each, self._settled(each, now)) for each in attempts]
        )

    async def _outgoing(self, row: ClaimedPush, now: datetime) -> Outgoing | Outcome:
        assert row.url is not None  # noqa: S101 - the caller has looked
        body = await _body(self._postgres, row)
        identifier = str(row.purchase_id)
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "stibnite-event-type": EVENT,
            "stibnite-search-id": str(row.session_id),
            "webhook-id": identifier,
        }
        if row.secret is None:
            return Outgoing(row.url, headers, body)
        sealed = [row.secret]
        until = row.previous_secret_until
        if row.previous_secret is not None and until is not None and now < until:
            sealed.append(row.previous_secret)
        try:
            secrets = [self._sealer.open(each) for each in sealed]
        except SealError as error:
            _log.error("a push cannot be signed", reason=str(error))
            return Outcome(None, SendError.SECRET_UNREADABLE, 0)
        signed = signature_headers(
            secrets, event_id=identifier, timestamp=int(now.timestamp()), body=body
        )
        return Outgoing(row.url, headers | signed, body)

    def _settled(self, attempt: Attempt, now: datetime) -> Settled:
        outcome, step = attempt.outcome, attempt.claim.step + 1
        if outcome.accepted:
            return Settled(PushStatus.DELIVERED, step, None)
        wait = wait_after(step, chance=self._chance(), retry_after=outcome.retry_after)
        if wait is None:
            return Settled(PushStatus.EXHAUSTED, step, None)
        return Settled(PushStatus.PENDING, step, now + wait)


async def _body(postgres: Postgres, row: ClaimedPush) -> bytes:
    """The documented payload. Records are put in as they are stored: none is taken apart."""
    stored = await pushes_due.stored_records(postgres, row)
    head = orjson.dumps(
        {
            "event": EVENT,
            "search_id": str(row.session_id),
            "partner_customer_id": str(row.partner_customer_id),
            "partner_user_id": row.user_id,
            "selection": {
                "mode": row.selection_mode,
                "prospect_ids": [] if row.selection_mode == "all_results" else row.prospect_ids,
                "filters": row.filters,
                "total_records": len(row.person_ids),
            },
            "pushed_records": len(row.person_ids),
            "net_new_billable_records": row.net_new_records,
            "already_purchased_records": len(row.person_ids) - row.net_new_records,
        }
    )
    data = ",".join(
        f'{{"prospect_id":{orjson.dumps(name).decode()},{stored[person_id][1:-1]}'
        ',"reveal_state":"purchased"}'
        for person_id, name in zip(row.person_ids, row.prospect_ids, strict=True)
    )
    return head[:-1] + b',"data":[' + data.encode() + b"]}"
