"""The made organisations in the session's stack, and ways to ask for them."""

from collections.abc import Callable, Iterator
from typing import Any

import httpx2
import pytest

from api.caller import Tier
from tests.organisation import made
from tests.stack import Asker, Stack

type Post = Callable[..., httpx2.Response]
type Search = Callable[..., dict[str, Any]]


@pytest.fixture(scope="session")
def organisations(stack: Stack) -> Stack:
    """The stack, with the made organisations in it."""
    made.put(stack)
    return stack


@pytest.fixture
def post(organisations: Stack, asker: Asker) -> Post:
    """POSTs a JSON body of these members."""

    def send(path: str, **body: Any) -> httpx2.Response:
        return asker.http.post(path, json=body)

    return send


@pytest.fixture
def search(post: Post) -> Search:
    """The body of a search, which must succeed."""

    def send(**body: Any) -> dict[str, Any]:
        response = post("/v2/search", **body)
        assert response.status_code == 200, response.text
        answer: dict[str, Any] = response.json()
        return answer

    return send


@pytest.fixture
def top_tier(organisations: Stack) -> Iterator[Asker]:
    """A key of tier_3."""
    with organisations.client(organisations.new_key("analysts", Tier.TIER_3)) as client:
        yield Asker(client)


def domains(body: dict[str, Any]) -> list[str]:
    """The domains of a page, in order."""
    return [row["domain"] for row in body["data"]]


def walk(search: Search, **body: Any) -> list[str]:
    """The domains of all pages of a search, in order."""
    found: list[str] = []
    after = None
    while True:
        page = search(**body, search_after=after)
        found += domains(page)
        assert page["metadata"]["returned"] == len(page["data"]) <= body["size"]
        after = page["metadata"]["search_after"]
        if after is None:
            return found
