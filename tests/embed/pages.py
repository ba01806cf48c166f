"""Partners' pages that really are on other origins, an API for them, and a browser to open them."""

import asyncio
import html
import os
import shutil
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, replace
from pathlib import Path

from playwright.async_api import Browser, async_playwright, expect

from tests.stack import WIDE_LIMITS, Stack, free_port, wait_ready

ARTEFACTS = Path(__file__).parents[1] / "artefacts"
"""Pictures are kept here after a run, for people to look at; git ignores them."""
_BROWSERS = ("chromium", "chromium-browser", "google-chrome")
# No request but those of the tests leaves the browser.
_QUIET = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)


def browser_program() -> str:
    """The browser of this machine; `make test` installs one where there is none."""
    for name in (os.environ.get("STIBNITE_TEST_BROWSER", ""), *_BROWSERS):
        found = shutil.which(name) if name else None
        if found is not None:
            return found
    raise AssertionError("there is no Chromium: run sh tests/embed/browser.sh")


@asynccontextmanager
async def open_browser() -> AsyncIterator[Browser]:
    """A browser of the tests' own."""
    # Conditions are awaited as long as a busy machine may take.
    expect.set_options(timeout=20_000)
    async with async_playwright() as playwright:
        browser = await playwright.chromium.launch(
            executable_path=browser_program(), args=list(_QUIET)
        )
        try:
            yield browser
        finally:
            await browser.close()


@contextmanager
def insecure_api(stack: Stack) -> Iterator[Stack]:
    """Another API at the stores of a stack, whose partners may be on this machine."""
    port = free_port()
    settings = stack.settings.model_copy(update={"allow_insecure_delivery": True, "port": port})
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "api.app:app", "--port", str(port), "--no-access-log"],
        env={**os.environ, **settings.as_environment(), **WIDE_LIMITS},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    base_url = f"http://127.0.0.1:{port}"
    try:
        wait_ready(base_url, process)
        yield replace(stack, base_url=base_url, process=process, settings=settings)
    finally:
        process.terminate()
        process.wait(30)


@dataclass
class Site:
    """A web site on an origin of its own, ``http://localhost:PORT``: its pages by path."""

    origin: str
    pages: dict[str, str]

    def loads(self, stack: Stack, public_key: str, path: str = "/", **data: str) -> str:
        """Makes a page with the loader's script; its address."""
        given = {"partner-key": public_key, "customer-id": "customer-7", **data}
        attributes = " ".join(
            f'data-{name.replace("_", "-")}="{html.escape(value)}"' for name, value in given.items()
        )
        self.pages[path] = (
            "<!doctype html><html lang='en'><head><meta charset='utf-8'><title>Partner</title>"
            "<meta name='viewport' content='width=device-width, initial-scale=1'>"
            "<style>body{margin:0}</style></head><body><script>window.heard = [];"
            " addEventListener('message', (event) => heard.push(event.data));</script>"
            f"<script src='{stack.base_url}/embed/loader.js' {attributes}></script>"
            "</body></html>"
        )
        return f"{self.origin}{path}"


@asynccontextmanager
async def site() -> AsyncIterator[Site]:
    """A site without pages yet."""
    made = Site("", {})

    async def serve(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        head = (await reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        path = head.split(" ", 2)[1].partition("?")[0]
        body = made.pages.get(path, "").encode()
        status = "200 OK" if body else "404 Not Found"
        writer.write(
            f"HTTP/1.1 {status}\r\ncontent-type: text/html; charset=utf-8\r\n"
            f"content-length: {len(body)}\r\nconnection: close\r\n\r\n".encode()
        )
        writer.write(body)
        await writer.drain()
        writer.close()

    server = await asyncio.start_server(serve, "127.0.0.1", 0)
    made.origin = f"http://localhost:{server.sockets[0].getsockname()[1]}"
    try:
        yield made
    finally:
        server.close()
        await server.wait_closed()
