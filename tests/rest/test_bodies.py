"""Rows with a JSON body: what is read, what is refused, and what OpenAPI says of it."""

from enum import Enum
from typing import Annotated, Any

import orjson
import pytest
import strawberry
from starlette.requests import Request

from api.errors import DomainError, ErrorCode
from graph.context import Context
from graph.directives import Shorthand
from graph.operation import argument, member, operation
from rest.build import MAX_BODY_BYTES, variables_of
from rest.openapi import input_shape
from rest.prepare import PreparedRoute, WrongRoute, prepare
from rest.route import Route


@strawberry.enum
class Mood(Enum):
    """How it is meant."""

    calm = "calm"
    loud = "loud"


@strawberry.input(description="A reference.", directives=[Shorthand(field="domain")])
class Reference:
    """An object that its domain may stand for."""

    domain: str = member("The domain.", min_length=1, max_length=20)
    boost_terms: list[str] | None = member("Terms.", default=None, max_items=2, max_length=5)
    weight: float | None = member("Weight.", default=None, min=0, max=2)


@strawberry.type
class Echo:
    """What came in."""

    seen: str = strawberry.field(description="It.")


@strawberry.type
class Query:
    """The reads."""

    @operation("Finds.", returns=Echo)
    async def find(
        self,
        info: strawberry.Info[Context, None],
        similar_to: Annotated[list[Reference], argument("References.", max_items=3)],
        mood: Annotated[Mood | None, argument("Mood.")] = strawberry.UNSET,
        first: Annotated[int, argument("Page size.", min=1, max=500)] = 100,
        exact: Annotated[bool, argument("Exactly.")] = False,
        hidden: Annotated[str | None, argument("GraphQL only.", max_length=3)] = strawberry.UNSET,
    ) -> Echo:
        """Never run here: the tests stop at the variables."""
        return Echo(seen="")

    @operation("Is there.", returns=Echo, callers=())
    async def alive(self, info: strawberry.Info[Context, None]) -> Echo:
        """Open to everybody."""
        return Echo(seen="")


@strawberry.type
class Mutation:
    """The writes."""

    @operation("Renames.", returns=Echo)
    async def rename(
        self,
        info: strawberry.Info[Context, None],
        thing_id: Annotated[strawberry.ID, argument("Which.", min_length=1, max_length=9)],
        name: Annotated[str, argument("How.", min_length=1, max_length=9)],
    ) -> Echo:
        """Never run here either."""
        return Echo(seen="")


SCHEMA = strawberry.Schema(query=Query, mutation=Mutation)._schema
FIND = Route(
    "POST",
    "/v1/find",
    "find",
    "Find",
    ("seen",),
    "Things",
    renames={"first": "size"},
    leave_out=("hidden",),
)
RENAME = Route("PATCH", "/v1/things/{thing_id}", "rename", "Rename", ("seen",), "Things")


def sent(
    prepared: PreparedRoute, body: bytes, *, path: dict[str, str] | None = None, query: str = ""
) -> Request:
    """A request as Starlette hands it over."""

    async def receive() -> dict[str, Any]:
        return {"type": "http.request", "body": body, "more_body": False}

    headers = [(b"content-length", str(len(body)).encode())]
    if body:
        headers.append((b"content-type", b"application/json"))
    scope = {
        "type": "http",
        "method": prepared.route.method,
        "path": prepared.route.path,
        "path_params": path or {},
        "query_string": query.encode(),
        "headers": headers,
    }
    return Request(scope, receive)


async def read(route: Route, body: Any, **more: Any) -> dict[str, Any]:
    prepared = prepare(route, SCHEMA)
    text = body if isinstance(body, bytes) else orjson.dumps(body)
    return await variables_of(prepared, sent(prepared, text, **more))


async def refused(route: Route, body: Any, **more: Any) -> DomainError:
    with pytest.raises(DomainError) as caught:
        await read(route, body, **more)
    return caught.value


async def test_members_become_variables_by_their_graphql_names() -> None:
    body = {
        "similar_to": [
            {"domain": "a.example", "boost_terms": ["b2b"], "weight": 1.5},
            "b.example",
        ],
        "mood": "loud",
        "size": 20.0,
        "exact": True,
    }
    assert await read(FIND, body) == {
        "similarTo": [
            {"domain": "a.example", "boostTerms": ["b2b"], "weight": 1.5},
            {"domain": "b.example"},
        ],
        "mood": "loud",
        "first": 20,
        "exact": True,
    }


async def test_null_means_absent_where_absence_is_allowed() -> None:
    body = {"similar_to": [{"domain": "a", "weight": None}], "mood": None, "size": None}
    assert await read(FIND, body) == {"similarTo": [{"domain": "a", "weight": None}]}


async def test_path_and_body_come_together() -> None:
    read_ = await read(RENAME, {"name": "new"}, path={"thing_id": "7"})
    assert read_ == {"thingId": "7", "name": "new"}


