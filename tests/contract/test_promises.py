"""The promises of the README: the tests that it names are there."""

import ast
import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PROMISES = 15
ROWS = [
    line
    for line in (ROOT / "README.md").read_text(encoding="utf-8").splitlines()
    if line.startswith("|") and "`tests/" in line and "::" in line
]


def test_every_promise_names_tests_that_exist() -> None:
    assert len(ROWS) == PROMISES
    for row in ROWS:
        _, promise, proof, _ = row.split("|")
        named = re.findall(r"`(tests/[a-z_/]+\.py)::(\w+)`", proof)
        assert named, promise
        assert len(named) == proof.count("`") // 2, promise
        for path, test in named:
            assert test in functions_of(ROOT / path), f"{path}::{test}"


def functions_of(path: Path) -> set[str]:
    """The tests of a module."""
    return {
        each.name
        for each in ast.walk(ast.parse(path.read_text(encoding="utf-8")))
        if isinstance(each, ast.FunctionDef | ast.AsyncFunctionDef)
    }
