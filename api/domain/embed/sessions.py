"""Embed sessions: from a public key and a page's origin to a token, from a token to a caller."""

from datetime import UTC, datetime

from api.caller import EmbedCaller
from api.credentials import digest_of
from api.domain.embed import queries
from api.domain.embed.records import EmbedSession, SessionKey
from api.domain.embed.rules import MAX_ORIGIN_HEADER_CHARS, looks_like_embed_key
from api.domain.embed.tokens import refused
from api.domain.partner_customer.rules import CustomerDefaults, Delivery
from api.domain.partner_customer.service import ensure
from api.errors import DomainError, ErrorCode
from api.work import Stores, Work


async def authenticate(stores: Stores, token: str, page: str | None) -> EmbedCaller:
    """The person behind an embed token.

    ``page`` is the origin of the page that sent the request, where a browser told and it is not our
    own: the token must be for that one. Raises ``unauthenticated`` for a token that is not good
    there and now, one whose key was revoked among them.
    """
    caller = stores.embed_tokens.read(token, datetime.now(UTC))
    if page is not None and page != caller.origin:
        raise refused()
    if not await queries.is_active(stores.postgres, caller):
        raise refused()
    return caller


async def is_registered(stores: Stores, origin: str) -> bool:
    """Whether any active key allows the origin."""
    if len(origin) > MAX_ORIGIN_HEADER_CHARS:
        return False
    return await queries.is_registered(stores.postgres, origin)


async def origins_of_key(stores: Stores, partner_key: str) -> list[str]:
    """The origins whose pages may hold the iframe of a key; none where it is not an active one."""
    if not looks_like_embed_key(partner_key):
        return []
    return await queries.origins_of_key(stores.postgres, digest_of(partner_key))


async def start(
    work: Work,
    partner_key: str,
    customer_id: str,
    customer_name: str | None,
    user_id: str | None,
) -> EmbedSession:
    """A token for a person of the partner's customer ``customer_id``, who is added on first use.

    Raises ``forbidden`` where the page that asks is none of the key's, and where there is no such
    key: the two are not told apart.
    """
    found = await _key_for(work, partner_key)
    if found is None:
        raise DomainError(
            ErrorCode.FORBIDDEN, "This partner_key does not start sessions from this origin."
        )
    key = found.key
    delivery = Delivery(key.result_delivery_url, key.result_delivery_cta, key.csv_export_enabled)
    defaults = CustomerDefaults(
        key.default_credit_enforcement_mode,
        key.default_credit_reset_policy,
        key.default_limits,
        delivery,
    )
    async with work.stores.postgres.transaction() as connection:
        customer = await ensure(
            connection, found.account_id, customer_id, name=customer_name, defaults=defaults
        )
    token, expires_at = work.stores.embed_tokens.issue(
        datetime.now(UTC),
        account_id=found.account_id,
        embed_key_id=key.id,
        partner_customer_id=customer.id,
        external_customer_id=customer.external_customer_id,
        user_id=user_id,
        origin=work.origin or "",
    )
    return EmbedSession(token, customer.id, customer.external_customer_id, expires_at)


async def _key_for(work: Work, partner_key: str) -> SessionKey | None:
    """The key, where it may start sessions from the page that asks."""
    origin = work.origin
    if origin is None or len(origin) > MAX_ORIGIN_HEADER_CHARS:
        return None
    if not looks_like_embed_key(partner_key):
        return None
    return await queries.key_of_session(work.stores.postgres, digest_of(partner_key), origin)
