"""What is not plain is left to graphql-core: resolvers, guards, abstract types, deferral."""

import asyncio
from collections.abc import AsyncIterator
from typing import Any, NamedTuple

import pytest
import strawberry
from graphql import GraphQLError, parse
from graphql.execution import experimental_execute_incrementally
from graphql.execution.types import ExperimentalIncrementalExecutionResults
from strawberry.extensions import FieldExtension
from strawberry.permission import BasePermission
from strawberry.schema.config import StrawberryConfig
from strawberry.utils.await_maybe import await_maybe

from graph.executor import ProjectionCounts, RowExecutor
from tests.graph.row_executor_cases import (
    STOCK,
    Counted,
    Raise,
    Soon,
    answer,
    given_out,
    same_answer,
    schema_of,
)


class Log(list[str]):
    """What happened, in order."""


@strawberry.type
class Mixed:
    """Plain fields with resolvers between them; the first resolver changes a plain field."""

    before: str
    after: int
    log: strawberry.Private[Log]
    late: strawberry.Private[Any] = None

    @strawberry.field
    def between(self) -> str:
        self.log.append("between")
        self.after += 1
        return "b"

    @strawberry.field
    async def later(self) -> str | None:
        self.log.append("later")
        value: str | None = given_out(await Soon(self.late))
        return value

    @strawberry.field
    def itself(self) -> "Mixed":
        return self


@strawberry.type
class MixedQuery:
    @strawberry.field
    def mixed(self, info: strawberry.Info) -> list[Mixed]:
        rows: list[Mixed] = info.context()
        return rows


MIXED = strawberry.Schema(MixedQuery)
MIXED_QUERY = "{ mixed { before later between after itself { after x: after } end: before } }"


async def test_fields_with_resolvers_run_once_each_in_the_order_of_the_selection() -> None:
    log = Log()
    rows = [Mixed(before="1", after=1, log=log), Mixed(before="2", after=2, log=log)]
    with Counted() as counts:
        result = await answer(MIXED, RowExecutor, MIXED_QUERY, context=lambda: rows)
    assert result.errors is None
    assert result.data is not None
    assert [list(row) for row in result.data["mixed"]] == [
        ["before", "later", "between", "after", "itself", "end"]
    ] * 2
    # The plain field after the resolver shows what the resolver did.
    assert [row["after"] for row in result.data["mixed"]] == [2, 3]
    assert log == ["between", "between", "later", "later"]
    # Per row the three runs of plain fields and the nested object; the list is taken row by row.
    assert counts == ProjectionCounts(projected=8, stock=1)


@pytest.mark.parametrize("late", [None, "in time", Raise("too late")])
async def test_an_irregular_field_beside_resolvers_runs_no_resolver_twice(late: Any) -> None:
    logs: list[Log] = []

    def rows() -> list[Mixed]:
        logs.append(Log())
        odd: Any = "not a number"
        return [
            Mixed(before="1", after=1, log=logs[-1], late=late),
            Mixed(before=None, after=1, log=logs[-1]),  # type: ignore[arg-type]
            Mixed(before="3", after=odd, log=logs[-1]),
        ]

    await same_answer(MIXED, "{ mixed { later before after end: before } }", None, rows)
    # What was begun before its object failed is finished in the background.
    for _ in range(10):
        await asyncio.sleep(0)
    stock, compiled = logs
    assert compiled == stock == ["later"] * 2


class Denied(BasePermission):
    message = "not for you"

    def has_permission(self, source: Any, info: Any, **kwargs: Any) -> bool:
        return False


class Louder(FieldExtension):
    def resolve(self, next_: Any, source: Any, info: Any, **kwargs: Any) -> Any:
        return next_(source, info, **kwargs).upper()


async def test_permissions_and_extensions_of_fields_are_honoured() -> None:
    @strawberry.type
    class Guarded:
        open: str
        secret: str | None = strawberry.field(permission_classes=[Denied])
        loud: str = strawberry.field(extensions=[Louder()])

    @strawberry.type
    class Root:
        @strawberry.field
        def rows(self) -> list[Guarded]:
            return [Guarded(open="o", secret="s", loud="l")]

    result = await same_answer(strawberry.Schema(Root), "{ rows { open secret loud } }")
    assert result.data == {"rows": [{"open": "o", "secret": None, "loud": "L"}]}
    assert [error.message for error in result.errors or ()] == ["not for you"]


@strawberry.interface
class Named:
    name: str


@strawberry.type
class Dog(Named):
    barks: int


@strawberry.type
class Cat(Named):
    lives: int

    @classmethod
    def is_type_of(cls, value: Any, info: Any) -> bool:
        return isinstance(value, Cat) and value.lives > 0


