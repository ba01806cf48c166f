"""The REST documentation page: Swagger UI over our OpenAPI document, from our own origin.

The scripts come with the package fastapi-swagger, of which only the files are used.
"""

from importlib.util import find_spec
from pathlib import Path

from starlette.requests import Request
from starlette.responses import HTMLResponse, RedirectResponse, Response
from starlette.routing import BaseRoute, Mount, Route
from starlette.staticfiles import StaticFiles

from rest.openapi import served

_PAGE = """<!doctype html>
<html lang="en">
<head>
  <meta charset="utf-8">
  <title>Stibnite REST API</title>
  <meta name="viewport" content="width=device-width, initial-scale=1">
  <link rel="icon" href="data:,">
  <link rel="stylesheet" href="/docs/assets/swagger-ui.css">
</head>
<body>
  <div id="swagger-ui"></div>
  <script src="/docs/assets/swagger-ui-bundle.js"></script>
  <script>
    SwaggerUIBundle({
      url: "/openapi.json",
      dom_id: "#swagger-ui",
      deepLinking: true,
      persistAuthorization: true,
      validatorUrl: null,
    });
  </script>
</body>
</html>
"""


def docs_routes() -> list[BaseRoute]:
    """``/`` leads to ``/docs``, which reads ``/openapi.json``."""
    return [
        Route("/", _to_docs),
        Route("/docs", _page),
        Route("/openapi.json", _openapi),
        Mount("/docs/assets", StaticFiles(directory=_assets())),
    ]


async def _to_docs(_: Request) -> Response:
    return RedirectResponse("/docs")


async def _page(_: Request) -> Response:
    return HTMLResponse(_PAGE)


async def _openapi(_: Request) -> Response:
    return Response(served(), media_type="application/json")


def _assets() -> Path:
    # Found without importing the package, which would load a web framework that we do not run on.
    spec = find_spec("fastapi_swagger")
    if spec is None or not spec.submodule_search_locations:
        raise RuntimeError("The package fastapi-swagger is missing: run make .venv again.")
    return Path(spec.submodule_search_locations[0]) / "resources"
