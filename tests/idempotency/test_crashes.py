"""The process that does a write is killed: before the commit, and after it, before the answer."""

import os
import signal
import socket
import subprocess
import sys
import time
from typing import Any

import httpx2
import pytest

from tests.idempotency.accounts import Account, new_account
from tests.stack import Stack, free_port

UP_WITHIN_S = 60
CREATED: dict[str, Any] = {"url": "https://customer.example/webhooks"}
KEY = {"idempotency-key": "survives-a-crash"}


def ask_a_process_that_dies(stack: Stack, account: Account, dies: str) -> None:
    """Sends the write to another API process of the same installation, which it kills."""
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "tests.idempotency.dying_api:app", "--port", str(port)],
        env={**os.environ, **stack.settings.as_environment(), "DIES": dies},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        base = f"http://127.0.0.1:{port}"
        wait_until_it_listens(port, process)
        with (
            httpx2.Client(base_url=base, headers=account.ask.http.headers, timeout=30) as client,
            pytest.raises(httpx2.HTTPError),
        ):
            client.post("/v1/webhooks/endpoints", json=CREATED, headers=KEY)
        assert process.wait(10) == -signal.SIGKILL
    finally:
        process.kill()
        process.wait(10)


def wait_until_it_listens(port: int, process: subprocess.Popen[bytes]) -> None:
    """Any connection will do: an answer would kill it."""
    deadline = time.monotonic() + UP_WITHIN_S
    while time.monotonic() < deadline and process.poll() is None:
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) == 0:
                return
        time.sleep(0.05)
    raise AssertionError("the process does not listen")


@pytest.mark.parametrize(("dies", "was_done"), [("answering", True), ("keeping", False)])
def test_the_retry_has_the_answer_and_the_write_is_there_once(
    stack: Stack, dies: str, was_done: bool
) -> None:
    with new_account(stack) as account:
        ask_a_process_that_dies(stack, account, dies)
        assert account.holds()["webhook_endpoints"] == was_done
        retried = account.ask.http.post("/v1/webhooks/endpoints", json=CREATED, headers=KEY)
        assert retried.status_code == 201
        assert retried.headers.get("idempotency-hit") == ("true" if was_done else None)
        assert retried.json()["signing_secret"].startswith("whsec_")
        assert account.holds()["webhook_endpoints"] == 1
        (listed,) = account.ask.rest("/v1/webhooks/endpoints").json()["data"]
        assert listed["id"] == retried.json()["id"]