class CatLike(NamedTuple):
    """Has what a dog has, but is none."""

    name: str
    barks: int


@strawberry.type
class Rock:
    weight: float


@strawberry.type
class Shelf:
    dogs: list[Dog | None]
    first: Named
    things: list[Dog | Cat | Rock | None]


async def test_abstract_types_and_type_checks() -> None:
    schema = schema_of({"shelf": (Shelf, lambda shelf: shelf)}, types=[Dog, Cat])
    wrong: Any = Rock(weight=2.5)
    shelf = Shelf(
        dogs=[Dog(name="Rex", barks=2), wrong],
        first=Cat(name="Kit", lives=1),
        things=[Dog(name="Rex", barks=2), Cat(name="Dead", lives=0), Rock(weight=1.5), None],
    )
    query = """{ shelf {
        dogs { name barks }
        first { __typename name ... on Cat { lives } }
        things { ... on Named { name } ... on Dog { barks } ... on Rock { weight is: __typename } }
    } }"""
    result = await same_answer(schema, query, None, shelf)
    assert result.errors is not None
    assert len(result.errors) == 2  # the rock among the dogs, and the cat that is none any more
    impostor: Any = CatLike("Rex", 1)
    shelf.dogs = [impostor]
    result = await same_answer(schema, "{ shelf { dogs { name barks } } }", None, shelf)
    assert result.data == {"shelf": {"dogs": [None]}}
    shelf.dogs = [Dog(name="Rex", barks=2)]
    shelf.things[1] = None
    result = await same_answer(schema, query, None, shelf)
    assert result.data == {
        "shelf": {
            "dogs": [{"name": "Rex", "barks": 2}],
            "first": {"__typename": "Cat", "name": "Kit", "lives": 1},
            "things": [{"name": "Rex", "barks": 2}, None, {"weight": 1.5, "is": "Rock"}, None],
        }
    }


@strawberry.type
class Parent:
    name: str
    children: list["Child"]


@strawberry.type
class Child:
    name: str
    age: int | None


FAMILY = Parent(name="Ada", children=[Child(name="B", age=1), Child(name="C", age=None)])


@pytest.mark.parametrize(
    "query",
    [
        "{ family { name ... @defer { children { name } } } }",
        "{ family { children { name ... @defer(if: true) { age } } } }",
        "{ family { name children @stream(initialCount: 1) { name age } } }",
        "{ family { name ... @defer(if: false) { children { name } } } }",
        "{ family { children { name } ... @defer { children { age } } } }",
        "query ($d: Boolean = true) { family { name ... @defer(if: $d) { children { age } } } }",
    ],
)
async def test_deferred_and_streamed_parts_arrive_as_from_the_stock_executor(query: str) -> None:
    config = StrawberryConfig(enable_experimental_incremental_execution=True)
    schema = schema_of({"family": (Parent, lambda _: FAMILY)}, config=config)

    async def frames(executor: type[STOCK]) -> list[Any]:
        result: Any = await await_maybe(
            experimental_execute_incrementally(
                schema._schema, parse(query), executor_class=executor
            )
        )
        if not isinstance(result, ExperimentalIncrementalExecutionResults):
            return [result.formatted]
        later = [each.formatted async for each in result.subsequent_results]
        return [result.initial_result.formatted, *later]

    stock = await frames(STOCK)
    assert await frames(RowExecutor) == stock
    assert len(stock) > 1 or "false" in query


async def test_without_incremental_delivery_defer_and_stream_are_refused_alike() -> None:
    schema = schema_of({"family": (Parent, lambda family: family)})
    for query in (
        "{ family { name ... @defer { children { name } } } }",
        "{ family { name children @stream(initialCount: 1) { name } } }",
    ):
        for executor in (STOCK, RowExecutor):
            with pytest.raises(GraphQLError, match="unexpectedly produce multiple payloads"):
                await answer(schema, executor, query, None, FAMILY)


async def test_subscriptions_project_each_event() -> None:
    @strawberry.type
    class Subscription:
        @strawberry.subscription
        async def families(self) -> AsyncIterator[list[Parent]]:
            yield [FAMILY]
            await asyncio.sleep(0)
            yield [FAMILY, FAMILY]

    @strawberry.type
    class Nothing:
        nothing: int | None = None

    schema = strawberry.Schema(
        Nothing, subscription=Subscription, execution_context_class=RowExecutor
    )
    query = "subscription { families { name children { name age } } }"
    family = {"name": "Ada", "children": [{"name": "B", "age": 1}, {"name": "C", "age": None}]}
    with Counted() as counts:
        events = [event.data async for event in await schema.subscribe(query)]
    assert events == [{"families": [family]}, {"families": [family, family]}]
    assert counts == ProjectionCounts(projected=2)
