"""A person inside a partner's iframe, for benchmarks: a customer of a new partner, and a token."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

import aiohttp
import orjson

from api.bench.stack import BenchStack
from api.caller import AccountKind, Tier
from api.domain.account.service import authenticate, create_key
from api.domain.embed.tokens import EmbedTokens
from api.domain.partner_customer import service as customers
from api.domain.partner_customer.rules import CustomerDefaults, Delivery
from api.embed import MANIFEST
from api.stores.postgres import Postgres

_ORIGIN = "https://partner.example"


@dataclass(frozen=True, slots=True)
class EmbeddedSession:
    """What the person asks with. An answer other than 200 is a ``RuntimeError``."""

    session: aiohttp.ClientSession
    partner_key: str
    """The API key of the partner."""

    async def search(self, q: str, limit: int) -> dict[str, Any]:
        """A new prospecting session."""
        return await self._posted("/v1/prospecting/search", {"q": q, "limit": limit})

    async def framed(self, q: str, first: int) -> int:
        """A new session by the iframe's own document; how many previews its first page has."""
        identifier = orjson.loads(MANIFEST.read_bytes())["startProspecting"]["id"]
        asked = {"documentId": identifier, "variables": {"q": q, "first": first}}
        answer = await self._posted("/graphql", asked)
        return len(answer["data"]["startProspecting"]["nodes"])

    async def export_all(self, search_id: str) -> tuple[int, int, int]:
        """Exports all results as they come: records, those that were net new, and bytes."""
        path = f"/v1/prospecting/sessions/{search_id}/export"
        asked = orjson.dumps({"selection_mode": "all_results"})
        size = 0
        async with self.session.post(path, data=asked, headers=_JSON) as response:
            if response.status != 200:
                raise RuntimeError(f"the API answered {response.status}: {await response.text()}")
            async for piece in response.content.iter_any():
                size += len(piece)
            counts = [
                int(response.headers[name])
                for name in ("x-exported-records", "x-net-new-billable-records")
            ]
        return counts[0], counts[1], size

    async def _posted(self, path: str, asked: dict[str, Any]) -> dict[str, Any]:
        async with self.session.post(path, data=orjson.dumps(asked), headers=_JSON) as response:
            body = await response.read()
        if response.status != 200:
            raise RuntimeError(f"the API answered {response.status}: {body[:300]!r}")
        decoded: dict[str, Any] = orjson.loads(body)
        return decoded


_JSON = {"content-type": "application/json"}


@asynccontextmanager
async def embedded_session(stack: BenchStack) -> AsyncIterator[EmbeddedSession]:
    """Somebody at a new customer of a new partner, who may export."""
    settings, base_url = stack.running.settings, stack.running.base_url
    postgres = Postgres(settings.sqlalchemy_url)
    try:
        key = await create_key(
            postgres, account=f"partner {uuid4()}", kind=AccountKind.MANAGED, tier=Tier.TIER_1
        )
        account_id = (await authenticate(postgres, key.plain)).account_id
        defaults = CustomerDefaults(delivery=Delivery(csv_export_enabled=True))
        async with postgres.transaction() as connection:
            customer = await customers.ensure(
                connection, account_id, "bench", name=None, defaults=defaults
            )
    finally:
        await postgres.close()
    token, _ = EmbedTokens(settings.required_secret).issue(
        datetime.now(UTC),
        account_id=account_id,
        embed_key_id=await _embed_key(base_url, key.plain),
        partner_customer_id=customer.id,
        external_customer_id="bench",
        user_id=None,
        origin=_ORIGIN,
    )
    headers = {"authorization": f"Bearer {token}"}
    async with aiohttp.ClientSession(base_url, headers=headers) as session:
        yield EmbeddedSession(session, key.plain)


async def _embed_key(base_url: str, key: str) -> UUID:
    asked = orjson.dumps({"allowed_origins": [_ORIGIN]})
    headers = {"x-api-key": key, **_JSON}
    async with (
        aiohttp.ClientSession(base_url, headers=headers) as session,
        session.post("/v1/prospecting/embed-keys", data=asked) as response,
    ):
        body = orjson.loads(await response.read())
    return UUID(body["embed_key"]["id"])
