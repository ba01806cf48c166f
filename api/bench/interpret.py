"""``stibnite bench interpret``: how long it takes to understand a question.

A few hundred questions of every kind are made from the dictionaries and read in turn, each many
times. The processor's time of the reading thread is measured beside the clock's: on a busy machine
the clock tells how busy it is.
"""

import itertools
import random
import time
from collections.abc import Callable
from dataclasses import asdict, dataclass
from typing import Any

from rich.console import Console
from rich.table import Table

from api.bench.measure import Latency, latency
from api.domain.company.industries import industries
from api.domain.interpreter import typos
from api.domain.interpreter.parser import interpret_companies, interpret_persons
from api.domain.interpreter.typos import plural
from api.domain.person.roles import roles
from api.errors import DomainError

P99_GOAL_MS = 1.0
_PLACES = (
    "", " in Nevada", " in Las Vegas", " in Portland, Maine", " in TX or California",
    " not in Florida", " in Calfornia",
)  # fmt: skip
_SIZES = ("", " with 50+ employees", " with between 11 and 50 people", " with fewer than ten staff")
_EXTRAS = (
    "", " mentioning craft beer", " excluding banks", " with NAICS 541110 or 541211",
    ' about "machine learning"', ", no agencies",
)  # fmt: skip
_COUNTS = ("", "give me 50 ", "top 25 ", "please find the first two hundred ")


@dataclass(frozen=True, slots=True)
class Outcome:
    """Milliseconds of one reading, by the clock and by the processor."""

    questions: int
    clock: Latency
    processor: Latency

    @property
    def met(self) -> bool:
        """Whether the goal is met."""
        return self.processor.p99_ms <= P99_GOAL_MS

    def as_json(self) -> dict[str, Any]:
        """The outcome for machines."""
        return {**asdict(self), "p99_goal_ms": P99_GOAL_MS, "met": self.met}


def questions(number: int, seed: int = 1) -> list[tuple[Callable[[str], object], str]]:
    """Varied questions about people and companies, each with what reads it."""
    draw = random.Random(seed)  # noqa: S311 - a sample, no secret
    titles = [plural(role.short) for role in roles().values()]
    kinds = [plural(draw.choice(industry.names)) for industry in industries().values()]
    asked: list[tuple[Callable[[str], object], str]] = []
    for position in range(number):
        tail = draw.choice(_PLACES) + draw.choice(_SIZES) + draw.choice(_EXTRAS)
        kind = draw.choice(_COUNTS) + draw.choice(kinds) + tail
        if position % 2:
            asked.append((interpret_companies, kind))
        else:
            who = draw.choice(_COUNTS) + draw.choice(titles)
            asked.append((interpret_persons, f"{who} at {draw.choice(kinds)}{tail}"))
    return asked


def measure(number: int, rounds: int) -> Outcome:
    """Reads ``number`` questions ``rounds`` times, in an order that changes."""
    asked = questions(number)
    draw = random.Random(2)  # noqa: S311 - an order, no secret
    for interpret, text in asked:
        _read(interpret, text)
    clock: list[float] = []
    processor: list[float] = []
    for _ in itertools.repeat(None, rounds):
        # A misprint is looked up once; as often as not it is a new one.
        typos.correction.cache_clear()
        draw.shuffle(asked)
        for interpret, text in asked:
            started, busy = time.perf_counter(), time.thread_time()
            _read(interpret, text)
            processor.append(time.thread_time() - busy)
            clock.append(time.perf_counter() - started)
    return Outcome(number, latency(clock), latency(processor))


def _read(interpret: Callable[[str], object], text: str) -> None:
    try:
        interpret(text)
    except DomainError as refused:
        raise ValueError(f"a question of the benchmark is refused: {text}") from refused


def tell_outcome(outcome: Outcome, console: Console) -> None:
    """Prints the outcome as a table."""
    table = Table("one reading", "p50 ms", "p95 ms", "p99 ms", "goal p99")
    for name, found in (("processor", outcome.processor), ("clock", outcome.clock)):
        goal = f"{P99_GOAL_MS:.0f} {'met' if outcome.met else 'NOT MET'}"
        told = goal if name == "processor" else ""
        table.add_row(name, *(f"{x:.2f}" for x in (found.p50_ms, found.p95_ms, found.p99_ms)), told)
    console.print(f"{outcome.questions} questions, {outcome.clock.calls} readings")
    console.print(table)
