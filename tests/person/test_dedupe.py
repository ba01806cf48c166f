"""A dedupe token: within its scope nobody is delivered twice, nor billed, whoever asks when."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from api.domain.person.delivered import MAX_TOKEN_CHARS
from tests.stack import Asker

Q = "owners in Texas"
PARALLEL = 20


def deliver(asker: Asker, token: str, q: str = Q, **more: Any) -> dict[str, Any]:
    response = asker.rest("/v1/persons/search", q=q, dedupe_token=token, **more)
    assert response.status_code == 200, response.text
    body: dict[str, Any] = response.json()
    return body


def ids(body: dict[str, Any]) -> list[str]:
    return [person["person_id"] for person in body["data"]]


def everybody(asker: Asker, q: str = Q) -> list[str]:
    """All that a query finds, by cursor and without a token."""
    found: list[str] = []
    cursor: str | None = None
    while True:
        page = {} if cursor is None else {"cursor": cursor}
        body = asker.rest("/v1/persons/search", q=q, **page).json()
        found += ids(body)
        cursor = body["pagination"]["next_cursor"]
        if cursor is None:
            return found


def test_the_same_question_goes_on_where_it_stopped(asker: Asker) -> None:
    expected = everybody(asker)
    before = asker.usage()["billable_records"]
    assert len(expected) > 14
    pages = []
    while page := deliver(asker, "campaign", limit=7)["data"]:
        pages.append([person["person_id"] for person in page])
    assert [each for page in pages for each in page] == expected
    assert {len(page) for page in pages[:-1]} == {7}, "pages stay full"
    assert asker.usage()["billable_records"] - before == len(expected)


def test_twenty_at_once_never_get_the_same_record(asker: Asker) -> None:
    expected = everybody(asker)
    with ThreadPoolExecutor(PARALLEL) as threads:
        bodies = list(threads.map(lambda _: deliver(asker, "rush", limit=3), range(PARALLEL)))
    delivered = [each for body in bodies for each in ids(body)]
    assert len(delivered) == len(set(delivered))
    assert sum(body["billable_records"] for body in bodies) == len(delivered)
    while rest := ids(deliver(asker, "rush")):
        delivered += rest
    assert sorted(delivered) == sorted(expected), "nobody is lost either"


def test_by_cursor_and_from_the_start_in_turn(asker: Asker) -> None:
    expected = everybody(asker)
    first = deliver(asker, "mixed", limit=5)
    second = deliver(asker, "mixed", limit=5)
    third = deliver(asker, "mixed", limit=5, cursor=first["pagination"]["next_cursor"])
    assert ids(first) + ids(second) + ids(third) == expected[:15]


def test_a_scope_is_token_criteria_and_who(asker: Asker, stranger: Asker) -> None:
    first = ids(deliver(asker, "scopes", limit=5))
    assert ids(deliver(asker, "scopes", limit=5, dedupe_user_id="end-user-1")) == first
    assert ids(deliver(asker, "scopes", limit=5, dedupe_user_id="end-user-2")) == first
    assert ids(deliver(asker, "another", limit=5)) == first
    assert ids(deliver(stranger, "scopes", limit=5)) == first
    # The same criteria in other words, and with a count, are the same criteria.
    assert not set(ids(deliver(asker, "scopes", "give me 50 Owners in TX", limit=5))) & set(first)
    assert set(ids(deliver(asker, "scopes", "owners in Texas or Nevada", limit=100))) & set(first)


def test_both_doors_share_a_scope(asker: Asker) -> None:
    first = ids(deliver(asker, "doors", limit=5))
    query = """query ($q: String!, $token: String!) {
      personSearch(q: $q, dedupeToken: $token, first: 5) { nodes { personId } billableRecords }
    }"""
    answer = asker.graphql(query, q=Q, token="doors").json()["data"]["personSearch"]
    second = [node["personId"] for node in answer["nodes"]]
    assert answer["billableRecords"] == len(second) == 5
    assert not set(first) & set(second)


@pytest.mark.parametrize(
    "wrong",
    [
        {"dedupe_token": ""},
        {"dedupe_token": "x" * (MAX_TOKEN_CHARS + 1)},
        {"dedupe_token": "a\x00b"},
        {"dedupe_user_id": "alone"},
        {"dedupe_token": "a", "dedupe_user_id": "x" * (MAX_TOKEN_CHARS + 1)},
    ],
)
def test_bad_tokens_are_refused(asker: Asker, wrong: dict[str, str]) -> None:
    response = asker.rest("/v1/persons/search", q=Q, **wrong)
    assert response.status_code == 422
    assert response.json()["errors"][0]["argument"] in wrong
    assert asker.usage() == {"requests": 0, "billable_records": 0}


def test_a_token_of_the_greatest_length_is_one(asker: Asker) -> None:
    assert deliver(asker, "x" * MAX_TOKEN_CHARS, limit=1)["billable_records"] == 1
