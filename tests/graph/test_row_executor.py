"""What the row executor does with rows, values and selections, one by one; others mix them."""

import gc
import weakref
from collections.abc import Generator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple

import pytest
import strawberry
from graphql import (
    DocumentNode,
    FieldNode,
    NameNode,
    OperationDefinitionNode,
    SelectionSetNode,
    parse,
)
from strawberry.extensions import SchemaExtension
from strawberry.schema.config import StrawberryConfig

from graph.executor import ProjectionCounts, RowExecutor
from graph.selection import MAX_FIELDS
from tests.graph.row_executor_cases import (
    LEAVES,
    ODD,
    STOCK,
    Counted,
    Raise,
    answer,
    errors_of,
    same_answer,
    schema_of,
    written,
)

LIST: Any = list


class CompanyRow(NamedTuple):
    name: str
    employee_count: int | None


class PersonRow(NamedTuple):
    person_id: str
    job_title: str | None
    company: CompanyRow | None
    tags: list[str]


@dataclass(frozen=True, slots=True)
class EdgeRow:
    node: PersonRow
    cursor: str


@dataclass(frozen=True)
class PageRow:
    nodes: list[PersonRow]
    total: int

    @property
    def first_title(self) -> str | None:
        return self.nodes[0].job_title

    @cached_property
    def edges(self) -> list[EdgeRow]:
        return [EdgeRow(node, f"c{i}") for i, node in enumerate(self.nodes)]


@strawberry.type
class Company:
    name: str
    employee_count: int | None


@strawberry.type
class Person:
    person_id: strawberry.ID
    job_title: str | None
    company: Company | None
    tags: list[str]


@strawberry.type
class Edge:
    node: Person
    cursor: str


@strawberry.type
class Page:
    nodes: list[Person]
    edges: list[Edge]
    total: int
    first_title: str | None


async def resolve_page(info: strawberry.Info, first: int = 100) -> Any:
    return info.context


def resolve_people(info: strawberry.Info) -> Any:
    return info.context.nodes


@strawberry.type
class Query:
    page: Page = strawberry.field(resolver=resolve_page)
    people: list[Person] = strawberry.field(resolver=resolve_people)


SCHEMA = strawberry.Schema(Query, execution_context_class=RowExecutor)

PAGE_QUERY = """
query ($more: Boolean = true) {
  page(first: 2) {
    nodes { ...Row }
    edges { node { ...Row } cursor }
    kind: __typename
    class: total
    firstTitle
  }
}
fragment Row on Person { personId jobTitle tags company @include(if: $more) { name employeeCount } }
"""


def page(*nodes: PersonRow) -> PageRow:
    return PageRow(list(nodes), len(nodes))


ACME = CompanyRow("Acme", 7)


def person(i: int, *, company: CompanyRow | None = ACME, title: str | None = "CMO") -> PersonRow:
    return PersonRow(f"p{i}", title, company, ["a", "b"])


async def test_a_whole_connection_is_one_call() -> None:
    rows = page(person(1), person(2, company=None, title=None))
    with Counted() as counts:
        result = await SCHEMA.execute(PAGE_QUERY, context_value=rows)
    assert result.errors is None
    assert result.data == (await answer(SCHEMA, STOCK, PAGE_QUERY, context=rows)).data
    assert result.data is not None
    assert result.data["page"]["class"] == 2
    assert result.data["page"]["edges"][1]["node"]["company"] is None
    assert counts == ProjectionCounts(projected=1)


def test_it_serves_synchronous_execution() -> None:
    rows = page(person(1))
    with Counted() as counts:
        result = SCHEMA.execute_sync("{ people { personId } }", context_value=rows)
    assert result.data == {"people": [{"personId": "p1"}]}
    assert counts == ProjectionCounts(projected=1)


async def test_a_null_where_none_is_allowed_is_reported_and_costs_its_own_row() -> None:
    rows = page(person(1), PersonRow("p2", None, CompanyRow(None, 3), []))  # type: ignore[arg-type]
    with Counted() as counts:
        result = await answer(SCHEMA, RowExecutor, PAGE_QUERY, context=rows)
    stock = await answer(SCHEMA, STOCK, PAGE_QUERY, context=rows)
    assert errors_of(result) == errors_of(stock)
    assert [error[:2] for error in errors_of(result)] == [
        (
            "Cannot return null for non-nullable field Company.name.",
            ["page", where, 1, *inside, "company", "name"],
        )
        for where, inside in [("nodes", []), ("edges", ["node"])]
    ]
    assert written(result.data) == written(stock.data)
    # Each of the two lists: the regular row, and the tags of the irregular one.
    assert counts.projected == 4


@pytest.mark.parametrize("leaf", LEAVES, ids=lambda leaf: leaf.__name__)
async def test_any_value_in_any_leaf(leaf: Any) -> None:
    fields = {"one": leaf, "maybe": leaf | None, "many": LIST[leaf | None]}
    values: Any = strawberry.type(type("Values", (), {"__annotations__": fields}))
    schema = schema_of(
        {
            "rows": (LIST[values | None], lambda rows: rows),
            "leaves": (LIST[leaf | None] | None, lambda rows: [row.maybe for row in rows]),
        }
    )
    right = LEAVES[leaf]
    rows = [values(one=value, maybe=value, many=right) for value in right]
    with Counted() as counts:
        regular = await answer(schema, RowExecutor, "{ rows { one maybe many } }", None, rows)
    assert regular.errors is None
    assert counts == ProjectionCounts(projected=1)
    for odd in ODD:
        odd_rows = [
            values(one=odd, maybe=right[0], many=[]),
            values(one=right[0], maybe=odd, many=[]),
            values(one=right[0], maybe=right[0], many=[right[0], odd]),
            values(one=right[0], maybe=right[0], many=odd),
            odd,
        ]
        await same_answer(schema, "{ rows { one maybe many } leaves }", None, odd_rows[:4])
        await same_answer(schema, "{ rows { one maybe many } }", None, odd_rows)
        await same_answer(schema, "{ rows { __typename } }", None, odd_rows)


