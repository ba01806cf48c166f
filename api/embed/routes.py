"""What browsers load: the loader's script, the iframe's page and its files, and a demo.

No build step, no script in a page, nothing from anywhere else. The iframe's page names the origins
that may hold it, which are those of the key, in its policy (``frame-ancestors``) and for its own
messages; without an active key nobody may.
"""

import html
from functools import cache
from pathlib import Path

import orjson
from starlette.requests import Request
from starlette.responses import HTMLResponse, PlainTextResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles
from starlette.types import Scope

from api.domain.embed.sessions import origins_of_key
from api.embed import MANIFEST
from api.embed.demo import read_demo_key
from api.errors import DomainError, ErrorCode
from api.settings import settings
from api.work import Stores

_STATIC = Path(__file__).parent / "static"
_LOADER_MAX_AGE_S = 300
_SAFE = {"referrer-policy": "no-referrer", "x-content-type-options": "nosniff"}
# Trusted types: the browser itself refuses to read markup from a text, whatever a script does.
_FRAME_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; base-uri 'none'; form-action 'none'; object-src 'none';"
    " require-trusted-types-for 'script'; trusted-types 'none'; frame-ancestors {ancestors}"
)
_DEMO_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;"
    " connect-src 'self'; frame-src 'self'; base-uri 'none'; form-action 'none';"
    " frame-ancestors 'none'"
)
_PERMISSIONS = "camera=(), geolocation=(), microphone=(), payment=(), usb=()"


class _Files(StaticFiles):
    """The iframe's own files: asked for again at each load, and answered 304 while unchanged."""

    async def get_response(self, path: str, scope: Scope) -> Response:
        response = await super().get_response(path, scope)
        response.headers.update({**_SAFE, "cache-control": "no-cache"})
        response.headers["cross-origin-resource-policy"] = "same-origin"
        return response


def embed_routes() -> list[BaseRoute]:
    """All routes below ``/embed``."""
    return [
        Route("/embed/loader.js", _loader),
        Route("/embed/frame", _frame),
        Route("/embed/demo", _demo),
        Route("/embed/documents.js", _documents),
        Mount("/embed/static", _Files(directory=_STATIC)),
    ]


async def _loader(_: Request) -> Response:
    """For pages on any origin: whether one may go on is decided by its session."""
    headers = {
        **_SAFE,
        "cache-control": f"public, max-age={_LOADER_MAX_AGE_S}",
        "cross-origin-resource-policy": "cross-origin",
    }
    return Response(_text("loader.js"), media_type="text/javascript", headers=headers)


async def _frame(request: Request) -> Response:
    stores: Stores = request.app.state.stores
    try:
        origins = await origins_of_key(stores, request.query_params.get("partner_key", ""))
    except DomainError as failure:
        if failure.code is not ErrorCode.UNAVAILABLE:
            raise
        return _closed("Prospecting cannot be reached right now. Try again shortly.", 503)
    if not origins:
        return _closed("This partner key is not active.", 403)
    page = _text("frame.html").replace("{origins}", html.escape(" ".join(origins)))
    return HTMLResponse(page, headers=_frame_headers(" ".join(origins)))


def _closed(sentence: str, status: int) -> Response:
    return PlainTextResponse(sentence, status, headers=_frame_headers("'none'"))


def _frame_headers(ancestors: str) -> dict[str, str]:
    return {
        **_SAFE,
        "cache-control": "no-store",
        "content-security-policy": _FRAME_POLICY.format(ancestors=ancestors),
        "permissions-policy": _PERMISSIONS,
    }


async def _documents(_: Request) -> Response:
    """The identifiers of the trusted documents, by the names that the iframe's scripts use."""
    manifest: dict[str, dict[str, str]] = orjson.loads(MANIFEST.read_bytes())
    names = orjson.dumps({name: each["id"] for name, each in manifest.items()}).decode()
    headers = {**_SAFE, "cache-control": "no-cache"}
    script = f"export const DOCUMENTS = Object.freeze({names});\n"
    return Response(script, media_type="text/javascript", headers=headers)


async def _demo(_: Request) -> Response:
    """A partner's page to look at, where ``stibnite up`` made a key for it."""
    key = read_demo_key(settings()) if settings().embed_demo else None
    if key is None:
        return PlainTextResponse("There is no demo here.", 404, headers=_SAFE)
    page = _text("demo.html").replace("{partner_key}", html.escape(key))
    headers = {**_SAFE, "cache-control": "no-store", "content-security-policy": _DEMO_POLICY}
    return HTMLResponse(page, headers=headers)


@cache
def _text(name: str) -> str:
    return (_STATIC / name).read_text(encoding="utf-8")
