"""The account that a process keeps by itself while Redis does not answer."""

from collections import OrderedDict
from collections.abc import Sequence

from api.domain.rate_limit.rules import EPSILON, Counted, Policy, leaked

SUBJECTS_MAX = 10_000


class LocalAccount:
    """What was used, by subject, in this process; of records nothing is known.

    Each process grants a ``share`` (more than 0, at most 1) of every quota, so that all of them
    together grant about as much as they do with Redis.
    """

    def __init__(self, share: float):
        self._share = share
        self._used: OrderedDict[str, tuple[float, dict[Counted, float]]] = OrderedDict()

    def policies(self, of: Sequence[Policy]) -> tuple[Policy, ...]:
        """The share of the policies that this process grants; of each 1 at least."""
        return tuple(
            each._replace(quota=max(1, int(each.quota * self._share)))
            for each in of
            if each.counts is not Counted.RECORDS
        )

    def take(
        self, subject: str, shares: Sequence[Policy], amounts: Sequence[int], now_s: float
    ) -> tuple[bool, list[float]]:
        """As the shared account's: takes all or nothing, and gives what is used up of each."""
        at, had = self._used.get(subject, (now_s, {}))
        used = [leaked(had.get(each.counts, 0.0), now_s - at, each) for each in shares]
        fits = all(
            not amount or before + amount <= policy.quota + EPSILON
            for policy, before, amount in zip(shares, used, amounts, strict=True)
        )
        if fits:
            used = [before + amount for before, amount in zip(used, amounts, strict=True)]
        self._used[subject] = (
            now_s,
            {policy.counts: each for policy, each in zip(shares, used, strict=True)},
        )
        self._used.move_to_end(subject)
        if len(self._used) > SUBJECTS_MAX:
            self._used.popitem(last=False)
        return fits, used

    def settle(self, subject: str, cost: int) -> float:
        """Adds to the cost (less than 0: gives back); what is used up."""
        _, had = self._used.get(subject, (0.0, {}))
        if Counted.COST not in had:
            return 0.0
        had[Counted.COST] = max(0.0, had[Counted.COST] + cost)
        return had[Counted.COST]
