"""Look-ups by key that many rows of an answer ask for, asked of a store together.

Made once per request, by ``graph.loaders``.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from dataclasses import dataclass, field


@dataclass(slots=True, eq=False)
class _Batch[K, V]:
    keys: list[K] = field(default_factory=list)
    waiting: int = 0
    task: asyncio.Task[dict[K, V]] | None = None


class Batches[K, V]:
    """What is asked for at the same moment goes together, ``most`` keys at once.

    Rows that ask for the same share one answer: where an error elsewhere cancels one of them, the
    others still get it. What nobody waits for any more, as when the client has gone, is cancelled,
    and with it the query that it waits for in the store. A failure is everybody's of its batch.
    """

    def __init__(self, load_all: Callable[[list[K]], Awaitable[Sequence[V]]], most: int):
        """``load_all`` gives the values of different keys, in their order."""
        self._load_all = load_all
        self._most = most
        self._asked: dict[K, _Batch[K, V]] = {}
        self._open: _Batch[K, V] | None = None

    async def load(self, key: K) -> V:
        """The value of a key."""
        batch = self._asked.get(key)
        if batch is None:
            batch = self._asked[key] = self._with_room()
            batch.keys.append(key)
        if batch.task is None:
            batch.task = asyncio.create_task(self._run(batch))
        batch.waiting += 1
        try:
            return (await asyncio.shield(batch.task))[key]
        finally:
            batch.waiting -= 1
            if not batch.waiting and not batch.task.done():
                self._drop(batch)
                batch.task.cancel()

    def _with_room(self) -> _Batch[K, V]:
        if self._open is None or len(self._open.keys) >= self._most:
            self._open = _Batch()
        return self._open

    async def _run(self, batch: _Batch[K, V]) -> dict[K, V]:
        # Once more round the loop: rows that are a step behind come along.
        await asyncio.sleep(0)
        if self._open is batch:
            self._open = None
        return dict(zip(batch.keys, await self._load_all(batch.keys), strict=True))

    def _drop(self, batch: _Batch[K, V]) -> None:
        """Forgets a batch that is about to be cancelled: who asks again is answered anew."""
        for key in batch.keys:
            del self._asked[key]
        if self._open is batch:
            self._open = None
