"""Keeps one part alive: starts it, watches its health, restarts it with back-off, stops it."""

import asyncio
import signal
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import structlog

from api.embedded.backoff import Backoff
from api.embedded.errors import StackError
from api.embedded.part import Hook, Part
from api.embedded.process import ChildProcess

HOOK_TIMEOUT_S = 180.0
# While a part comes up it is asked often at first, then ever less.
_FIRST_POLL_S, _LONGEST_POLL_S = 0.05, 0.4

log = structlog.get_logger("stibnite.supervisor")


class _Failed(Exception):
    """A part's present life is over; the message is the reason."""


class Keeper:
    """Keeps one part alive: starts it, watches its health, starts it again when it fails."""

    def __init__(self, part: Part, log_file: Path, changed: Callable[[], None]):
        self.part = part
        self.healthy = asyncio.Event()
        """Set while the part is healthy."""
        self.child: ChildProcess | None = None
        """The running process, if any."""
        self._log_file = log_file
        self._changed = changed
        self._log = log.bind(part=part.name)
        self._healthy_since: float | None = None
        self._complaint = ""

    async def keep(self) -> None:
        """Runs until cancelled; the process is stopped, and gone, before this returns.

        Raises:
            StackError: the part can never start here.
        """
        backoff = Backoff()
        while True:
            try:
                await self._live()
            except _Failed as failure:
                delay = backoff.failed(self._healthy_for_s())
                self._log.warning("failed", reason=str(failure), restart_in_s=round(delay, 1))
                await asyncio.sleep(delay)

    async def _live(self) -> None:
        """One life of the process, from start to its end by failure or cancellation."""
        self._healthy_since = None
        await self._hook(self.part.before_start, "could not be prepared")
        try:
            child = await ChildProcess.start(self.part, self._log_file)
        except OSError as error:
            raise _Failed(f"could not be executed: {error}") from error
        self.child = child
        try:
            self._changed()
            self._log.info("started", pid=child.pid, port=self.part.port)
            await self._come_up(child)
            await self._stay_up(child)
        finally:
            self.healthy.clear()
            await child.stop(self.part.stop_steps)
            self.child = None
            self._changed()
            if self.part.after_exit is not None:
                with suppress(Exception):  # it only tidies up after a process that is gone
                    await self.part.after_exit()

    async def _come_up(self, child: ChildProcess) -> None:
        started, poll_s = _now(), _FIRST_POLL_S
        try:
            while not await self._check(child):
                if _now() - started > self.part.start_timeout_s:
                    limit = self.part.start_timeout_s
                    raise _Failed(f"not healthy within {limit:g} s; {self._complaint}")
                await asyncio.sleep(poll_s)
                poll_s = min(poll_s * 1.5, _LONGEST_POLL_S)
            await self._hook(self.part.once_up, "could not be made ready")
        except _Failed:
            for line in child.last_lines():
                self._log.error("last output", line=line)
            raise
        self._healthy_since = _now()
        self.healthy.set()
        self._log.info("healthy", after_s=round(_now() - started, 2))

    async def _stay_up(self, child: ChildProcess) -> None:
        failures = 0
        while True:
            if await child.exited_within(self.part.check_every_s):
                raise _Failed(_ending(child))
            if await self._check(child):
                failures = 0
                self.healthy.set()
                continue
            failures += 1
            self.healthy.clear()
            if failures >= self.part.tolerated_failures:
                raise _Failed(f"{failures} health checks in a row failed; {self._complaint}")

    async def _check(self, child: ChildProcess) -> bool:
        """One health check, cut short when the process ends meanwhile."""
        question = asyncio.ensure_future(self.part.healthy())
        try:
            await asyncio.wait(
                {question, child.exit},
                timeout=self.part.check_timeout_s,
                return_when=asyncio.FIRST_COMPLETED,
            )
            if not child.running:
                raise _Failed(_ending(child))
            self._complaint = _complaint(question, self.part.check_timeout_s)
            return not self._complaint
        finally:
            question.cancel()
            await asyncio.gather(question, return_exceptions=True)

    async def _hook(self, hook: Hook | None, complaint: str) -> None:
        if hook is None:
            return
        try:
            async with asyncio.timeout(HOOK_TIMEOUT_S):
                await hook()
        except StackError:
            raise
        except Exception as error:
            raise _Failed(f"{complaint}: {_plain(error)}") from error

    def _healthy_for_s(self) -> float:
        return 0.0 if self._healthy_since is None else _now() - self._healthy_since


def _complaint(question: asyncio.Future[bool], limit_s: float) -> str:
    """What is wrong according to a health check; empty when nothing is."""
    if not question.done() or question.cancelled():
        return f"no answer within {limit_s:g} s"
    error = question.exception()
    if error is not None:
        return _plain(error)
    return "" if question.result() else "the answer was not the expected one"


def _ending(child: ChildProcess) -> str:
    code = child.exit.result()
    if code >= 0:
        return f"exited with code {code}"
    return f"ended by {signal.Signals(-code).name}"


def _plain(error: BaseException) -> str:
    return " ".join(f"{type(error).__name__}: {error}".split())


def _now() -> float:
    return asyncio.get_running_loop().time()
