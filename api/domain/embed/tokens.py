"""Embed tokens: who is inside which iframe, signed for ten minutes.

A token is a JSON Web Token under HS256: only this installation issues and reads them, so that a
shared key is enough, and one that is derived from ``STIBNITE_SECRET`` for this purpose alone.
"""

from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.kdf.hkdf import HKDF
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import OctKey
from joserfc.jwt import ClaimsOption, JWTClaimsRegistry

from api.caller import CallerKind, EmbedCaller
from api.errors import DomainError, ErrorCode

ISSUER = "stibnite"
AUDIENCE = "embed"
ALGORITHM = "HS256"
LEEWAY_S = 5
"""How far the clocks of two of our processes may be apart."""
LIFETIME_S = 600 - LEEWAY_S
"""Ten minutes at most, whatever clock they are measured by."""
MAX_TOKEN_CHARS = 4_000
"""What is longer is none of ours: the longest names of a customer and a user are in it."""

_NAMES = ("jti", "sub", "account", "key", "external_customer_id", "origin")
_CLAIMS: dict[str, ClaimsOption] = {
    "iss": {"essential": True, "value": ISSUER},
    "aud": {"essential": True, "value": AUDIENCE},
    **{name: {"essential": True} for name in ("exp", "nbf", "iat", *_NAMES)},
}


class EmbedTokens:
    """Issues and reads tokens; processes that share the secret share tokens."""

    def __init__(self, secret: str):
        derived = HKDF(SHA256(), length=32, salt=None, info=b"stibnite embed tokens")
        self._key = OctKey.import_key(derived.derive(secret.encode()))

    def issue(
        self,
        now: datetime,
        *,
        account_id: UUID,
        embed_key_id: UUID,
        partner_customer_id: UUID,
        external_customer_id: str,
        user_id: str | None,
        origin: str,
    ) -> tuple[str, datetime]:
        """A new token, and when it expires."""
        issued = int(now.timestamp())
        expires = issued + LIFETIME_S
        claims: dict[str, object] = {
            "iss": ISSUER,
            "aud": AUDIENCE,
            "sub": str(partner_customer_id),
            "iat": issued,
            "nbf": issued,
            "exp": expires,
            "jti": str(uuid4()),
            "account": str(account_id),
            "key": str(embed_key_id),
            "external_customer_id": external_customer_id,
            "origin": origin,
        }
        if user_id is not None:
            claims["user_id"] = user_id
        header = {"alg": ALGORITHM, "typ": "JWT"}
        return jwt.encode(header, claims, self._key, algorithms=[ALGORITHM]), _moment(expires)

    def read(self, token: str, now: datetime) -> EmbedCaller:
        """Whom a token was issued for.

        Raises ``unauthenticated`` for one that was altered, is of another installation, purpose or
        time, or lacks anything. Whether its key was revoked is not in the token.
        """
        if len(token) > MAX_TOKEN_CHARS:
            raise refused()
        try:
            claims = jwt.decode(token, self._key, algorithms=[ALGORITHM]).claims
            JWTClaimsRegistry(int(now.timestamp()), LEEWAY_S, **_CLAIMS).validate(claims)
            return _caller(claims)
        except (JoseError, ValueError, TypeError, OverflowError):
            raise refused() from None


def refused() -> DomainError:
    """The failure of every token that is not good, whatever the reason."""
    return DomainError(
        ErrorCode.UNAUTHENTICATED,
        "This embed token is not valid here, or has expired. Start a new embed session.",
    )


def _caller(claims: dict[str, Any]) -> EmbedCaller:
    """What claims that were found to be ours say; a ``ValueError`` where one is of no use."""
    names = [claims[name] for name in _NAMES]
    user_id = claims.get("user_id")
    if not all(isinstance(name, str) for name in names) or not isinstance(user_id, str | None):
        raise ValueError("a name is no text")
    _, customer_id, account_id, key_id, external_id, origin = names
    return EmbedCaller(
        CallerKind.EMBED_TOKEN,
        account_id=UUID(account_id),
        embed_key_id=UUID(key_id),
        partner_customer_id=UUID(customer_id),
        external_customer_id=external_id,
        user_id=user_id,
        origin=origin,
        expires_at=_moment(claims["exp"]),
    )


def _moment(seconds: int) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
