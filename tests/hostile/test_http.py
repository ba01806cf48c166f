"""The corpus over HTTP: each answer is a 4xx in the one shape, and costs little."""

import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any
from urllib.parse import urlsplit

import httpx2
import orjson
import psutil
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from rest.prepare import WITH_BODY
from rest.routes import ROUTES
from tests.hostile.bodies import BODIES, CURSORS, HEADERS
from tests.hostile.documents import DOCUMENTS, REQUESTS, USAGE
from tests.stack import Asker, Stack
from tests.story.test_kill import pids

CPU_S = 1.0
"""What the whole API process may use for one answer, with whatever else it does meanwhile."""
JSON = {"content-type": "application/json"}
PROBLEM = {"type", "title", "status", "detail", "code", "request_id"}
NOBODY = "01890000-0000-7000-8000-000000000000"
BODY_PATHS = sorted({row.path for row in ROUTES if row.method in WITH_BODY and "{" not in row.path})


@pytest.fixture(scope="module")
def process(stack: Stack) -> psutil.Process:
    """The API's process."""
    return psutil.Process(pids(stack)["api"])


@contextmanager
def cheaply(process: psutil.Process) -> Iterator[None]:
    """The block makes the process use little of its processor."""
    before = process.cpu_times()
    yield
    after = process.cpu_times()
    used = after.user + after.system - before.user - before.system
    assert used < CPU_S, f"{used:.2f} s of CPU"


def assert_refused(response: httpx2.Response, *, graphql: bool) -> None:
    """A 4xx in the shape of its door."""
    assert 400 <= response.status_code < 500, response.text[:500]
    body = response.json()
    if graphql:
        assert body["errors"]
        for error in body["errors"]:
            assert error["extensions"]["code"] != "internal"
            assert error["extensions"]["requestId"] == response.headers["x-request-id"]
            assert len(error["message"]) <= 4_000
        assert body.get("data") is None
        return
    assert set(body) - {"errors"} == PROBLEM
    assert body["request_id"] == response.headers["x-request-id"]
    assert body["status"] == response.status_code
    assert len(response.content) < 20_000


@pytest.mark.parametrize("name", DOCUMENTS)
def test_documents(asker: Asker, process: psutil.Process, name: str) -> None:
    with cheaply(process):
        response = asker.http.post("/graphql", json={"query": DOCUMENTS[name]})
    assert_refused(response, graphql=True)


@pytest.mark.parametrize("name", REQUESTS)
def test_requests_that_are_none(asker: Asker, process: psutil.Process, name: str) -> None:
    with cheaply(process):
        response = asker.http.post("/graphql", json=REQUESTS[name])
    assert_refused(response, graphql=True)


@pytest.mark.parametrize("name", BODIES)
def test_bodies_that_are_none(asker: Asker, process: psutil.Process, name: str) -> None:
    """By every route that reads one; what needs no body at all may be answered without."""
    for path in ("/graphql", *BODY_PATHS):
        with cheaply(process):
            response = asker.http.post(path, content=BODIES[name], headers=JSON)
        assert_refused(response, graphql=path == "/graphql")


@pytest.mark.parametrize("name", CURSORS)
def test_cursors_that_are_none(asker: Asker, process: psutil.Process, name: str) -> None:
    cursor = CURSORS[name]
    with cheaply(process):
        for path, given_by in (
            ("/v1/persons/search", {"q": "CEOs"}),
            ("/v1/companies/search", {"q": "SaaS companies"}),
            ("/v1/companies/example.com/people", {}),
            ("/v1/domains", {}),
        ):
            text = cursor.encode("utf-8", "surrogateescape")
            query = "&".join(f"{key}={value}" for key, value in given_by.items())
            escaped = "".join(f"%{byte:02x}" for byte in text)
            response = asker.http.get(f"{path}?{query}&cursor={escaped}")
            assert_refused(response, graphql=False)
        query = "query ($after: String) { domains(after: $after) { nodes { domain } } }"
        body = b'{"query": %s, "variables": {"after": %s}}' % (
            orjson.dumps(query),
            orjson.dumps(cursor.encode("utf-8", "replace").decode()),
        )
        response = asker.http.post("/graphql", content=body, headers=JSON)
        assert_refused(response, graphql=True)


