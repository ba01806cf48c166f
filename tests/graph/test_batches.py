"""Look-ups of one request: asked together, shared, and ended when nobody waits any more."""

import asyncio
from collections.abc import AsyncIterator

import pytest
import pytest_asyncio
from sqlalchemy import text

from api.stores.postgres import Postgres
from graph.batches import Batches
from tests.embedded.stacks import until
from tests.overload.patience import make_patient

HOLD = text("select pg_advisory_xact_lock(7001)")
WAITING = text(
    "select count(*) from pg_stat_activity where wait_event = 'advisory'"
    " and query like '%unnest%' and pid <> pg_backend_pid()"
)
# Answers when the test lets go of the lock.
_LOOK_UP = text(
    "select pg_advisory_xact_lock_shared(7001)::text, key from unnest(cast(:keys as text[])) key"
)


@pytest_asyncio.fixture
async def patient(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> AsyncIterator[Postgres]:
    """A way to Postgres by which statements may take ten minutes."""
    make_patient(monkeypatch)
    store = Postgres(postgres_url)
    yield store
    await store.close()


class LookUps:
    """Batches of upper-cased keys, and what was asked of the store."""

    def __init__(self, postgres: Postgres, most: int = 100):
        self.asked: list[list[str]] = []
        self._postgres = postgres
        self.batches: Batches[str, str] = Batches(self._load_all, most)

    async def _load_all(self, keys: list[str]) -> list[str]:
        self.asked.append(list(keys))
        rows = await self._postgres.fetch(_LOOK_UP, {"keys": keys})
        found = {row.key: row.key.upper() for row in rows}
        return [found[key] for key in keys]

    def begin(self, *keys: str) -> list[asyncio.Task[str]]:
        return [asyncio.create_task(self.batches.load(key)) for key in keys]

    async def are_waiting(self, statements: int) -> None:
        async def there() -> bool:
            ((count,),) = await self._postgres.fetch(WAITING)
            return bool(count == statements)

        await until(there, f"{statements} statements wait")


async def test_what_is_asked_at_once_goes_together_and_once(patient: Postgres) -> None:
    look_ups = LookUps(patient, most=2)
    asked = look_ups.begin("a", "b", "a", "c")
    assert await asyncio.gather(*asked) == ["A", "B", "A", "C"]
    assert await asyncio.gather(*look_ups.begin("c", "d")) == ["C", "D"]
    assert sorted(look_ups.asked) == [["a", "b"], ["c"], ["d"]]


async def test_who_is_left_is_still_served(patient: Postgres) -> None:
    look_ups = LookUps(patient)
    async with patient.transaction() as holder:
        await holder.execute(HOLD)
        first, second, other = look_ups.begin("a", "a", "b")
        await look_ups.are_waiting(1)
        first.cancel()
        other.cancel()
        await asyncio.wait([first, other])
        await look_ups.are_waiting(1)
    assert await second == "A"
    assert first.cancelled()
    assert other.cancelled()
    assert await look_ups.batches.load("b") == "B"
    assert look_ups.asked == [["a", "b"]]


async def test_what_nobody_waits_for_is_ended_and_can_be_asked_again(patient: Postgres) -> None:
    look_ups = LookUps(patient)
    async with patient.transaction() as holder:
        await holder.execute(HOLD)
        asked = look_ups.begin("a", "b", "a")
        await look_ups.are_waiting(1)
        for each in asked:
            each.cancel()
        await asyncio.wait(asked)
        await look_ups.are_waiting(0)
        again = look_ups.begin("a")
        await look_ups.are_waiting(1)
    assert await asyncio.gather(*again) == ["A"]


@pytest.mark.parametrize("turns", range(4))
async def test_at_whatever_moment_they_leave_others_are_served(
    patient: Postgres, turns: int
) -> None:
    """Also before the batch was begun, which is a turn or two of the loop later."""
    look_ups = LookUps(patient)
    (left,) = look_ups.begin("a")
    for _ in range(turns):
        await asyncio.sleep(0)
    left.cancel()
    assert await asyncio.gather(*look_ups.begin("b", "a")) == ["B", "A"]
    assert left.cancelled()


async def test_a_failure_is_everybodys(patient: Postgres) -> None:
    async def fail(keys: list[str]) -> list[str]:
        raise ValueError(keys)

    batches: Batches[str, str] = Batches(fail, 10)
    told = await asyncio.gather(*map(batches.load, "ab"), return_exceptions=True)
    assert [type(each) for each in told] == [ValueError, ValueError]