@pytest.mark.parametrize(
    ("body", "argument_name", "message"),
    [
        ({}, "similar_to", "is required"),
        (b"", "similar_to", "is required"),
        ({"similar_to": None}, "similar_to", "must not be null"),
        ({"similar_to": "a"}, "similar_to", "must be a list"),
        ({"similar_to": [3]}, "similar_to[0]", "must be text or an object"),
        ({"similar_to": [None]}, "similar_to[0]", "must not be null"),
        ({"similar_to": [{}]}, "similar_to[0].domain", "is required"),
        ({"similar_to": [{"domain": 5}]}, "similar_to[0].domain", "must be text"),
        ({"similar_to": [{"domain": "a", "x": 1}]}, "similar_to[0].x", "is no parameter"),
        ({"similar_to": [{"domain": "a", "weight": "1"}]}, "similar_to[0].weight", "a number"),
        ({"similar_to": [{"domain": "a", "weight": True}]}, "similar_to[0].weight", "a number"),
        ({"similar_to": [], "mood": "angry"}, "mood", "must be one of calm, loud"),
        ({"similar_to": [], "size": "20"}, "size", "must be a whole number"),
        ({"similar_to": [], "size": 20.5}, "size", "must be a whole number"),
        ({"similar_to": [], "size": True}, "size", "must be a whole number"),
        ({"similar_to": [], "size": 2**31}, "size", "must be a whole number"),
        ({"similar_to": [], "exact": "true"}, "exact", "must be true or false"),
        ({"similar_to": [], "first": 3}, "first", "is no parameter"),
        ({"similar_to": [], "hidden": "x"}, "hidden", "is no parameter"),
    ],
)
async def test_wrong_members_are_named(body: Any, argument_name: str, message: str) -> None:
    failure = await refused(FIND, body)
    assert failure.code is ErrorCode.INVALID_INPUT
    named = {each.argument: each.message for each in failure.problems}
    assert message in named[argument_name]


async def test_parameters_of_a_body_are_not_read_from_the_query_string() -> None:
    failure = await refused(FIND, {"similar_to": []}, query="exact=true")
    assert [each.argument for each in failure.problems] == ["exact"]


async def test_a_thousand_faults_are_not_all_listed() -> None:
    failure = await refused(FIND, {"similar_to": [1] * 1_000})
    assert len(failure.problems) == 20


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"[]", ErrorCode.MALFORMED_REQUEST),
        (b"{", ErrorCode.MALFORMED_REQUEST),
        (b'{"similar_to": NaN}', ErrorCode.MALFORMED_REQUEST),
        (b"[" * 100_000, ErrorCode.MALFORMED_REQUEST),
        (b" " * (MAX_BODY_BYTES + 1), ErrorCode.PAYLOAD_TOO_LARGE),
    ],
)
async def test_unreadable_bodies_are_refused(body: bytes, code: ErrorCode) -> None:
    assert (await refused(FIND, body)).code is code


@pytest.mark.parametrize(
    "row",
    [
        Route("GET", "/v1/x/{thing_id}", "rename", "", ("seen",), ""),
        Route("PUT", "/v1/x", "find", "", ("seen",), ""),
        Route("GET", "/v1/x", "find", "", ("seen",), ""),
        Route("POST", "/v1/x", "find", "", ("seen",), "", leave_out=("similar_to",)),
        Route("POST", "/v1/x", "find", "", ("seen",), "", leave_out=("nothing",)),
        Route("POST", "/v1/x", "nothing", "", ("seen",), ""),
    ],
)
def test_wrong_rows_are_refused(row: Route) -> None:
    with pytest.raises(WrongRoute, match="/v1/x"):
        prepare(row, SCHEMA)


def test_an_operation_without_callers_is_public() -> None:
    assert prepare(Route("GET", "/v1/x", "alive", "", ("seen",), ""), SCHEMA).public
    assert not prepare(FIND, SCHEMA).public


def test_openapi_states_what_is_read() -> None:
    components: dict[str, Any] = {}
    of = {each.name: each for each in prepare(FIND, SCHEMA).in_body}
    references = input_shape(of["similar_to"].type, of["similar_to"].bounds, components)
    assert references["maxItems"] == 3
    text, whole = references["items"]["anyOf"]
    assert text["maxLength"] == 20
    assert whole == {"$ref": "#/components/schemas/Reference"}
    properties = components["Reference"]["properties"]
    assert components["Reference"]["required"] == ["domain"]
    assert components["Reference"]["additionalProperties"] is False
    assert properties["boost_terms"]["type"] == ["array", "null"]
    assert (properties["weight"]["minimum"], properties["weight"]["maximum"]) == (0, 2)
    assert input_shape(of["mood"].type, None, components)["enum"] == ["calm", "loud"]
