"""The stack of a test session: real engines, API and worker, with a small market and known rows."""

from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests import documented
from tests.stack import Asker, Stack, scratch_folder, start, stop

SAMPLE_PERSONS = 5_000


@pytest.fixture(scope="session")
def stack() -> Iterator[Stack]:
    """One stack for all tests that only read, or that use keys of their own."""
    with scratch_folder() as folder:
        running = start(folder / "data", "--sample", str(SAMPLE_PERSONS))
        try:
            load_documented(running, folder)
            yield running
        finally:
            code = stop(running.process)
    assert code == 0, "the stack did not stop cleanly"


def load_documented(running: Stack, folder: Path) -> None:
    """Loads the documented rows and the crowd."""
    for kind, rows in (("companies", documented.COMPANIES), ("persons", documented.PERSONS)):
        running.load(kind, write_lines(folder / f"{kind}.jsonl", rows))


def write_lines(path: Path, rows: list[dict[str, object]]) -> Path:
    """Writes rows as JSON lines."""
    path.write_bytes(b"".join(orjson.dumps(row) + b"\n" for row in rows))
    return path


@pytest.fixture
def asker(stack: Stack) -> Iterator[Asker]:
    """A fresh account's key and its way to ask: its usage begins at zero."""
    key = stack.new_key()
    with stack.client(key) as client:
        yield Asker(client)


@pytest.fixture
def stranger(stack: Stack) -> Iterator[Asker]:
    """The same for another account."""
    with stack.client(stack.new_key("strangers")) as client:
        yield Asker(client)
