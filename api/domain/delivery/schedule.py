"""When a delivery that was not accepted is tried again. Time is an argument; nothing waits here."""

from datetime import UTC, datetime, timedelta
from email.utils import parsedate_to_datetime

SCHEDULE = tuple(
    timedelta(seconds=seconds)
    for seconds in (0, 5, 300, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400)
)
"""The wait before each attempt: at once, 5 s, 5 min, 30 min, 2 h, 5 h, 10 h, 14 h, 20 h, 24 h."""
JITTER = 0.1
"""Waits are up to this share longer, so that what failed together does not come back together."""
LONGEST_RETRY_AFTER = timedelta(hours=24)


def wait_after(step: int, *, chance: float, retry_after: timedelta | None) -> timedelta | None:
    """The wait after ``step`` attempts (1 or more) of which none was accepted; ``None``: no more.

    ``chance`` (0 to 1, drawn by the caller) chooses the jitter. What a receiver asks for by
    ``Retry-After`` is kept to where it is longer, up to 24 hours.
    """
    if step >= len(SCHEDULE):
        return None
    wait = SCHEDULE[step] * (1 + JITTER * chance)
    return max(wait, min(retry_after or wait, LONGEST_RETRY_AFTER))


def retry_after_of(header: str | None, now: datetime) -> timedelta | None:
    """What a ``Retry-After`` header asks for, as seconds or as a date; ``None`` for nonsense."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit():
        return min(timedelta(seconds=int(text[:9])), LONGEST_RETRY_AFTER)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return None
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(moment - now, timedelta()) or None
