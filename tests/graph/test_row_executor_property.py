"""The row executor gives the stock executor's answer: generated schemas, rows and queries."""

import dataclasses
from collections import namedtuple
from dataclasses import dataclass
from itertools import product
from random import Random
from types import GenericAlias
from typing import Any

import strawberry
from graphql import parse
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from graph.executor import ABSENT, Absent, ProjectionCounts, RestRowExecutor, RowExecutor
from tests.graph.row_executor_cases import (
    CONFIG,
    LEAVES,
    ODD,
    STOCK,
    Counted,
    Soon,
    answer,
    errors_of,
    given_out,
    written,
)

THOROUGH = settings(
    max_examples=100,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.data_too_large],
)


# Called with what is only known at run time, which type checkers do not follow.
NAMED_TUPLE: Any = namedtuple
PRIVATE: Any = strawberry.Private


@dataclass(frozen=True)
class Wrap:
    """Nullability from the outside in; each but the last belongs to a list."""

    required: tuple[bool, ...]

    def annotation(self, inner: Any) -> Any:
        for level, required in enumerate(reversed(self.required)):
            inner = inner if level == 0 else GenericAlias(list, (inner,))
            inner = inner if required else inner | None
        return inner


@dataclass(frozen=True)
class FieldSpec:
    name: str
    of: Any  # a leaf type, or the index of a type
    wrap: Wrap
    how: str
    absent: Absent | None

    @property
    def graphql_name(self) -> str:
        return self.name.replace("_", "")


@dataclass
class Model:
    """A generated schema with what is needed to make rows and queries for it."""

    specs: list[list[FieldSpec]]
    classes: list[Any]
    schema: strawberry.Schema


def resolver_of(spec: FieldSpec, annotation: Any) -> Any:
    def resolve(self: Any) -> Any:
        return given_out(self.hidden[spec.name])

    async def resolve_soon(self: Any) -> Any:
        await Soon(None)
        return given_out(self.hidden[spec.name])

    function: Any = resolve_soon if spec.how == "async" else resolve
    function.__annotations__ = {"return": annotation}
    return function


def make_class(index: int, specs: list[FieldSpec], classes: list[Any]) -> Any:
    body: dict[str, Any] = {"__annotations__": {"hidden": PRIVATE[Any]}}
    for spec in specs:
        annotation = spec.wrap.annotation(classes[spec.of] if isinstance(spec.of, int) else spec.of)
        metadata = {} if spec.absent is None else {ABSENT: spec.absent}
        if spec.how == "plain":
            body["__annotations__"][spec.name] = annotation
            body[spec.name] = strawberry.field(metadata=metadata)
        else:
            resolver = resolver_of(spec, annotation)
            body[spec.name] = strawberry.field(resolver=resolver, metadata=metadata)
    return strawberry.type(type(f"T{index}", (), body))


@st.composite
def models(draw: st.DrawFn, *, only_plain: bool = False) -> Model:
    """Types that refer to earlier ones, and a query for one or many of the last."""
    hows = ["plain"] if only_plain else ["plain", "plain", "plain", "plain", "sync", "async"]
    all_specs: list[list[FieldSpec]] = []
    classes: list[Any] = []
    for index in range(draw(st.integers(1, 3))):
        kinds = [*LEAVES, *range(index), *range(index)]
        specs = [
            FieldSpec(
                f"f_{number}",
                draw(st.sampled_from(kinds)),
                Wrap(tuple(draw(st.lists(st.booleans(), min_size=1, max_size=3)))),
                draw(st.sampled_from(hows)),
                draw(st.sampled_from([None, *Absent])),
            )
            for number in range(draw(st.integers(1, 5)))
        ]
        classes.append(make_class(index, specs, classes))
        all_specs.append(specs)

    def one(info: strawberry.Info) -> Any:
        return info.context["one"]

    async def many(info: strawberry.Info) -> Any:
        return info.context["many"]

    one.__annotations__["return"] = Wrap((False,)).annotation(classes[-1])
    many.__annotations__["return"] = Wrap((False, False)).annotation(classes[-1])
    query = type(
        "Query",
        (),
        {"one": strawberry.field(resolver=one), "many": strawberry.field(resolver=many)},
    )
    return Model(all_specs, classes, strawberry.Schema(strawberry.type(query), config=CONFIG))


