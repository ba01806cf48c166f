"""Plans are kept per document, and never serve a request that they were not made for."""

import gc
import weakref
from dataclasses import dataclass, replace
from typing import Any

import strawberry
from graphql import DocumentNode, parse
from strawberry.extensions import ParserCache, ValidationCache

from graph import plans, projection
from graph.executor import RestRowExecutor, RowExecutor
from graph.plans import MAX_DOCUMENTS, MAX_VARIANTS, PlanCache
from tests.graph.row_executor_cases import answer, same_answer, schema_of


@dataclass(frozen=True)
class Row:
    name: str
    age: int | None
    nested: "Row | None" = None


@strawberry.type
class Item:
    name: str
    age: int | None
    nested: "Item | None"

    @strawberry.field
    def same(self) -> "Item":
        return self


def fresh_schema(**options: Any) -> strawberry.Schema:
    return schema_of({"rows": (LIST[Item], lambda rows: rows)}, **options)


LIST: Any = list
ROWS = [Row("a", 1, Row("b", 2, Row("c", None))), Row("d", None)]


def cache_of(schema: strawberry.Schema, *, rest: bool = False) -> PlanCache:
    return PlanCache.of(schema._schema, omit_absent=rest)


async def test_a_repeated_document_finds_its_plans() -> None:
    extensions = [lambda: ParserCache(maxsize=8), lambda: ValidationCache(maxsize=8)]
    schema = fresh_schema(execution_context_class=RowExecutor, extensions=extensions)
    query = "query Repeated { rows { name age } }"
    for _ in range(3):
        result = await schema.execute(query, context_value=ROWS)
        assert result.data == {"rows": [{"name": "a", "age": 1}, {"name": "d", "age": None}]}
    assert cache_of(schema).documents.cache_info()[:2] == (2, 1)


async def test_equal_selections_are_compiled_once() -> None:
    schema = fresh_schema()
    before = projection._compiled.cache_info().misses
    for number in range(3):
        query = f"query Anew{number} {{ rows {{ first: name second: age third: name }} }}"
        await same_answer(schema, query, None, ROWS)
    assert projection._compiled.cache_info().misses == before + 1


async def test_each_value_of_a_directives_variable_has_its_own_plans() -> None:
    schema = fresh_schema()
    document = parse(
        """query ($a: Boolean! $b: Boolean = false) {
            rows { name @skip(if: $a) ...F @include(if: $b) nested { age @include(if: $a) name } }
        }
        fragment F on Item { age nested { twice: name @skip(if: $b) } }"""
    )
    for _ in range(2):
        for a in (True, False):
            for b in (True, False, None, ...):
                variables = {"a": a} if b is ... else {"a": a, "b": b}
                await same_answer(schema, document, variables, ROWS)


async def test_a_directive_that_is_not_given_a_boolean_is_reported() -> None:
    schema = fresh_schema()
    document = parse("query ($c: [Int!]) { rows { name @skip(if: $c) age } }")
    for variables in ({"c": [1]}, {"c": None}, {}):
        await same_answer(schema, document, variables, ROWS)


async def test_events_of_a_subscription_do_not_add_up() -> None:
    schema = fresh_schema()
    executor: Any = RowExecutor.build(schema._schema, parse("{ rows { name } }"), None, ROWS)
    for _ in range(3):
        event = executor.build_per_event_executor(None)
        assert event.execute_operation().data == {"rows": [{"name": "a"}, {"name": "d"}]}
    assert not executor._found


async def test_variables_that_select_nothing_do_not_split_the_plans() -> None:
    @strawberry.type
    class Root:
        @strawberry.field
        def rows(self, info: strawberry.Info, first: int) -> list[Item]:
            rows: list[Item] = info.context[:first]
            return rows

    schema = strawberry.Schema(Root)
    document = parse("query ($first: Int!) { rows(first: $first) { name } }")
    for first in (1, 2, 1):
        result = await answer(schema, RowExecutor, document, {"first": first}, ROWS)
        assert result.data is not None
        assert len(result.data["rows"]) == first
    cache = cache_of(schema)
    assert cache.documents.cache_info()[:2] == (2, 1)


