"""Embed sessions: from a public key and a page's origin to a token, from a token to a caller."""

from datetime import UTC, datetime

from api.caller import EmbedCaller
from api.domain.embed import queries
from api.domain.embed.rules import MAX_ORIGIN_HEADER_CHARS
from api.domain.embed.tokens import refused
from api.work import Stores


async def authenticate(stores: Stores, token: str, page: str | None) -> EmbedCaller:
    """The person behind an embed token.

    ``page`` is the origin of the page that sent the request, where a browser told and it is not our
    own: the token must be for that one. Raises ``unauthenticated`` for a token that is not good
    there and now, one whose key was revoked among them.
    """
    caller = stores.embed_tokens.read(token, datetime.now(UTC))
    if page is not None and page != caller.origin:
        raise refused()
    if not await queries.is_active(stores.postgres, caller):
        raise refused()
    return caller


async def is_registered(stores: Stores, origin: str) -> bool:
    """Whether any active key allows the origin."""
    if len(origin) > MAX_ORIGIN_HEADER_CHARS:
        return False
    return await queries.is_registered(stores.postgres, origin)
