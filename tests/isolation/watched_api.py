"""The API in a process that writes down every statement it sends to Postgres.

``WATCHED`` names the file: a line of JSON for each statement, with the identifiers among its
parameters.
"""

import json
import os
from collections.abc import Iterable, Iterator
from typing import Any
from uuid import UUID

from sqlalchemy import event
from sqlalchemy.engine import Engine

from api.app import app

__all__ = ["app"]

_FILE = open(os.environ["WATCHED"], "a", buffering=1, encoding="utf-8")  # noqa: SIM115


def _identifiers(values: Any) -> Iterator[str]:
    if isinstance(values, UUID):
        yield str(values)
    elif isinstance(values, dict):
        yield from _identifiers(list(values.values()))
    elif isinstance(values, Iterable) and not isinstance(values, str | bytes):
        for each in values:
            yield from _identifiers(each)


@event.listens_for(Engine, "before_cursor_execute")
def _write_down(
    _connection: Any, _cursor: Any, statement: str, parameters: Any, *_: object
) -> None:
    line = {"sql": " ".join(statement.split()), "ids": sorted(set(_identifiers(parameters)))}
    _FILE.write(json.dumps(line) + "\n")
