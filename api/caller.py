"""Who is asking: made once per request from the credentials, then handed to every operation."""

from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from uuid import UUID


class AccountKind(StrEnum):
    """``standard`` pays for its own searches; ``managed`` is a partner that has customers."""

    STANDARD = "standard"
    MANAGED = "managed"


class Tier(StrEnum):
    """What a key may ask for; higher tiers include the lower ones."""

    TIER_1 = "tier_1"
    TIER_2 = "tier_2"
    TIER_3 = "tier_3"


class CallerKind(StrEnum):
    """The kinds of credentials an operation can be open to."""

    API_KEY = "api_key"
    EMBED_TOKEN = "embed_token"  # noqa: S105 - the name of a kind, not a token


@dataclass(frozen=True, slots=True)
class Caller:
    """The account that pays and the key that asked."""

    kind: CallerKind
    account_id: UUID
    account_kind: AccountKind
    key_id: UUID
    tier: Tier

    @property
    def credential_id(self) -> UUID:
        """What logs name the credentials by."""
        return self.key_id


@dataclass(frozen=True, slots=True)
class EmbedCaller:
    """A person inside a partner's iframe: whom the embed token was made for, and where it is good.

    ``external_customer_id`` and ``user_id`` are the partner's own names, ``origin`` the page that
    holds the iframe (``https://partner.example``).
    """

    kind: CallerKind
    account_id: UUID
    embed_key_id: UUID
    partner_customer_id: UUID
    external_customer_id: str
    user_id: str | None
    origin: str
    expires_at: datetime

    @property
    def credential_id(self) -> UUID:
        """What logs name the credentials by."""
        return self.embed_key_id


type Identity = Caller | EmbedCaller
