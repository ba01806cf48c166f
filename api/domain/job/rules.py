"""The life of a job: its states, its limits, and what follows a failed attempt.

A job is ``queued``, then ``running`` under a lease, then ``succeeded`` or ``failed`` for good. One
moment, ``due_at``, says when a worker may claim it: at once when it is new, after a pause when an
attempt failed, when the lease ends while one is running, and never again when it has ended.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum


class JobStatus(StrEnum):
    """Documented as ``status``."""

    QUEUED = "queued"
    RUNNING = "running"
    SUCCEEDED = "succeeded"
    FAILED = "failed"


ENDED = frozenset({JobStatus.SUCCEEDED, JobStatus.FAILED})

RUN_LIMIT_S = 12.0
"""A search is over after at most 7 s (``Profile.INTERACTIVE``); the rest is for the books."""
LEASE = timedelta(seconds=20)
"""How long one attempt owns a job. Longer than it may run, so that a lost one is really lost."""
MAX_ATTEMPTS = 8
"""A search that fails again and again, or ends its worker each time, is given up."""
DEADLINE = timedelta(hours=1)
"""A job that nobody could run for so long is given up, however long the queue is."""
REPUBLISH_AFTER = timedelta(seconds=5)
"""A message that nobody acted upon for so long counts as lost, where the queue is short."""
_LONGEST_PAUSE_S = 60

GAVE_UP = "The search could not be run within its limits. Nothing was billed; queue it again later."


@dataclass(frozen=True, slots=True)
class Retry:
    """The job is queued again, and due at a moment."""

    due_at: datetime


@dataclass(frozen=True, slots=True)
class GiveUp:
    """The job has failed; ``error`` is a sentence for its caller."""

    error: str


def after_failure(
    attempt: int, created_at: datetime, now: datetime, *, reason: str, transient: bool
) -> Retry | GiveUp:
    """What follows the failure of an attempt (counted from 1), for a reason told to the caller.

    Pauses are 1, 2, 4, … up to 60 s: two minutes in all, in which an engine starts again.
    """
    if not transient:
        return GiveUp(reason)
    due_at = now + timedelta(seconds=min(2 ** (attempt - 1), _LONGEST_PAUSE_S))
    if attempt >= MAX_ATTEMPTS or due_at >= created_at + DEADLINE:
        return GiveUp(f"{reason} It was tried {attempt} times; nothing was billed.")
    return Retry(due_at)
