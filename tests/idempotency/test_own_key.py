"""Operations that keep their key themselves are given it, and are not run in a transaction."""

from typing import Any, NamedTuple
from uuid import uuid4

import pytest
from starlette.requests import Request
from starlette.responses import Response

from api.caller import AccountKind, Caller, CallerKind, Tier
from api.domain.idempotency.rules import digest_of, scope_of
from api.errors import DomainError
from api.work import Work
from graph.context import Context
from graph.documents import prepare_document
from graph.idempotency import HIT_HEADER, answer_once, keeps_own_key
from graph.operation import OWN_KEY
from tests.idempotency.writes import MUTATIONS

ENDPOINT = 'createWebhookEndpoint(url: "https://customer.example/") { id }'
JOB = 'createPersonSearchJob(q: "CEOs") { jobId }'
F = "fragment F on Mutation"
CALLER = Caller(CallerKind.API_KEY, uuid4(), AccountKind.STANDARD, uuid4(), Tier.TIER_1)


class NoStores(NamedTuple):
    """A transaction of these would be an AttributeError."""

    organisations: None = None


def asked_with(key: str) -> tuple[Request, Context]:
    """A request under a key."""
    scope = {"type": "http", "headers": [(b"idempotency-key", key.encode())]}
    stores: Any = NoStores()
    return Request(scope), Context(Work(stores, CALLER), "request")


async def test_the_operation_is_given_the_key_and_says_that_it_answers_again() -> None:
    rows: dict[bytes, bytes] = {}

    async def run(context: Context) -> Response:
        key = context.work.request_key
        assert key is not None
        key.replayed = rows.setdefault(key.scope, key.request) == key.request and bool(calls)
        calls.append(key)
        return Response(b"answer")

    calls: list[Any] = []
    for hit in (None, "true"):
        request, context = asked_with("mine")
        response = await answer_once(request, context, {"what": 1}, run, own_key=True)
        assert response.headers.get(HIT_HEADER) == hit
    assert rows == {scope_of(CALLER, "mine"): digest_of({"what": 1})}


@pytest.fixture
def own_key(monkeypatch: pytest.MonkeyPatch) -> None:
    """Has one operation of the schema keep its key."""
    definition = MUTATIONS["createPersonSearchJob"].extensions["strawberry-definition"]
    monkeypatch.setattr(definition, "metadata", {**definition.metadata, OWN_KEY: True})


@pytest.mark.parametrize(
    ("document", "own"),
    [
        (f"mutation {{ {ENDPOINT} }}", False),
        (f"mutation {{ {JOB} }}", True),
        (f"mutation {{ __typename ... {{ one: {JOB} }} }}", True),
        (f"mutation {{ ...F }} {F} {{ ...G }} fragment G on Mutation {{ {JOB} }}", True),
        (f"mutation A {{ {JOB} }} mutation B {{ {ENDPOINT} }}", False),
    ],
)
@pytest.mark.usefixtures("own_key")
def test_it_is_found_wherever_it_stands(document: str, own: bool) -> None:
    name = "B" if "mutation B" in document else None
    assert keeps_own_key(prepare_document(document), name) is own


@pytest.mark.parametrize(
    "document",
    [
        f"mutation {{ one: {JOB} two: {JOB} }}",
        f"mutation {{ {ENDPOINT} ...F }} {F} {{ {JOB} }}",
    ],
)
@pytest.mark.usefixtures("own_key")
def test_beside_others_it_is_refused(document: str) -> None:
    with pytest.raises(DomainError) as refused:
        keeps_own_key(prepare_document(document), None)
    assert refused.value.code == "invalid_input"
