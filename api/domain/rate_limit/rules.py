"""Policies: how much of what, in how long. Arithmetic without a clock or a store of its own."""

import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from functools import lru_cache
from typing import NamedTuple

from api.errors import DomainError, ErrorCode

MAX_QUOTA = 10**12
MAX_WINDOW_S = 31 * 86_400
# Sums of fractions are off by less, and no limit means anything so small.
EPSILON = 1e-6
_POLICY = re.compile(r"(requests|cost|records)=(\d{1,13})/(\d{1,7})")


class Counted(StrEnum):
    """What a policy counts."""

    REQUESTS = "requests"
    """Requests, whatever they ask for."""
    COST = "cost"
    """Points (``graph.cost``): taken as estimated, given back as far as the answer cost less."""
    RECORDS = "records"
    """Different records shown, by an estimate that is off by one percent."""


class Policy(NamedTuple):
    """At most ``quota`` in ``window_s`` seconds.

    Requests and cost flow back evenly: after a standstill the whole quota can be had at once, and
    after that as much as has flown back. Records count from one multiple of the window to the next.
    """

    counts: Counted
    quota: int
    window_s: int


@dataclass(frozen=True, slots=True)
class Standing:
    """How a policy stands: what is left of it, and in how many seconds there is more."""

    policy: Policy
    remaining: int
    more_in_s: int


@lru_cache(maxsize=64)
def read_policies(text: str) -> tuple[Policy, ...]:
    """The policies of a setting; none for ``off``.

    Raises ``ValueError`` where something is counted twice, or a number is out of bounds.
    """
    policies = tuple(
        Policy(Counted(counts), int(quota), int(window))
        for counts, quota, window in _POLICY.findall(text)
    )
    if len({each.counts for each in policies}) < len(policies):
        raise ValueError("each of requests, cost and records may be limited once")
    for each in policies:
        if not 1 <= each.quota <= MAX_QUOTA or not 1 <= each.window_s <= MAX_WINDOW_S:
            raise ValueError("quotas begin at 1, and windows are 1 second to 31 days")
    return policies


def text_fault(text: str) -> str | None:
    """What is wrong with a setting of limits, if anything."""
    if text != "off" and not all(_POLICY.fullmatch(each) for each in text.split(" ")):
        return "write limits as requests=1200/60 cost=300000/60 records=250000/86400, or off"
    try:
        read_policies(text)
    except ValueError as error:
        return str(error)
    return None


def leaked(used: float, seconds: float, policy: Policy) -> float:
    """What is used up after so many seconds in which some flew back."""
    return max(0.0, used - max(0.0, seconds) * policy.quota / policy.window_s)


def standing(policy: Policy, used: float) -> Standing:
    """How a policy stands of which so much is used up."""
    remaining = max(0, math.floor(policy.quota - used + EPSILON))
    return Standing(policy, remaining, wait_s(policy, used, remaining + 1))


def wait_s(policy: Policy, used: float, amount: int) -> int:
    """Whole seconds until ``amount`` can be had; 0 where it can now."""
    missing = min(used, used + amount - policy.quota)
    return max(0, math.ceil(missing * policy.window_s / policy.quota - EPSILON))


def refusal(waits: Mapping[Counted, int]) -> DomainError:
    """The failure of a request for which some policies have too little left, and when they will."""
    seconds = max(1, *waits.values())
    return DomainError(
        ErrorCode.RATE_LIMITED,
        f"The limit of {' and '.join(waits)} is reached. Try again in {seconds} s.",
        retry_after_s=seconds,
        violated=tuple(waits),
    )
