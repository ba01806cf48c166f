"""GraphiQL, served from our own origin: no request leaves the installation.

The scripts come with the package graphene-django-graphiql-static, of which only the files are used.
"""

from functools import cache
from importlib.resources import files
from pathlib import Path

from starlette.responses import HTMLResponse
from starlette.staticfiles import StaticFiles

_PACKAGE = "graphene_django_graphiql_static"


def graphiql_page() -> HTMLResponse:
    """The page that a browser gets at /graphql."""
    return HTMLResponse(_page())


def graphiql_assets() -> StaticFiles:
    """The scripts and styles below /graphql/assets."""
    return StaticFiles(directory=Path(str(files(_PACKAGE))) / "static" / _PACKAGE)


@cache
def _page() -> str:
    return Path(__file__).with_suffix(".html").read_text(encoding="utf-8")