def given_property(value: Any) -> property:
    return property(lambda self: given_out(value))


def make_row(kind: str, strawberry_class: Any, values: dict[str, Any], hidden: Any) -> Any:
    """The same values as a named tuple, a dataclass, a Strawberry type, or behind properties."""
    if kind == "tuple":
        return NAMED_TUPLE("RowTuple", [*values, "hidden"])(**values, hidden=hidden)
    if kind == "slots":
        names: list[Any] = [*values, "hidden"]
        made: Any = dataclasses.make_dataclass("SlotsRow", names, slots=True, frozen=True)
        return made(**values, hidden=hidden)
    if kind == "strawberry":
        return strawberry_class(**values, hidden=hidden)
    properties: dict[str, Any] = {name: given_property(value) for name, value in values.items()}
    return type("PropertyRow", (), {**properties, "hidden": hidden})()


class Rows:
    """Makes rows of a model; a share of their values is odd."""

    def __init__(self, random: Random, model: Model, odd: float) -> None:
        self.random = random
        self.model = model
        self.odd = odd
        self.kind = random.choice(["tuple", "slots", "strawberry", "property"])

    def row(self, index: int) -> Any:
        values: dict[str, Any] = {}
        hidden: dict[str, Any] = {}
        for spec in self.model.specs[index]:
            value = self.value(spec.of, spec.wrap.required)
            (values if spec.how == "plain" else hidden)[spec.name] = value
        return make_row(self.kind, self.model.classes[index], values, hidden)

    def value(self, of: Any, required: tuple[bool, ...]) -> Any:
        chance = self.random.random
        if chance() < self.odd:
            return self.random.choice(ODD)
        if not required[0] and chance() < 0.2:
            return None
        if len(required) > 1:
            items = [self.value(of, required[1:]) for _ in range(self.random.randrange(4))]
            return tuple(items) if chance() < 0.5 else items
        return self.row(of) if isinstance(of, int) else self.random.choice(LEAVES[of])


KINDS = ["field"] * 5 + ["typename", "inline", "conditional", "spread"]
# Aliases in common make fields merge. Where validation would refuse that, both executors take the
# first field.
ALIASES = ["", "", "", "x: ", "class: "]
DIRECTIVES = [
    *[""] * 6,
    *("@skip(if: $yes)", "@include(if: $yes)", "@include(if: $maybe)", "@skip(if: false)"),
]
SELECTIONS = list(product(KINDS, ALIASES, DIRECTIVES))


class Queries:
    """Draws a document of a model: aliases, fragments, directives, ``__typename``, merging."""

    def __init__(self, draw: Any, model: Model) -> None:
        self.draw = draw
        self.model = model
        self.fragments: list[str] = []

    def document(self) -> str:
        last = len(self.model.specs) - 1
        roots = " ".join(
            f"{alias}{root} {{ {self.selections(last, 2)} }}"
            for alias, root in [("", "one"), ("", "many"), ("again: ", "many")]
        )
        head = "query Q($yes: Boolean!, $maybe: Boolean = true)"
        return f"{head} {{ __typename {roots} }} {' '.join(self.fragments)}"

    def selections(self, index: int, depth: int) -> str:
        count = self.draw(st.integers(1, 5))
        return " ".join(self.selection(index, depth) for _ in range(count))

    def selection(self, index: int, depth: int) -> str:
        kind, alias, directive = self.draw(st.sampled_from(SELECTIONS))
        if kind == "typename":
            return f"{alias}__typename {directive}"
        if kind == "inline" and depth:
            return f"... {directive} {{ {self.selections(index, depth - 1)} }}"
        if kind == "conditional" and depth:
            return f"... on T0 {directive} {{ {self.selections(index, depth - 1)} }}"
        if kind == "spread" and depth:
            selections = self.selections(index, depth - 1)
            name = f"F{len(self.fragments)}"
            self.fragments.append(f"fragment {name} on T{index} {{ {selections} }}")
            return f"...{name} {directive} ...{name}"
        spec = self.draw(st.sampled_from(self.model.specs[index]))
        nested = f"{{ {self.selections(spec.of, 2)} }}" if isinstance(spec.of, int) else ""
        return f"{alias}{spec.graphql_name} {directive} {nested}"


