"""When a delivery is tried again."""

from datetime import UTC, datetime, timedelta

import pytest

from api.domain.delivery.schedule import SCHEDULE, retry_after_of, wait_after

NOW = datetime(2030, 1, 1, tzinfo=UTC)


def test_the_schedule_is_that_of_standard_webhooks() -> None:
    assert len(SCHEDULE) == 10
    assert sum(SCHEDULE, timedelta()) == timedelta(hours=75, minutes=35, seconds=5)


@pytest.mark.parametrize("step", range(1, 10))
def test_waits_are_never_shorter_and_a_tenth_longer_at_most(step: int) -> None:
    assert wait_after(step, chance=0, retry_after=None) == SCHEDULE[step]
    assert wait_after(step, chance=1, retry_after=None) == SCHEDULE[step] * 1.1


@pytest.mark.parametrize("step", [10, 11])
def test_after_ten_attempts_there_is_no_other(step: int) -> None:
    assert wait_after(step, chance=0, retry_after=timedelta(hours=1)) is None


def test_what_a_receiver_asks_for_is_kept_to_within_a_day() -> None:
    minute = timedelta(minutes=1)
    assert wait_after(1, chance=1, retry_after=minute) == minute
    assert wait_after(2, chance=0, retry_after=minute) == SCHEDULE[2]
    assert wait_after(1, chance=0, retry_after=timedelta(days=365)) == timedelta(hours=24)
    assert wait_after(9, chance=1, retry_after=timedelta(days=365)) == SCHEDULE[9] * 1.1


@pytest.mark.parametrize(
    ("header", "expected"),
    [
        ("0", timedelta()),
        (" 30 ", timedelta(seconds=30)),
        ("Tue, 01 Jan 2030 00:02:00 GMT", timedelta(minutes=2)),
        ("Tue, 01 Jan 2030 00:02:00", timedelta(minutes=2)),
        ("Mon, 31 Dec 2029 23:00:00 GMT", None),
        ("9" * 5_000, timedelta(hours=24)),
        ("1.5", None),
        ("+5", None),
        ("٣", None),
        ("99 Foo 99999999999999 99:99", None),
        (None, None),
    ],
)
def test_retry_after_is_seconds_or_a_date(header: str | None, expected: timedelta | None) -> None:
    assert retry_after_of(header, NOW) == expected