async def test_a_schema_wide_extension_sees_every_field() -> None:
    seen: list[str] = []

    class Watching(SchemaExtension):
        def resolve(self, _next: Any, root: Any, info: Any, *args: Any, **kwargs: Any) -> Any:
            seen.append(info.field_name)
            return _next(root, info, *args, **kwargs)

    schema = strawberry.Schema(Query, execution_context_class=RowExecutor, extensions=[Watching])
    rows = page(person(1))
    result = await schema.execute("{ page { total nodes { personId } } }", context_value=rows)
    assert result.data == {"page": {"total": 1, "nodes": [{"personId": "p1"}]}}
    assert seen == ["page", "total", "nodes", "personId"]


@strawberry.type
class Shouted:
    word: str


async def test_a_default_resolver_of_the_schema_is_used() -> None:
    config = StrawberryConfig(default_resolver=lambda source, name: getattr(source, name).upper())
    schema = schema_of({"shouted": (Shouted, lambda word: Shouted(word=word))}, config=config)
    result = await same_answer(schema, "{ shouted { word } }", None, "hey")
    assert result.data == {"shouted": {"word": "HEY"}}


async def test_response_keys_are_only_data() -> None:
    """A document made by hand can hold any text as an alias; parsed ones hold names."""
    document = parse("{ people { personId } }")
    operation = document.definitions[0]
    assert isinstance(operation, OperationDefinitionNode)
    people = operation.selection_set.selections[0]
    assert isinstance(people, FieldNode)
    assert people.selection_set is not None
    hostile = ["'", '"', "\n", "\\'", "{0}", "#", "'] = row.__class__; out['", "\ud800", "é"]
    keyed = tuple(
        FieldNode(name=NameNode(value="personId"), alias=NameNode(value=key), directives=())
        for key in hostile
    )
    selection_set = SelectionSetNode(selections=keyed)
    roots = SelectionSetNode(selections=(replace(people, selection_set=selection_set),))
    made = DocumentNode(definitions=(replace(operation, selection_set=roots),))
    with Counted() as counts:
        result = await answer(SCHEMA, RowExecutor, made, context=page(person(1)))
    assert result.data == {"people": [dict.fromkeys(hostile, "p1")]}
    assert counts == ProjectionCounts(projected=1)


async def test_more_fields_than_a_projection_takes() -> None:
    aliases = " ".join(f"a{i}: jobTitle" for i in range(MAX_FIELDS + 1))
    rows = page(person(1))
    with Counted() as counts:
        result = await answer(SCHEMA, RowExecutor, f"{{ people {{ {aliases} }} }}", context=rows)
    assert result.data == {"people": [{f"a{i}": "CMO" for i in range(MAX_FIELDS + 1)}]}
    assert counts.projected == 0


async def test_rows_of_many_classes_share_a_projection() -> None:
    def row_class() -> Any:
        return type("OneOfMany", (), {"job_title": "CEO", "__slots__": ()})

    rows = PageRow([row_class()() for _ in range(40)], 40)
    with Counted() as counts:
        result = await answer(SCHEMA, RowExecutor, "{ people { jobTitle } }", context=rows)
    assert result.data == {"people": [{"jobTitle": "CEO"}] * 40}
    assert counts == ProjectionCounts(projected=1)
    classes = [weakref.ref(type(row)) for row in rows.nodes]
    del rows
    gc.collect()
    assert sum(each() is not None for each in classes) < 40  # what is remembered is bounded


class Dynamic:
    def __getattr__(self, name: str) -> Any:
        if name.startswith("__"):
            raise AttributeError(name)
        return "dynamic"


class Later:
    @property
    async def job_title(self) -> str:
        return "later"

    @property
    def person_id(self) -> str:
        return "p1"


class Awaited(NamedTuple):
    job_title: str
    person_id: str

    def __await__(self) -> Generator[None, None, PersonRow]:
        yield
        return person(1)


class Method:
    person_id = "p1"

    def job_title(self) -> str:
        return "not called"


@pytest.mark.parametrize(
    "row", [Dynamic(), Later(), Awaited("wrong", "wrong"), Method(), Raise("x"), {"jobTitle": "x"}]
)
async def test_rows_that_are_more_than_plain_go_the_inherited_way(row: Any) -> None:
    """Coroutines of a property are awaited, each of them: one that is not is a warning."""
    with Counted() as counts:
        await same_answer(SCHEMA, "{ people { jobTitle personId } }", None, PageRow([row], 1))
    assert counts.irregular >= 1


async def test_without_error_propagation_nulls_stay_where_they_arise() -> None:
    rows = page(PersonRow("p1", None, CompanyRow(None, 3), []))  # type: ignore[arg-type]
    query = "query @experimental_disableErrorPropagation { people { company { name } } }"
    result = await same_answer(SCHEMA, query, None, rows)
    assert result.data == {"people": [{"company": {"name": None}}]}
    assert result.errors is not None
