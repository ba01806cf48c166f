"""What follows a failed attempt, at each bound; and ids that sort by time."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from api.domain.job.rules import (
    DEADLINE,
    LEASE,
    MAX_ATTEMPTS,
    RUN_LIMIT_S,
    GiveUp,
    Retry,
    after_failure,
)
from api.stores.clickhouse import Profile
from api.uuid7 import uuid7

NOW = datetime(2030, 1, 1, tzinfo=UTC)
WHY = "The search engine cannot answer right now."


def test_pauses_double_up_to_a_minute_and_end() -> None:
    pauses = []
    for attempt in range(1, MAX_ATTEMPTS):
        step = after_failure(attempt, NOW, NOW, reason=WHY, transient=True)
        assert isinstance(step, Retry)
        pauses.append((step.due_at - NOW).total_seconds())
    assert pauses == [1, 2, 4, 8, 16, 32, 60]
    assert after_failure(MAX_ATTEMPTS, NOW, NOW, reason=WHY, transient=True) == GiveUp(
        f"{WHY} It was tried {MAX_ATTEMPTS} times; nothing was billed."
    )


def test_a_fault_of_the_request_is_not_tried_again() -> None:
    assert after_failure(1, NOW, NOW, reason=WHY, transient=False) == GiveUp(WHY)


def test_nothing_is_tried_beyond_the_deadline() -> None:
    second = timedelta(seconds=1)
    born = NOW - DEADLINE + second
    assert isinstance(after_failure(1, born, NOW, reason=WHY, transient=True), GiveUp)
    assert isinstance(after_failure(1, born + second, NOW, reason=WHY, transient=True), Retry)


def test_a_lease_outlives_every_attempt() -> None:
    assert Profile.INTERACTIVE.value.seconds_max < RUN_LIMIT_S < LEASE.total_seconds()


@given(st.lists(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1))))
def test_ids_sort_by_the_millisecond(moments: list[datetime]) -> None:
    milliseconds = sorted({int(m.replace(tzinfo=UTC).timestamp() * 1000) for m in moments})
    ids = [uuid7(datetime.fromtimestamp(each / 1000, UTC)) for each in milliseconds]
    assert ids == sorted(ids)
    assert all(each.version == 7 for each in ids)
    assert all(str(each.variant).startswith("specified in RFC 4122") for each in ids)
