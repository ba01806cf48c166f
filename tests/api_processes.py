"""API processes beside a stack's own: on its stores, with settings of the test's."""

import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import replace
from pathlib import Path

from tests.stack import Stack, free_port, wait_ready

STOPPED_WITHIN_S = 20


@contextmanager
def api_process(stack: Stack, *, app: str = "api.app:app", **settings: str) -> Iterator[Stack]:
    """One more API process on a stack's stores; ``settings`` are variables of the environment.

    ``app`` may be the product's in a process of the test's own.
    """
    port = free_port()
    environment = {**os.environ, **stack.settings.as_environment(), **settings}
    log = stack.data_dir.parent / f"api-{port}.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [
                *(sys.executable, "-m", "uvicorn", app, "--no-access-log"),
                *("--host", "127.0.0.1", "--port", str(port), "--log-level", "warning"),
                *("--loop", "uvloop", "--http", "httptools", "--ws", "websockets-sansio"),
            ],
            env=environment,
            cwd=Path(__file__).parents[1],
            stdout=output,
            stderr=subprocess.STDOUT,
        )
    try:
        base_url = f"http://127.0.0.1:{port}"
        wait_ready(base_url, process)
        yield replace(stack, base_url=base_url, process=process)
    finally:
        process.terminate()
        with suppress(subprocess.TimeoutExpired):
            process.wait(STOPPED_WITHIN_S)
        process.kill()
