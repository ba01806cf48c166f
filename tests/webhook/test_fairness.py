"""A slow receiver delays nobody else: neither its account's other endpoints nor other accounts."""

import asyncio
from datetime import datetime
from uuid import UUID, uuid4

from api.domain.account.queries import add_account
from api.domain.delivery.dispatch import SLOTS, Claim, Room, Slots
from api.domain.delivery.sender import Sender
from api.domain.webhook.deliveries import LEASE, WebhookSource
from tests.delivery.receivers import OK, Request, always, listening
from tests.embedded.stacks import until
from tests.webhook.post_office import PostOffice


async def another_account(office: PostOffice) -> UUID:
    """A fresh account beside the test's own."""
    account_id = uuid4()
    async with office.postgres.transaction() as connection:
        await add_account(connection, account_id, f"account {account_id}", "standard")
    return account_id


class Hanging:
    """Answers nobody until it is told to."""

    def __init__(self) -> None:
        self.go_on = asyncio.Event()
        self.waiting = 0

    async def answer(self, _: Request, writer: asyncio.StreamWriter) -> None:
        """Hangs."""
        self.waiting += 1
        await self.go_on.wait()
        writer.write(OK)


async def test_a_hanging_receiver_with_many_events_delays_nobody(
    office: PostOffice, account: UUID
) -> None:
    hanging, other = Hanging(), await another_account(office)
    async with (
        listening(hanging.answer) as slow,
        listening(always(OK)) as quick,
        listening(always(OK)) as sibling,
        Sender(insecure=True) as office.sender,
    ):
        await office.endpoint(account, slow.port)
        await office.emit(account, 300)
        await office.endpoint(account, sibling.port)
        office.later(seconds=1)
        await office.endpoint(other, quick.port)
        await office.emit(account, 50)
        await office.emit(other, 100)
        running = asyncio.create_task(office.run())
        await until(lambda: len(quick.requests) == 100, "the other account is served")
        await until(lambda: len(sibling.requests) == 50, "the other endpoint is served")
        assert 0 < hanging.waiting <= SLOTS.per_endpoint
        # What happens while it hangs does not wait for it either.
        await office.emit(other, 20)
        await until(lambda: len(quick.requests) == 120, "the other account is served")
        assert hanging.waiting <= SLOTS.per_endpoint
        hanging.go_on.set()
        await running
    assert len(slow.requests) == 350
    assert {each.status for each in await office.deliveries()} == {"delivered"}


async def test_an_account_has_a_share_however_many_endpoints_it_has(
    office: PostOffice, account: UUID
) -> None:
    hanging = Hanging()
    async with listening(hanging.answer) as slow, Sender(insecure=True) as office.sender:
        for _ in range(10):
            await office.endpoint(account, slow.port)
        await office.emit(account, 20)
        other = await another_account(office)
        async with listening(always(OK)) as quick:
            await office.endpoint(other, quick.port)
            await office.emit(other, 30)
            running = asyncio.create_task(office.run())
            await until(lambda: len(quick.requests) == 30, "the other account is served")
        assert 0 < hanging.waiting <= SLOTS.per_account
        hanging.go_on.set()
        await running
    assert len(slow.requests) == 200


async def test_all_slots_are_used_though_a_claim_takes_half_of_them(
    office: PostOffice, account: UUID
) -> None:
    slots = Slots(healthy=8, failing=0, per_account=8, per_endpoint=2)
    hanging = Hanging()
    async with listening(hanging.answer) as slow, Sender(insecure=True) as office.sender:
        for _ in range(4):
            await office.endpoint(account, slow.port)
        await office.emit(account, 5)
        sizes: list[int] = []

        class Counting(WebhookSource):
            async def claim(self, room: Room, now: datetime) -> list[Claim]:
                claims = await super().claim(room, now)
                sizes.append(len(claims))
                return claims

        running = asyncio.create_task(office.run(Counting, slots))
        await until(lambda: hanging.waiting == slots.healthy, "both halves are under way")
        assert sizes == [4, 4]
        hanging.go_on.set()
        assert await running == 20
    assert max(sizes) == 4
    assert {each.status for each in await office.deliveries()} == {"delivered"}


async def test_receivers_that_fail_leave_the_slots_to_others(
    office: PostOffice, account: UUID
) -> None:
    """More hanging accounts than slots: after their first failure they share a few of their own."""
    slots = Slots(healthy=8, failing=2, per_account=4, per_endpoint=2)
    hanging = Hanging()
    async with listening(hanging.answer) as slow, listening(always(OK)) as quick:
        for _ in range(12):
            customer = await another_account(office)
            await office.endpoint(customer, slow.port)
            await office.emit(customer)
        await office.run(slots=slots)
        first = len(slow.requests)
        assert first == 12
        office.later(seconds=10)
        async with Sender(insecure=True) as office.sender:
            await office.endpoint(account, quick.port)
            await office.emit(account, 40)
            running = asyncio.create_task(office.run(slots=slots))
            await until(lambda: len(quick.requests) == 40, "the other account is served")
            assert len(slow.requests) - first <= slots.failing
            hanging.go_on.set()
            await running
    assert len(slow.requests) == first + 12


async def test_claims_take_turns_among_accounts(office: PostOffice, account: UUID) -> None:
    """The oldest of each come first, however much one of them has waiting."""
    endpoint = await office.endpoint(account, 9)
    await office.emit(account, 100)
    office.later(seconds=1)
    others = [await another_account(office) for _ in range(3)]
    for each in others:
        await office.endpoint(each, 9)
        await office.emit(each, 2)
    room = Room(8, 0, per_account=8, per_endpoint=4)
    claims = await office.source().claim(room, office.now)
    taken = [each.account_id for each in claims]
    assert len(taken) == 8
    assert all(taken.count(each) == 2 for each in [account, *others])
    for full in (
        Room(8, 0, 8, 4, accounts={account: 8}),
        Room(8, 0, 8, 4, endpoints={endpoint: 4}),
        Room(0, 8, 8, 4),
    ):
        assert await office.source().claim(full, office.now) == []
    nearly = Room(8, 0, 8, 4, accounts={account: 5}, endpoints={endpoint: 2})
    assert len(await office.source().claim(nearly, office.now)) == 2
    nearly = Room(8, 0, 8, 4, accounts={account: 7}, endpoints={endpoint: 2})
    assert len(await office.source().claim(nearly, office.now)) == 1
    assert len(await office.source().claim(room, office.now)) == room.per_endpoint
    again = await office.source().claim(Room(1_000, 0, 1_000, 1_000), office.now + LEASE)
    before = {each.delivery_id for each in claims}
    assert [each.number for each in again if each.delivery_id in before] == [2] * 8
