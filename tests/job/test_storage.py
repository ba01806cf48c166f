"""What a job stores comes back as it was."""

import orjson
import pytest

from api.cursors import CursorSigner
from api.domain.job.storage import search_of, stored_search
from api.domain.person.search import PersonSearch, prepare
from api.paging import PageRequest, cursor_after
from tests.job.conftest import ACCOUNT

CURSORS = CursorSigner("s" * 32)
QUESTIONS = (
    "CMOs of SaaS companies in Las Vegas, Nevada with 50+ employees",
    "give me 1000 decision makers for marketing agencies",
    "all employees at SaaS companies with fewer than 50 employees not in Texas",
    "chief happiness wizards at law firms",
)


@pytest.mark.parametrize("q", QUESTIONS)
@pytest.mark.parametrize("token", [None, "spring campaign"])
def test_a_checked_search_survives_the_store(q: str, token: str | None) -> None:
    asked = PersonSearch(q, dedupe_token=token)
    first = prepare(ACCOUNT, CURSORS, asked, PageRequest(10, max_records=700))
    cursor = cursor_after(first.window, CURSORS, 9, (2**64 - 1, "person \u00e4 1"))
    later = prepare(ACCOUNT, CURSORS, asked, PageRequest(10, cursor))
    assert later.window.key == (2**64 - 1, "person \u00e4 1")
    for prepared in (first, later):
        assert search_of(orjson.loads(orjson.dumps(stored_search(prepared)))) == prepared
