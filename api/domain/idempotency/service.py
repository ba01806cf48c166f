"""A write that is done once, however often it is asked for: the key, the write and the answer.

All three are one transaction, so a process may die anywhere in between: either nothing of it
happened, or the same request is given the same answer, byte by byte. Operations know nothing of it:
they are run with stores of which everything joins that transaction (``OneTransaction``).
"""

from collections.abc import Awaitable, Callable
from dataclasses import replace
from datetime import UTC, datetime
from typing import NamedTuple
from uuid import UUID

from api.domain.idempotency import queries
from api.domain.idempotency.queries import StoredAnswer
from api.domain.idempotency.rules import (
    KEPT,
    digest_of,
    scope_of,
    still_running,
    used_for_another,
)
from api.errors import DomainError, ErrorCode
from api.queue import Queue, TaskName
from api.sealing import SealError
from api.stores.one_transaction import one_transaction
from api.work import Stores, Work

_FORGOTTEN_AT_ONCE = 1_000


class Answer(NamedTuple):
    """What a door answers, and whether the work was done: then it is kept, else all is undone."""

    content: bytes
    done: bool


class _Undone(Exception):
    def __init__(self, answer: Answer):
        super().__init__("undone")
        self.answer = answer


class _Later:
    """A queue that hands on what it was given when told to: once there is a row to look at."""

    def __init__(self, queue: Queue):
        self._queue = queue
        self._waiting: list[tuple[TaskName, UUID]] = []

    def put(self, task: TaskName, row_id: UUID) -> None:
        self._waiting.append((task, row_id))

    def hand_on(self) -> None:
        for task, row_id in self._waiting:
            self._queue.put(task, row_id)


async def once(
    work: Work,
    key: str,
    asked: object,
    run: Callable[[Work], Awaitable[Answer]],
    *,
    now: datetime | None = None,
) -> tuple[bytes, bool]:
    """The answer of ``run``, or the one it gave under the caller's key; whether it is an old one.

    ``asked`` is what the request asks for, as JSON: another one under the same key is
    ``invalid_input``. ``conflict`` is raised while a request of the same key runs. What raises, or
    is not done, is undone as a whole and not kept, so that it can be tried again under its key.
    """
    now = now or datetime.now(UTC)
    identity, request = work.known, digest_of(asked)
    scope = scope_of(identity, key)
    later = _Later(work.stores.queue)
    try:
        async with one_transaction(work.stores.postgres) as transaction:
            if not await queries.take(transaction, scope):
                raise still_running()
            stored = await queries.find(transaction, scope, now - KEPT)
            if stored is not None:
                return _opened(work.stores, stored, request), True
            joined = replace(work.stores, postgres=transaction, queue=later)
            answer = await run(replace(work, stores=joined))
            if not answer.done:
                raise _Undone(answer)
            sealed = work.stores.sealer.seal_bytes(answer.content)
            kept = StoredAnswer(request, sealed)
            await queries.keep(transaction, scope, identity.account_id, kept, now)
    except _Undone as undone:
        return undone.answer.content, False
    later.hand_on()
    return answer.content, False


def _opened(stores: Stores, stored: StoredAnswer, request: bytes) -> bytes:
    if stored.request != request:
        raise used_for_another()
    try:
        return stores.sealer.open_bytes(stored.answer)
    except SealError:
        raise DomainError(
            ErrorCode.CONFLICT,
            "This was done, but its answer cannot be read any more: the installation's secret was"
            " changed.",
        ) from None


async def forget_old(stores: Stores, *, now: datetime | None = None) -> None:
    """Deletes the answers of more than 24 hours ago."""
    before = (now or datetime.now(UTC)) - KEPT
    while (
        await queries.forget(stores.postgres, before=before, most=_FORGOTTEN_AT_ONCE)
        == _FORGOTTEN_AT_ONCE
    ):
        pass
