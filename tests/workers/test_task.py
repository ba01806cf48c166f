"""The rules that hold for every task, checked where it is queued; and the worker's settings."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any
from uuid import uuid4

import pytest

from api.settings import settings
from workers import heartbeat as beats
from workers.app import app, configuration
from workers.task import TIME_LIMIT_S, VISIBILITY_TIMEOUT_S

URL = "redis://127.0.0.1:9/0"


@pytest.fixture(autouse=True)
def _redis_that_is_never_asked(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setenv("REDIS_URL", URL)
    settings.cache_clear()
    yield
    settings.cache_clear()


@pytest.mark.parametrize("value", [{"name": "Ada"}, ["id"], None, True, 1.5, b"id", "", "x" * 65])
def test_only_ids_are_queued(value: object) -> None:
    with pytest.raises(TypeError, match=r"workers\.heartbeat: arguments are ids of rows"):
        beats.heartbeat.apply_async((value,))
    with pytest.raises(TypeError, match="ids of rows"):
        beats.heartbeat.delay(row=value)


@pytest.mark.parametrize("delay", [{"countdown": 1}, {"eta": datetime(2030, 1, 1, tzinfo=UTC)}])
def test_waiting_is_not_left_to_the_broker(delay: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="a delay belongs to the row"):
        beats.heartbeat.apply_async((str(uuid4()),), **delay)


def test_importing_the_application_reads_no_setting_and_connects_to_nothing() -> None:
    code = "import workers.app, api.settings as s; assert s.settings.cache_info().currsize == 0"
    subprocess.run([sys.executable, "-c", code], env={}, check=True)


def test_every_task_is_acknowledged_late_and_bounded() -> None:
    chosen = configuration()
    assert chosen["broker_url"] == URL
    assert chosen["broker_transport_options"]["visibility_timeout"] == VISIBILITY_TIMEOUT_S
    assert chosen["accept_content"] == ["json"]
    ours = [task for name, task in app.tasks.items() if name.startswith("workers.")]
    assert beats.HEARTBEAT_TASK in {task.name for task in ours}
    for task in ours:
        assert task.acks_late
        assert task.reject_on_worker_lost
        assert task.ignore_result
        assert task.time_limit == TIME_LIMIT_S
