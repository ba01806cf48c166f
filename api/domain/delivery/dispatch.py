"""Sends what is due, many at a time, so that nobody waits for somebody else's slow receiver.

What is due comes from a source (webhook events, partner pushes), which claims rows by a lease and
records what came of them. The slots are divided: receivers that have failed lately share a few of
their own, and neither one endpoint nor one account can take all of the others.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from api.domain.delivery.sender import Outcome, Outgoing, Sender

Clock = Callable[[], datetime]
# While slow receivers are waited for, what has become due meanwhile is looked for this often.
_LOOK_EVERY_S = 0.25
# What ends within this time of each other is recorded, and its room filled, by one statement.
_GATHER_S = 0.005


@dataclass(frozen=True, slots=True)
class Slots:
    """How much is under way at the same time in one process."""

    healthy: int = 256
    failing: int = 32
    """For endpoints whose last attempt failed, beside the others."""
    per_account: int = 16
    per_endpoint: int = 8


SLOTS = Slots()


@dataclass(frozen=True, slots=True)
class Room:
    """What may be claimed now, and what is under way of accounts and endpoints already."""

    healthy: int
    failing: int
    per_account: int
    per_endpoint: int
    accounts: Mapping[UUID, int] = field(default_factory=dict)
    endpoints: Mapping[UUID, int] = field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class Claim:
    """A delivery that this process may send until its lease ends.

    ``outgoing`` is the prepared request, or the outcome where there is nothing to send.
    """

    delivery_id: UUID
    number: int
    """Counts the claims of a delivery: of two results the one of the later claim is valid."""
    step: int
    """Attempts of the schedule that were made before."""
    account_id: UUID
    endpoint_id: UUID
    failing: bool
    outgoing: Outgoing | Outcome


@dataclass(frozen=True, slots=True)
class Attempt:
    """A claim and what came of it."""

    claim: Claim
    at: datetime
    outcome: Outcome


class Source(Protocol):
    """Where due deliveries come from; each call is one transaction, none is open in between."""

    async def claim(self, room: Room, now: datetime) -> Sequence[Claim]:
        """Claims due deliveries as far as there is room."""

    async def record(self, attempts: Sequence[Attempt], now: datetime) -> None:
        """Records attempts: delivered, due again, or given up."""


def _utc_now() -> datetime:
    return datetime.now(UTC)


async def dispatch(
    source: Source, sender: Sender, *, clock: Clock = _utc_now, slots: Slots = SLOTS
) -> int:
    """Sends everything that is due, until nothing is due and nothing under way.

    The number of attempts. Raises what the source raises; what is under way then is sent again when
    its lease has ended, as it is when the process dies.
    """
    return await _Dispatch(source, sender, clock, slots).run()


class _Dispatch:
    """Two loops side by side: one claims and sends, one records what has ended meanwhile."""

    def __init__(self, source: Source, sender: Sender, clock: Clock, slots: Slots):
        self._source = source
        self._sender = sender
        self._clock = clock
        self._slots = slots
        self._under_way: set[asyncio.Task[None]] = set()
        self._failing = 0
        self._half = max(1, slots.healthy // 2)
        self._accounts: Counter[UUID] = Counter()
        self._endpoints: Counter[UUID] = Counter()
        self._ended: list[Attempt] = []
        self._recording = 0
        self._recorded = 0
        self._changed = asyncio.Event()
        self._any_ended = asyncio.Event()

    async def run(self) -> int:
        loops = {
            asyncio.create_task(self._claim_and_send()),
            asyncio.create_task(self._record()),
        }
        try:
            # The first ends when there is nothing left; the second only by an exception.
            done, _ = await asyncio.wait(loops, return_when=asyncio.FIRST_COMPLETED)
            for each in done:
                each.result()
            return self._recorded
        finally:
            left = [*loops, *self._under_way]
            for each in left:
                each.cancel()
            await asyncio.gather(*left, return_exceptions=True)

    async def _claim_and_send(self) -> None:
        slots = self._slots
        while True:
            self._changed.clear()
            unrecorded = len(self._ended) + self._recording
            # Few statements for many deliveries, and never all slots by one: while a half is sent,
            # the other is claimed.
            if self._free() < self._half or unrecorded > slots.healthy * 2:
                await self._changed.wait()
                continue
            claims = await self._source.claim(self._room(), self._clock())
            for claim in claims:
                self._count(claim, 1)
                self._under_way.add(asyncio.create_task(self._attempt(claim)))
            if claims:
                continue
            if not (self._under_way or self._ended or self._recording):
                return
            with suppress(TimeoutError):
                await asyncio.wait_for(self._changed.wait(), _LOOK_EVERY_S)
                await asyncio.sleep(_GATHER_S)

    async def _record(self) -> None:
        while True:
            await self._any_ended.wait()
            await asyncio.sleep(_GATHER_S)
            self._any_ended.clear()
            attempts, self._ended = self._ended, []
            self._recording = len(attempts)
            await self._source.record(attempts, self._clock())
            self._recorded += len(attempts)
            self._recording = 0
            self._changed.set()

    async def _attempt(self, claim: Claim) -> None:
        at = self._clock()
        outcome = claim.outgoing
        if isinstance(outcome, Outgoing):
            outcome = await self._sender.send(outcome)
        task = asyncio.current_task()
        assert task is not None  # noqa: S101 - it runs as one
        self._under_way.discard(task)
        self._count(claim, -1)
        self._ended.append(Attempt(claim, at, outcome))
        self._any_ended.set()
        self._changed.set()

    def _count(self, claim: Claim, by: int) -> None:
        self._failing += by * claim.failing
        self._accounts[claim.account_id] += by
        self._endpoints[claim.endpoint_id] += by

    def _free(self) -> int:
        return self._slots.healthy - (len(self._under_way) - self._failing)

    def _room(self) -> Room:
        slots = self._slots
        # Without those of which nothing is under way any more, which are in nobody's way.
        self._accounts, self._endpoints = +self._accounts, +self._endpoints
        return Room(
            healthy=min(self._free(), self._half),
            failing=slots.failing - self._failing,
            per_account=slots.per_account,
            per_endpoint=slots.per_endpoint,
            accounts=dict(self._accounts),
            endpoints=dict(self._endpoints),
        )