@pytest.mark.parametrize("name", HEADERS)
def test_credentials_that_are_none(stack: Stack, process: psutil.Process, name: str) -> None:
    headers = HEADERS[name]
    with httpx2.Client(base_url=stack.base_url, timeout=30) as client, cheaply(process):
        response = client.get("/v1/usage", headers=headers)
        assert response.status_code == 401
        assert_refused(response, graphql=False)
        answer = client.post("/graphql", headers=headers, json={"query": USAGE})
        assert answer.status_code == 401
        assert_refused(answer, graphql=True)


FIELDS: dict[str, list[tuple[bytes, bytes]]] = {
    "ten thousand media types": [(b"accept", b",".join([b"a/b;q=0.1"] * 5_000))],
    "an accept of commas": [(b"accept", b"," * 20_000)],
    "weights that are none": [(b"accept", b"*/*;q=x;q=;;;q=9")],
    "a media type without end": [(b"content-type", b"application/json" + b";a=b" * 10_000)],
    "a request id of control characters": [(b"x-request-id", b"\x01\x02")],
    "a request id without end": [(b"x-request-id", b"x" * 50_000)],
    "a key for the attempt that is none": [(b"idempotency-key", b"\xff" * 300)],
    "an origin without end": [(b"origin", b"https://" + b"a." * 20_000)],
    "an origin that is none": [(b"origin", b"null"), (b"origin", b"null")],
    "forwarded from everywhere": [(b"x-forwarded-for", b"1.1.1.1," * 5_000)],
    "a host that is none": [(b"x-forwarded-host", b"\x7f")],
    "a cookie": [(b"cookie", b"a=b;" * 10_000)],
    "a range": [(b"range", b"bytes=" + b"0-1," * 5_000)],
    "another protocol": [(b"upgrade", b"h2c"), (b"connection", b"upgrade")],
    "expectations": [(b"expect", b"200-maybe")],
}


@pytest.mark.parametrize("name", FIELDS)
def test_header_fields(asker: Asker, process: psutil.Process, name: str) -> None:
    """What they say does not matter, and never is it a fault of ours."""
    with cheaply(process):
        for response in (
            asker.http.get("/v1/usage", headers=FIELDS[name]),
            asker.http.post("/graphql", headers=FIELDS[name], json={"query": USAGE}),
        ):
            assert response.status_code < 500
            # What is no HTTP is answered by the server, which knows of no shape.
            kind = response.headers["content-type"]
            if response.status_code >= 400 and not kind.startswith("text/plain"):
                assert_refused(response, graphql=response.url.path == "/graphql")


RAW: dict[str, bytes] = {
    "no request": b"\x00\x01\x02\x03\r\n\r\n",
    "a handshake of TLS": b"\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03" + b"\x00" * 200,
    "another protocol": b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
    "a line without end": b"GET /" + b"a" * 200_000 + b" HTTP/1.1\r\n\r\n",
    "a field without end": b"GET /v1/usage HTTP/1.1\r\nx: " + b"a" * 200_000 + b"\r\n\r\n",
    "ten thousand fields": b"GET /v1/usage HTTP/1.1\r\n" + b"a: b\r\n" * 10_000 + b"\r\n",
    "a field of control characters": b"GET /v1/usage HTTP/1.1\r\nhost: x\r\na: \x00\x01\r\n\r\n",
    "a name of control characters": b"GET /v1/usage HTTP/1.1\r\nhost: x\r\n\x01: a\r\n\r\n",
    "two lengths": b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n"
    b"content-length: 6\r\n\r\n{}\r\n\r\n",
    "a length and pieces": b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n"
    b"transfer-encoding: chunked\r\n\r\n0\r\n\r\n",
    "a negative length": b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: -1\r\n\r\n",
    "a length beyond numbers": b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: "
    + b"9" * 40
    + b"\r\n\r\n",
    "a piece of no size": b"POST /graphql HTTP/1.1\r\nhost: x\r\ntransfer-encoding: chunked\r\n\r\n"
    b"zz\r\n{}\r\n",
    "a piece beyond numbers": b"POST /graphql HTTP/1.1\r\nhost: x\r\n"
    b"transfer-encoding: chunked\r\n\r\nffffffffffffffffff\r\n{}",
    "a path of control characters": b"GET /v1/\x01\x02 HTTP/1.1\r\nhost: x\r\n\r\n",
    "a path that is not UTF-8": b"GET /v1/%ff%fe HTTP/1.1\r\nhost: x\r\n\r\n",
    "a path upwards": b"GET /../../etc/passwd HTTP/1.1\r\nhost: x\r\n\r\n",
    "a whole address": b"GET http://169.254.169.254/latest HTTP/1.1\r\nhost: x\r\n\r\n",
    "a tunnel": b"CONNECT 127.0.0.1:22 HTTP/1.1\r\nhost: x\r\n\r\n",
    "a method of its own": b"BREW /v1/usage HTTP/1.1\r\nhost: x\r\n\r\n",
    "two requests in one": b"GET /v1/usage HTTP/1.1\r\nhost: x\r\ncontent-length: 44\r\n\r\n"
    b"GET /v1/usage HTTP/1.1\r\nhost: y\r\n\r\n12345678",
}


