"""Any process may be killed at any time: it comes back, nothing is lost, nothing is left behind."""

import os
import signal
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import httpx2
import psutil
import pytest

from api.embedded.record import StackRecord, record_path
from tests.conftest import load_documented
from tests.stack import Stack, scratch_folder, start, stop

PARTS = ("postgres", "redis", "clickhouse", "api", "worker")
Q: dict[str, str | int] = {"q": "partners at law firms in Ely, NV", "limit": 100}
BACK_WITHIN_S = 10


@pytest.fixture(scope="module")
def victim() -> Iterator[Stack]:
    """A stack of its own, with the documented rows and the crowd only."""
    with scratch_folder() as folder:
        running = start(folder / "data", "--no-sample")
        load_documented(running, folder)
        yield running
        processes = [psutil.Process(pid) for pid in pids(running).values()]
        code = stop(running.process)
    assert code == 0
    assert not [process for process in processes if process.is_running()]


@pytest.fixture
def scratch() -> Iterator[Path]:
    """A folder for one more stack."""
    with scratch_folder() as folder:
        yield folder


def pids(stack: Stack) -> dict[str, int]:
    """The process of each part, as recorded."""
    record = StackRecord.read(record_path(stack.data_dir))
    return {name: part.process.pid for name, part in record.parts.items() if part.process}


class Traffic:
    """Requests one after another until told to stop; how each of them ended."""

    def __init__(self, client: httpx2.Client):
        self.client = client
        self.ended: list[tuple[float, int, int]] = []
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run)

    def __enter__(self) -> "Traffic":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def _run(self) -> None:
        while not self._stop.is_set():
            try:
                response = self.client.get("/v1/persons/search", params=Q)
                records = response.json()["billable_records"] if response.is_success else 0
                self.ended.append((time.monotonic(), response.status_code, records))
            except httpx2.HTTPError:
                self.ended.append((time.monotonic(), 0, 0))

    def good_after(self, moment: float) -> list[float]:
        """When requests that ended well after a moment did so."""
        return [at for at, status, _ in self.ended if at > moment and status == 200]

    def failed_after(self, moment: float) -> list[int]:
        """The status of each request that ended otherwise after a moment."""
        return [status for at, status, _ in self.ended if at > moment and status != 200]


@pytest.mark.parametrize("part", PARTS)
def test_a_killed_part_comes_back_and_nothing_is_lost(victim: Stack, part: str) -> None:
    key = victim.new_key(f"kill {part}")
    with victim.client(key) as client:
        with Traffic(client) as traffic:
            wait_for(lambda: len(traffic.good_after(0)) >= 3)
            killed_pid, killed = pids(victim)[part], time.monotonic()
            os.kill(killed_pid, signal.SIGKILL)
            wait_for(lambda: pids(victim).get(part, killed_pid) != killed_pid)
            wait_for(lambda: ready(client))
            back = time.monotonic()
            wait_for(lambda: len(traffic.good_after(back)) >= 5)
        assert not [status for status in traffic.failed_after(0) if status not in {0, 503}]
        assert not traffic.failed_after(max(back, killed + BACK_WITHIN_S))
        given_out = sum(records for _, _, records in traffic.ended)
        totals = client.get("/v1/usage").json()
        calls = len(traffic.good_after(0))
        # A process that dies between writing the bill and answering bills one call too many to the
        # caller who asks again; never one too few.
        assert calls <= totals["requests"] <= calls + 1
        assert given_out <= totals["billable_records"] <= given_out + 100
        body = client.get("/v1/persons/search", params=Q).json()
        assert len(body["data"]) == 100


def test_a_killed_supervisor_leaves_no_orphan_at_the_next_start(scratch: Path) -> None:
    first = start(scratch / "data", "--no-sample")
    before = [psutil.Process(pid) for pid in pids(first).values()]
    key = first.new_key("survivor")
    first.process.kill()
    first.process.wait()
    second = start(scratch / "data", "--no-sample")
    try:
        assert not [process for process in before if process.is_running()]
        assert set(pids(second)) == set(PARTS)
        with second.client(key) as client:
            assert client.get("/v1/usage").status_code == 200
    finally:
        assert stop(second.process) == 0


def test_two_data_folders_run_side_by_side(victim: Stack, scratch: Path) -> None:
    other = start(scratch / "other", "--no-sample")
    try:
        assert not set(pids(other).values()) & set(pids(victim).values())
        with victim.client(other.new_key()) as client:
            assert client.get("/v1/usage").status_code == 401
    finally:
        assert stop(other.process) == 0


def ready(client: httpx2.Client) -> bool:
    """Whether the stack says it is ready."""
    try:
        return client.get("/ready").status_code == 200
    except httpx2.HTTPError:
        return False


def wait_for(condition: object, within_s: float = 60) -> None:
    """Waits until a condition holds."""
    assert callable(condition)
    deadline = time.monotonic() + within_s
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true"
        time.sleep(0.02)
