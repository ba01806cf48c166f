"""What a process takes on: so many requests at once, a short queue, and no more.

Refusing costs next to nothing, so that a process that is asked for three times what it can do still
does what it can, as fast as ever, and is itself again as soon as the crowd is gone.
"""

import asyncio
import time
from collections import deque
from collections.abc import AsyncIterator, Callable, Container
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass
from math import inf
from typing import Self

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.deadline import Deadline, too_late, within
from api.errors import DomainError, ErrorCode
from api.settings import Settings, settings

BODY_BYTES_MAX = 2_000_000
"""So much of a body is read before a request counts; no operation takes more."""
HELD_BYTES_MAX = 128 * 1024 * 1024
"""Bodies of all requests together, so that slow senders cannot fill the memory."""
RETRY_AFTER_S = 1
WAIT_SHARE = 0.25
"""So much of its time a request may wait for its turn."""
STREAM_S = 300.0
"""How long an answer that is sent piece by piece, as an export is, may take from its beginning."""
_EVENTS = b"text/event-stream"

_log = structlog.get_logger("http")


def too_busy() -> DomainError:
    """The failure of a request that is not taken on."""
    return DomainError(
        ErrorCode.UNAVAILABLE,
        "There is too much to do right now. Try again in a moment.",
        retry_after_s=RETRY_AFTER_S,
    )


class Gate:
    """Lets ``running_max`` in at once and ``waiting_max`` wait for their turn, first come first.

    Turns come as often as they came lately: who would wait too long is told so before the wait.
    """

    def __init__(
        self, running_max: int, waiting_max: int, clock: Callable[[], float] = time.monotonic
    ):
        self._running_max = running_max
        self._waiting_max = waiting_max
        self._clock = clock
        self._waiting: deque[asyncio.Future[None]] = deque()
        self._last_turn: float | None = None
        self._turn_s = 0.0
        self.running = 0

    @property
    def waiting(self) -> int:
        """How many wait."""
        return len(self._waiting)

    @asynccontextmanager
    async def passed(self, wait_s: float) -> AsyncIterator[Callable[[], None]]:
        """Holds a place, which the function that it gives hands on before the block's end.

        Raises ``unavailable`` at once where too many wait or the wait would be longer than
        ``wait_s``, and where it turns out to be.
        """
        await self._enter(wait_s)
        held = True

        def leave() -> None:
            nonlocal held
            if held:
                held = False
                self._leave()

        try:
            yield leave
        finally:
            leave()

    async def _enter(self, wait_s: float) -> None:
        if self.running < self._running_max:
            self.running += 1
            return
        ahead = len(self._waiting)
        if ahead >= self._waiting_max or (ahead + 1) * self._turn_s > wait_s:
            raise too_busy()
        turn = asyncio.get_running_loop().create_future()
        self._waiting.append(turn)
        try:
            async with asyncio.timeout(wait_s):
                await turn
        except BaseException as error:
            if turn.done() and not turn.cancelled():
                # Its turn came at the very moment when it gave up.
                self._leave()
            else:
                with suppress(ValueError):
                    self._waiting.remove(turn)
            if isinstance(error, TimeoutError):
                raise too_busy() from None
            raise

    def _leave(self) -> None:
        while self._waiting:
            turn = self._waiting.popleft()
            if not turn.done():
                self._note_turn()
                turn.set_result(None)
                return
        self._last_turn, self._turn_s = None, 0.0
        self.running -= 1

    def _note_turn(self) -> None:
        """Learns how long one turn takes while there is a queue; the last ones count most."""
        now = self._clock()
        if self._last_turn is not None:
            took = now - self._last_turn
            self._turn_s = took if not self._turn_s else 0.9 * self._turn_s + 0.1 * took
        self._last_turn = now


@dataclass(frozen=True, slots=True)
class Gates:
    """The gates of one process, and the seconds that a request may take."""

    requests: Gate
    streams: Gate
    deadline_s: float

    @classmethod
    def of(cls, settings: Settings) -> Self:
        """Those of the settings."""
        return cls(
            Gate(settings.requests_in_flight, settings.requests_waiting),
            Gate(settings.streams_max, 0),
            settings.request_deadline_s,
        )

    @asynccontextmanager
    async def taken_on(self) -> AsyncIterator["Turn"]:
        """Waits for a place, and gives what runs in the block its time.

        Raises ``unavailable`` where there is too much to do, or no time left.
        """
        limit = asyncio.timeout(self.deadline_s)
        try:
            with within(self.deadline_s) as deadline:
                async with limit, self.requests.passed(self.deadline_s * WAIT_SHARE) as leave:
                    yield Turn(deadline, limit, leave)
        except TimeoutError:
            if limit.expired():
                raise too_late() from None
            raise


@dataclass(frozen=True, slots=True)
class Turn:
    """The place and the time of a request that was taken on."""

    _deadline: Deadline
    _limit: asyncio.Timeout
    _leave: Callable[[], None]

    def go_on_for(self, seconds: float) -> None:
        """Gives it other time: its answer is long, and has begun."""
        self._deadline.extend(seconds)
        self._limit.reschedule(asyncio.get_running_loop().time() + seconds)

    def let_go(self) -> None:
        """Ends both: what it tells from now on takes as long as it takes."""
        self._deadline.extend(inf)
        self._limit.reschedule(None)
        self._leave()


