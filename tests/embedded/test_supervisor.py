"""Starting, watching, restarting and stopping parts. The parts are small real processes."""

import asyncio
import signal
import sys
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path
from typing import Any

import psutil
import pytest
import structlog

from api.embedded.backoff import Backoff
from api.embedded.errors import StackError
from api.embedded.part import Part, StopStep
from api.embedded.process import LARGEST_LOG_BYTES
from api.embedded.supervisor import Supervisor
from tests.embedded.stacks import is_gone, supervised, until

# Writes its name to a journal when it is up and when it is told to go.
JOURNALIST = """
import signal, sys, time
name, journal = sys.argv[1:]
def note(what):
    with open(journal, "a") as file:
        file.write(f"{name} {what}\\n")
def leave(*_):
    note("down")
    sys.exit(0)
signal.signal(signal.SIGTERM, leave)
note("up")
time.sleep(600)
"""


def script(name: str, code: str, *arguments: str, **changes: Any) -> Part:
    """A part that runs a piece of Python and counts as healthy while it runs."""
    part = Part(
        name=name,
        argv=(sys.executable, "-S", "-c", code, *arguments),
        healthy=_well,
        stop_steps=(StopStep(signal.SIGTERM, 5),),
    )
    return replace(part, **changes)


def sleeper(name: str = "sleeper", **changes: Any) -> Part:
    return script(name, "import time; time.sleep(600)", **changes)


async def _well() -> bool:
    return True


def journalist(name: str, journal: Path) -> Part:
    async def noted() -> bool:
        return f"{name} up" in lines(journal)

    return script(name, JOURNALIST, name, str(journal), healthy=noted)


def lines(path: Path) -> list[str]:
    return path.read_text().splitlines() if path.exists() else []


async def test_parts_start_in_order_and_stop_in_reverse(tmp_path: Path) -> None:
    journal = tmp_path / "journal"

    async def prepare() -> None:
        with journal.open("a") as file:
            file.write("prepared\n")

    supervisor = Supervisor(
        [journalist("engine", journal)],
        [journalist("first", journal), journalist("second", journal)],
        logs=tmp_path,
        prepare=prepare,
    )
    await supervisor.run(on_ready=supervisor.request_stop)
    noted = lines(journal)
    assert noted[:2] == ["engine up", "prepared"]
    assert set(noted[2:4]) == {"first up", "second up"}
    assert noted[4:] == ["second down", "first down", "engine down"]


async def test_a_killed_part_is_started_again(tmp_path: Path) -> None:
    async with supervised(sleeper(), logs=tmp_path) as supervisor:
        (keeper,) = supervisor.keepers
        assert keeper.child is not None
        before = keeper.child.pid
        psutil.Process(before).kill()
        await until(
            lambda: keeper.child and keeper.child.pid != before and keeper.healthy.is_set(),
            "a new process is healthy",
        )
    assert not psutil.pid_exists(before)


async def test_a_part_that_cannot_start_shows_its_last_words_and_backs_off(tmp_path: Path) -> None:
    part = script("broken", "import sys; print('no such disk'); sys.exit(3)", healthy=_never)
    supervisor = Supervisor([part], [], logs=tmp_path)
    with structlog.testing.capture_logs() as logs:
        running = asyncio.create_task(supervisor.run())
        await until(lambda: len(named(logs, "failed")) >= 3, "the third failure")
        supervisor.request_stop()
        await running
    failures = named(logs, "failed")[:3]
    assert [each["restart_in_s"] for each in failures] == [0.2, 0.4, 0.8]
    assert {each["reason"] for each in failures} == {"exited with code 3"}
    assert {each["part"] for each in failures} == {"broken"}
    # Each life shows its own words only, not those of the lives before.
    assert [each["line"] for each in named(logs, "last output")][:3] == ["no such disk"] * 3
    assert [each["event"] for each in logs[:3]] == ["started", "last output", "failed"]


async def _never() -> bool:
    return False


def named(logs: list[Any], event: str) -> list[Any]:
    return [each for each in logs if each["event"] == event]


def test_back_off_doubles_to_a_limit_and_forgives_after_a_healthy_minute() -> None:
    backoff = Backoff()
    delays = [backoff.failed(healthy_for_s=0) for _ in range(8)]
    assert delays == [0.2, 0.4, 0.8, 1.6, 3.2, 6.4, 10.0, 10.0]
    assert backoff.failed(healthy_for_s=59) == 10.0
    assert backoff.failed(healthy_for_s=60) == 0.2
    assert backoff.failed(healthy_for_s=1) == 0.4


async def _hang() -> bool:
    await asyncio.get_running_loop().create_future()
    return True


async def _refuse() -> bool:
    raise ConnectionRefusedError("nobody there")