async def test_merged_fields_are_told_apart_by_all_their_nodes() -> None:
    """All objects begin with the same node of the fragment; some of them merge a second node."""
    schema = fresh_schema()
    document = parse(
        """{ x: rows { ...F same { age } } y: rows { ...F } z: rows { ...F same { n: name } } }
        fragment F on Item { same { name } }"""
    )
    for _ in range(2):
        result = await same_answer(schema, document, None, ROWS)
        assert result.data is not None
        assert [list(rows[0]["same"]) for rows in result.data.values()] == [
            ["name", "age"],
            ["name"],
            ["name", "n"],
        ]


async def test_one_operation_with_other_fragments_is_another_document() -> None:
    schema = fresh_schema()
    operation = parse("{ rows { ...F } }").definitions[0]
    for selected in ("name", "age", "name nested { name }"):
        fragment = parse(f"fragment F on Item {{ {selected} }}").definitions[0]
        document = DocumentNode(definitions=(operation, fragment))
        result = await same_answer(schema, document, None, ROWS)
        assert result.data is not None
        assert list(result.data["rows"][0]) == selected.split(" {")[0].split()


async def test_equal_documents_do_not_share_by_equality() -> None:
    """Nodes without locations are equal; a plan is found by identity all the same."""
    schema = fresh_schema()
    documents = [parse("{ rows { name } }", no_location=True) for _ in range(2)]
    assert documents[0] == documents[1]
    for document in documents:
        await same_answer(schema, document, None, ROWS)
    assert cache_of(schema).documents.cache_info().misses == 2


async def test_operations_of_one_document_are_told_apart() -> None:
    schema = fresh_schema(execution_context_class=RowExecutor)
    query = "query A { rows { name } } query B { rows { age } }"
    for name, key in (("A", "name"), ("B", "age"), ("A", "name")):
        result = await schema.execute(query, context_value=ROWS, operation_name=name)
        assert result.data is not None
        assert list(result.data["rows"][0]) == [key]


async def test_the_doors_do_not_share_plans() -> None:
    schema = fresh_schema()
    document = parse("{ rows { name age } }")
    for _ in range(2):
        graphql = await answer(schema, RowExecutor, document, None, ROWS)
        rest = await answer(schema, RestRowExecutor, document, None, ROWS)
        assert graphql.data == {"rows": [{"name": "a", "age": 1}, {"name": "d", "age": None}]}
        assert rest.data == {"rows": [{"name": "a", "age": 1}, {"name": "d"}]}


async def test_the_cache_is_bounded_and_goes_with_its_schema() -> None:
    schema = fresh_schema()
    prepared = parse("{ rows { name } }")
    await answer(schema, RestRowExecutor, prepared, None, ROWS)
    first = parse("{ rows { n0: name } }")
    node = weakref.ref(first.definitions[0])
    await answer(schema, RowExecutor, first, None, ROWS)
    del first
    gc.collect()
    assert node() is not None  # its identity is a key, so it must not be given to another node
    template: Any = parse("{ rows { name } }").definitions[0]
    for number in range(MAX_DOCUMENTS + 5):
        document = DocumentNode(definitions=(replace(template, name=None),))
        assert (await answer(schema, RowExecutor, document, None, [])).data == {"rows": []}
        assert cache_of(schema).documents.cache_info().currsize <= MAX_DOCUMENTS, number
    gc.collect()
    assert node() is None
    # What GraphQL clients send does not displace what REST has prepared.
    hits = cache_of(schema, rest=True).documents.cache_info().hits
    await answer(schema, RestRowExecutor, prepared, None, ROWS)
    assert cache_of(schema, rest=True).documents.cache_info().hits == hits + 1

    alive = weakref.ref(cache_of(schema))
    del schema
    gc.collect()
    assert alive() is None


async def test_the_variants_of_a_document_are_bounded() -> None:
    schema = fresh_schema()
    names = [f"v{i}" for i in range(6)]
    declared = " ".join(f"${name}: Boolean!" for name in names)
    fields = " ".join(f"{name}: name @include(if: ${name})" for name in names)
    document = parse(f"query ({declared}) {{ rows {{ {fields} }} }}")
    for number in range(2 ** len(names)):
        chosen = {name: bool(number >> i & 1) for i, name in enumerate(names)}
        result = await answer(schema, RowExecutor, document, chosen, ROWS[:1])
        assert result.data == {"rows": [{name: "a" for name in names if chosen[name]}]}
    kept = cache_of(schema).documents(plans.Document(document.definitions[0], ()))  # type: ignore[arg-type]
    assert 0 < len(kept._by_values) <= MAX_VARIANTS
