"""The base of every task: ids in, nothing out, bounded time, safe to run twice.

A new kind of work takes four steps. (1) A row with a state and a lease, committed before anything
is queued. (2) A member of ``api.queue.TaskName``, and ``stores.queue.put(name, row_id)`` after the
commit. (3) A task in ``workers/<noun>.py``, which ``workers.app.TASK_MODULES`` lists::

    @shared_task(name=TaskName.DELIVER)  # its queue: task_routes in workers.app
    def deliver(delivery_id: str) -> None:
        runtime().run(lambda stores: service.deliver(stores, UUID(delivery_id)), seconds=30)

(4) A sweep that finds what was lost, is due again or is too old (``workers.periodic``). Work that
mostly waits for others must not hold the process: ``runtime().drain("deliveries", service.drain)``
runs it in the background, once at a time, and returns at once.
"""

from typing import Any
from uuid import UUID

from celery import Task

# An interactive call has ten seconds; a task may do the heavy work that was moved out of it, and
# must be over well before the broker hands an unfinished one to another worker.
SOFT_TIME_LIMIT_S = 270
"""After this a task gets ``SoftTimeLimitExceeded`` and can settle its row."""
TIME_LIMIT_S = 300
"""After this its process is killed."""
VISIBILITY_TIMEOUT_S = 900
"""After this without acknowledgement, the broker hands the task to another worker."""
_LONGEST_ID = 64


class IdTask(Task):  # type: ignore[misc]  # Celery has no types
    """A task whose only arguments are ids of rows.

    The row says what to do and how far it has got, so a message may be lost, late or doubled: it is
    acknowledged when the work is done, and handed on when its process dies.
    """

    abstract = True
    acks_late = True
    reject_on_worker_lost = True
    ignore_result = True
    soft_time_limit = SOFT_TIME_LIMIT_S
    time_limit = TIME_LIMIT_S

    def apply_async(
        self,
        args: tuple[object, ...] | list[object] | None = None,
        kwargs: dict[str, object] | None = None,
        **options: Any,
    ) -> Any:
        """Queues the task.

        Raises:
            TypeError: an argument is not an id (a text of 1 to 64 characters, a UUID, or an int).
            ValueError: a delay was asked for. Waiting belongs to the row (``next_attempt_at``): the
                broker would hand out a message that waits long again and again.
        """
        for value in (*(args or ()), *(kwargs or {}).values()):
            if not _is_id(value):
                raise TypeError(f"{self.name}: arguments are ids of rows, not {type(value)}")
        if options.get("countdown") is not None or options.get("eta") is not None:
            raise ValueError(f"{self.name}: a delay belongs to the row, not to the message")
        return super().apply_async(args, kwargs, **options)


def _is_id(value: object) -> bool:
    if isinstance(value, bool):
        return False
    if isinstance(value, str):
        return 0 < len(value) <= _LONGEST_ID
    return isinstance(value, int | UUID)
