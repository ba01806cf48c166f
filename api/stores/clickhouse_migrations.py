"""Brings ClickHouse up to date: numbered SQL files, each applied once and never changed again.

ClickHouse has no transactions over statements. So every statement says IF [NOT] EXISTS, a step is
recorded after its last statement, and a step that was cut short is simply run again.
"""

import hashlib
import re
from dataclasses import dataclass
from importlib.resources import files
from urllib.parse import urlsplit

from api.stores.clickhouse import ClickHouse, Profile

_NAME = re.compile(r"(\d{4})_(\w+)\.up\.sql")
_STATEMENT_END = re.compile(r";\s*$", re.MULTILINE)
_LEDGER = """
CREATE TABLE IF NOT EXISTS schema_migrations
(
    version UInt32,
    name String,
    sha256 String,
    applied_at DateTime('UTC') DEFAULT now()
)
ENGINE = ReplacingMergeTree
ORDER BY version"""


class ChangedMigrationError(Exception):
    """A migration that was applied has another text now; the message says which, and what to do."""


@dataclass(frozen=True, slots=True)
class Migration:
    """One step, and the way back."""

    version: int
    name: str
    up: str
    down: str

    @property
    def sha256(self) -> str:
        """The fingerprint of the step's text, as the ledger keeps it."""
        return hashlib.sha256(self.up.encode()).hexdigest()

    @property
    def label(self) -> str:
        """The step as people name it: ``0001 companies and persons``."""
        return f"{self.version:04} {self.name.replace('_', ' ')}"


def migrations() -> list[Migration]:
    """All steps in order."""
    folder = files("api.stores") / "migrations" / "clickhouse"
    found = []
    for file in folder.iterdir():
        match = _NAME.fullmatch(file.name)
        if match:
            down = folder / file.name.replace(".up.", ".down.")
            found.append(
                Migration(int(match[1]), match[2], file.read_text("utf-8"), down.read_text("utf-8"))
            )
    return sorted(found, key=lambda step: step.version)


async def migrate(url: str, steps: list[Migration] | None = None) -> list[str]:
    """Makes the database when it is missing and applies what is; the labels of what it applied.

    ``steps`` are all there are, unless given. The caller lets one process at a time migrate.
    Raises :class:`ChangedMigrationError` before anything is applied, and ``unavailable``.
    """
    await _create_database(url)
    clickhouse = await ClickHouse.connect(url)
    try:
        await clickhouse.execute(_LEDGER, Profile.LOAD)
        known = migrations() if steps is None else steps
        applied = await _applied(clickhouse)
        for step in known:
            if applied.get(step.version, step.sha256) != step.sha256:
                raise ChangedMigrationError(
                    f"Migration {step.label} is not the one that was applied here. Restore its "
                    "text, and put the change into a new migration."
                )
        missing = [step for step in known if step.version not in applied]
        for step in missing:
            await _run(clickhouse, step.up)
            await clickhouse.execute(
                "INSERT INTO schema_migrations (version, name, sha256)"
                " VALUES ({version:UInt32}, {name:String}, {sha256:String})",
                Profile.LOAD,
                {"version": step.version, "name": step.name, "sha256": step.sha256},
            )
        return [step.label for step in missing]
    finally:
        await clickhouse.close()


async def revert(url: str) -> list[str]:
    """Undoes every applied step, the last first, with all data; the labels of what it undid."""
    clickhouse = await ClickHouse.connect(url)
    try:
        applied = await _applied(clickhouse)
        undone = [step for step in reversed(migrations()) if step.version in applied]
        for step in undone:
            await _run(clickhouse, step.down)
        await clickhouse.execute("TRUNCATE TABLE schema_migrations", Profile.LOAD)
        return [step.label for step in undone]
    finally:
        await clickhouse.close()


async def _applied(clickhouse: ClickHouse) -> dict[int, str]:
    rows = await clickhouse.fetch(
        "SELECT version, sha256 FROM schema_migrations FINAL", {}, Profile.LOAD
    )
    return {int(version): str(sha256) for version, sha256 in rows}


async def _run(clickhouse: ClickHouse, text: str) -> None:
    for statement in _STATEMENT_END.split(text):
        if statement.strip():
            await clickhouse.execute(statement, Profile.LOAD)


async def _create_database(url: str) -> None:
    """With the engine Atomic, whose tables can be exchanged in one step."""
    parts = urlsplit(url)
    name = parts.path.strip("/")
    if not name:
        return
    # Not through the database of the url: it may not exist yet.
    clickhouse = await ClickHouse.connect(parts._replace(path="").geturl())
    try:
        quoted = "`" + name.replace("\\", "\\\\").replace("`", "\\`") + "`"
        await clickhouse.execute(
            f"CREATE DATABASE IF NOT EXISTS {quoted} ENGINE = Atomic", Profile.LOAD
        )
    finally:
        await clickhouse.close()
