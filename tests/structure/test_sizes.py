"""Sizes that keep a reader's head above water. The exceptions may only shrink."""

import ast
from collections.abc import Iterator
from pathlib import Path

ROOT = Path(__file__).parents[2]
ROOMS = ("api", "graph", "rest", "workers", "tests")
MODULE_LINES = 400
FUNCTION_LINES = 70
RESOLVER_LINES = 60  # with its arguments' descriptions, which are the manual
TOP_LEVEL = {
    ".ci", ".gitattributes", ".gitignore", ".python-version", "LICENSE", "Makefile", "README.md",
    "api", "graph", "pyproject.toml", "requirements.lock", "rest", "schema.graphql", "tests",
    "workers",
}  # fmt: skip


def sources() -> Iterator[tuple[Path, str]]:
    for room in ROOMS:
        for path in sorted((ROOT / room).rglob("*.py")):
            yield path.relative_to(ROOT), path.read_text(encoding="utf-8")


def test_modules_are_short() -> None:
    long = {str(path): text.count("\n") for path, text in sources()}
    assert not {path: lines for path, lines in long.items() if lines > MODULE_LINES}


def test_functions_are_short() -> None:
    long = []
    for path, text in sources():
        for node in ast.walk(ast.parse(text)):
            if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
                lines = (node.end_lineno or node.lineno) - node.lineno + 1
                most = RESOLVER_LINES if path.parts[0] == "graph" else FUNCTION_LINES
                if lines > most:
                    long.append(f"{path}:{node.lineno} {node.name} has {lines} lines")
    assert not long, "\n".join(long)


def test_public_things_are_documented() -> None:
    bare = []
    for path, text in sources():
        if path.parts[0] == "tests":
            continue
        tree = ast.parse(text)
        if text.strip() and ast.get_docstring(tree) is None:
            bare.append(str(path))
        for node in tree.body:
            if (
                isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef | ast.ClassDef)
                and not node.name.startswith("_")
                and ast.get_docstring(node) is None
            ):
                bare.append(f"{path}:{node.lineno} {node.name}")
    assert not bare, "\n".join(bare)


def test_top_level_holds_nothing_else() -> None:
    ignored = (ROOT / ".gitignore").read_text(encoding="utf-8").replace("/", "").split()
    found = {
        path.name
        for path in ROOT.iterdir()
        if path.name not in {".git", *ignored} and not path.name.endswith(".egg-info")
    }
    assert found <= TOP_LEVEL, found - TOP_LEVEL


def test_nothing_is_unfinished() -> None:
    marks = ("TO" + "DO", "FIX" + "ME", "Not" + "ImplementedError", "mark.sk" + "ip", "xf" + "ail(")
    found = [f"{path}: {mark}" for path, text in sources() for mark in marks if mark in text]
    assert not found, "\n".join(found)
