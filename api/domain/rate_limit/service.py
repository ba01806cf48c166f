"""Rate limits and quotas: taken before an operation runs, set right when its answer is known.

One account for all processes, in Redis. While Redis does not answer, each process grants a share of
every limit by itself (``STIBNITE_LIMITS_LOCAL_SHARE``), says so in the log once, and looks again
every second: callers neither wait nor are they let through without a limit.
"""

import ipaddress
import time
from collections import OrderedDict
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Self

import structlog
from redis.asyncio import Redis
from redis.exceptions import RedisError

from api.caller import Caller, Identity, Tier
from api.domain.rate_limit import queries
from api.domain.rate_limit.local import SUBJECTS_MAX, LocalAccount
from api.domain.rate_limit.rules import (
    EPSILON,
    Counted,
    Policy,
    Standing,
    read_policies,
    refusal,
    standing,
    wait_s,
)
from api.errors import DomainError, ErrorCode
from api.settings import Settings

ASK_AGAIN_AFTER_S = 1.0
"""So long after Redis failed to answer, it is asked again."""

_log = structlog.get_logger("rate_limit")


@dataclass(frozen=True, slots=True)
class Subject:
    """Whose account it is, and the policies for it."""

    name: str
    policies: tuple[Policy, ...]


@dataclass(slots=True)
class Grant:
    """What a request was granted; how each policy stands since."""

    subject: Subject
    cost: int
    standings: tuple[Standing, ...]
    is_local: bool = False

    def of(self, counted: Counted) -> Standing | None:
        """How the policy for this stands, if there is one."""
        return next((each for each in self.standings if each.policy.counts is counted), None)


@dataclass(frozen=True, slots=True)
class Subjects:
    """The policies of every kind of caller, as the settings have them."""

    tiers: Mapping[Tier, tuple[Policy, ...]]
    embed: tuple[Policy, ...]
    anonymous: tuple[Policy, ...]
    failed: tuple[Policy, ...]

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of the settings."""
        return cls(
            {
                Tier.TIER_1: read_policies(settings.limits_tier_1),
                Tier.TIER_2: read_policies(settings.limits_tier_2),
                Tier.TIER_3: read_policies(settings.limits_tier_3),
            },
            read_policies(settings.limits_embed),
            read_policies(settings.limits_anonymous),
            read_policies(settings.limits_failed_sign_in),
        )

    def caller(self, identity: Identity | None, address: str) -> Subject:
        """A key by its tier, a partner's customer by the embed key, everybody else by address."""
        if identity is None:
            return Subject(f"address:{network_of(address)}", self.anonymous)
        if isinstance(identity, Caller):
            return Subject(f"key:{identity.credential_id}", self.tiers[identity.tier])
        name = f"embed:{identity.embed_key_id}:{identity.partner_customer_id}"
        return Subject(name, self.embed)

    def failed_sign_in(self, address: str) -> Subject:
        """Those who send credentials that are none."""
        return Subject(f"failed:{network_of(address)}", self.failed)


def network_of(address: str) -> str:
    """What counts as one address: an IPv6 network of 64 bits is one customer's."""
    try:
        parsed = ipaddress.ip_address(address.partition("%")[0])
    except ValueError:
        return "unknown"
    if isinstance(parsed, ipaddress.IPv6Address):
        mapped = parsed.ipv4_mapped
        return str(mapped or ipaddress.ip_network((int(parsed) >> 64 << 64, 64)))
    return str(parsed)


