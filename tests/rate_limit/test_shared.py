"""One account for all processes, to the last request and to the second."""

import asyncio
from uuid import uuid4

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from api.domain.rate_limit import queries
from api.domain.rate_limit.rules import Counted, leaked, read_policies, standing
from api.domain.rate_limit.service import RateLimiter, Subject
from api.errors import DomainError, ErrorCode
from tests.rate_limit.conftest import Clock, MakeLimiter, subject


async def granted(limiter: RateLimiter, by: Subject, cost: int = 1) -> DomainError | None:
    """What a request is refused with, if it is."""
    try:
        await limiter.take(by, cost)
    except DomainError as failure:
        return failure
    return None


async def test_two_processes_share_one_budget_exactly(limiter: MakeLimiter) -> None:
    clock = Clock()
    first, second = limiter(clock), limiter(clock)
    by = subject("requests=40/3600")
    answers = await asyncio.gather(*(granted((first, second)[n % 2], by) for n in range(100)))
    refused = [each for each in answers if each is not None]
    assert len(answers) - len(refused) == 40
    assert {each.code for each in refused} == {ErrorCode.RATE_LIMITED}
    assert {each.violated for each in refused} == {("requests",)}
    # One flows back every 90 seconds.
    assert {each.retry_after_s for each in refused} == {90}


async def test_the_moment_to_try_again_is_right_to_a_second(limiter: MakeLimiter) -> None:
    clock = Clock()
    first, second = limiter(clock), limiter(clock)
    by = subject("requests=4/60")
    for each in (first, second, first, second):
        assert await granted(each, by) is None
    told = await granted(first, by)
    assert told is not None
    assert told.retry_after_s == 15
    clock.forward(14)
    for each in (first, second):
        again = await granted(each, by)
        assert again is not None
        assert again.retry_after_s == 1
    clock.forward(1)
    assert await granted(second, by) is None
    assert await granted(first, by) is not None


async def test_by_redis_own_clock_too(limiter: MakeLimiter) -> None:
    """Without a clock of the test: no more than the quota, and the wait is that of one request."""
    first, second = limiter(), limiter()
    by = subject("requests=20/86400")
    answers = await asyncio.gather(*(granted((first, second)[n % 2], by) for n in range(50)))
    refused = [each for each in answers if each is not None]
    assert len(refused) == 30
    assert all(4_300 <= (each.retry_after_s or 0) <= 4_320 for each in refused)


async def test_what_was_not_used_is_given_back(limiter: MakeLimiter) -> None:
    clock = Clock()
    mine, other = limiter(clock), limiter(clock)
    by = subject("requests=100/60 cost=1000/100")
    grant = await mine.take(by, 900)
    assert [each.remaining for each in grant.standings] == [99, 100]
    told = await granted(other, by, 150)
    assert told is not None
    assert (told.violated, told.retry_after_s) == (("cost",), 5)
    await mine.settle(grant, 300)
    cost = grant.of(Counted.COST)
    assert cost is not None
    assert cost.remaining == 700
    assert await granted(other, by, 700) is None
    assert await granted(other, by, 1) is not None


async def test_a_refused_request_takes_nothing(limiter: MakeLimiter) -> None:
    clock = Clock()
    mine = limiter(clock)
    by = subject("requests=3/60 cost=10/60")
    assert await granted(mine, by, 8) is None
    for _ in range(5):
        assert await granted(mine, by, 8) is not None
    grant = await mine.take(by, 2)
    assert [each.remaining for each in grant.standings] == [1, 0]


async def test_more_than_a_whole_quota_is_never_granted(limiter: MakeLimiter) -> None:
    mine = limiter()
    by = subject("requests=3/60 cost=10/60")
    assert await granted(mine, by, 10) is None
    told = await granted(mine, by, 11)
    assert told is not None
    assert told.code is ErrorCode.QUERY_TOO_COMPLEX


async def test_different_records_count_once_a_window(limiter: MakeLimiter) -> None:
    clock = Clock()
    mine, other = limiter(clock), limiter(clock)
    by = subject("requests=1000/60 records=200/86400")
    page = [f"person:{number}" for number in range(150)]
    for _ in range(3):
        grant = await mine.take(by, 1)
        await mine.settle(grant, 1, page)
        records = grant.of(Counted.RECORDS)
        assert records is not None
        assert abs(records.remaining - 50) <= 3
    grant = await other.take(by, 1)
    await other.settle(grant, 1, [f"person:{number}" for number in range(1_000, 2_500)])
    told = await granted(mine, by)
    assert told is not None
    assert told.violated == ("records",)
    left = 86_400 - clock.now_us // 1_000_000 % 86_400
    assert told.retry_after_s == left
    # What shows no records is answered as before.
    assert await mine.take(by, 1, shows_records=False)
    clock.forward(left)
    assert await granted(mine, by) is None


STEPS = st.lists(
    st.tuples(st.integers(0, 30_000_000), st.integers(0, 40), st.integers(-20, 20)), max_size=12
)


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(steps=STEPS)
async def test_the_script_does_what_the_rules_say(
    limiter: MakeLimiter, steps: list[tuple[int, int, int]]
) -> None:
    """Against plain arithmetic: times, amounts and what is given back, in any order."""
    redis = limiter()._redis
    (policy,) = policies = read_policies("cost=60/90")
    name = f"key:{uuid4()}"
    now_us, at_us, used = 1_790_000_000_000_000, 1_790_000_000_000_000, 0.0
    for forward_us, amount, change in steps:
        now_us += forward_us
        had = leaked(used, (now_us - at_us) / 1_000_000, policy)
        fits, (told,) = await queries.take(redis, name, policies, [amount], now_us)
        assert fits == (amount == 0 or had + amount <= policy.quota)
        if fits:
            used, at_us = had + amount, now_us
            had = used
            settled, _ = await queries.settle(redis, name, policies, change, (), now_us)
            used = max(0.0, used + change)
            assert settled == pytest.approx(used)
        assert told == pytest.approx(had)
        assert standing(policy, told).remaining <= policy.quota


async def test_keys_go_by_themselves(limiter: MakeLimiter) -> None:
    mine = limiter()
    by = subject("requests=10/60 cost=100/90 records=100/3600")
    await mine.settle(await mine.take(by, 1), 1, ["person:1"])
    keys = [key async for key in mine._redis.scan_iter(f"limit:{{{by.name}}}*")]
    assert len(keys) == 2
    lives = sorted([await mine._redis.ttl(key) for key in keys])
    assert 85 <= lives[0] <= 91
    assert 3_600 <= lives[1] <= 3_660


async def test_ten_thousand_records_of_one_answer(limiter: MakeLimiter) -> None:
    mine = limiter()
    by = subject("records=20000/86400")
    grant = await mine.take(by, 1)
    await mine.settle(grant, 1, [f"person:{number}" for number in range(10_000)])
    assert abs(grant.standings[0].remaining - 10_000) < 300
