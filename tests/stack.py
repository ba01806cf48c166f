"""A running stack for tests: the product's own commands, on a data folder of the test session."""

import asyncio
import os
import shutil
import socket
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx2

from api.caller import AccountKind, Tier
from api.domain.account.service import create_key
from api.embedded.running import find_running
from api.settings import Settings
from api.stores.postgres import Postgres

READY_WITHIN_S = 120
STOPPED_WITHIN_S = 30
# Limits that hundreds of generated requests a second by one key do not meet; they are counted.
WIDE = "requests=1000000/60 cost=1000000000/60 records=100000000/86400"
WIDE_LIMITS = {
    f"STIBNITE_LIMITS_{kind}": WIDE
    for kind in ("TIER_1", "TIER_2", "TIER_3", "EMBED", "ANONYMOUS", "FAILED_SIGN_IN")
}
# As a machine that runs much beside it needs them.
WIDE_LIMITS["STIBNITE_REQUEST_DEADLINE_S"] = "60"
COMMAND = (sys.executable, "-m", "api.cli")


@dataclass(frozen=True)
class Stack:
    """Where a stack runs, and the ways into it."""

    data_dir: Path
    base_url: str
    process: subprocess.Popen[bytes]
    settings: Settings

    def new_key(
        self,
        account: str = "tests",
        tier: Tier = Tier.TIER_1,
        kind: AccountKind = AccountKind.STANDARD,
    ) -> str:
        """A new API key of an account, made as `stibnite key create` makes it."""

        async def create() -> str:
            postgres = Postgres(self.settings.sqlalchemy_url)
            try:
                key = await create_key(postgres, account=account, kind=kind, tier=tier)
            finally:
                await postgres.close()
            return key.plain

        # In a thread of its own, since a test's event loop may be running in this one.
        with ThreadPoolExecutor(1) as thread:
            return thread.submit(asyncio.run, create()).result()

    def load(self, kind: str, *files: Path) -> str:
        """Loads files; what the command printed on standard output."""
        paths = [str(file) for file in files]
        return stibnite("load", kind, *paths, "--data-dir", str(self.data_dir))

    def client(self, key: str | None) -> httpx2.Client:
        """An HTTP client of the API that sends this key."""
        headers = {} if key is None else {"x-api-key": key}
        return httpx2.Client(base_url=self.base_url, headers=headers, timeout=30)


class Asker:
    """One key's way to ask by both doors."""

    def __init__(self, client: httpx2.Client):
        self.http = client

    def rest(self, path: str, **parameters: Any) -> httpx2.Response:
        """GETs a REST path."""
        return self.http.get(path, params=parameters)

    def graphql(self, query: str, **variables: Any) -> httpx2.Response:
        """POSTs a GraphQL document."""
        return self.http.post("/graphql", json={"query": query, "variables": variables})

    def usage(self) -> dict[str, int]:
        """The key's usage totals."""
        response = self.rest("/v1/usage")
        assert response.status_code == 200
        totals: dict[str, int] = response.json()
        return totals


def stibnite(*arguments: str, check: bool = True) -> str:
    """Runs the command and gives its standard output; its error output shows when it fails."""
    done = subprocess.run([*COMMAND, *arguments], capture_output=True, text=True, timeout=300)
    if check and done.returncode:
        raise AssertionError(f"stibnite {arguments} ended with {done.returncode}:\n{done.stderr}")
    return done.stdout


def free_port() -> int:
    """A port that nobody listens on right now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def start(data_dir: Path, *options: str) -> Stack:
    """Starts a stack and waits until it is ready."""
    port = free_port()
    log = (data_dir.parent / f"{data_dir.name}.log").open("ab")
    process = subprocess.Popen(
        [*COMMAND, "up", "--data-dir", str(data_dir), "--port", str(port), *options],
        stdout=log,
        stderr=subprocess.STDOUT,
        env={**WIDE_LIMITS, **os.environ},
    )
    log.close()
    base_url = f"http://127.0.0.1:{port}"
    try:
        wait_ready(base_url, process)
    except BaseException:
        stop(process)
        raise
    return Stack(data_dir, base_url, process, settings_of(data_dir))


def settings_of(data_dir: Path) -> Settings:
    """The settings by which another process reaches the running stack."""
    running = find_running(data_dir, Settings())
    assert running is not None, "the stack is not recorded as running"
    return running.settings


def wait_ready(base_url: str, process: subprocess.Popen[bytes] | None = None) -> None:
    """Waits until GET /ready answers 200."""
    deadline = time.monotonic() + READY_WITHIN_S
    last = "no answer"
    while time.monotonic() < deadline:
        if process is not None and process.poll() is not None:
            raise AssertionError(f"the stack ended with {process.returncode} before it was ready")
        try:
            response = httpx2.get(f"{base_url}/ready", timeout=5)
            last = response.text
            if response.status_code == 200:
                return
        except httpx2.HTTPError as error:
            last = repr(error)
        time.sleep(0.1)
    raise AssertionError(f"not ready after {READY_WITHIN_S} s: {last}")


@contextmanager
def scratch_folder() -> Iterator[Path]:
    """A folder for a stack's data, removed afterwards.

    Not pytest's own: its parents are closed to others each time that pytest starts, and Postgres
    runs as another user where the tests run as root.
    """
    folder = Path(tempfile.mkdtemp(prefix="stibnite-test-"))
    try:
        yield folder
    finally:
        shutil.rmtree(folder)


def stop(process: subprocess.Popen[bytes]) -> int:
    """Ends a stack as Ctrl-C does; its exit code."""
    process.terminate()
    return process.wait(STOPPED_WITHIN_S)
