"""A watched API process beside the session's stack, and one caller of each kind."""

import json
import os
import subprocess
import sys
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import insert

from api.caller import AccountKind, Role
from api.domain.account.rules import new_key
from api.stores.tables import api_keys
from tests.idempotency.accounts import Account, new_account, signed_in
from tests.idempotency.writes import iframe_of
from tests.stack import Asker, Stack, free_port, wait_ready

KINDS = (
    "nobody",
    "revoked key",
    "ended session",
    "standard key",
    "partner's key",
    "viewer",
    "member",
    "admin",
    "iframe",
)


@dataclass(frozen=True)
class Watched:
    """The process, two accounts of each kind, and what was sent to Postgres."""

    stack: Stack
    file: Path
    standard: Account
    partner: Account
    strangers: dict[AccountKind, Account]

    def statements(self) -> list[dict[str, Any]]:
        """Every statement so far."""
        return [json.loads(line) for line in self.file.read_text("utf-8").splitlines()]

    def caller(self, kind: str) -> Asker:
        """A caller of a kind; sessions are fresh ones."""
        if kind == "nobody":
            return Asker(self.standard.opened.enter_context(self.stack.client(None)))
        if kind == "revoked key":
            return self._revoked()
        if kind == "ended session":
            asker = signed_in(self.standard, Role.ADMIN)
            ended = asker.graphql("mutation { endConsoleSession { ended } }")
            assert ended.status_code == 200
            return asker
        if kind == "iframe":
            return iframe_of(self.partner)
        if kind in set(Role):
            return signed_in(self.standard, Role(kind))
        return self.standard.ask if kind == "standard key" else self.partner.ask

    def _revoked(self) -> Asker:
        key = new_key()
        self.standard.rows(
            insert(api_keys).values(
                id=uuid4(),
                account_id=self.standard.id,
                prefix=key.prefix,
                digest=key.digest,
                tier="tier_1",
                revoked_at=datetime.now(UTC),
            )
        )
        return Asker(self.standard.opened.enter_context(self.stack.client(key.plain)))


@pytest.fixture(scope="module")
def watched(stack: Stack, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Watched]:
    """One for all tests of a module; nobody is limited there."""
    file, port = tmp_path_factory.mktemp("watched") / "statements", free_port()
    file.touch()
    unlimited = {f"STIBNITE_LIMITS_{name}": "off" for name in ("ANONYMOUS", "FAILED_SIGN_IN")}
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "tests.isolation.watched_api:app", "--port", str(port)],
        env={**os.environ, **stack.settings.as_environment(), **unlimited, "WATCHED": str(file)},
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    here = replace(stack, base_url=f"http://127.0.0.1:{port}")
    try:
        wait_ready(here.base_url, process)
        with ExitStack() as opened:
            standard, stranger = (opened.enter_context(new_account(here)) for _ in range(2))
            partner, rival = (
                opened.enter_context(new_account(here, AccountKind.MANAGED)) for _ in range(2)
            )
            strangers = {AccountKind.STANDARD: stranger, AccountKind.MANAGED: rival}
            yield Watched(here, file, standard, partner, strangers)
    finally:
        process.terminate()
        process.wait(20)
