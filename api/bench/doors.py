"""The API as a client sees it: one keep-alive connection, every body decoded."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from typing import Any

import aiohttp
import orjson

PAGE = 100

# Twenty fields of two levels, as the REST body has them.
_GRAPHQL = """query ($q: String!, $first: Int!) {
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
_STRATEGY = """query ($q: String!) {
  personSearch(q: $q, first: 100) { searchStrategy nodes { personId } }
}"""


@dataclass(frozen=True, slots=True)
class Doors:
    """Both doors of a running API. An answer other than 200 is a ``RuntimeError``."""

    session: aiohttp.ClientSession

    async def rest(self, q: str, cursor: str | None = None) -> dict[str, Any]:
        """A page by REST."""
        params = {"q": q, "limit": str(PAGE), **({"cursor": cursor} if cursor else {})}
        async with self.session.get("/v1/persons/search", params=params) as response:
            return _decoded(response, await response.read())

    async def graphql(self, q: str, first: int = PAGE) -> list[Any]:
        """The nodes of a page by GraphQL."""
        nodes: list[Any] = (await self._ask(_GRAPHQL, {"q": q, "first": first}))["nodes"]
        return nodes

    async def strategy(self, q: str) -> tuple[str, int] | None:
        """How a question is served, and how many records its first page has; ``None`` when it is
        not understood."""
        try:
            answer = await self._ask(_STRATEGY, {"q": q})
        except RefusedError:
            return None
        return answer["searchStrategy"], len(answer["nodes"])

    async def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        body = orjson.dumps({"query": query, "variables": variables})
        headers = {"content-type": "application/json"}
        async with self.session.post("/graphql", data=body, headers=headers) as response:
            answer = _decoded(response, await response.read())
        if answer.get("errors"):
            raise RefusedError(f"the API answered {answer['errors']}")
        found: dict[str, Any] = answer["data"]["personSearch"]
        return found


class RefusedError(RuntimeError):
    """The API refused a question."""


@asynccontextmanager
async def open_doors(base_url: str, key: str) -> AsyncIterator[Doors]:
    """The API at an address, for the holder of a key."""
    async with aiohttp.ClientSession(base_url, headers={"x-api-key": key}) as session:
        yield Doors(session)


def _decoded(response: aiohttp.ClientResponse, body: bytes) -> dict[str, Any]:
    if response.status != 200:
        raise RuntimeError(f"the API answered {response.status}: {body[:300]!r}")
    decoded: dict[str, Any] = orjson.loads(body)
    return decoded
