"""The gate, the deadline and the client that goes, without a server around them."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from starlette.responses import Response
from starlette.types import Message, Receive, Scope, Send

from api.deadline import store_seconds, within
from api.errors import DomainError, ErrorCode
from api.overload import BODY_BYTES_MAX, Gate, Gates, Overload
from tests.embedded.stacks import until

type App = Callable[[Scope, Receive, Send], Awaitable[None]]


async def passes(gate: Gate, wait_s: float = 5.0) -> bool:
    """Whether one may enter; it leaves at once."""
    told = None
    try:
        async with gate.passed(wait_s):
            pass
    except DomainError as failure:
        told = failure
    if told is None:
        return True
    assert (told.code, told.retry_after_s) == (ErrorCode.UNAVAILABLE, 1)
    return False


async def test_so_many_at_once_a_short_queue_and_no_more() -> None:
    gate, finish, order = Gate(2, 3), asyncio.Event(), list[int]()

    async def stay(number: int) -> None:
        async with gate.passed(5.0):
            order.append(number)
            await finish.wait()

    tasks = [asyncio.create_task(stay(number)) for number in range(5)]
    await asyncio.sleep(0)
    assert (gate.running, gate.waiting, order) == (2, 3, [0, 1])
    assert not await passes(gate)
    finish.set()
    await asyncio.gather(*tasks)
    assert order == [0, 1, 2, 3, 4]
    assert (gate.running, gate.waiting) == (0, 0)


async def test_who_waits_too_long_is_sent_away_and_leaves_no_trace() -> None:
    gate = Gate(1, 5)
    async with gate.passed(1.0):
        assert not await passes(gate, wait_s=0.01)
        waiting = asyncio.create_task(passes(gate))
        await asyncio.sleep(0)
        waiting.cancel()
        await asyncio.gather(waiting, return_exceptions=True)
        assert (gate.running, gate.waiting) == (1, 0)
    assert gate.running == 0
    assert await passes(gate)


async def test_who_would_wait_too_long_is_told_so_at_once() -> None:
    """Turns take a second each: of those who come, two may hope for one within 2.5 seconds."""
    now = 0.0
    gate, leaving = Gate(1, 100, lambda: now), asyncio.Queue[None]()

    async def stay() -> None:
        async with gate.passed(1_000):
            await leaving.get()

    tasks = [asyncio.create_task(stay()) for _ in range(8)]
    await asyncio.sleep(0)
    for left in range(7, 0, -1):
        assert gate.waiting == left
        now += 1.0
        leaving.put_nowait(None)
        await until(lambda: gate.waiting == left - 1, "one more has its turn")  # noqa: B023
    hopeful = [asyncio.create_task(stay()) for _ in range(2)]
    await asyncio.sleep(0)
    assert gate.waiting == 2
    assert not await passes(gate, wait_s=2.5)
    assert gate.waiting == 2
    for _ in range(3):
        leaving.put_nowait(None)
    await asyncio.gather(*tasks, *hopeful)
    # Nobody waits any more: what was learnt is forgotten.
    assert await passes(gate, wait_s=0.01)


async def test_one_whose_turn_comes_as_it_gives_up_hands_it_on() -> None:
    gate, finish = Gate(1, 5), asyncio.Event()

    async def stay() -> None:
        async with gate.passed(1.0):
            await finish.wait()

    first = asyncio.create_task(stay())
    await asyncio.sleep(0)
    second, third = asyncio.create_task(passes(gate)), asyncio.create_task(passes(gate))
    await asyncio.sleep(0)
    finish.set()
    first.add_done_callback(lambda _: second.cancel())
    assert await third
    await asyncio.gather(first, second, return_exceptions=True)
    assert (gate.running, gate.waiting) == (0, 0)


@settings(max_examples=30, deadline=None)
@given(
    stays=st.lists(st.tuples(st.integers(0, 3), st.booleans()), max_size=30),
    running_max=st.integers(1, 4),
    waiting_max=st.integers(0, 4),
)
async def test_no_place_is_lost_or_given_twice(
    stays: list[tuple[int, bool]], running_max: int, waiting_max: int
) -> None:
    """Whoever comes, stays and is cancelled, in any order."""
    gate, inside = Gate(running_max, waiting_max), 0

    async def stay(rounds: int) -> None:
        nonlocal inside
        async with gate.passed(5.0):
            inside += 1
            assert inside <= running_max
            try:
                for _ in range(rounds):
                    await asyncio.sleep(0)
            finally:
                inside -= 1

    tasks = []
    for rounds, is_cancelled in stays:
        task = asyncio.create_task(stay(rounds))
        await asyncio.sleep(0)
        if is_cancelled:
            task.cancel()
        assert gate.waiting <= waiting_max
        tasks.append(task)
    for ended in await asyncio.gather(*tasks, return_exceptions=True):
        assert ended is None or isinstance(ended, DomainError | asyncio.CancelledError)
    assert (gate.running, gate.waiting, inside) == (0, 0, 0)


class Client:
    """The server's side of one request: what comes, and what was answered."""

    def __init__(self, *messages: Message):
        self.coming: asyncio.Queue[Message] = asyncio.Queue()
        for message in messages or ({"type": "http.request", "body": b"", "more_body": False},):
            self.coming.put_nowait(message)
        self.answered: list[Message] = []

    def go(self) -> None:
        """Closes the connection."""
        self.coming.put_nowait({"type": "http.disconnect"})

    async def send(self, message: Message) -> None:
        self.answered.append(message)

    @property
    def status(self) -> int:
        """The status of the answer, 0 without one."""
        return next((each["status"] for each in self.answered if "status" in each), 0)

    async def ask(self, guarded: Overload, path: str = "/v1/usage") -> dict[str, Any]:
        """Sends it through; what the entrance knows afterwards."""
        scope: dict[str, Any] = {"type": "http", "path": path, "request_id": "r", "headers": []}
        await guarded(scope, self.coming.get, self.send)
        return scope


