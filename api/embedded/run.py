"""``stibnite up``: everything on one data folder, from taking hold of it to letting go."""

import asyncio
import os
import signal
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace

import psutil
import structlog

from api.embedded.folder import DataFolder
from api.embedded.keeper import Keeper
from api.embedded.leftovers import end_leftovers
from api.embedded.record import PartRecord, ProcessRecord, StackRecord, record_path
from api.embedded.services import base_url
from api.embedded.supervisor import Supervisor
from api.embedded.topology import Topology, build_topology
from api.settings import Settings

type Prepare = Callable[[Settings], Awaitable[None]]
type OnReady = Callable[[Settings, str], None]
type MakeTopology = Callable[[Settings, DataFolder, StackRecord], Topology]

_STOP_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)

log = structlog.get_logger("stibnite.supervisor")


async def run(
    given: Settings,
    *,
    prepare: Prepare,
    on_ready: OnReady,
    make_topology: MakeTopology = build_topology,
) -> None:
    """Runs a whole stack until SIGINT, SIGTERM or SIGHUP, and leaves no process behind.

    ``prepare`` is awaited when the stores are healthy, before the API and the worker start;
    ``on_ready`` is called once, when everything is healthy, also with the API's base url. Both get
    the settings with all urls, the secret, the absolute data folder and the API's real port.
    To be called in the main thread, for the signals' sake.

    Raises:
        StackError: the folder is in use, or a part can never start here.
        Exception: whatever ``prepare`` or ``on_ready`` raised; everything is stopped by then.
    """
    folder = DataFolder(given.data_dir)
    with folder.exclusive():
        former = StackRecord.read(record_path(folder.root))
        await end_leftovers(former)
        topology = make_topology(given, folder, former)
        settings = topology.settings
        notes = _Notes(folder, former, topology)
        supervisor = Supervisor(
            topology.engines,
            topology.services,
            logs=folder.logs,
            prepare=lambda: prepare(settings),
            changed=lambda: notes.write(supervisor.keepers),
        )

        def ready() -> None:
            notes.ready = True
            notes.write(supervisor.keepers)
            on_ready(settings, base_url(settings))

        notes.write(supervisor.keepers)
        try:
            with _signals_to(supervisor.request_stop):
                await supervisor.run(ready)
        finally:
            notes.close()
        log.info("stopped")


class _Notes:
    """Keeps ``stack.json`` true."""

    def __init__(self, folder: DataFolder, former: StackRecord, topology: Topology):
        self.ready = False
        self._path = record_path(folder.root)
        self._record = StackRecord(
            supervisor=ProcessRecord(os.getpid(), psutil.Process().create_time()),
            base_url=base_url(topology.settings),
            external=topology.external,
            # Parts that do not run this time keep their ports for the next.
            parts={name: PartRecord(port=part.port) for name, part in former.parts.items()},
        )

    def write(self, keepers: tuple[Keeper, ...]) -> None:
        self._record.parts.update({each.part.name: _record_of(each) for each in keepers})
        self._record.ready = self.ready
        self._save()

    def close(self) -> None:
        """Notes that nothing runs any more."""
        self._record.supervisor = None
        self._record.ready = False
        for name, part in self._record.parts.items():
            self._record.parts[name] = replace(part, process=None)
        self._save()

    def _save(self) -> None:
        try:
            self._record.write(self._path)
        except OSError as error:
            # A full disk must not take down what still runs.
            log.error("stack.json could not be written", reason=error.strerror)


def _record_of(keeper: Keeper) -> PartRecord:
    part, child = keeper.part, keeper.child
    return PartRecord(
        port=part.port,
        process=ProcessRecord(child.pid, child.create_time) if child else None,
        argv=part.argv,
        stop_signals=tuple(step.signal.name for step in part.stop_steps),
        url=part.url,
    )


@contextmanager
def _signals_to(stop: Callable[[], None]) -> Iterator[None]:
    loop = asyncio.get_running_loop()

    def received(number: signal.Signals) -> None:
        log.info("stopping", signal=number.name)
        stop()

    for number in _STOP_SIGNALS:
        loop.add_signal_handler(number, received, number)
    try:
        yield
    finally:
        for number in _STOP_SIGNALS:
            loop.remove_signal_handler(number)
