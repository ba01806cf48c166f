"""Frames of a WebSocket that are no messages: the connection is closed, the process lives on."""

import socket
import struct
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlsplit

import orjson
import psutil
import pytest
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import ClientConnection, connect
from websockets.typing import Subprotocol

from tests.graph.test_subscriptions import key_of, receive, send
from tests.graph.test_subscriptions import socket as subscribing
from tests.hostile.documents import DOCUMENTS, USAGE
from tests.hostile.test_http import cheaply, process
from tests.stack import Asker, Stack

__all__ = ["process"]
PATIENCE_S = 30
MESSAGE_BYTES = 1_000_000
"""Longer messages are not read at all: the connection is closed (1009)."""


def opened(stack: Stack) -> ClientConnection:
    url = stack.base_url.replace("http", "ws", 1) + "/graphql"
    return connect(url, subprotocols=[Subprotocol("graphql-transport-ws")], max_size=None)


@contextmanager
def introduced(stack: Stack, asker: Asker) -> Iterator[ClientConnection]:
    with subscribing(stack, key_of(asker)) as connection:
        assert receive(connection) == {"type": "connection_ack"}
        yield connection


def closed_with(connection: ClientConnection) -> int:
    """The code with which the other side closes, whatever it says before."""
    while (code := connection.close_code) is None:
        with suppress(ConnectionClosed):
            connection.recv(PATIENCE_S)
    return code


def _subscribe(query: str) -> str:
    message = {"id": "a", "type": "subscribe", "payload": {"query": query}}
    return orjson.dumps(message).decode()


MESSAGES: dict[str, str | bytes] = {
    "no JSON": "{",
    "nothing": "",
    "bytes": b"\x00\x01\x02",
    "a list": "[]",
    "a number": "1",
    "no type": "{}",
    "a type that is none": '{"type": 1}',
    "a type of a megabyte": '{"type": "' + "x" * 900_000 + '"}',
    "an unknown type": '{"type": "launch"}',
    "lists within lists": "[" * 100_000,
    "half a character": '{"type": "\\ud800"}',
    "no number": '{"type": NaN}',
    "two megabytes": '{"type": "' + "x" * 2_000_000 + '"}',
    "an operation before an introduction": _subscribe(USAGE),
    "an operation without a name": '{"type": "subscribe", "payload": {"query": "{ a }"}}',
    "a name without end": '{"type": "complete", "id": "' + "x" * 10_000 + '"}',
    "no payload": '{"type": "subscribe", "id": "a"}',
}


@pytest.mark.parametrize("name", MESSAGES)
def test_messages_that_are_none(stack: Stack, process: psutil.Process, name: str) -> None:
    with cheaply(process), opened(stack) as connection:
        connection.send(MESSAGES[name])
        code = closed_with(connection)
    assert code in {1002, 1003, 1007, 1009} or 4400 <= code < 4500


def test_introductions_that_are_repeated(stack: Stack, asker: Asker) -> None:
    with introduced(stack, asker) as connection:
        send(connection, type="connection_init", payload=key_of(asker))
        assert closed_with(connection) == 4429


def test_a_name_that_is_taken(stack: Stack, asker: Asker) -> None:
    with introduced(stack, asker) as connection:
        with suppress(ConnectionClosed):
            for _ in range(200):
                connection.send(_subscribe(USAGE))
        code = closed_with(connection)
    assert code == 4409


@pytest.mark.parametrize(
    "name", [name for name, text in DOCUMENTS.items() if len(_subscribe(text)) <= MESSAGE_BYTES]
)
def test_documents(stack: Stack, asker: Asker, process: psutil.Process, name: str) -> None:
    """As over HTTP: an error to each, and the connection stays."""
    with introduced(stack, asker) as connection, cheaply(process):
        connection.send(_subscribe(DOCUMENTS[name]))
        answer = receive(connection)
        errors = answer["payload"] if answer["type"] == "error" else answer["payload"]["errors"]
        assert errors
        assert all(each["extensions"]["code"] != "internal" for each in errors)


def _frame(head: int, length: bytes, payload: bytes = b"") -> bytes:
    return bytes([head]) + length + b"\x00\x00\x00\x00" + payload


FRAMES: dict[str, bytes] = {
    "text that is not UTF-8": _frame(0x81, b"\x82", b"\xff\xfe"),
    "a frame without a mask": b"\x81\x02{}",
    "a length beyond memory": _frame(0x82, b"\xff" + struct.pack(">Q", 2**62)),
    "a length below nothing": _frame(0x82, b"\xff" + b"\xff" * 8),
    "a kind that is none": _frame(0x83, b"\x80"),
    "reserved bits": _frame(0xF1, b"\x80"),
    "a continuation of nothing": _frame(0x80, b"\x80"),
    "a close of one byte": _frame(0x88, b"\x81", b"\x01"),
    "a close with a code that is none": _frame(0x88, b"\x82", b"\x00\x01"),
    "a long ping": _frame(0x89, b"\xfe" + struct.pack(">H", 60_000), b"a" * 60_000),
    "a thousand pings": _frame(0x89, b"\x80") * 1_000,
    "pieces without end": _frame(0x01, b"\x81", b"{") + _frame(0x00, b"\x81", b" ") * 5_000,
    "no frame": b"\x00" * 5_000,
}


@pytest.mark.parametrize("name", FRAMES)
def test_frames_that_are_none(stack: Stack, process: psutil.Process, name: str) -> None:
    """Whatever comes, the connection ends, or does nothing; others are served."""
    host = urlsplit(stack.base_url)
    handshake = (
        "GET /graphql HTTP/1.1\r\nhost: x\r\nupgrade: websocket\r\nconnection: upgrade\r\n"
        "sec-websocket-key: AAAAAAAAAAAAAAAAAAAAAA==\r\nsec-websocket-version: 13\r\n"
        "sec-websocket-protocol: graphql-transport-ws\r\n\r\n"
    )
    with (
        cheaply(process),
        socket.create_connection((str(host.hostname), int(host.port or 0))) as raw,
    ):
        raw.settimeout(PATIENCE_S)
        raw.sendall(handshake.encode())
        assert raw.recv(4_096).startswith(b"HTTP/1.1 101")
        try:
            raw.sendall(FRAMES[name])
            raw.shutdown(socket.SHUT_WR)
            while raw.recv(65_536):
                pass
        except (ConnectionResetError, BrokenPipeError):
            pass
    with stack.client(None) as client:
        assert client.get("/health").status_code == 200
