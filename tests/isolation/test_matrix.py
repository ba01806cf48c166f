"""Every operation by every kind of caller, by both doors: let in, or refused as was decided."""

from typing import Any

import httpx2
import pytest
from graphql import (
    GraphQLEnumType,
    GraphQLField,
    GraphQLInputObjectType,
    GraphQLList,
    GraphQLNonNull,
    get_named_type,
    is_leaf_type,
    is_required_argument,
    is_required_input_field,
)

from api.caller import Role
from graph.schema import schema
from rest.route import Route
from rest.routes import ROUTES
from tests.isolation.conftest import KINDS, Watched
from tests.isolation.expected import EXPECTED, Open
from tests.stack import Asker

ROOTS: dict[str, Any] = {
    "query": schema._schema.query_type,
    "mutation": schema._schema.mutation_type,
    "subscription": schema._schema.subscription_type,
}
OPERATIONS: dict[str, tuple[str, GraphQLField]] = {
    name: (root, field)
    for root, of in ROOTS.items()
    if of is not None
    for name, field in of.fields.items()
}
WORDS = {"q": "CEOs in Nevada", "tier": "tier_1"}


def test_every_operation_has_a_row() -> None:
    """One without is not tried below: add it to tests/isolation/expected.py."""
    assert set(OPERATIONS) == set(EXPECTED)


def expected(row: Open, kind: str) -> int | None:
    """The status of a refusal, or ``None`` for who is let in."""
    if kind in {"revoked key", "ended session"}:
        return 401
    if row.everybody:
        return None
    if kind == "nobody":
        return 401
    roles = list(Role)
    let_in: dict[str, bool] = {
        "standard key": row.key and not row.managed,
        "partner's key": row.key,
        "iframe": row.embed,
        **{role: row.role is not None and role in roles[roles.index(row.role) :] for role in Role},
    }
    return None if let_in[kind] else 403


def judged(answer: httpx2.Response, refusal: int | None, what: str, row: Open) -> None:
    """Whether an answer is what was expected: past the door everything but a fault may follow."""
    body = answer.json() if answer.headers["content-type"].startswith("application") else {}
    failures = body.get("errors") or [{}] if "errors" in body and "code" not in body else [body]
    code = (failures[0].get("extensions") or failures[0]).get("code")
    if refusal is None:
        assert answer.status_code < 500, f"{what}: {answer.text}"
        # What is open to everybody may still want to know a key of its own.
        assert row.everybody or code not in {"unauthenticated", "forbidden"}, (
            f"{what}: {answer.text}"
        )
    else:
        # A field that may be null is one, beside the failure; then the answer is one with data.
        data = body.pop("data", None)
        status = refusal if data and not any(data.values()) else answer.status_code
        assert status == refusal, f"{what}: {answer.status_code} {answer.text}"
        assert code == {401: "unauthenticated", 403: "forbidden"}[refusal], what


def value(kind: Any, name: str) -> str:
    """Something that an argument of a type can be."""
    if isinstance(kind, GraphQLNonNull):
        kind = kind.of_type
    if isinstance(kind, GraphQLList):
        return f"[{value(kind.of_type, name)}]"
    if isinstance(kind, GraphQLEnumType):
        return str(next(iter(kind.values)))
    if isinstance(kind, GraphQLInputObjectType):
        fields = {each: of for each, of in kind.fields.items() if is_required_input_field(of)}
        return "{" + ", ".join(f"{e}: {value(of.type, e)}" for e, of in fields.items()) + "}"
    if kind.name in {"Int", "BigInt", "Float"}:
        return "1"
    return "true" if kind.name == "Boolean" else f'"{WORDS.get(name, "x")}"'


def document(name: str) -> str:
    """A document that runs an operation with what it cannot do without."""
    root, field = OPERATIONS[name]
    given = {
        each: value(of.type, each)
        for each, of in field.args.items()
        if is_required_argument(of) or each in WORDS
    }
    arguments = "(" + ", ".join(f"{each}: {it}" for each, it in given.items()) + ")"
    leaf = is_leaf_type(get_named_type(field.type))
    return f"{root} {{ {name}{arguments if given else ''} {'' if leaf else '{ __typename }'} }}"


def by_graphql(asker: Asker, name: str) -> httpx2.Response:
    """The answer to it; the first event of a stream."""
    accept = "text/event-stream" if OPERATIONS[name][0] == "subscription" else "application/json"
    return asker.http.post("/graphql", json={"query": document(name)}, headers={"accept": accept})


def by_rest(asker: Asker, route: Route) -> httpx2.Response:
    """The answer of a route, asked with as little as its path needs."""
    path = "/".join("x" if part.startswith("{") else part for part in route.path.split("/"))
    body: dict[str, Any] | None = {} if route.method in {"POST", "PATCH"} else None
    return asker.http.request(route.method, path, json=body)


@pytest.mark.parametrize("kind", KINDS)
def test_graphql_lets_in_whom_it_should(watched: Watched, kind: str) -> None:
    asker = watched.caller(kind)
    for name in sorted(EXPECTED, key=lambda each: each == "endConsoleSession"):
        refusal = expected(EXPECTED[name], kind)
        # A token of the iframe runs the iframe's documents only, whatever is in others.
        refusal = 403 if kind == "iframe" else refusal
        judged(by_graphql(asker, name), refusal, f"{name} by {kind}", EXPECTED[name])


@pytest.mark.parametrize("kind", KINDS)
def test_rest_lets_in_whom_it_should(watched: Watched, kind: str) -> None:
    asker = watched.caller(kind)
    for route in ROUTES:
        row = EXPECTED[route.operation]
        what = f"{route.method} {route.path} by {kind}"
        judged(by_rest(asker, route), expected(row, kind), what, row)
