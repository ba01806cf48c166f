"""The Celery application: ``celery -A workers.app worker`` on as many machines as wanted.

Importing this reads no setting and connects to nothing; the configuration is made on first use.
"""

import logging
from typing import Any

from celery import Celery, signals
from kombu.entity import Queue

from api.logs import configure_logging
from api.queue import TaskName
from api.settings import settings
from workers.heartbeat import HEARTBEAT_TASK, HeartbeatStep
from workers.periodic import PeriodicStep, registered
from workers.signs import DELIVERIES_QUEUE, ROWS_QUEUE, UPKEEP_QUEUE
from workers.task import SOFT_TIME_LIMIT_S, TIME_LIMIT_S, VISIBILITY_TIMEOUT_S, IdTask

QUEUES = (ROWS_QUEUE, DELIVERIES_QUEUE, UPKEEP_QUEUE)
"""A worker takes from them in turn, so that a long one never holds up the others."""


TASK_MODULES = (
    "workers.heartbeat",
    "workers.idempotency",
    "workers.job",
    "workers.prospecting",
    "workers.wallet",
    "workers.sign_in",
    "workers.webhook",
)
"""Every module that defines tasks."""


def configuration() -> dict[str, Any]:
    """Celery's settings. Reliability first: nothing accepted is lost when any process dies."""
    given = settings()
    # Longer than Celery's blocking pop (1 s), so that silence is a dead connection, not an empty
    # queue; without it a publish to a vanished broker would wait for ever.
    broker = {
        "visibility_timeout": VISIBILITY_TIMEOUT_S,
        "socket_timeout": 30,
        "socket_connect_timeout": 5,
        "socket_keepalive": True,
        "health_check_interval": 25,
        # No task has a priority: one Redis list per queue, not four.
        "priority_steps": [0],
    }
    return {
        "broker_url": given.required_redis_url,
        "broker_transport_options": broker,
        "broker_connection_retry_on_startup": True,
        "broker_connection_max_retries": None,
        "result_backend_transport_options": {"visibility_timeout": VISIBILITY_TIMEOUT_S},
        "visibility_timeout": VISIBILITY_TIMEOUT_S,
        "task_default_queue": ROWS_QUEUE,
        "task_routes": {TaskName.DELIVER_WEBHOOKS: {"queue": DELIVERIES_QUEUE}},
        "task_queues": [Queue(name) for name in QUEUES],  # type: ignore[no-untyped-call]
        "task_acks_late": True,
        "task_reject_on_worker_lost": True,
        "task_ignore_result": True,
        "task_soft_time_limit": SOFT_TIME_LIMIT_S,
        "task_time_limit": TIME_LIMIT_S,
        "task_serializer": "json",
        "accept_content": ["json"],
        "worker_prefetch_multiplier": 1,
        "worker_concurrency": given.worker_concurrency,
        "worker_cancel_long_running_tasks_on_connection_loss": True,
        "worker_soft_shutdown_timeout": given.worker_soft_shutdown_s,
        "worker_enable_soft_shutdown_on_idle": True,
        "worker_hijack_root_logger": False,
        "worker_send_task_events": False,
        "enable_utc": True,
        "timezone": "UTC",
    }


@signals.setup_logging.connect(weak=False)  # type: ignore[untyped-decorator]
def _set_up_logging(**_: object) -> None:
    configure_logging(settings())
    # Two lines for each task, which is right for all but those that come every few seconds.
    for name in ("celery.worker.strategy", "celery.app.trace"):
        logging.getLogger(name).addFilter(_is_worth_a_line)


def _is_worth_a_line(record: logging.LogRecord) -> bool:
    message = record.getMessage()
    often = (HEARTBEAT_TASK, *(each.task for each in registered()))
    return record.levelno > logging.INFO or not any(f" {name}[" in message for name in often)


def _make() -> Celery:
    made = Celery("stibnite", task_cls=IdTask, include=list(TASK_MODULES), set_as_current=True)
    made.add_defaults(configuration)
    made.steps["consumer"].update({HeartbeatStep, PeriodicStep})
    return made


app = _make()
