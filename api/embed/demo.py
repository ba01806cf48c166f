"""The demo of the iframe, for the stack that ``stibnite up`` runs: a partner, and a key for it."""

import os
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from uuid import uuid4

import orjson

from api.caller import AccountKind
from api.domain.account import queries as accounts
from api.domain.embed import queries
from api.domain.embed.records import EmbedKeyRow
from api.domain.embed.rules import EmbedKeyStatus, new_embed_key
from api.domain.partner_customer.rules import EnforcementMode, Limits, ResetPolicy
from api.settings import Settings
from api.stores.postgres import Postgres

DEMO_ACCOUNT = "demo partner"
_FILE = "demo-embed-key"
_MONTHLY_CREDITS = 100
_LABEL = "Add to CRM"


async def make_demo_key(of: Settings) -> None:
    """Makes the key of the demo page, unless there is one for where this stack listens."""
    origins = [f"http://{host}:{of.port}" for host in ("127.0.0.1", "localhost")]
    if _kept(of).get("origins") == origins:
        return
    key = new_embed_key()
    row = EmbedKeyRow(
        id=uuid4(),
        key_prefix=key.prefix,
        label="Demo",
        status=EmbedKeyStatus.ACTIVE,
        allowed_origins=origins,
        result_delivery_url=None,
        result_delivery_cta=_LABEL,
        csv_export_enabled=True,
        default_credit_enforcement_mode=EnforcementMode.ENFORCED,
        default_credit_reset_policy=ResetPolicy.MONTHLY_RESET,
        default_limits=Limits(monthly_credit_units=_MONTHLY_CREDITS),
        created_at=datetime.now(UTC),
    )
    postgres = Postgres(of.sqlalchemy_url)
    try:
        async with postgres.transaction() as connection:
            await accounts.add_account(connection, uuid4(), DEMO_ACCOUNT, AccountKind.MANAGED)
            account_id, _ = await accounts.account_named(connection, DEMO_ACCOUNT)
            await queries.revoke_all(connection, account_id)
            await queries.add_key(connection, account_id, key.digest, row)
    finally:
        await postgres.close()
    _path(of).write_bytes(orjson.dumps({"public_key": key.plain, "origins": origins}))
    os.chmod(_path(of), 0o600)


def read_demo_key(of: Settings) -> str | None:
    """The public key of the demo page, if one was made."""
    key: str | None = _kept(of).get("public_key")
    return key


def _kept(of: Settings) -> dict[str, Any]:
    try:
        kept: dict[str, Any] = orjson.loads(_path(of).read_bytes())
    except FileNotFoundError:
        return {}
    return kept


def _path(of: Settings) -> Path:
    return of.data_dir / _FILE
