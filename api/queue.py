"""What the house hands to its workers: the name of a task and the id of a row.

The row is the truth and is committed first. A message only says "look at this row now": it may be
lost, late or doubled, and a sweep (``workers.periodic``) queues again what was lost.
"""

from enum import StrEnum
from typing import Protocol
from uuid import UUID


class TaskName(StrEnum):
    """The tasks that rows are handed to; the modules of ``workers`` register them."""

    RUN_PERSON_SEARCH_JOB = "workers.job.run"
    DELIVER_WEBHOOKS = "workers.webhook.deliver"


class Queue(Protocol):
    """The way to the workers."""

    def put(self, task: TaskName, row_id: UUID) -> None:
        """Hands a committed row to the workers: returns at once, never raises."""
