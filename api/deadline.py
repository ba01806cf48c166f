"""How long the running request may still take; whoever asks a store derives its limit from it.

Set once at the entrance, it is known to every task that the request starts. Work that nobody waits
for, as that of the worker, has none.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

from api.errors import DomainError, ErrorCode

# What is left for sending the answer, when a store has used up what it was given.
ANSWER_S = 0.25


class Deadline:
    """The moment at which a request is over."""

    __slots__ = ("ends_at",)

    def __init__(self, seconds: float):
        self.ends_at = time.monotonic() + seconds

    def extend(self, seconds: float) -> None:
        """So many seconds from now, in place of what was left."""
        self.ends_at = time.monotonic() + seconds


_deadline: ContextVar[Deadline | None] = ContextVar("deadline", default=None)


@contextmanager
def within(seconds: float) -> Iterator[Deadline]:
    """What runs in the block, and every task that it starts, has so many seconds."""
    token = _deadline.set(made := Deadline(seconds))
    try:
        yield made
    finally:
        _deadline.reset(token)


def store_seconds(most: float) -> float:
    """The seconds that a store may take: less than is left of the request, and ``most`` at most.

    Raises ``unavailable`` where nothing is left.
    """
    deadline = _deadline.get()
    if deadline is None:
        return most
    left = deadline.ends_at - time.monotonic() - ANSWER_S
    if left <= 0:
        raise too_late()
    return min(most, left)


def too_late() -> DomainError:
    """The failure of a request that took longer than it may."""
    return DomainError(
        ErrorCode.UNAVAILABLE, "This took too long and was ended. Try again, or ask less broadly."
    )