def guarded(app: App, *, running: int = 2, waiting: int = 0, deadline_s: float = 5.0) -> Overload:
    def refuse(_: Scope, failure: DomainError) -> Response:
        return Response(failure.code, 503 if failure.code is ErrorCode.UNAVAILABLE else 400)

    made = Overload(app, refuse, frozenset({"/health"}))
    made._gates = Gates(Gate(running, waiting), Gate(10, 0), deadline_s)
    return made


async def fine(scope: Scope, receive: Receive, send: Send) -> None:
    await Response(b"ok")(scope, receive, send)


async def test_a_request_that_takes_too_long_is_ended() -> None:
    ended = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    entrance, client = guarded(slow, deadline_s=0.05), Client()
    await client.ask(entrance)
    assert client.status == 503
    assert ended.is_set()
    assert entrance._gates is not None
    assert entrance._gates.requests.running == 0


async def test_work_for_a_client_that_has_gone_is_cancelled() -> None:
    begun, ended = asyncio.Event(), asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        try:
            await asyncio.Event().wait()
        finally:
            ended.set()

    entrance, client = guarded(slow), Client()
    asking = asyncio.create_task(client.ask(entrance))
    await begun.wait()
    client.go()
    scope = await asking
    assert ended.is_set()
    assert scope["gone"]
    assert client.answered == []


async def test_who_is_cancelled_from_outside_is_not_taken_for_gone() -> None:
    begun = asyncio.Event()

    async def slow(scope: Scope, receive: Receive, send: Send) -> None:
        begun.set()
        await asyncio.Event().wait()

    asking = asyncio.create_task(Client().ask(guarded(slow)))
    await begun.wait()
    asking.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asking


async def test_a_body_that_does_not_come_holds_no_place() -> None:
    piece: Message = {"type": "http.request", "body": b"{", "more_body": True}
    entrance = guarded(fine, running=1, deadline_s=0.1)
    slow = Client(piece)
    asking = asyncio.create_task(slow.ask(entrance))
    await asyncio.sleep(0)
    quick = Client()
    await quick.ask(entrance)
    assert quick.status == 200
    await asking
    assert slow.status == 400
    assert entrance._held == 0


