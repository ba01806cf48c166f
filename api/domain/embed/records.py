"""Embed keys and sessions as they are given out by every door."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.domain.embed.rules import EmbedKeyStatus
from api.domain.partner_customer.rules import (
    EnforcementMode,
    Limits,
    ResetPolicy,
)


class EmbedKeyRow(NamedTuple):
    """A key as its account sees it; the defaults are those of customers that it creates."""

    id: UUID
    key_prefix: str
    label: str | None
    status: EmbedKeyStatus
    allowed_origins: list[str]
    result_delivery_url: str | None
    result_delivery_cta: str
    csv_export_enabled: bool
    default_credit_enforcement_mode: EnforcementMode
    default_credit_reset_policy: ResetPolicy
    default_limits: Limits
    created_at: datetime


class CreatedEmbedKey(NamedTuple):
    """A new key with its plain text, which is shown this once."""

    public_key: str
    embed_key: EmbedKeyRow


class Revoked(NamedTuple):
    """The answer of a revocation."""

    revoked: bool


class EmbedSession(NamedTuple):
    """A token for one person of one customer, and until when it is good."""

    token: str
    partner_customer_id: UUID
    external_customer_id: str
    expires_at: datetime


class SessionKey(NamedTuple):
    """What a session takes from its key."""

    account_id: UUID
    key: EmbedKeyRow
