"""Progress of long work, for people: a bar on a terminal, nothing where nobody watches."""

import io
from collections.abc import Callable
from types import TracebackType
from typing import Self

from rich.console import Console
from rich.progress import (
    BarColumn,
    Progress,
    ProgressColumn,
    Task,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.text import Text


class _Rate(ProgressColumn):
    """Rows a second, over the last half minute."""

    def render(self, task: Task) -> Text:
        speed = task.finished_speed or task.speed
        return Text("" if speed is None else f"{speed:,.0f}/s")


class Bar:
    """One bar that counts rows; ``total`` is ``None`` where nobody knows it."""

    def __init__(self, console: Console, what: str, total: int | None):
        self._progress = Progress(
            TextColumn("{task.description}"),
            BarColumn(),
            TaskProgressColumn(),
            TextColumn("{task.completed:,.0f} rows"),
            _Rate(),
            TimeElapsedColumn(),
            console=console,
            disable=not console.is_terminal,
        )
        self._task = self._progress.add_task(what, total=total)

    def __enter__(self) -> Self:
        self._progress.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._progress.stop()

    def advance(self, rows: int) -> None:
        """Counts rows that were done since the last call."""
        self._progress.advance(self._task, rows)


type Bars = Callable[[str, int | None], Bar]
"""Makes a bar for each kind of work: what is done, and how many there are of it."""


def no_bars(what: str, total: int | None) -> Bar:
    """Bars that nobody sees."""
    return Bar(Console(file=io.StringIO()), what, total)
