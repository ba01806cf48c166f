"""Every mutation is done once under a key, however often and by however many it is asked for."""

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier
from typing import Any

import httpx2
import pytest
from graphql import GraphQLNonNull

from tests.idempotency.accounts import new_account
from tests.idempotency.writes import (
    ENDS_WITH_ITS_CALLER,
    MUTATIONS,
    WRITES,
    callers_of,
    document,
    in_iframe,
    kind_for,
    rest_request,
)
from tests.stack import Asker, Stack

AT_ONCE = 50
KEY = "one-key-of-ours"


def asked(asker: Asker, name: str, variables: dict[str, Any], *, more: str = "") -> httpx2.Response:
    """The answer to a mutation under the key; ``more`` makes it another request."""
    path, body = "/graphql", {"query": document(name) + more, "variables": variables}
    if in_iframe(name):
        path, body = rest_request(name, variables)
        if more:
            body |= {"q": "CFOs in Nevada"} if "q" in body else {"selection_mode": "page"}
    return asker.http.post(path, json=body, headers={"idempotency-key": KEY})


def test_there_is_a_way_to_do_every_write() -> None:
    """One without is not tried below: add it to tests/idempotency/writes.py."""
    with_caller = {name for name, field in MUTATIONS.items() if callers_of(field).kinds}
    assert with_caller == {*WRITES, ENDS_WITH_ITS_CALLER}


def test_a_mutation_that_fails_leaves_no_data() -> None:
    """What answers data was done, and is kept; so no mutation may fail and answer some."""
    assert all(isinstance(field.type, GraphQLNonNull) for field in MUTATIONS.values())


@pytest.mark.parametrize("name", sorted(WRITES))
def test_fifty_at_once_do_what_one_does(stack: Stack, name: str) -> None:
    """Compared with another account, which asks once, under the same key."""
    kind = kind_for(name)
    with new_account(stack, kind) as account, new_account(stack, kind) as other:
        asker, variables = WRITES[name](account)
        other_asker, other_variables = WRITES[name](other)
        start = Barrier(AT_ONCE)

        def at_once(_: int) -> httpx2.Response:
            start.wait()
            return asked(asker, name, variables)

        with ThreadPoolExecutor(AT_ONCE) as threads:
            answers = list(threads.map(at_once, range(AT_ONCE)))
        again = asked(asker, name, variables)
        single = asked(other_asker, name, other_variables)
        assert account.holds() == other.holds()
        done = [each for each in answers if each.status_code == 200]
        first = [each for each in done if "idempotency-hit" not in each.headers]
        assert len(first) == 1, [each.text for each in answers[:3]]
        assert {each.status_code for each in answers} <= {200, 409}
        assert {each.content for each in (*done, again)} == {first[0].content}
        assert again.status_code == 200
        assert again.headers["idempotency-hit"] == "true"
        assert single.status_code == 200
        assert "idempotency-hit" not in single.headers
        assert in_iframe(name) or "errors" not in single.json()
        changed = asked(asker, name, variables, more=" # another request")
        assert changed.status_code == 422
        body = changed.json()
        code = body["code"] if in_iframe(name) else body["errors"][0]["extensions"]["code"]
        assert code == "invalid_input"
        assert account.holds() == other.holds()