class Line:
    """The client's end of one request: its body as far as it was read, and whether it is there."""

    def __init__(self, receive: Receive):
        self._receive = receive
        self._messages: deque[Message] = deque()
        self._gone = asyncio.Event()
        self.held = 0
        """Bytes of the body that were read ahead."""
        self.complete = False
        """Whether the whole body was read."""

    @property
    def gone(self) -> bool:
        """Whether the client has closed the connection."""
        return self._gone.is_set()

    async def read_ahead(self) -> int:
        """Reads the next piece of the body; its bytes."""
        message = await self._receive()
        self._messages.append(message)
        if message["type"] == "http.disconnect":
            self._gone.set()
            return 0
        self.complete = not message.get("more_body", False)
        size = len(message.get("body", b""))
        self.held += size
        return size

    async def receive(self) -> Message:
        """The next message, as the server gives it."""
        if self._messages:
            return self._messages.popleft()
        if self.complete:
            await self._gone.wait()
            return {"type": "http.disconnect"}
        message = await self._receive()
        self.complete = not message.get("more_body", False)
        return message

    async def end(self) -> None:
        """Returns when the client has gone; to be awaited when the body is complete."""
        while (await self._receive())["type"] != "http.disconnect":
            pass
        self._gone.set()


class Overload:
    """What every request but a probe passes: its body, the gate, its deadline.

    A request whose client has gone is cancelled, and with it what it asked of the stores.
    ``refuse`` makes the answer to a failure, in the shape of the door that was asked.
    """

    def __init__(
        self,
        app: ASGIApp,
        refuse: Callable[[Scope, DomainError], ASGIApp],
        exempt: Container[str],
    ):
        self._app = app
        self._refuse = refuse
        self._exempt = exempt
        self._gates: Gates | None = None
        self._held = 0

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"} or scope["path"] in self._exempt:
            await self._app(scope, receive, send)
            return
        # At the first request: nothing is read from the environment at import.
        gates = self._gates = self._gates or Gates.of(settings())
        scope["gates"] = gates
        if scope["type"] == "http":
            await self._request(gates, scope, receive, send)
            return
        try:
            async with gates.streams.passed(0):
                await self._app(scope, receive, send)
        except DomainError:
            await send({"type": "websocket.close", "code": 1013, "reason": "Try again later"})

    async def _request(self, gates: Gates, scope: Scope, receive: Receive, send: Send) -> None:
        line, answer = Line(receive), _Answer(send)
        try:
            await self._read_body(line, gates.deadline_s)
            async with _while_there(line, answer), gates.taken_on() as turn:
                answer.turn = turn
                await self._app(scope, line.receive, answer.send)
        except DomainError as failure:
            if answer.status:
                # Half an answer cannot be mended: the server closes the connection.
                _log.warning("an answer was broken off", request_id=scope["request_id"])
                return
            await self._refuse(scope, failure)(scope, receive, send)
        except _ClientGone:
            scope["gone"] = True
        finally:
            self._held -= line.held

    async def _read_body(self, line: Line, within_s: float) -> None:
        """Reads the body before the request counts: slow senders hold no place.

        Raises ``malformed_request`` where it does not come, and ``unavailable`` where all bodies
        that are waited for take too much memory.
        """
        try:
            async with asyncio.timeout(within_s):
                while not line.complete and line.held <= BODY_BYTES_MAX:
                    self._held += await line.read_ahead()
                    if line.gone:
                        raise _ClientGone
                    if self._held > HELD_BYTES_MAX:
                        raise too_busy()
        except TimeoutError:
            raise DomainError(
                ErrorCode.MALFORMED_REQUEST, "The body did not arrive in time."
            ) from None


class _ClientGone(Exception):
    """There is nobody any more to answer."""


class _Answer:
    """The answer as far as it was sent."""

    def __init__(self, send: Send):
        self._send = send
        self.status = 0
        self.turn: Turn | None = None
        self.on_end: Callable[[], object] = lambda: None

    async def send(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            self.status = message["status"]
            headers = dict(message["headers"])
            if self.turn is not None and b"content-length" not in headers:
                if headers.get(b"content-type", b"").startswith(_EVENTS):
                    self.turn.let_go()
                else:
                    self.turn.go_on_for(STREAM_S)
        elif not message.get("more_body", False):
            # From here on the server reports an end that is none of the client's doing.
            self.on_end()
        await self._send(message)


@asynccontextmanager
async def _while_there(line: Line, answer: _Answer) -> AsyncIterator[None]:
    """Cancels what runs in the block when the client goes; raises :class:`_ClientGone` then."""
    if not line.complete:
        # The operation is going to refuse the rest of the body.
        yield
        return
    task = asyncio.current_task()
    assert task is not None  # noqa: S101 - there is one where something is awaited

    async def watch() -> None:
        await line.end()
        task.cancel()

    watching = asyncio.create_task(watch())
    answer.on_end = watching.cancel
    try:
        yield
    except asyncio.CancelledError:
        if line.gone and task.uncancel() == 0:
            raise _ClientGone from None
        raise
    finally:
        watching.cancel()
