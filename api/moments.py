"""How moments are written, by every door and in every payload, and how they are read."""

import re
from datetime import UTC, datetime

# RFC 3339, whose offset is not optional; Python reads much more.
_MOMENT = re.compile(
    r"\d{4}-\d{2}-\d{2}[Tt]\d{2}:\d{2}:\d{2}(\.\d{1,9})?([Zz]|[+-]\d{2}:\d{2})", re.ASCII
)


def read(text: str) -> datetime:
    """The moment, in UTC, that a text like ``2026-05-17T20:42:10.5+02:00`` names.

    Raises ``ValueError`` for other forms, for what is no moment, and for years that UTC has not
    (before 1 or after 9999); ``TypeError`` for what is no text.
    """
    if not _MOMENT.fullmatch(text):
        raise ValueError("no moment")
    try:
        return datetime.fromisoformat(text.upper()).astimezone(UTC)
    except OverflowError as error:
        raise ValueError("no moment") from error


def written(moment: datetime) -> str:
    """An aware moment as documented: ``2026-05-17T18:42:10.000Z``, in UTC, to the millisecond."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    )
