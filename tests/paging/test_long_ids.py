"""People whose ids are as long as a load lets them be are paged through by both doors."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest_asyncio

from api.stores.clickhouse import ClickHouse
from tests.api_processes import api_process
from tests.prospecting.market import Market
from tests.stack import Asker, Stack

CHARACTERS = ("\N{GRINNING FACE}", '"', "\x01")
DOMAIN = "long-ids.example"
PEOPLE = """query ($domain: String!, $after: String) {
  companyPeople(domain: $domain, first: 1, after: $after) {
    nodes { personId } pageInfo { endCursor hasNextPage }
  }
}"""
IDS = {f"{number}{character * 199}" for number, character in enumerate(CHARACTERS)}


@pytest_asyncio.fixture
async def asker(
    stack: Stack, database: str, clickhouse: ClickHouse, tmp_path: Path
) -> AsyncIterator[Asker]:
    """Asks a process with three such people."""
    company = {"company_id": "x" * 199 + CHARACTERS[0], "name": "Long", "domain": DOMAIN}
    people = [
        {
            "person_id": each,
            "first_name": "Ada",
            "last_name": "Long",
            "company_id": company["company_id"],
        }
        for each in IDS
    ]
    await Market([company], people).load(clickhouse, tmp_path)
    with (
        api_process(stack, CLICKHOUSE_URL=database) as running,
        running.client(running.new_key("long ids")) as client,
    ):
        yield Asker(client)


async def test_every_cursor_is_accepted(asker: Asker) -> None:
    path, cursor = f"/v1/companies/{DOMAIN}/people", None
    found: list[str] = []
    while not found or cursor is not None:
        more: dict[str, str] = {} if cursor is None else {"cursor": cursor}
        page = asker.rest(path, limit=1, **more)
        assert page.status_code == 200, page.text
        found += [each["person_id"] for each in page.json()["data"]]
        cursor = page.json()["pagination"]["next_cursor"]
    assert (len(found), set(found)) == (3, IDS)
    found, after = [], None
    while not found or after is not None:
        answer = asker.graphql(PEOPLE, domain=DOMAIN, after=after).json()
        page = answer["data"]["companyPeople"]
        found += [each["personId"] for each in page["nodes"]]
        after = page["pageInfo"]["endCursor"] if page["pageInfo"]["hasNextPage"] else None
    assert (len(found), set(found)) == (3, IDS)
