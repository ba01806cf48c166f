"""When an endpoint is disabled: it says that it is gone, or everything has failed for long."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from api.domain.delivery.sender import Outcome, SendError
from api.domain.webhook.rules import DisabledReason

DISABLED_AFTER = timedelta(days=5)
"""This long without one success while attempts were being made."""
# Longer than the longest wait between two attempts: a failure after such a silence says nothing
# about the time in between.
SILENCE = timedelta(days=2)
_GONE = 410


@dataclass(frozen=True, slots=True)
class Health:
    """The first and the last failure since the last success, where there is any."""

    failing_since: datetime | None = None
    last_failure_at: datetime | None = None

    def after(self, outcome: Outcome, at: datetime) -> tuple["Health", DisabledReason | None]:
        """The record with one more outcome, and whether the endpoint is to be disabled for it."""
        if outcome.accepted:
            return Health(), None
        if outcome.error is SendError.SECRET_UNREADABLE:
            # A fault of this installation, not of the receiver.
            return self, None
        last = self.last_failure_at
        silent = last is None or at - last > SILENCE
        since = at if silent or self.failing_since is None else min(self.failing_since, at)
        health = Health(since, at if last is None else max(last, at))
        if outcome.status == _GONE:
            return health, DisabledReason.GONE
        if at - since >= DISABLED_AFTER:
            return health, DisabledReason.FAILING
        return health, None
