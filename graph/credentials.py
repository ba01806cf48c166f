"""From what a request or a connection brings along to who is asking; the same for every door."""

from collections.abc import Mapping
from dataclasses import dataclass

from starlette.datastructures import Headers

from api.caller import Identity
from api.domain.account.service import authenticate
from api.domain.embed.sessions import authenticate as authenticate_embed
from api.domain.sign_in.rules import looks_like_token as looks_like_session
from api.domain.sign_in.service import authenticate as authenticate_session
from api.errors import DomainError, ErrorCode
from api.work import Stores

API_KEY_HEADER = "x-api-key"
AUTHORIZATION_HEADER = "authorization"
_BEARER = "bearer "


@dataclass(frozen=True, slots=True)
class Sent:
    """The credentials of a request, and the page that it says it comes from."""

    api_key: str | None
    authorization: str | None
    origin: str | None
    """The one ``Origin`` header; several count as none that anybody registered."""
    host: str | None


def sent_by(headers: Headers, payload: Mapping[str, object] | None = None) -> Sent:
    """What the headers bring, or else the ``payload`` of a connection, which browsers can fill."""
    origins = headers.getlist("origin")

    def given(name: str) -> str | None:
        value = headers.get(name) or (payload or {}).get(name)
        return None if value is None else str(value)

    return Sent(
        api_key=given(API_KEY_HEADER),
        authorization=given(AUTHORIZATION_HEADER),
        origin=", ".join(origins) if origins else None,
        host=headers.get("host"),
    )


async def identify(stores: Stores, sent: Sent) -> Identity | None:
    """Who asks; nobody where nothing was sent.

    Raises ``unauthenticated`` for a key or token that is not good, and for two of them at once.

    An embed token is good for requests of the iframe, whose pages are ours, and of the page that
    holds it. A browser says which page sent a request; where that is our own (the host that was
    asked) or not told, as by servers, there is nothing to compare with the token's origin.
    """
    if sent.authorization is None:
        return None if sent.api_key is None else await authenticate(stores.postgres, sent.api_key)
    if sent.api_key is not None:
        raise DomainError(
            ErrorCode.UNAUTHENTICATED, "Send an API key or a token, and not both of them."
        )
    scheme, token = sent.authorization[: len(_BEARER)], sent.authorization[len(_BEARER) :]
    if scheme.lower() != _BEARER:
        raise DomainError(
            ErrorCode.UNAUTHENTICATED, "Send the token of a session as authorization: Bearer TOKEN."
        )
    if looks_like_session(token):
        return await authenticate_session(stores.postgres, token)
    own = {f"{each}://{sent.host}" for each in ("https", "http")}
    page = None if sent.origin in own else sent.origin
    return await authenticate_embed(stores, token, page)
