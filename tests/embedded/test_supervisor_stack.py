"""A whole stack as a process of its own: kills, restarts, leftovers, neighbours."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import psutil
import psycopg
import pytest
from pydantic import SecretStr
from redis import Redis

from api.embedded.leftovers import end_leftovers
from api.embedded.record import PartRecord, ProcessRecord, StackRecord
from api.embedded.running import RunningStack, find_running
from api.liveness import worker_signs
from api.settings import Settings, SettingsError
from api.stores.redis import connect
from tests.embedded.stacks import (
    NO_CLICKHOUSE,
    REDIS_ONLY,
    ROOT,
    StackProcess,
    aof_synced,
    is_gone,
    stack,
    start_stack,
    stranger,
    until,
)

OUTSIDE = Settings(
    database_url=REDIS_ONLY["DATABASE_URL"], clickhouse_url=REDIS_ONLY["CLICKHOUSE_URL"]
)


def running(of: StackProcess, given: Settings = OUTSIDE) -> RunningStack:
    found = find_running(of.data_dir, given)
    assert found is not None
    return found


def redis_of(of: StackProcess) -> Redis:
    return Redis.from_url(running(of).settings.required_redis_url)


def write_row(url: str, note: str) -> None:
    with psycopg.connect(url, connect_timeout=5) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS notes (note text PRIMARY KEY)")
        connection.execute("INSERT INTO notes VALUES (%s)", [note])


def rows(url: str) -> list[str]:
    with psycopg.connect(url, connect_timeout=5) as connection:
        return [row[0] for row in connection.execute("SELECT note FROM notes ORDER BY note")]


async def back(of: StackProcess, name: str, former: ProcessRecord) -> None:
    """Waits until a part has a new process that is healthy."""

    def renewed() -> bool:
        return of.part(name) != former

    def healthy_again() -> bool:
        pid = f"pid={of.part(name).pid} "
        _, _, after = of.output().partition(pid)
        return any("healthy" in each and f"part={name}" in each for each in after.splitlines())

    await until(renewed, f"{name} is started again")
    await until(healthy_again, f"{name} is healthy again")


async def test_every_part_comes_back_after_a_kill_and_nothing_is_lost(
    shared: StackProcess,
) -> None:
    settings = running(shared).settings
    write_row(settings.required_database_url, "written before the kills")
    with redis_of(shared) as redis:
        redis.set("kept", "yes")
        await until(lambda: aof_synced(redis), "the append-only file is on disk")

    for name in ("postgres", "redis", "api", "worker"):
        former = shared.part(name)
        os.kill(former.pid, signal.SIGKILL)
        await back(shared, name, former)
        # Nobody reads a new address: urls and passwords stay.
        assert running(shared).settings == settings

    assert "written before the kills" in rows(settings.required_database_url)
    with redis_of(shared) as redis:
        assert redis.get("kept") == b"yes"


async def test_after_a_killed_supervisor_the_next_one_starts_clean(shared: StackProcess) -> None:
    url = running(shared).settings.required_database_url
    write_row(url, "written before the crash")
    family = shared.family()
    assert len(family) >= 5
    shared.process.kill()
    await shared.ended()
    # Whether the kernel ends the parts or the next start does: none is left when that is ready.
    shared.start_again()
    await shared.ready()
    for member in family:
        assert is_gone(member), member
    assert running(shared).settings.required_database_url == url
    assert "written before the crash" in rows(url)


async def test_leftovers_are_ended_and_strangers_spared() -> None:
    with stranger() as leftover, stranger() as foreign:
        record = StackRecord(
            parts={
                "api": left_behind(leftover, shift_s=0),
                # Another process was given the pid of a part that was started an hour before.
                "worker": left_behind(foreign, shift_s=-3600),
            }
        )
        await end_leftovers(record)
        assert leftover.poll() == -signal.SIGTERM
        assert foreign.poll() is None


def left_behind(process: subprocess.Popen[bytes], shift_s: float) -> PartRecord:
    created = psutil.Process(process.pid).create_time()
    return PartRecord(
        process=ProcessRecord(process.pid, created + shift_s), stop_signals=("SIGTERM",)
    )


async def test_a_second_start_on_the_same_folder_is_refused(shared: StackProcess) -> None:
    second = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-m", "tests.embedded.stand_in_stack", str(shared.data_dir)],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert second.returncode != 0
    sentence = f"already running on {shared.data_dir} (process {shared.process.pid})"
    assert sentence in second.stderr
    assert running(shared).supervisor_pid == shared.process.pid


async def test_two_folders_side_by_side(data_dir: Path) -> None:
    other = data_dir.with_name("other")
    async with stack(data_dir, **REDIS_ONLY) as one, stack(other, **REDIS_ONLY) as two:
        with redis_of(one) as left, redis_of(two) as right:
            left.set("mine", 1)
            assert right.get("mine") is None
            assert await one.stop() == 0
            assert two.process.poll() is None
            assert right.ping()


async def test_the_worker_takes_tasks_again_after_redis_was_killed(shared: StackProcess) -> None:
    client = connect(running(shared).settings.required_redis_url)
    node = next(word for word in shared.record.parts["worker"].argv if "@" in word)
    worker = shared.part("worker")
    try:
        former = shared.part("redis")
        os.kill(former.pid, signal.SIGKILL)
        await back(shared, "redis", former)
        since = time.time()

        async def took_one() -> bool:
            signs = await worker_signs(client, node)
            return signs is not None and (signs.finished or 0) > since

        await until(took_one, "a task is finished after the restart")
        assert shared.part("worker") == worker, "it was Redis that had failed, not the worker"
    finally:
        await client.aclose()


async def test_a_stop_while_starting_leaves_nothing(data_dir: Path) -> None:
    it = start_stack(data_dir, "worker", **REDIS_ONLY)
    pid = await until(lambda: it.part("worker").pid, "the worker has been started")
    worker = psutil.Process(pid)
    assert await it.stop() == 0
    assert is_gone(worker)
    assert not it.record.ready


async def test_urls_given_from_outside_are_used_and_not_written_down(data_dir: Path) -> None:
    outside = {
        "DATABASE_URL": "postgresql://someone:outside-password@127.0.0.1:9/db",
        "CLICKHOUSE_URL": NO_CLICKHOUSE["CLICKHOUSE_URL"],
        "STIBNITE_SECRET": "a-secret-that-was-given-from-outside",
    }
    async with stack(data_dir, **outside) as it:
        assert set(it.record.parts) == {"redis"}
        with pytest.raises(SettingsError, match="started with DATABASE_URL"):
            find_running(data_dir, Settings())
        given = Settings(
            database_url=outside["DATABASE_URL"],
            clickhouse_url=outside["CLICKHOUSE_URL"],
            secret=SecretStr(outside["STIBNITE_SECRET"]),
        )
        assert running(it, given).settings.required_secret == outside["STIBNITE_SECRET"]
        kept = files_below(data_dir)
        assert data_dir / "stack.json" in kept
        for path, content in kept.items():
            assert b"outside-password" not in content, path
            assert b"given-from-outside" not in content, path


def files_below(folder: Path) -> dict[Path, bytes]:
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


async def test_no_file_but_the_password_files_tells_a_password(shared: StackProcess) -> None:
    folder = shared.data_dir
    kept = [folder / "secret", *folder.glob("*/*password")]
    assert len(kept) == 4
    for file in kept:
        assert oct(file.stat().st_mode & 0o777) == "0o600", file
    secrets = {file.read_text().strip() for file in kept}
    assert len(secrets) == 4
    # Others may pass through, where Postgres needs a user of its own, and never look inside.
    assert oct(folder.stat().st_mode & 0o066) == "0o0"

    told = (folder / "stack.json").read_text() + shared.output()
    told += "".join(log.read_text() for log in folder.glob("logs/*"))
    told += " ".join(word for process in shared.family() for word in process.cmdline())
    for secret in secrets:
        assert secret not in told
