"""Signing in by a browser: off to the issuer, and back with a session. By hand, for redirects."""

import orjson
from starlette.requests import Request
from starlette.responses import RedirectResponse, Response
from starlette.routing import Route

from api.domain.sign_in import service
from api.domain.sign_in.rules import TICKET_LASTS
from api.errors import DomainError, ErrorCode
from graph.context import address_of, count_failed_sign_in
from rest.errors import problem

SIGN_IN_PATH = "/console/sign-in"
CALLBACK_PATH = "/console/callback"
TICKET_COOKIE = "stibnite_sign_in"
MAX_PARAMETER_CHARS = 4_000
_NO_STORE = {"cache-control": "no-store", "referrer-policy": "no-referrer"}


def sign_in_routes() -> list[Route]:
    """The two pages that a browser visits."""
    return [
        Route(SIGN_IN_PATH, sign_in, methods=["GET"]),
        Route(CALLBACK_PATH, callback, methods=["GET"]),
    ]


async def sign_in(request: Request) -> Response:
    """Sends the browser to the issuer, with a sealed cookie that it must come back with."""
    stores = request.app.state.stores
    try:
        begun = await service.begin(stores)
    except DomainError as failure:
        return problem(failure, request.scope["request_id"])
    response = RedirectResponse(begun.url, 302, headers=_NO_STORE)
    response.set_cookie(
        TICKET_COOKIE,
        begun.ticket,
        max_age=int(TICKET_LASTS.total_seconds()),
        path=CALLBACK_PATH,
        secure=stores.provider.redirect_url.startswith("https:"),
        httponly=True,
        samesite="lax",
    )
    return response


async def callback(request: Request) -> Response:
    """Answers the session of who comes back from the issuer; its token is shown this once."""
    try:
        ticket = request.cookies.get(TICKET_COOKIE, "")
        session = await service.finish(
            request.app.state.stores, ticket, _given(request, "state"), _given(request, "code")
        )
    except DomainError as failure:
        response = problem(await _counted(request, failure), request.scope["request_id"])
    else:
        content = {
            "access_token": session.token,
            "token_type": "Bearer",
            "expires_in": session.expires_in,
            "email": session.email,
            "role": session.role,
        }
        response = Response(orjson.dumps(content), media_type="application/json", headers=_NO_STORE)
    response.delete_cookie(TICKET_COOKIE, path=CALLBACK_PATH)
    return response


async def _counted(request: Request, failure: DomainError) -> DomainError:
    """The failure, or that of an address with too many of them."""
    try:
        await count_failed_sign_in(request.app.state.stores.limiter, address_of(request), failure)
    except DomainError as limited:
        return limited
    return failure


def _given(request: Request, name: str) -> str:
    values = request.query_params.getlist(name)
    if len(values) != 1 or not 0 < len(values[0]) <= MAX_PARAMETER_CHARS:
        raise DomainError(
            ErrorCode.MALFORMED_REQUEST, "The issuer sent no code: the sign-in was not finished."
        )
    return values[0]
