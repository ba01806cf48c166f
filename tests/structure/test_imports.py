"""The arrows between rooms: rest → graph → api.domain → api.stores, workers → api.domain."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
DOORS = ("graph", "rest", "workers")
FRAMEWORKS = ("strawberry", "fastapi", "starlette", "celery", "graphql")

# room: what its modules may not import, and why
RULES: dict[str, tuple[tuple[str, ...], str]] = {
    "api/domain": ((*DOORS, *FRAMEWORKS), "the domain knows no door and no framework"),
    "api/domain/interpreter": (
        (*DOORS, *FRAMEWORKS, "api.stores", "api.work", "sqlalchemy"),
        "what a query means depends on its text and the dictionaries alone",
    ),
    "api/stores": ((*DOORS, *FRAMEWORKS, "api.domain"), "stores know neither domain nor doors"),
    "api/load": ((*DOORS, *FRAMEWORKS), "loading is domain work"),
    "api/market": (
        (*DOORS, *FRAMEWORKS, "api.stores"),
        "the market is made of nothing but numbers",
    ),
    "api/embedded": (DOORS, "what starts the processes does not run inside them"),
    "graph": (("rest", "workers", "api.app", "api.stores.tables"), "REST stands on GraphQL"),
    "rest": (("workers", "api.app", "api.stores"), "the REST door has no logic"),
    "workers": (("rest", "graph", "api.app"), "workers call the domain"),
}
# The only modules of api/ that may know the doors: the ASGI app and what it serves.
KNOW_DOORS = {"api/app.py", "api/docs.py", "api/cli.py"}


def modules(room: str) -> list[Path]:
    return sorted((ROOT / room).rglob("*.py"))


def imported(path: Path) -> set[str]:
    names = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom) and node.module:
            assert node.level == 0, f"{path}: relative import"
            names |= {node.module} | {f"{node.module}.{alias.name}" for alias in node.names}
    return names


def within(name: str, banned: tuple[str, ...]) -> bool:
    return any(name == each or name.startswith(f"{each}.") for each in banned)


@pytest.mark.parametrize("room", RULES)
def test_rooms_import_only_along_the_arrows(room: str) -> None:
    banned, why = RULES[room]
    assert modules(room), f"{room} holds no module"
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}: {why}"
        for path in modules(room)
        for name in sorted(imported(path))
        if within(name, banned)
    ]
    assert not wrong, "\n".join(wrong)


def test_only_the_app_knows_the_doors() -> None:
    wrong = [
        f"{path.relative_to(ROOT)} imports {name}"
        for path in modules("api")
        if str(path.relative_to(ROOT)) not in KNOW_DOORS
        for name in sorted(imported(path))
        if within(name, DOORS)
    ]
    assert not wrong, "\n".join(wrong)


def test_rules_import_no_store() -> None:
    for path in ROOT.glob("api/domain/*/rules.py"):
        assert not [name for name in imported(path) if within(name, ("api.stores",))], path


def test_no_room_is_called_by_what_everything_is() -> None:
    vague = {"utils.py", "helpers.py", "common.py", "manager.py", "misc.py"}
    found = [path for room in ("api", *DOORS, "tests") for path in modules(room)]
    assert not [path for path in found if path.name in vague]
