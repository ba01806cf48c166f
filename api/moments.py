"""How moments are written, by every door and in every payload."""

from datetime import UTC, datetime


def written(moment: datetime) -> str:
    """An aware moment as documented: ``2026-05-17T18:42:10.000Z``, in UTC, to the millisecond."""
    return (
        moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.") + f"{moment.microsecond // 1000:03d}Z"
    )
