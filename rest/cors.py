"""Answers to pages on partners' own origins: exactly those that a key was registered with.

Two rows of the table are for such pages: the bootstrap of a session, and the wallet for partners'
own frontends. All else a browser may ask from our own pages only.
"""

from starlette.requests import Request
from starlette.responses import Response

from api.domain.embed.sessions import is_registered
from api.errors import DomainError, ErrorCode
from api.work import Stores

MAX_AGE_S = 600
"""How long a browser may remember a preflight; revoked keys are refused by the request itself."""
_HEADERS = "authorization, content-type"


async def preflight(request: Request, methods: str) -> Response:
    """The answer to a browser that asks whether a page of this origin may send the request.

    Which key it will send is not known yet, so any key's origin will do here; the request itself is
    held to its own key. Raises ``forbidden`` for an origin that no active key has.
    """
    stores: Stores = request.app.state.stores
    origin = request.headers.get("origin")
    if origin is None or not await is_registered(stores, origin):
        raise DomainError(ErrorCode.FORBIDDEN, "No active embed key allows this origin.")
    return Response(
        status_code=204,
        headers={
            "access-control-allow-origin": origin,
            "access-control-allow-methods": methods,
            "access-control-allow-headers": _HEADERS,
            "access-control-max-age": str(MAX_AGE_S),
            "vary": "origin",
        },
    )


def share(request: Request, response: Response) -> None:
    """Lets the page that asked read the answer; to be called when the request was admitted.

    Its origin was compared by then, with those of the key or with that of the token.
    """
    response.headers["vary"] = "origin"
    response.headers["cache-control"] = "no-store"
    origin = request.headers.get("origin")
    if origin is not None:
        response.headers["access-control-allow-origin"] = origin
