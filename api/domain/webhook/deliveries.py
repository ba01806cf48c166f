"""Deliveries of webhook events: at least once, with one id, signed anew for each attempt."""

import random
from collections.abc import Callable, Sequence
from datetime import datetime, timedelta
from uuid import UUID

import structlog
from sqlalchemy.ext.asyncio import AsyncConnection

from api.domain.delivery.dispatch import Attempt, Claim, Room
from api.domain.delivery.schedule import wait_after
from api.domain.delivery.sender import Outcome, Outgoing, SendError
from api.domain.webhook import due, queries
from api.domain.webhook.due import ClaimedRow, Settled
from api.domain.webhook.health import Health
from api.domain.webhook.rules import DeliveryStatus, DisabledReason, EndpointStatus
from api.domain.webhook.signing import signature_headers
from api.sealing import Sealer, SealError
from api.stores.postgres import Postgres

LEASE = timedelta(seconds=60)
"""A claim is void after this; sending takes 15 s at most."""
USER_AGENT = "stibnite-webhooks/1.0"
# Opened secrets that are kept for the claims to come: opening one takes as long as signing ten.
_OPENED_MOST = 1_000

_log = structlog.get_logger("webhooks")


class WebhookSource:
    """A :class:`api.domain.delivery.dispatch.Source` of the deliveries in Postgres."""

    def __init__(
        self,
        postgres: Postgres,
        sealer: Sealer,
        *,
        chance: Callable[[], float] = random.random,
    ):
        self._postgres = postgres
        self._sealer = sealer
        self._chance = chance
        self._opened: dict[bytes, str | None] = {}

    async def claim(self, room: Room, now: datetime) -> list[Claim]:
        """Claims due deliveries and prepares their requests, signed as of ``now``.

        Those whose endpoint is not active any more are cancelled on the way.
        """
        rows = await due.claim(self._postgres, room, now=now, lease_until=now + LEASE)
        stray = [row for row in rows if not _is_active(row)]
        if stray:
            await due.cancel_claims(self._postgres, stray)
        if len(self._opened) > _OPENED_MOST:
            self._opened.clear()
        return [self._prepared(row, now) for row in rows if _is_active(row)]

    async def record(self, attempts: Sequence[Attempt], now: datetime) -> None:
        """Logs attempts, moves their deliveries on, and keeps the record of their endpoints."""
        settled = [self._settled(each, now) for each in attempts]
        if all(each.outcome.accepted for each in attempts):
            # Nothing to judge, as a rule: one statement by itself.
            if await due.record(self._postgres.fetch, attempts, settled):
                async with self._postgres.transaction() as connection:
                    await self._judge(connection, attempts)
            return
        async with self._postgres.transaction() as connection:
            disabled = await self._judge(connection, attempts)
            await due.record(connection.execute, attempts, settled)
            if disabled:
                await queries.cancel_deliveries(connection, sorted(disabled))
        for endpoint_id, reason in disabled.items():
            _log.warning("endpoint disabled", endpoint_id=str(endpoint_id), reason=reason)

    async def _judge(
        self, connection: AsyncConnection, attempts: Sequence[Attempt]
    ) -> dict[UUID, DisabledReason]:
        """Locks the endpoints of attempts and keeps their record; those that it disables."""
        keys = {each.claim.endpoint_id for each in attempts}
        endpoints = await due.lock_endpoints(connection, keys)
        active = {
            key: health
            for key, (status, health) in endpoints.items()
            if status is EndpointStatus.ACTIVE
        }
        changed = _judged(active, attempts)
        if changed:
            await due.update_health(connection, changed)
        return {key: reason for key, (_, reason) in changed.items() if reason}

    def _prepared(self, row: ClaimedRow, now: datetime) -> Claim:
        return Claim(
            delivery_id=row.delivery_id,
            number=row.number,
            step=row.step,
            account_id=row.account_id,
            endpoint_id=row.endpoint_id,
            failing=row.failing,
            outgoing=self._outgoing(row, now),
        )

    def _outgoing(self, row: ClaimedRow, now: datetime) -> Outgoing | Outcome:
        secrets = []
        for sealed in _sealed(row, now):
            if sealed not in self._opened:
                self._opened[sealed] = self._open(sealed)
            secret = self._opened[sealed]
            if secret is None:
                return Outcome(None, SendError.SECRET_UNREADABLE, 0)
            secrets.append(secret)
        body = row.payload.encode()
        signed = signature_headers(
            secrets, event_id=row.event_id, timestamp=int(now.timestamp()), body=body
        )
        headers = {
            "content-type": "application/json",
            "user-agent": USER_AGENT,
            "stibnite-event-type": row.event_type,
            **signed,
        }
        return Outgoing(row.url, headers, body)

    def _open(self, sealed: bytes) -> str | None:
        try:
            return self._sealer.open(sealed)
        except SealError as error:
            _log.error("deliveries cannot be signed", reason=str(error))
            return None

    def _settled(self, attempt: Attempt, now: datetime) -> Settled:
        outcome, step = attempt.outcome, attempt.claim.step + 1
        status, at = DeliveryStatus.DELIVERED, None
        if not outcome.accepted:
            wait = wait_after(step, chance=self._chance(), retry_after=outcome.retry_after)
            at = None if wait is None else now + wait
            status = DeliveryStatus.EXHAUSTED if wait is None else DeliveryStatus.PENDING
        return Settled(status, step, at)


def _is_active(row: ClaimedRow) -> bool:
    return row.endpoint_status == EndpointStatus.ACTIVE


def _sealed(row: ClaimedRow, now: datetime) -> list[bytes]:
    """The secrets that sign, the newest first."""
    found = [] if row.secret is None else [row.secret]
    until = row.previous_secret_until
    if row.previous_secret is not None and until is not None and now < until:
        found.append(row.previous_secret)
    return found


def _judged(
    endpoints: dict[UUID, Health], attempts: Sequence[Attempt]
) -> dict[UUID, tuple[Health, DisabledReason | None]]:
    """The records that change, and why an endpoint is to be disabled, where it is."""
    changed: dict[UUID, tuple[Health, DisabledReason | None]] = {}
    for attempt in sorted(attempts, key=lambda each: each.at):
        key = attempt.claim.endpoint_id
        before = endpoints.get(key)
        if before is None:
            continue
        health, reason = changed.get(key, (before, None))
        if reason is None:
            changed[key] = health.after(attempt.outcome, attempt.at)
    return {key: new for key, new in changed.items() if new != (endpoints[key], None)}
