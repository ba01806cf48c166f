"""Sends what is due, many at a time, so that nobody waits for somebody else's slow receiver.

What is due comes from a source (webhook events, partner pushes), which claims rows by a lease and
records what came of them. The slots are divided: receivers that have failed lately share a few of
their own, and neither one endpoint nor one account can take all of the others.
"""

import asyncio
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Protocol
from uuid import UUID

from api.domain.delivery.sender import Outcome, Outgoing, Sender

Clock = Callable[[], datetime]
# While slow receivers are waited for, what has become due meanwhile is looked for this often.
_LOOK_EVERY_S = 0.25


@dataclass(frozen=True, slots=True)
class Slots:
    """How much is under way at the same time in one process."""

    healthy: int = 64
    failing: int = 16
    """For endpoints whose last attempt failed, beside the others."""
    per_account: int = 16
    per_endpoint: int = 8


SLOTS = Slots()


@dataclass(frozen=True, slots=True)
class Room:
    """What may be claimed now."""

    healthy: int
    failing: int
    per_account: int
    per_endpoint: int
    full_accounts: list[UUID]
    full_endpoints: list[UUID]


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
    def __init__(self, source: Source, sender: Sender, clock: Clock, slots: Slots):
        self._source = source
        self._sender = sender
        self._clock = clock
        self._slots = slots
        self._under_way: dict[asyncio.Task[Attempt], Claim] = {}

    async def run(self) -> int:
        attempts = 0
        try:
            while True:
                for claim in await self._source.claim(self._room(), self._clock()):
                    self._under_way[asyncio.create_task(self._attempt(claim))] = claim
                if not self._under_way:
                    return attempts
                # One transaction records all that have ended while the last one was written.
                ended, _ = await asyncio.wait(
                    self._under_way, timeout=_LOOK_EVERY_S, return_when=asyncio.FIRST_COMPLETED
                )
                if ended:
                    await self._source.record([each.result() for each in ended], self._clock())
                    attempts += len(ended)
                for task in ended:
                    del self._under_way[task]
        finally:
            for task in self._under_way:
                task.cancel()

    async def _attempt(self, claim: Claim) -> Attempt:
        at = self._clock()
        if isinstance(claim.outgoing, Outcome):
            return Attempt(claim, at, claim.outgoing)
        return Attempt(claim, at, await self._sender.send(claim.outgoing))

    def _room(self) -> Room:
        claims, slots = self._under_way.values(), self._slots
        failing = sum(claim.failing for claim in claims)
        accounts = Counter(claim.account_id for claim in claims)
        endpoints = Counter(claim.endpoint_id for claim in claims)
        # A claim may take half of what one of them may have, so those with less than that are open.
        half_account, half_endpoint = -(-slots.per_account // 2), -(-slots.per_endpoint // 2)
        return Room(
            healthy=slots.healthy - (len(claims) - failing),
            failing=slots.failing - failing,
            per_account=half_account,
            per_endpoint=half_endpoint,
            full_accounts=[
                key for key, n in accounts.items() if n > slots.per_account - half_account
            ],
            full_endpoints=[
                key for key, n in endpoints.items() if n > slots.per_endpoint - half_endpoint
            ],
        )
