"""Who is asking: made once per request from the credentials, then handed to every operation."""

from dataclasses import dataclass
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


@dataclass(frozen=True, slots=True)
class Caller:
    """The account that pays and the key that asked."""

    kind: CallerKind
    account_id: UUID
    account_kind: AccountKind
    key_id: UUID
    tier: Tier
