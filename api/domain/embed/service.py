"""Embed keys of a partner: create, list, revoke."""

from dataclasses import dataclass
from datetime import UTC, datetime
from uuid import uuid4

from api.creation_order import id_of, page_of, position
from api.cursors import scope_of
from api.domain.embed import queries
from api.domain.embed.origins import origins_of
from api.domain.embed.records import CreatedEmbedKey, EmbedKeyRow, Revoked
from api.domain.embed.rules import MAX_KEYS, EmbedKeyStatus, new_embed_key
from api.domain.partner_customer.rules import (
    DEFAULT_MODE,
    DEFAULT_POLICY,
    DEFAULT_PUSH_LABEL,
    Delivery,
    EnforcementMode,
    Limits,
    ResetPolicy,
    checked_delivery,
    label_of,
)
from api.domain.usage.service import Payer, bill, record
from api.errors import DomainError, ErrorCode, invalid
from api.paging import Page, PageRequest, open_window
from api.work import Work


@dataclass(frozen=True, slots=True)
class WantedKey:
    """What a partner says about a new key; ``None`` where it leaves the choice to us."""

    allowed_origins: list[str]
    label: str | None
    credit_enforcement_mode: EnforcementMode | None
    credit_reset_policy: ResetPolicy | None
    limits: Limits
    delivery: Delivery


async def create_key(work: Work, wanted: WantedKey) -> CreatedEmbedKey:
    """A new key of the caller's account; the answer holds it in full, this once.

    Raises ``invalid_input`` for origins that no public page has and URLs that deliveries may not go
    to, and ``conflict`` where the account has 50 active keys already.
    """
    key = new_embed_key()
    delivery = checked_delivery(wanted.delivery, insecure=work.stores.insecure_delivery)
    row = EmbedKeyRow(
        id=uuid4(),
        key_prefix=key.prefix,
        label=label_of(wanted.label),
        status=EmbedKeyStatus.ACTIVE,
        allowed_origins=_origins(work, wanted.allowed_origins),
        result_delivery_url=delivery.result_delivery_url,
        result_delivery_cta=delivery.result_delivery_cta or DEFAULT_PUSH_LABEL,
        csv_export_enabled=bool(delivery.csv_export_enabled),
        default_credit_enforcement_mode=wanted.credit_enforcement_mode or DEFAULT_MODE,
        default_credit_reset_policy=wanted.credit_reset_policy or DEFAULT_POLICY,
        default_limits=wanted.limits,
        created_at=datetime.now(UTC),
    )
    caller = work.caller
    async with work.stores.postgres.transaction() as connection:
        await queries.lock_account(connection, caller.account_id)
        if await queries.count_active(connection, caller.account_id) >= MAX_KEYS:
            raise DomainError(
                ErrorCode.CONFLICT,
                f"The account has {MAX_KEYS} active embed keys already. Revoke one first.",
            )
        await queries.add_key(connection, caller.account_id, key.digest, row)
        await bill(connection, Payer.of(caller, "create_embed_key"), 0)
    return CreatedEmbedKey(key.plain, row)


async def list_keys(work: Work, page: PageRequest) -> Page[EmbedKeyRow]:
    """The keys of the caller's account, oldest first, revoked ones included.

    Raises ``invalid_cursor``.
    """
    account_id = work.caller.account_id
    window = open_window(page, scope_of(account_id, "embed_keys"), work.stores.cursors)
    rows = await queries.keys(
        work.stores.postgres, account_id, after=position(window), limit=window.size + 1
    )
    await record(work, "embed_keys", 0)
    return page_of(work.stores.cursors, window, rows)


async def revoke_key(work: Work, embed_key_id: str) -> Revoked:
    """Revokes a key: it starts no sessions, and the tokens of those it started are refused.

    From the next request on; once more changes nothing. Raises ``not_found``.
    """
    key_id = id_of(embed_key_id)
    async with work.stores.postgres.transaction() as connection:
        if key_id is None or not await queries.revoke(connection, work.caller.account_id, key_id):
            raise DomainError(ErrorCode.NOT_FOUND, "The account has no embed key of this id.")
        await bill(connection, Payer.of(work.caller, "revoke_embed_key"), 0)
    return Revoked(True)


def _origins(work: Work, pages: list[str]) -> list[str]:
    try:
        return origins_of(pages, insecure=work.stores.insecure_delivery)
    except ValueError as error:
        raise invalid("allowed_origins", str(error)) from None
