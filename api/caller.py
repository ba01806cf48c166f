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
    CONSOLE_USER = "console_user"
    EMBED_TOKEN = "embed_token"  # noqa: S105 - the name of a kind, not a token


class Role(StrEnum):
    """What a console user may do; each role includes those before it.

    A viewer sees what costs nothing, a member does what an API key does, an admin manages keys.
    """

    VIEWER = "viewer"
    MEMBER = "member"
    ADMIN = "admin"

    def includes(self, other: "Role") -> bool:
        """Whether this role may do what the other one may."""
        ranks = list(Role)
        return ranks.index(self) >= ranks.index(other)


@dataclass(frozen=True, slots=True)
class ConsoleUser:
    """A person who signed in, and the session that says so."""

    user_id: UUID
    role: Role
    session_id: UUID


@dataclass(frozen=True, slots=True)
class Caller:
    """The account that pays, and the key or the console user that asked: one of the two."""

    kind: CallerKind
    account_id: UUID
    account_kind: AccountKind
    key_id: UUID | None
    tier: Tier
    user: ConsoleUser | None = None

    @property
    def user_id(self) -> UUID | None:
        """The console user, where it is one."""
        return None if self.user is None else self.user.user_id

    @property
    def credential_id(self) -> UUID:
        """What logs name the credentials by."""
        identifier = self.key_id or self.user_id
        assert identifier is not None  # noqa: S101 - one of the two is there
        return identifier


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