@pytest.mark.parametrize(
    ("illness", "complaint"),
    [
        (_never, "2 health checks in a row failed; the answer was not the expected one"),
        (_hang, "2 health checks in a row failed; no answer within 0.1 s"),
        (_refuse, "2 health checks in a row failed; ConnectionRefusedError: nobody there"),
    ],
)
async def test_a_part_that_runs_but_is_not_well_is_restarted(
    tmp_path: Path, illness: Callable[[], Any], complaint: str
) -> None:
    ill = False

    async def healthy() -> bool:
        return await illness() if ill else True

    part = sleeper(healthy=healthy, tolerated_failures=2, check_every_s=0.05, check_timeout_s=0.1)
    with structlog.testing.capture_logs() as logs:
        async with supervised(part, logs=tmp_path) as supervisor:
            (keeper,) = supervisor.keepers
            assert keeper.child is not None
            before = keeper.child.pid
            ill = True
            await until(lambda: named(logs, "failed"), "the part is given up")
            ill = False
            await until(keeper.healthy.is_set, "it is healthy again")
            assert keeper.child is not None
            assert keeper.child.pid != before
    assert named(logs, "failed")[0]["reason"] == complaint


async def test_a_part_that_never_gets_healthy_is_started_again(tmp_path: Path) -> None:
    part = sleeper(healthy=_never, start_timeout_s=0.3)
    supervisor = Supervisor([part], [], logs=tmp_path)
    with structlog.testing.capture_logs() as logs:
        running = asyncio.create_task(supervisor.run())
        await until(lambda: len(named(logs, "started")) == 2, "the second start")
        supervisor.request_stop()
        await running
    (failure,) = named(logs, "failed")
    assert failure["reason"].startswith("not healthy within")


async def test_a_part_that_ignores_its_signal_is_killed_with_its_children(tmp_path: Path) -> None:
    code = (
        "import signal, subprocess, sys\n"
        "signal.signal(signal.SIGTERM, signal.SIG_IGN)\n"
        "child = subprocess.Popen(['sleep', '600'])\n"
        "print(child.pid, flush=True)\n"
        "child.wait()\n"
    )
    log = tmp_path / "stubborn.log"

    async def has_child() -> bool:
        return bool(lines(log))

    steps = (StopStep(signal.SIGTERM, 0.1),)
    part = script("stubborn", code, healthy=has_child, stop_steps=steps)
    async with supervised(part, logs=tmp_path) as supervisor:
        child = supervisor.keepers[0].child
        assert child is not None
        family = [psutil.Process(child.pid), psutil.Process(int(lines(log)[0]))]
    assert child.exit.result() == -signal.SIGKILL
    for member in family:
        await until(lambda member=member: is_gone(member), "the process is gone")  # type: ignore[misc]


@pytest.mark.parametrize("before", [True, False])
async def test_a_failing_hook_is_a_failed_start(tmp_path: Path, before: bool) -> None:
    calls = 0

    async def fails_once() -> None:
        nonlocal calls
        calls += 1
        if calls == 1:
            raise OSError("disk full")

    with structlog.testing.capture_logs() as logs:
        part = sleeper(before_start=fails_once) if before else sleeper(once_up=fails_once)
        async with supervised(part, logs=tmp_path):
            pass
    (failure,) = named(logs, "failed")
    assert failure["reason"].endswith("OSError: disk full")
    assert calls == 2


async def test_what_can_never_work_ends_everything_with_its_sentence(tmp_path: Path) -> None:
    async def refuse() -> None:
        raise StackError("This machine has no disk.")

    supervisor = Supervisor(
        [sleeper("fine"), sleeper("refused", before_start=refuse)], [], logs=tmp_path
    )
    with pytest.raises(StackError, match="no disk"):
        await supervisor.run()
    assert all(keeper.child is None for keeper in supervisor.keepers)


async def test_a_failing_preparation_stops_the_engines_and_is_raised(tmp_path: Path) -> None:
    journal = tmp_path / "journal"

    async def prepare() -> None:
        raise LookupError("migration 7 is missing")

    supervisor = Supervisor(
        [journalist("engine", journal)],
        [journalist("service", journal)],
        logs=tmp_path,
        prepare=prepare,
    )
    with pytest.raises(LookupError, match="migration 7"):
        await supervisor.run()
    assert lines(journal) == ["engine up", "engine down"]


async def test_a_command_that_does_not_exist_is_reported(tmp_path: Path) -> None:
    part = replace(sleeper("absent", healthy=_never), argv=("/nowhere/at-all",))
    supervisor = Supervisor([part], [], logs=tmp_path)
    with structlog.testing.capture_logs() as logs:
        running = asyncio.create_task(supervisor.run())
        await until(lambda: named(logs, "failed"), "the failure is reported")
        supervisor.request_stop()
        await running
    said = named(logs, "last output")[0]["line"]
    assert said == "/nowhere/at-all cannot be executed: No such file or directory"


async def test_a_large_log_is_set_aside_at_the_next_start(tmp_path: Path) -> None:
    log = tmp_path / "sleeper.log"
    with log.open("wb") as file:
        file.truncate(LARGEST_LOG_BYTES + 1)
    async with supervised(sleeper(), logs=tmp_path):
        assert log.stat().st_size == 0
        assert log.with_name("sleeper.log.1").stat().st_size == LARGEST_LOG_BYTES + 1