class Recording(STOCK):
    """The stock executor, noting which field stands at each path."""

    fields: dict[tuple[str | int, ...], tuple[str, str]]

    def execute_field(
        self, parent_type: Any, source: Any, field_details_list: Any, path: Any, context: Any
    ) -> Any:
        name = field_details_list[0].node.name.value
        self.fields[tuple(path.as_list())] = (parent_type.name, name)
        return super().execute_field(parent_type, source, field_details_list, path, context)


def pruned(model: Model, data: Any, fields: Any, path: tuple[str | int, ...] = ()) -> Any:
    """What is left of a stock answer when each field's rule is applied to it."""
    if isinstance(data, list):
        return [pruned(model, item, fields, (*path, i)) for i, item in enumerate(data)]
    if not isinstance(data, dict):
        return data
    left = {}
    for key, value in data.items():
        type_name, name = fields[(*path, key)]
        is_generated = type_name != "Query" and not name.startswith("__")
        if is_generated:
            specs = model.specs[int(type_name[1:])]
            rule = next(spec.absent for spec in specs if spec.graphql_name == name)
            if value is None and rule is not Absent.KEEP_NULL:
                continue
            if (value == [] or value is False) and rule is Absent.OMIT_EMPTY:
                continue
        left[key] = pruned(model, value, fields, (*path, key))
    return left


async def compare(model: Model, text: str, variables: Any, context: Any) -> None:
    document = parse(text)
    # Back and forth between values of the variables: a plan of one must not serve the other.
    flipped = {**variables, "yes": not variables["yes"]}
    for chosen in (variables, flipped, variables):
        fields: dict[tuple[str | int, ...], tuple[str, str]] = {}
        recording = type("Recorded", (Recording,), {"fields": fields})
        stock = await answer(model.schema, recording, document, chosen, context)
        rows = await answer(model.schema, RowExecutor, document, chosen, context)
        assert written(rows.data) == written(stock.data)
        assert errors_of(rows) == errors_of(stock)
        rest = await answer(model.schema, RestRowExecutor, document, chosen, context)
        assert written(rest.data) == written(pruned(model, stock.data, fields))
        assert errors_of(rest) == errors_of(stock)


@THOROUGH
@given(st.data(), st.randoms(use_true_random=True), st.sampled_from([0, 0.02, 0.1, 0.3]))
async def test_same_answer_and_errors_as_the_stock_executor(
    data: st.DataObject, random: Random, odd: float
) -> None:
    model = data.draw(models())
    text = Queries(data.draw, model).document()
    variables: dict[str, Any] = {"yes": data.draw(st.booleans())}
    maybe = data.draw(st.sampled_from([True, False, None, ...]))
    if maybe is not ...:
        variables["maybe"] = maybe
    rows = Rows(random, model, odd)
    last = len(model.specs) - 1
    context = {"one": rows.value(last, (False,)), "many": [rows.row(last) for _ in range(6)]}
    await compare(model, text, variables, context)


@settings(THOROUGH, max_examples=30)
@given(st.data(), st.randoms(use_true_random=True))
async def test_regular_rows_are_projected_by_nothing_but_compiled_functions(
    data: st.DataObject, random: Random
) -> None:
    model = data.draw(models(only_plain=True))
    rows = Rows(random, model, 0)
    last = len(model.specs) - 1
    context = {"one": rows.row(last), "many": [rows.row(last) for _ in range(2)]}
    document = parse(Queries(data.draw, model).document())
    with Counted() as counts:
        result = await answer(model.schema, RowExecutor, document, {"yes": True}, context)
    assert not result.errors
    assert counts == ProjectionCounts(projected=3)  # one, many and many again
