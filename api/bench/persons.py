"""``stibnite bench persons``: a page of people by both doors, against the same SQL on the engine.

The engine leg sends the very statement that the API sends, with the same client to the same
server, and decodes the rows; the time inside the engine, as it reports it, stands beside. Calls of
all legs are interleaved, the questions rotate, and each leg goes first as often as the others.
"""

import asyncio
import itertools
import random
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Any

import aiohttp
import orjson

from api.bench.measure import Latency, Ratio, latency, ratio
from api.domain.interpreter.parser import interpret_persons
from api.domain.person import queries
from api.stores.clickhouse import ClickHouse, Profile

PAGE = 100
WARM_UP_CALLS = 30

ROLES = (
    "CEOs", "CFOs", "CMOs", "CTOs", "owners", "presidents", "VPs of sales",
    "directors of marketing", "HR managers", "software engineers", "decision makers", "partners",
)  # fmt: skip
COMPANIES = (
    "", " of software companies", " of law firms", " of restaurants", " of marketing agencies",
    " of accounting firms", " of construction companies", " of insurance agencies",
)  # fmt: skip
PLACES = ("", " in Nevada", " in Texas", " in California", " in Florida", " in New York")
SIZES = ("", " with 50+ employees")

# Twenty fields of two levels, as the REST body has them.
GRAPHQL = """query ($q: String!, $first: Int!) {
  personSearch(q: $q, first: $first) {
    interpretation {
      roles { key label } industries { key label }
      filters { companyCity companyState employeeCountMin employeeCountMax } warnings
    }
    pagination { limit totalRecords totalRecordsRelation totalPages nextCursor }
    nodes {
      personId firstName lastName jobTitle businessEmail mobilePhone linkedinUrl
      company {
        companyId name domain website phone linkedinUrl revenue employeeCount industry sic naics
        city state
      }
    }
    billableRecords
  }
}"""

Leg = Callable[[str], Any]


@dataclass(slots=True)
class Samples:
    """Seconds of each call, by leg."""

    engine: list[float] = field(default_factory=list)
    in_process: list[float] = field(default_factory=list)
    rest: list[float] = field(default_factory=list)
    graphql: list[float] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Report:
    """What a run found."""

    legs: dict[str, Latency]
    ratios: tuple[Ratio, ...]


def questions() -> list[str]:
    """Every combination of role, kind of company, place and size: over a thousand questions."""
    return ["".join(parts) for parts in itertools.product(ROLES, COMPANIES, PLACES, SIZES)]


async def measure(base_url: str, key: str, clickhouse: ClickHouse, *, calls: int) -> Report:
    """Asks ``calls`` questions by each leg; only questions that fill a page count as one."""
    samples = Samples()
    async with _doors(base_url, key) as (rest, graphql):
        legs: dict[str, Leg] = {
            "engine": lambda q: _engine(clickhouse, q, samples),
            "rest": rest,
            "graphql": graphql,
        }
        asked = await _full_pages(clickhouse, samples)
        for q in asked[:WARM_UP_CALLS]:
            for leg in legs.values():
                await leg(q)
        samples.in_process.clear()
        orders = list(itertools.permutations(legs))
        for number in range(calls):
            q = asked[number % len(asked)]
            for name in orders[number % len(orders)]:
                started = time.perf_counter()
                rows = await legs[name](q)
                getattr(samples, name).append(time.perf_counter() - started)
                if rows < PAGE:
                    raise RuntimeError(f"{name} answered {q!r} with {rows} rows")
    return Report(
        {
            "in the engine": latency(samples.in_process),
            "engine over HTTP": latency(samples.engine),
            "REST": latency(samples.rest),
            "GraphQL": latency(samples.graphql),
        },
        (
            ratio("REST ÷ engine", samples.rest, samples.engine, 1.5),
            ratio("GraphQL ÷ engine", samples.graphql, samples.engine, 1.5),
            ratio("GraphQL ÷ REST", samples.graphql, samples.rest, 1.2),
        ),
    )


async def _full_pages(clickhouse: ClickHouse, samples: Samples) -> list[str]:
    """The questions that this market answers with a full page, always in the same order."""
    found = [q for q in questions() if await _engine(clickhouse, q, samples) >= PAGE]
    if len(found) < 200:
        raise RuntimeError("Too few questions fill a page: measure with more persons.")
    random.Random(7).shuffle(found)  # noqa: S311 - an order, not a secret
    return found


async def _engine(clickhouse: ClickHouse, q: str, samples: Samples) -> int:
    sql, values = queries.statement(queries.search_conditions(interpret_persons(q)), None, PAGE + 1)
    answer = await clickhouse.answer(sql, values, Profile.INTERACTIVE)
    samples.in_process.append(answer.engine_s)
    return len(answer.rows)


@asynccontextmanager
async def _doors(base_url: str, key: str) -> AsyncIterator[tuple[Leg, Leg]]:
    """One keep-alive connection to the API; both legs decode the body."""
    async with aiohttp.ClientSession(base_url, headers={"x-api-key": key}) as session:

        async def rest(q: str) -> int:
            async with session.get(
                "/v1/persons/search", params={"q": q, "limit": str(PAGE)}
            ) as response:
                return len(_decoded(response, await response.read())["data"])

        async def graphql(q: str) -> int:
            body = orjson.dumps({"query": GRAPHQL, "variables": {"q": q, "first": PAGE}})
            async with session.post(
                "/graphql", data=body, headers={"content-type": "application/json"}
            ) as response:
                decoded = _decoded(response, await response.read())
                return len(decoded["data"]["personSearch"]["nodes"])

        yield rest, graphql
        await asyncio.sleep(0)


def _decoded(response: aiohttp.ClientResponse, body: bytes) -> Any:
    if response.status != 200:
        raise RuntimeError(f"the API answered {response.status}: {body[:300]!r}")
    return orjson.loads(body)