class RateLimiter:
    """The accounts, as one process reaches them.

    ``clock`` gives microseconds, for tests; without it Redis' own clock counts, so that processes
    on machines whose clocks differ agree.
    """

    def __init__(
        self,
        redis: Redis,
        subjects: Subjects,
        local_share: float,
        clock: Callable[[], int] | None = None,
    ):
        self.subjects = subjects
        self._redis = redis
        self._local = LocalAccount(local_share)
        self._clock = clock
        self._away_until_s = 0.0
        self._is_away = False
        # Who has no request left, until when: asking again changes nothing.
        self._exhausted: OrderedDict[str, float] = OrderedDict()

    async def take(self, subject: Subject, cost: int, *, shows_records: bool = True) -> Grant:
        """Takes one request and its cost in points.

        One that shows no records is granted however many were shown before. Raises
        ``rate_limited`` where a policy has too little left, and ``query_too_complex`` where the
        cost is more than a whole quota.
        """
        if not subject.policies:
            return Grant(subject, cost, ())
        self._refuse_impossible(subject, cost)
        self.refuse_exhausted(subject)
        policies, is_local = subject.policies, False
        amounts = _amounts(policies, cost, shows_records=shows_records)
        done = await self._shared(
            lambda: queries.take(self._redis, subject.name, policies, amounts, self._now_us())
        )
        if done is None:
            policies, is_local = self._local.policies(policies), True
            # One that costs more than the share would never be granted: it takes all of it.
            amounts = [
                min(each.quota, cost if each.counts is Counted.COST else 1) for each in policies
            ]
            done = self._local.take(subject.name, policies, amounts, self._seconds())
        fits, used = done
        if not fits:
            if not is_local:
                self._note_exhausted(subject, policies, used)
            raise refusal(self._waits(policies, used, amounts))
        standings = tuple(
            self._standing(policy, each) for policy, each in zip(policies, used, strict=True)
        )
        return Grant(subject, cost, standings, is_local)

    async def settle(self, grant: Grant, cost: int, records: Collection[str] = ()) -> None:
        """Sets the cost right, and notes the records that were shown."""
        policies = grant.subject.policies
        change = cost - grant.cost
        noted = records if any(each.counts is Counted.RECORDS for each in policies) else ()
        if not policies or not (change or noted):
            return
        if grant.is_local:
            self._update(grant, self._local.settle(grant.subject.name, change), None)
            return
        done = await self._shared(
            lambda: queries.settle(
                self._redis, grant.subject.name, policies, change, noted, self._now_us()
            )
        )
        if done is not None:
            self._update(grant, *done)

    def refuse_exhausted(self, subject: Subject) -> None:
        """Raises ``rate_limited`` for a subject that is known to have no request left."""
        until = self._exhausted.get(subject.name)
        if until is None:
            return
        left = until - self._seconds()
        if left <= 0:
            del self._exhausted[subject.name]
            return
        raise refusal({Counted.REQUESTS: int(-(-left // 1))})

    @staticmethod
    def _refuse_impossible(subject: Subject, cost: int) -> None:
        for policy in subject.policies:
            if policy.counts is Counted.COST and cost > policy.quota:
                raise DomainError(
                    ErrorCode.QUERY_TOO_COMPLEX,
                    f"This operation may cost {cost:,} points, and your limit is {policy.quota:,}"
                    f" in {policy.window_s} s. Ask for smaller pages.",
                )

    def _waits(
        self, policies: Sequence[Policy], used: Sequence[float], amounts: Sequence[int]
    ) -> dict[Counted, int]:
        waits: dict[Counted, int] = {}
        for policy, had, amount in zip(policies, used, amounts, strict=True):
            if not amount or had + amount <= policy.quota + EPSILON:
                continue
            if policy.counts is Counted.RECORDS:
                waits[policy.counts] = queries.records_window_left_s(policy, self._now_us())
                continue
            waits[policy.counts] = max(1, wait_s(policy, had, amount))
        return waits

    def _note_exhausted(
        self, subject: Subject, policies: Sequence[Policy], used: Sequence[float]
    ) -> None:
        for policy, had in zip(policies, used, strict=True):
            missing = had + 1 - policy.quota
            if policy.counts is Counted.REQUESTS and missing > EPSILON:
                wait = missing * policy.window_s / policy.quota
                self._exhausted[subject.name] = self._seconds() + wait
                if len(self._exhausted) > SUBJECTS_MAX:
                    self._exhausted.popitem(last=False)

    def _standing(self, policy: Policy, used: float) -> Standing:
        if policy.counts is Counted.RECORDS:
            left_s = queries.records_window_left_s(policy, self._now_us())
            return Standing(policy, max(0, policy.quota - int(used)), left_s)
        return standing(policy, used)

    def _update(self, grant: Grant, cost: float, records: int | None) -> None:
        known = {Counted.COST: cost, Counted.RECORDS: records}
        grant.standings = tuple(
            each
            if known.get(each.policy.counts) is None
            else self._standing(each.policy, known[each.policy.counts] or 0)
            for each in grant.standings
        )

    async def _shared[T](self, ask: Callable[[], Awaitable[T]]) -> T | None:
        """What Redis answers, or ``None`` while it does not."""
        if time.monotonic() < self._away_until_s:
            return None
        try:
            answer = await ask()
        except (RedisError, OSError, TimeoutError) as error:
            self._away_until_s = time.monotonic() + ASK_AGAIN_AFTER_S
            if not self._is_away:
                self._is_away = True
                _log.warning(
                    "limits are kept by each process alone while redis is away",
                    reason=type(error).__name__,
                )
            return None
        if self._is_away:
            self._is_away = False
            _log.warning("limits are shared by all processes again")
        return answer

    def _now_us(self) -> int | None:
        return None if self._clock is None else self._clock()

    def _seconds(self) -> float:
        return time.monotonic() if self._clock is None else self._clock() / 1_000_000


def _amounts(policies: Sequence[Policy], cost: int, *, shows_records: bool) -> list[int]:
    amounts = {Counted.REQUESTS: 1, Counted.COST: cost, Counted.RECORDS: int(shows_records)}
    return [amounts[each.counts] for each in policies]
