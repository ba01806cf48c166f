"""How many statements a request takes, and that their plans are made for its values."""

from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

import pytest_asyncio
from graphql import parse
from sqlalchemy import Engine, event, text

from api.caller import Tier
from api.domain.account.service import authenticate
from api.domain.organisation.criteria import Filters, Keywords, OrganisationSearch
from api.domain.organisation.holdings import RecentHoldings
from api.domain.organisation.queries.conditions import conditions_of
from api.domain.organisation.queries.lists import by_words
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.service import search
from api.domain.organisation.words import DOCUMENT, matching
from api.stores.postgres import Postgres
from api.work import Work, open_stores
from graph.context import Context
from graph.executor import execute_prepared
from graph.schema import schema
from tests.organisation import made
from tests.person.conftest import NoQueue
from tests.stack import Stack

_BOTH = OrganisationSearch(describe="panels on roofs", keywords=Keywords(must_any=("solar",)))


@pytest_asyncio.fixture
async def work(organisations: Stack) -> AsyncIterator[Work]:
    """A caller's work in this process, on the stack's stores."""
    async with open_stores(organisations.settings, NoQueue()) as stores:
        key = organisations.new_key("statements", Tier.TIER_3)
        yield Work(stores, await authenticate(stores.postgres, key))


@contextmanager
def statements() -> Iterator[list[str]]:
    """The statements that this process sends to Postgres meanwhile."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    event.listen(Engine, "before_cursor_execute", note)
    try:
        yield sent
    finally:
        event.remove(Engine, "before_cursor_execute", note)


async def test_similar_takes_as_many_statements_for_many_as_for_one(work: Work) -> None:
    query = parse(
        """query ($first: Int!) { organisationSearch(filters: {source: ["made"]}, first: $first) {
          nodes { domain similar(first: 3, boost: ["bread"]) { domain name } } } }"""
    )

    # What is looked up once a second is no part of a request.
    holdings = RecentHoldings(work.stores.postgres, lambda: 0.0)
    await holdings.now()
    work = replace(work, stores=replace(work.stores, holdings=holdings))

    async def sent(first: int) -> int:
        with statements() as noted:
            answer = await execute_prepared(
                schema,
                query,
                variables={"first": first},
                context=Context(work, "test"),
                omit_absent=False,
            )
        assert answer.errors is None
        assert answer.data is not None
        nodes = answer.data["organisationSearch"]["nodes"]
        assert [len(node["similar"]) for node in nodes] == [3] * first
        return len(noted)

    one = await sent(1)
    assert await sent(made.EACH * len(made.TRADES)) == one


async def test_plans_are_made_for_the_values_of_each_search(work: Work) -> None:
    # A statement is prepared when it is sent for the sixth time, and after five plans the server
    # would think of one for all values. One after the other, they share a connection.
    reader = Reader(work.stores.postgres)
    for number in range(15):
        places = ("Munich", "Porto", "Dublin")[: 1 + number % 3]
        conditions = conditions_of(Filters(source=("made",), municipality=places))
        words = matching(Keywords(must_any=("solar", f"{number}")), DOCUMENT)
        assert (await by_words(reader, words, conditions, 10, names=False)).rows
    kept = await work.stores.postgres.search(
        text("select statement, generic_plans, custom_plans from pg_prepared_statements")
    )
    (of_words,) = [each for each in kept if "pdb.score" in each.statement]
    assert of_words.generic_plans == 0
    assert of_words.custom_plans >= 8


async def test_the_journal_is_written_with_the_page(work: Work) -> None:
    with statements() as noted:
        await search(work, _BOTH, columns=("domain", "name"), size=10)
    assert [each for each in noted if "usage_entries" in each] == noted[-1:]
    assert "organisations.name" in noted[-1]
    assert await _entries(work) == 1
    # Neither a page without rows is free, nor is an explained one counted twice.
    nowhere = OrganisationSearch(describe="sun", filters=Filters(source=("nowhere",)))
    assert (await search(work, nowhere, columns=("domain",), size=10)).nodes == []
    explained = OrganisationSearch(describe="sun", explain=True)
    page = await search(work, explained, columns=("domain",), size=10)
    assert not [line for line in page.metadata.explain_plan or () if "usage" in line]
    assert await _entries(work) == 3


async def _entries(work: Work) -> int:
    postgres: Postgres = work.stores.postgres
    rows = await postgres.fetch(
        text("select count(*) from usage_entries where api_key_id = :key"),
        {"key": work.caller.key_id},
    )
    return int(rows[0][0])
