"""What the tests of the row executor share: values right and wrong, and answers to compare."""

import datetime
import enum
from collections import deque
from collections.abc import Callable, Generator
from dataclasses import dataclass
from typing import Any, NewType, cast

import orjson
import strawberry
from graphql import DocumentNode, ExecutionResult, parse
from graphql.execution import execute
from graphql.pyutils import Undefined
from strawberry.execution import optimized_is_awaitable
from strawberry.schema.config import StrawberryConfig
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.utils.await_maybe import await_maybe

from graph.executor import ProjectionCounts, RowExecutor

STOCK = StrawberryGraphQLCoreExecutionContext


@strawberry.enum
class Colour(enum.Enum):
    RED = "r"
    GREEN = "g"


class Text(str):
    """A string that is not exactly ``str``."""


class Soon:
    """Can be awaited any number of times, unlike a coroutine, so two executors may share it."""

    def __init__(self, value: Any) -> None:
        self.value = value

    def __await__(self) -> Generator[None, None, Any]:
        yield
        if isinstance(self.value, Exception):
            raise self.value
        return self.value


@dataclass(frozen=True)
class Raise:
    """Raised by properties and resolvers, where it stands for the value."""

    message: str


def given_out(value: Any) -> Any:
    if isinstance(value, Raise):
        raise ValueError(value.message)
    return value


def serialise_even(value: Any) -> int | None:
    if value == 100:
        return None
    if value % 2:
        raise ValueError(f"{value} is odd")
    return int(value)


Even = NewType("Even", int)
CONFIG = StrawberryConfig(
    scalar_map={Even: strawberry.scalar(name="Even", serialize=serialise_even, parse_value=int)}
)


class Trouble(Exception):
    """An exception that is given out as a value."""


LEAVES: dict[Any, list[Any]] = {
    str: ["", "Ada", "ü\u2028\"'\\"],
    strawberry.ID: ["p1", "p2"],
    int: [0, -1, 2**31 - 1, -(2**31)],
    float: [0.0, -0.0, 1.5],
    bool: [True, False],
    Colour: list(Colour),
    Even: [0, 2],
    datetime.date: [datetime.date(2026, 11, 1)],
}

# Wrong for most fields, nearly right for some.
ODD: list[Any] = [
    *(None, None, None, Undefined, True, 1.0, 7, 2**31, float("nan"), float("inf"), "r", "GREEN"),
    *("12", b"b", Text("t"), Colour.RED, 100, (), [], [None], "", {}, frozenset(), deque(["a"])),
    *(Trouble("a value"), Raise("no"), Soon("later"), Soon(None), Soon(Trouble("late"))),
]


def schema_of(
    fields: dict[str, tuple[Any, Callable[[Any], Any]]], **options: Any
) -> strawberry.Schema:
    """A schema of root fields, each with its type and with what it makes of the context."""
    body = {
        name: strawberry.field(resolver=_from_context(made), graphql_type=annotation)
        for name, (annotation, made) in fields.items()
    }
    query = strawberry.type(type("Query", (), body))
    return strawberry.Schema(query, **{"config": CONFIG, **options})


def resolved(resolver: Callable[..., Any], **options: Any) -> Any:
    """A field with a resolver, of the type that the field is annotated with."""
    return strawberry.field(resolver=resolver, **options)


def _from_context(made: Callable[[Any], Any]) -> Any:
    def resolve(info: strawberry.Info) -> Any:
        return made(info.context)

    return resolve


async def answer(
    schema: strawberry.Schema,
    executor: type[STOCK],
    document: str | DocumentNode,
    variables: dict[str, Any] | None = None,
    context: Any = None,
) -> ExecutionResult:
    """Executes without parsing caches, validation or extensions."""
    result = await await_maybe(
        execute(
            schema._schema,
            parse(document) if isinstance(document, str) else document,
            context_value=context,
            variable_values=variables,
            is_awaitable=cast(Any, optimized_is_awaitable),
            executor_class=executor,
        )
    )
    assert isinstance(result, ExecutionResult)
    return result


def errors_of(result: Any) -> list[Any]:
    """Message, path and locations of each error, in order."""
    return [
        (error.message, error.path, [(each.line, each.column) for each in error.locations or ()])
        for error in result.errors or ()
    ]


def written(data: Any) -> bytes:
    """As the doors write it, so that order and types count."""
    return orjson.dumps(data, default=lambda value: f"<{type(value).__name__}>")


async def same_answer(
    schema: strawberry.Schema,
    document: str | DocumentNode,
    variables: dict[str, Any] | None = None,
    context: Any = None,
) -> ExecutionResult:
    """The row executor's answer, which is that of the stock executor."""
    stock = await answer(schema, STOCK, document, variables, context)
    rows = await answer(schema, RowExecutor, document, variables, context)
    assert written(rows.data) == written(stock.data)
    assert errors_of(rows) == errors_of(stock)
    return rows


class Counted:
    """Counts what executors do within a ``with`` block."""

    def __enter__(self) -> ProjectionCounts:
        counts = RowExecutor.counts
        self.before = (counts.projected, counts.irregular, counts.stock)
        self.within = ProjectionCounts()
        return self.within

    def __exit__(self, *_: object) -> None:
        counts = RowExecutor.counts
        self.within.projected = counts.projected - self.before[0]
        self.within.irregular = counts.irregular - self.before[1]
        self.within.stock = counts.stock - self.before[2]
