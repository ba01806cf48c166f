"""Starts the parts of a stack in order, keeps them going, and stops them the other way round."""

import asyncio
from collections.abc import Callable, Collection, Sequence
from pathlib import Path
from typing import Any

from api.embedded.keeper import Keeper
from api.embedded.part import Hook, Part


class Supervisor:
    """Runs parts: engines first, then ``prepare``, then services.

    ``changed`` is called whenever a process has started or ended.
    """

    def __init__(
        self,
        engines: Sequence[Part],
        services: Sequence[Part],
        *,
        logs: Path,
        prepare: Hook | None = None,
        changed: Callable[[], None] = lambda: None,
    ):
        def keeper(part: Part) -> Keeper:
            return Keeper(part, logs / f"{part.name}.log", changed)

        self.engines = tuple(keeper(part) for part in engines)
        self.services = tuple(keeper(part) for part in services)
        self._prepare = prepare
        self._keeping: dict[Keeper, asyncio.Task[None]] = {}
        self._stop = asyncio.Event()
        self._gave_up: asyncio.Queue[BaseException] = asyncio.Queue()

    @property
    def keepers(self) -> tuple[Keeper, ...]:
        """All keepers, in starting order."""
        return (*self.engines, *self.services)

    def request_stop(self) -> None:
        """Makes ``run`` stop everything and return. May be called at any time, more than once."""
        self._stop.set()

    async def run(self, on_ready: Callable[[], None] = lambda: None) -> None:
        """Runs until ``request_stop`` or cancellation; every process has ended when this returns.

        ``on_ready`` is called once, when everything is healthy for the first time. The bound for
        stopping is the sum of the services' patience and the longest of the engines'.

        Raises:
            StackError: a part can never start here.
            Exception: whatever ``prepare`` or ``on_ready`` raised.
        """
        life = asyncio.create_task(self._live(on_ready))
        ends = {
            life,
            asyncio.create_task(self._stop.wait()),
            asyncio.create_task(self._first_failure()),
        }
        try:
            done, _ = await asyncio.wait(ends, return_when=asyncio.FIRST_COMPLETED)
            for task in done:
                task.result()
        finally:
            await _cancelled(ends)
            for keeper in reversed(self.services):
                await self._end((keeper,))
            await self._end(self.engines)

    async def _live(self, on_ready: Callable[[], None]) -> None:
        await self._start(self.engines)
        if self._prepare is not None:
            await self._prepare()
        await self._start(self.services)
        on_ready()
        await asyncio.get_running_loop().create_future()  # until cancelled

    async def _start(self, keepers: Sequence[Keeper]) -> None:
        for keeper in keepers:
            self._keeping[keeper] = asyncio.create_task(self._keep(keeper))
        await asyncio.gather(*(keeper.healthy.wait() for keeper in keepers))

    async def _keep(self, keeper: Keeper) -> None:
        try:
            await keeper.keep()
        except Exception as error:
            self._gave_up.put_nowait(error)

    async def _first_failure(self) -> None:
        raise await self._gave_up.get()

    async def _end(self, keepers: Sequence[Keeper]) -> None:
        await _cancelled({self._keeping.pop(each) for each in keepers if each in self._keeping})


async def _cancelled(tasks: Collection[asyncio.Task[Any]]) -> None:
    """Cancels the tasks and returns when they have ended, however they did."""
    for task in tasks:
        task.cancel()
    await asyncio.gather(*tasks, return_exceptions=True)