async def test_bodies_arrive_as_they_were_sent(monkeypatch: pytest.MonkeyPatch) -> None:
    seen = []

    async def read(scope: Scope, receive: Receive, send: Send) -> None:
        more = True
        while more:
            message = await receive()
            seen.append(message["body"])
            more = message["more_body"]
        await fine(scope, receive, send)

    pieces = [b"a" * 1_000_000, b"b" * 1_000_000, b"c", b"d" * 500_000, b"e"]
    messages = [
        {"type": "http.request", "body": each, "more_body": each != b"e"} for each in pieces
    ]
    client = Client(*messages)
    await client.ask(guarded(read))
    assert seen == pieces
    assert sum(map(len, pieces)) > BODY_BYTES_MAX
    assert client.status == 200
    monkeypatch.setattr("api.overload.HELD_BYTES_MAX", 1_500_000)
    greedy = Client(*messages)
    await greedy.ask(guarded(read))
    assert greedy.status == 503


async def test_a_stream_that_has_begun_takes_as_long_as_it_takes() -> None:
    finish = asyncio.Event()

    async def streaming(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/event-stream")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await finish.wait()
        await send({"type": "http.response.body", "body": b"", "more_body": False})

    entrance, client = guarded(streaming, running=1, deadline_s=0.05), Client()
    asking = asyncio.create_task(client.ask(entrance))
    await until(lambda: client.answered, "it has begun")
    assert entrance._gates is not None
    assert entrance._gates.requests.running == 0
    await asyncio.sleep(0.1)
    assert not asking.done()
    finish.set()
    await asking
    assert len(client.answered) == 2


async def test_a_long_answer_that_has_begun_has_time_of_its_own(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """As an export has, whose rows are read while it is sent; it keeps its place, and ends."""
    monkeypatch.setattr("api.overload.STREAM_S", 0.6)
    left: list[float] = []

    async def exporting(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-type", b"text/csv")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        left.append(store_seconds(5.0))
        await asyncio.sleep(0.1)
        await send({"type": "http.response.body", "body": b"a", "more_body": True})
        await asyncio.Event().wait()

    entrance, client = guarded(exporting, running=1, deadline_s=0.05), Client()
    asking = asyncio.create_task(client.ask(entrance))
    await until(lambda: len(client.answered) == 2, "it goes on")
    assert entrance._gates is not None
    assert entrance._gates.requests.running == 1
    assert left[0] > 0.05
    await asking
    assert entrance._gates.requests.running == 0


async def test_an_answer_that_is_broken_off_is_not_mended() -> None:
    async def half(scope: Scope, receive: Receive, send: Send) -> None:
        headers = [(b"content-length", b"10")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await asyncio.Event().wait()

    client = Client()
    await client.ask(guarded(half, deadline_s=0.05))
    assert [each["type"] for each in client.answered] == ["http.response.start"]


async def test_probes_pass_whatever_happens() -> None:
    begun = asyncio.Event()

    async def app(scope: Scope, receive: Receive, send: Send) -> None:
        if scope["path"] != "/health":
            begun.set()
            await asyncio.Event().wait()
        await fine(scope, receive, send)

    entrance = guarded(app, running=1)
    stuck = asyncio.create_task(Client().ask(entrance))
    await begun.wait()
    refused, probe = Client(), Client()
    await refused.ask(entrance)
    await probe.ask(entrance, "/health")
    assert (refused.status, probe.status) == (503, 200)
    stuck.cancel()
    await asyncio.gather(stuck, return_exceptions=True)


async def test_stores_get_less_than_is_left() -> None:
    assert store_seconds(5.0) == 5.0
    with within(3.0):
        assert 2.0 < store_seconds(5.0) < 2.8
        assert store_seconds(1.0) == 1.0
        assert 2.0 < await asyncio.create_task(_of_a_task()) < 2.8
    with within(0.2), pytest.raises(DomainError, match="too long"):
        store_seconds(5.0)


async def _of_a_task() -> float:
    return store_seconds(5.0)