@pytest.mark.parametrize("name", RAW)
def test_bytes_that_are_no_request(stack: Stack, process: psutil.Process, name: str) -> None:
    """Answered with a 4xx or with the end of the connection, and the next caller is served."""
    host = urlsplit(stack.base_url)
    with (
        cheaply(process),
        socket.create_connection((str(host.hostname), int(host.port or 0))) as raw,
    ):
        raw.settimeout(30)
        answer = b""
        try:
            raw.sendall(RAW[name])
            raw.shutdown(socket.SHUT_WR)
            answer = raw.recv(65_536)
        except (ConnectionResetError, BrokenPipeError):
            pass
    assert not answer or answer.startswith(b"HTTP/1.1 4"), answer[:200]
    with stack.client(None) as client:
        assert client.get("/health").status_code == 200


GOOD: dict[str, bytes] = {
    "/graphql": orjson.dumps(
        {
            "query": "query ($q: String!, $first: Int!) { personSearch(q: $q, first: $first) "
            "{ nodes { personId company { name } } } }",
            "variables": {"q": "CEOs in Nevada", "first": 3},
        }
    ),
    "/v2/search": orjson.dumps({"filters": {"country": ["DE"]}, "size": 3}),
    "/v1/persons/search/jobs": orjson.dumps({"q": "CEOs in Nevada", "limit": 3}),
}
_PIECES = [b"", b"\x00", b"\xff", b'"', b"\\", b"{", b"[", b"}", b"9" * 400, b"\\ud800", b"null"]
CHANGES = st.lists(
    st.tuples(st.integers(0, 400), st.integers(0, 4), st.sampled_from(_PIECES)),
    min_size=1,
    max_size=4,
)


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(path=st.sampled_from(sorted(GOOD)), changes=CHANGES)
def test_good_requests_with_bytes_changed(
    asker: Asker, process: psutil.Process, path: str, changes: list[tuple[int, int, bytes]]
) -> None:
    """Cut, replaced and added anywhere: never a fault of ours, and refused in the one shape."""
    body = GOOD[path]
    for at, length, piece in changes:
        at %= len(body) + 1
        body = body[:at] + piece + body[at + length :]
    with cheaply(process):
        response = asker.http.post(path, content=body, headers=JSON)
    if response.status_code < 300 and "errors" not in response.json():
        return
    assert_refused(response, graphql=path == "/graphql")


@settings(
    max_examples=60,
    deadline=None,
    derandomize=True,
    suppress_health_check=[HealthCheck.function_scoped_fixture],
)
@given(at=st.integers(0, 10_000), byte=st.integers(32, 126), length=st.integers(0, 30))
def test_cursors_with_characters_changed(asker: Asker, at: int, byte: int, length: int) -> None:
    good = _cursor(asker)
    at %= len(good)
    changed = good[:at] + chr(byte) + good[at + length :]
    answer = asker.rest("/v1/domains", limit=2, cursor=changed)
    if changed == good:
        assert answer.status_code == 200
        return
    assert_refused(answer, graphql=False)
    assert answer.json()["code"] in {"invalid_cursor", "invalid_input"}


_kept: dict[str, str] = {}


def _cursor(asker: Asker) -> str:
    """A good cursor of the asker, asked for once."""
    key = asker.http.headers["x-api-key"]
    if key not in _kept:
        body: Any = asker.rest("/v1/domains", limit=2).json()
        _kept[key] = body["pagination"]["next_cursor"]
    return _kept[key]


def test_nothing_of_it_is_left_behind(stack: Stack, process: psutil.Process) -> None:
    """The process is the one that it was, and is idle."""
    assert pids(stack)["api"] == process.pid
    deadline = time.monotonic() + 30
    while process.cpu_percent(interval=0.2) > 50:
        assert time.monotonic() < deadline, "the process is busy with what was asked long ago"
