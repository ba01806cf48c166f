"""What REST adds: absent fields are left out, and prepared documents are executed as they are."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import dataclass
from typing import Any, NamedTuple

import pytest
import strawberry
from graphql import GraphQLError, parse
from strawberry.extensions import MaskErrors, SchemaExtension
from strawberry.permission import BasePermission

from graph.absence import absence_of
from graph.executor import (
    ABSENT,
    Absent,
    ProjectionCounts,
    RestRowExecutor,
    RowExecutor,
    execute_prepared,
)
from tests.graph.row_executor_cases import (
    STOCK,
    Counted,
    answer,
    errors_of,
    resolved,
    schema_of,
    written,
)


class ThingRow(NamedTuple):
    name: str | None = None
    documented: str | None = None
    warnings: tuple[str, ...] | None = ()
    empty: tuple[str, ...] | None = ()
    all: bool = False
    number: int = 0
    nested: "ThingRow | None" = None


@strawberry.type
class Base:
    """Metadata is inherited with its field."""

    documented: str | None = strawberry.field(metadata={ABSENT: Absent.KEEP_NULL})


@strawberry.type
class Thing(Base):
    name: str | None = strawberry.field(description="A name.")
    warnings: list[str] | None = strawberry.field(metadata={ABSENT: Absent.OMIT_EMPTY})
    empty: list[str] | None
    all: bool = strawberry.field(metadata={ABSENT: Absent.OMIT_EMPTY})
    number: int = strawberry.field(metadata={ABSENT: Absent.OMIT_EMPTY})
    nested: "Thing | None"

    @strawberry.field
    async def later(self) -> str | None:
        return None

    stated: str | None = resolved(lambda: None, metadata={ABSENT: "null"})
    none: list[str] = resolved(lambda: [], metadata={ABSENT: Absent.OMIT_EMPTY})
    never: bool = resolved(lambda: False, metadata={ABSENT: Absent.OMIT_EMPTY})


THINGS = schema_of({"thing": (Thing | None, lambda row: row)})
PLAIN = "__typename name documented warnings empty all number"


@pytest.mark.parametrize(
    ("selection", "counts"),
    [
        (f"{PLAIN} nested {{ {PLAIN} }}", ProjectionCounts(projected=1)),
        # The run of plain fields before the resolver, the nested object, the resolver's list.
        (f"{PLAIN} later nested {{ {PLAIN} }} stated none never", ProjectionCounts(projected=3)),
        ("later stated none never nested { later }", ProjectionCounts(projected=1, stock=2)),
    ],
)
async def test_absent_fields_are_left_out_by_their_rules(
    selection: str, counts: ProjectionCounts
) -> None:
    query = f"{{ thing {{ {selection} }} }}"
    row = ThingRow(nested=ThingRow("inner", "said", None, None, True, 1))
    with Counted() as counted:
        result = await answer(THINGS, RestRowExecutor, query, None, row)
    assert result.errors is None
    expected: dict[str, Any] = {
        "__typename": "Thing",
        "documented": None,
        "empty": [],
        "number": 0,
        "stated": None,
        "nested": {
            "__typename": "Thing",
            "name": "inner",
            "documented": "said",
            "all": True,
            "number": 1,
        },
    }
    if "name" not in selection:
        expected = {"stated": None, "nested": {}}
    elif "stated" not in selection:
        del expected["stated"]
    assert result.data == {"thing": expected}
    assert counted == counts


async def test_a_null_root_and_the_items_of_lists_stay() -> None:
    result = await answer(THINGS, RestRowExecutor, "{ thing { name } }", None, None)
    assert result.data == {"thing": None}

    schema = schema_of({"names": (list[str | None], lambda names: names)})
    result = await answer(schema, RestRowExecutor, "{ names }", None, ["a", None])
    assert result.data == {"names": ["a", None]}


async def test_nulls_of_failed_fields_are_left_out_and_reported() -> None:
    row: Any = ThingRow
    broken = row(name="n", warnings=("w", None))
    query = "{ thing { name warnings documented } }"
    result = await answer(THINGS, RestRowExecutor, query, None, broken)
    stock = await answer(THINGS, STOCK, query, None, broken)
    assert result.data == {"thing": {"name": "n", "documented": None}}
    assert errors_of(result) == errors_of(stock)
    assert len(errors_of(result)) == 1


def test_a_rule_that_does_not_exist_is_refused() -> None:
    with pytest.raises(ValueError, match="sometimes"):
        absence_of(strawberry.field(metadata={ABSENT: "sometimes"}))


class OnlyMembers(BasePermission):
    message = "Members only."

    def has_permission(self, source: Any, info: strawberry.Info, **kwargs: Any) -> bool:
        return bool(info.context.is_member)


@dataclass
class Caller:
    is_member: bool
    seen: list[str]


async def resolve_thing(
    info: strawberry.Info, name: str | None = "none", size: int = 1
) -> ThingRow:
    operation = info.operation.name
    info.context.seen.append(operation.value if operation else "anonymous")
    return ThingRow(name and name * size)


@strawberry.type
class Query:
    thing: Thing = resolved(resolve_thing, permission_classes=[OnlyMembers])

    @strawberry.field
    def failing(self) -> int:
        raise ZeroDivisionError("inner workings")


@strawberry.type
class Mutation:
    @strawberry.mutation
    def rename(self, name: str) -> Thing:
        row: Any = ThingRow(name)
        thing: Thing = row
        return thing


class Logged(strawberry.Schema):
    """Keeps what it was told of errors."""

    def process_errors(self, errors: list[GraphQLError], execution_context: Any = None) -> None:
        self.logged = [error.message for error in errors]


class Steps(SchemaExtension):
    """Notes the steps of an execution in the caller."""

    async def on_operation(self) -> AsyncIterator[None]:
        self.execution_context.context.seen.append("operation")
        yield
        self.execution_context.context.seen.append("end")

    def on_parse(self) -> Iterator[None]:
        self.execution_context.context.seen.append("parse")
        yield

    def on_validate(self) -> Iterator[None]:
        self.execution_context.context.seen.append("validate")
        yield

    def get_results(self) -> dict[str, Any]:
        return {"steps": len(self.execution_context.context.seen)}


def prepared_schema(*extensions: Any) -> Logged:
    return Logged(Query, mutation=Mutation, extensions=[Steps, *extensions])


THING = parse(
    "query Thing($name: String, $size: Int = 2) "
    "{ body: thing(name: $name, size: $size) { name documented } }"
)


async def prepared(
    schema: strawberry.Schema, document: Any, *, is_member: bool = True, **variables: Any
) -> tuple[Any, Caller]:
    caller = Caller(is_member, [])
    result = await execute_prepared(
        schema, document, variables=variables, context=caller, omit_absent=True
    )
    return result, caller


async def test_a_prepared_document_is_executed_without_parsing_and_validation() -> None:
    with Counted() as counts:
        result, caller = await prepared(prepared_schema(), THING, name="ab")
    assert result.errors is None
    assert result.data == {"body": {"name": "abab", "documented": None}}
    assert caller.seen == ["operation", "Thing", "end"]
    assert result.extensions == {"steps": 3}
    assert counts == ProjectionCounts(projected=1)
    result, _ = await prepared(prepared_schema(), THING, name=None)
    assert result.data == {"body": {"documented": None}}


async def test_both_doors_give_the_same_fields() -> None:
    schema = prepared_schema()
    for name in ("ab", None):
        caller = Caller(True, [])
        graphql = await execute_prepared(
            schema, THING, variables={"name": name}, context=caller, omit_absent=False
        )
        rest, _ = await prepared(schema, THING, name=name)
        assert graphql.data is not None
        left = {k: v for k, v in graphql.data["body"].items() if v is not None or k != "name"}
        assert written(rest.data["body"]) == written(left)
    result, _ = await prepared(schema, parse('mutation M { rename(name: "n") { name } }'))
    assert result.data == {"rename": {"name": "n"}}


@pytest.mark.parametrize("size", ["large", 1.5, None, 2**31])
async def test_variables_are_coerced(size: Any) -> None:
    schema = prepared_schema()
    document = parse("query ($size: Int!) { thing(size: $size) { name } }")
    result, caller = await prepared(schema, document, size=size)
    assert result.data is None
    assert [error.message for error in result.errors] == schema.logged
    assert schema.logged[0].startswith("Variable '$size' has invalid value")
    assert caller.seen == ["operation", "end"]


async def test_permissions_are_checked() -> None:
    result, caller = await prepared(prepared_schema(), THING, is_member=False, name="ab")
    assert result.data is None
    assert [(error.message, error.path) for error in result.errors] == [("Members only.", ["body"])]
    assert caller.seen == ["operation", "end"]


async def test_errors_are_logged_as_they_are_and_masked_for_the_caller() -> None:
    schema = prepared_schema(MaskErrors)
    result, _ = await prepared(schema, parse("{ failing }"))
    assert [error.message for error in result.errors] == ["Unexpected error."]
    assert schema.logged == ["inner workings"]


async def test_an_extension_that_refuses_the_operation_is_an_error_of_the_result() -> None:
    class Refusing(SchemaExtension):
        def on_operation(self) -> Iterator[None]:
            raise PermissionError("closed")
            yield

    schema = prepared_schema(Refusing)
    result, caller = await prepared(schema, THING, name="ab")
    assert result.data is None
    assert [error.message for error in result.errors] == ["closed"]
    assert isinstance(result.errors[0].original_error, PermissionError)
    assert schema.logged == ["closed"]
    assert caller.seen == ["operation"]


async def test_one_of_several_operations_is_chosen() -> None:
    document = parse("query A { a: failing } query B { b: thing { name } }")
    result = await execute_prepared(
        prepared_schema(),
        document,
        operation_name="B",
        variables={},
        context=Caller(True, []),
        omit_absent=True,
    )
    assert result.data == {"b": {"name": "none"}}


async def test_the_executor_of_the_schema_is_not_changed() -> None:
    schema = Logged(Query, execution_context_class=RowExecutor)
    await prepared(schema, THING, name="ab")
    result = await schema.execute(
        "query Q { thing(name: null) { name } }", context_value=Caller(True, [])
    )
    assert result.data == {"thing": {"name": None}}
