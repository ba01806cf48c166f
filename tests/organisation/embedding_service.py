"""A service with OpenAI's ``/embeddings``, served on loopback for tests."""

import threading
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import orjson

type Answer = Callable[[dict[str, Any]], tuple[int, bytes]]


class Service:
    """What was asked, and where."""

    def __init__(self, url: str):
        self.url = url
        self.asked: list[dict[str, Any]] = []
        self.headers: list[dict[str, str]] = []


def letters(body: dict[str, Any], dimension: int = 26) -> tuple[int, bytes]:
    """An honest answer: how often each letter occurs, the last text first."""
    data = [
        {"object": "embedding", "index": at, "embedding": letter_counts(text, dimension)}
        for at, text in enumerate(body["input"])
    ]
    return 200, orjson.dumps({"object": "list", "model": body["model"], "data": data[::-1]})


def letter_counts(text: str, dimension: int = 26) -> list[float]:
    """The vector of a text, not of length 1."""
    counts = [0.0] * dimension
    for letter in text.lower():
        if "a" <= letter <= "z":
            counts[(ord(letter) - ord("a")) % dimension] += 1.0
    return counts


@contextmanager
def served(answer: Answer = letters) -> Iterator[Service]:
    """Serves answers until the end of the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = orjson.loads(self.rfile.read(int(self.headers["content-length"])))
            service.asked.append({"path": self.path, **body})
            service.headers.append({name.lower(): value for name, value in self.headers.items()})
            status, content = answer(body)
            self.send_response(status)
            self.send_header("content-length", str(len(content)))
            self.end_headers()
            self.wfile.write(content)

        def log_message(self, format: str, *args: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    service = Service(f"http://127.0.0.1:{server.server_port}/v1")
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    try:
        yield service
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
