"""While Redis is away each process grants its share, at once, and says so."""

import asyncio
import socket
from collections.abc import Iterator

import pytest
from structlog.testing import capture_logs

from api.domain.rate_limit import service
from api.domain.rate_limit.local import SUBJECTS_MAX, LocalAccount
from api.domain.rate_limit.rules import Counted, read_policies, text_fault
from api.domain.rate_limit.service import RateLimiter, Subject, Subjects, network_of
from api.errors import DomainError
from api.settings import Settings
from tests.rate_limit.conftest import Clock, MakeLimiter, subject
from tests.stack import free_port


@pytest.fixture
def silent() -> Iterator[str]:
    """A server that takes connections and never answers, as a stopped Redis does."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"redis://127.0.0.1:{listening.getsockname()[1]}"


@pytest.fixture(params=["refused", "silent"])
def away(request: pytest.FixtureRequest) -> str:
    """The address of a Redis that is not there, in each of two ways."""
    if request.param == "silent":
        url: str = request.getfixturevalue("silent")
        return url
    return f"redis://127.0.0.1:{free_port()}"


async def count(limiter: RateLimiter, by: Subject, tries: int, cost: int = 1) -> int:
    """How many of so many requests are granted."""
    done = 0
    for _ in range(tries):
        try:
            grant = await limiter.take(by, cost)
        except DomainError:
            continue
        assert grant.is_local
        done += 1
    return done


async def test_each_process_grants_its_share(limiter: MakeLimiter, away: str) -> None:
    clock = Clock()
    first, second = limiter(clock, url=away), limiter(clock, url=away)
    by = subject("requests=40/3600 cost=400/3600 records=5/86400")
    with capture_logs() as logs:
        assert await count(first, by, 20) == 10
        assert await count(second, by, 20) == 10
    assert [each["log_level"] for each in logs] == ["warning"] * 2
    clock.forward(360)
    assert await count(first, by, 5) == 1


async def test_a_request_larger_than_the_share_can_still_be_made(
    limiter: MakeLimiter, away: str
) -> None:
    mine = limiter(Clock(), url=away)
    by = subject("requests=40/3600 cost=400/3600")
    assert await count(mine, by, 3, cost=300) == 1


async def test_what_was_not_used_is_given_back(limiter: MakeLimiter, away: str) -> None:
    mine = limiter(Clock(), url=away)
    by = subject("requests=400/3600 cost=400/3600")
    grant = await mine.take(by, 100)
    await mine.settle(grant, 20, ["person:1"])
    cost = grant.of(Counted.COST)
    assert cost is not None
    assert (cost.policy.quota, cost.remaining) == (100, 80)
    assert await count(mine, by, 3, cost=40) == 2


async def test_nobody_waits_for_redis_twice(limiter: MakeLimiter, silent: str) -> None:
    """After one that had to wait, a hundred others are answered without asking it at all."""
    mine = limiter(Clock(), url=silent)
    by = subject("requests=4000/3600")
    asked = 0
    shared = mine._redis.register_script

    def counting(script: str) -> object:
        nonlocal asked
        asked += 1
        return shared(script)

    mine._redis.register_script = counting  # type: ignore[method-assign,assignment]
    await mine.take(by, 1)
    await asyncio.gather(*(mine.take(by, 1) for _ in range(100)))
    assert asked == 1


async def test_it_comes_back(
    limiter: MakeLimiter, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(service, "ASK_AGAIN_AFTER_S", 0.0)
    clock = Clock()
    mine, gone = limiter(clock), limiter(clock, url=f"redis://127.0.0.1:{free_port()}")
    there = mine._redis
    by = subject("requests=8/3600")
    with capture_logs() as logs:
        mine._redis = gone._redis
        assert await count(mine, by, 4) == 2
        mine._redis = there
        grant = await mine.take(by, 1)
    assert not grant.is_local
    assert grant.standings[0].remaining == 7
    assert [each["event"] for each in logs] == [
        "limits are kept by each process alone while redis is away",
        "limits are shared by all processes again",
    ]


def test_the_local_account_is_bounded() -> None:
    account = LocalAccount(1.0)
    policies = read_policies("requests=5/60")
    for number in range(SUBJECTS_MAX + 10):
        account.take(f"key:{number}", policies, [1], 0.0)
    assert len(account._used) == SUBJECTS_MAX


@pytest.mark.parametrize(
    ("address", "counts_as"),
    [
        ("192.0.2.7", "192.0.2.7"),
        ("::ffff:192.0.2.7", "192.0.2.7"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("2001:db8:1:2:ffff::1", "2001:db8:1:2::/64"),
        ("fe80::1%eth0", "fe80::/64"),
        ("", "unknown"),
        ("testclient", "unknown"),
    ],
)
def test_addresses_of_one_customer_are_one(address: str, counts_as: str) -> None:
    assert network_of(address) == counts_as


@pytest.mark.parametrize(
    ("text", "is_fine"),
    [
        ("off", True),
        ("requests=1/1", True),
        ("requests=1000000000000/2678400 cost=1/1 records=1/1", True),
        ("requests=0/60", False),
        ("requests=1000000000001/60", False),
        ("requests=1/0", False),
        ("requests=1/2678401", False),
        ("requests=1/60 requests=2/60", False),
        ("tokens=1/60", False),
        ("requests=1", False),
        ("requests=-1/60", False),
        ("", False),
    ],
)
def test_settings_at_their_bounds(text: str, is_fine: bool) -> None:
    assert (text_fault(text) is None) == is_fine


async def test_limits_can_be_off(limiter: MakeLimiter, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("STIBNITE_LIMITS_ANONYMOUS", "off")
    subjects = Subjects.of(Settings())
    mine = limiter()
    nobody = subjects.caller(None, "192.0.2.1")
    assert nobody.policies == ()
    grant = await mine.take(nobody, 10**9)
    await mine.settle(grant, 1, ["person:1"])
    assert grant.standings == ()
