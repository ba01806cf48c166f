"""The ASGI application: both doors, the documentation pages, health, and what wraps them all."""

import re
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from uuid import uuid4

import structlog
from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import BaseRoute, Mount, Route, WebSocketRoute
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from api.caller import Identity
from api.docs import docs_routes
from api.domain.interpreter.parser import interpret_persons
from api.embed.routes import embed_routes
from api.errors import DomainError, ErrorCode
from api.health import health_routes
from api.logs import configure_logging
from api.overload import Overload
from api.settings import settings
from api.work import open_stores
from graph.graphiql import graphiql_assets
from graph.http import graphql_endpoint, graphql_refusal
from graph.limit_headers import limit_headers
from graph.websocket import graphql_websocket
from rest.build import rest_routes
from rest.errors import problem
from rest.sign_in import sign_in_routes
from workers.publisher import publishing

# The GraphQL endpoint refuses methods itself, in its own shape.
_ANY_METHOD = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "TRACE"]
_PROBES = {"/health", "/ready", "/v2/health"}
# As proxies log it: nobody was there to be answered.
_CLIENT_GONE = 499
_REQUEST_ID = re.compile(r"[A-Za-z0-9._-]{1,64}")
_log = structlog.get_logger("http")


@asynccontextmanager
async def _lifespan(app: Starlette) -> AsyncIterator[None]:
    of = settings()
    configure_logging(of)
    # The dictionaries are read on first use: better now than by the first caller.
    interpret_persons("CEOs")
    async with publishing() as queue, open_stores(of, queue) as stores:
        app.state.stores = stores
        yield


class Entrance:
    """What every request passes: its id, the log line, and the one shape of an unforeseen fault."""

    def __init__(self, app: ASGIApp):
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] not in {"http", "websocket"}:
            await self.app(scope, receive, send)
            return
        request_id = _request_id(scope)
        scope["request_id"] = request_id
        if scope["type"] == "websocket":
            await self.app(scope, receive, send)
            return
        started = time.perf_counter()
        status = 0

        async def send_with_id(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
                message["headers"].append((b"x-request-id", request_id.encode()))
                message["headers"] += limit_headers(scope.get("admission"))
            await send(message)

        try:
            await self.app(scope, receive, send_with_id)
        except Exception:
            _log.exception("unexpected", request_id=request_id)
            if status == 0:
                fault = DomainError(ErrorCode.INTERNAL, "Something went wrong on our side.")
                await _refusal(scope, fault)(scope, receive, send_with_id)
        if scope.get("gone"):
            status = _CLIENT_GONE
        _log_request(scope, request_id, status, time.perf_counter() - started)


def _request_id(scope: Scope) -> str:
    """The caller's ``x-request-id`` where it is a sane one, else a new one."""
    for name, value in scope["headers"]:
        if name == b"x-request-id":
            text: str = value.decode("latin-1")
            if _REQUEST_ID.fullmatch(text):
                return text
    return uuid4().hex


def _log_request(scope: Scope, request_id: str, status: int, seconds: float) -> None:
    caller: Identity | None = scope.get("caller")
    endpoint = scope.get("endpoint")
    # Probes come every second and tell nothing once they are answered.
    tell = _log.debug if scope["path"] in _PROBES and status == 200 else _log.info
    tell(
        "request",
        request_id=request_id,
        method=scope["method"],
        route=getattr(endpoint, "template", getattr(endpoint, "__name__", None)),
        status=status,
        duration_ms=round(seconds * 1000, 2),
        account_id=None if caller is None else str(caller.account_id),
        key_id=None if caller is None else str(caller.credential_id),
    )


async def _http_fault(request: Request, fault: Exception) -> Response:
    """The router's own faults (no such path) in the one shape."""
    assert isinstance(fault, HTTPException)  # noqa: S101 - registered for nothing else
    code = {
        404: ErrorCode.NOT_FOUND,
        405: ErrorCode.METHOD_NOT_ALLOWED,
    }.get(fault.status_code, ErrorCode.MALFORMED_REQUEST)
    message = {
        ErrorCode.NOT_FOUND: "There is nothing at this path. The operations are listed at /docs.",
        ErrorCode.METHOD_NOT_ALLOWED: "This path does not answer this method.",
    }.get(code, "The request cannot be read.")
    allow = (fault.headers or {}).get("Allow")
    return problem(DomainError(code, message), request.scope["request_id"], allow=allow)


def _refusal(scope: Scope, failure: DomainError) -> Response:
    """A failure in the shape of the door that was asked."""
    if scope["path"] == "/graphql":
        return graphql_refusal(failure, scope["request_id"])
    return problem(failure, scope["request_id"])


def build_app() -> Starlette:
    """The application, with every row of the REST table prepared."""
    routes: list[BaseRoute] = [
        Mount("/graphql/assets", graphiql_assets()),
        Route("/graphql", graphql_endpoint, methods=_ANY_METHOD),
        WebSocketRoute("/graphql", graphql_websocket),
        *rest_routes(),
        *sign_in_routes(),
        *docs_routes(),
        *embed_routes(),
        *health_routes(),
    ]
    app = Starlette(
        routes=routes, lifespan=_lifespan, exception_handlers={HTTPException: _http_fault}
    )
    app.router.redirect_slashes = False
    app.add_middleware(Overload, refuse=_refusal, exempt=frozenset(_PROBES))
    app.add_middleware(Entrance)
    return app


app = build_app()
