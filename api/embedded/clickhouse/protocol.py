"""ClickHouse's HTTP protocol, apart from any HTTP server: what a URL says, what headers tell."""

import re
import uuid
from collections.abc import Mapping
from dataclasses import dataclass, replace
from urllib.parse import parse_qsl

import orjson

from api.embedded.clickhouse.engine import SessionKey, Statistics
from api.embedded.clickhouse.errors import (
    BAD_ARGUMENTS,
    NOT_IMPLEMENTED,
    QUERY_IS_TOO_LARGE,
    QueryError,
    query_error,
)
from api.embedded.clickhouse.statement import decode_statement

QUERY_STRING_BYTES_MAX = 1024 * 1024

# Without a limit of the request's own. Reads of the product take milliseconds; a rebuild of serving
# tables over tens of millions of rows takes minutes.
READ_SECONDS_MAX_DEFAULT = 60
WRITE_SECONDS_MAX_DEFAULT = 3600

# URL parameters that are not settings of the engine: read here, or without meaning here.
_NOT_SETTINGS = frozenset(
    {
        *("query", "query_id", "database", "default_format", "wait_end_of_query", "stacktrace"),
        *("user", "password", "role", "quota_key", "client_protocol_version", "buffer_size"),
        *("session_id", "session_timeout", "session_check", "close_session"),
        *("compress", "decompress", "enable_http_compression"),
        *("send_progress_in_http_headers", "http_headers_progress_interval_ms"),
    }
)
_QUERY_ID = re.compile(r"[!-~]{1,128}\Z")
_BOUNDARY = re.compile(rb'boundary="?([^";]+)')
_FIELD_NAME = re.compile(rb'\bname="([^"]*)"')


@dataclass(frozen=True, slots=True)
class Request:
    """What the URL of a query says; ``statement`` is its ``query=`` and may be empty."""

    statement: str
    query_id: str
    database: str
    default_format: str
    settings: Mapping[str, str]
    parameters: Mapping[str, str]
    wait_for_end: bool

    def session_key(self, *, read: bool) -> SessionKey:
        """The session this request runs in; without a time limit of its own it gets the default."""
        seconds_max = READ_SECONDS_MAX_DEFAULT if read else WRITE_SECONDS_MAX_DEFAULT
        settings = {"max_execution_time": str(seconds_max), **self.settings}
        return SessionKey(self.database, tuple(sorted(settings.items())))

    def with_form(self, fields: Mapping[str, str]) -> "Request":
        """The request with the statement and the parameters of its form."""
        return replace(
            self,
            statement=fields.get("query", self.statement),
            parameters={**self.parameters, **_parameters(fields)},
        )


def read_request(query_string: bytes, headers: Mapping[bytes, bytes], method: str) -> Request:
    """Read the URL; raises :class:`QueryError` when it cannot be read."""
    if len(query_string) > QUERY_STRING_BYTES_MAX:
        raise query_error(QUERY_IS_TOO_LARGE, "QUERY_IS_TOO_LARGE", "The URL is too long")
    try:
        pairs = dict(parse_qsl(query_string.decode(), keep_blank_values=True, errors="strict"))
    except ValueError:
        raise query_error(BAD_ARGUMENTS, "BAD_ARGUMENTS", "The URL is not valid UTF-8") from None
    settings = {
        name: value
        for name, value in pairs.items()
        if name not in _NOT_SETTINGS and not name.startswith("param_")
    }
    if method == "GET":
        # As a server does: what a link can trigger must not change anything.
        settings.setdefault("readonly", "2")
    query_id = pairs.get("query_id", "")
    return Request(
        statement=pairs.get("query", ""),
        query_id=query_id if _QUERY_ID.match(query_id) else str(uuid.uuid4()),
        database=pairs.get("database") or _header(headers, b"x-clickhouse-database"),
        default_format=(
            pairs.get("default_format")
            or _header(headers, b"x-clickhouse-format")
            or "TabSeparated"
        ),
        settings=settings,
        parameters=_parameters(pairs),
        wait_for_end=pairs.get("wait_end_of_query", "0") in ("1", "true"),
    )


def read_form(body: bytes, content_type: bytes) -> dict[str, str]:
    """The fields of a ``multipart/form-data`` body: ``query`` and ``param_*``.

    clickhouse-connect sends one when the parameters would make the URL too long.
    """
    boundary = _BOUNDARY.search(content_type)
    if boundary is None:
        raise _unreadable_form()
    fields: dict[str, str] = {}
    for part in body.split(b"--" + boundary[1])[1:-1]:
        head, separator, content = part.partition(b"\r\n\r\n")
        name = _FIELD_NAME.search(head)
        if not separator or name is None:
            raise _unreadable_form()
        if b"filename=" in head:
            raise query_error(NOT_IMPLEMENTED, "NOT_IMPLEMENTED", "External data is not supported")
        fields[decode_statement(name[1])] = decode_statement(content.removesuffix(b"\r\n"))
    return fields


def _unreadable_form() -> QueryError:
    return query_error(BAD_ARGUMENTS, "BAD_ARGUMENTS", "The form cannot be read")


def _header(headers: Mapping[bytes, bytes], name: bytes) -> str:
    return headers.get(name, b"").decode("latin-1")


def _parameters(pairs: Mapping[str, str]) -> dict[str, str]:
    return {
        name.removeprefix("param_"): value
        for name, value in pairs.items()
        if name.startswith("param_")
    }


def summary(statistics: Statistics) -> bytes:
    """The value of X-ClickHouse-Summary: numbers as text, as ClickHouse writes them."""
    return orjson.dumps(
        {
            "read_rows": str(statistics.read_rows),
            "read_bytes": str(statistics.read_bytes),
            "written_rows": str(statistics.written_rows),
            "written_bytes": str(statistics.written_bytes),
            "result_rows": str(statistics.result_rows),
            "elapsed_ns": str(statistics.elapsed_ns),
        }
    )


def exception_tail(tag: str, error: QueryError) -> bytes:
    """What follows the blocks already sent when a streamed result fails (ClickHouse 25.11)."""
    text = error.text.encode() + b"\n"
    mark = tag.encode()
    return b"\r\n__exception__\r\n%b\r\n%b%d %b\r\n__exception__\r\n" % (
        mark,
        text,
        len(text),
        mark,
    )
