"""An account's API keys, for those who may manage them."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.caller import CallerKind, Role, Tier
from api.cursors import MAX_CURSOR_CHARS
from api.domain.account import keys
from api.domain.account.queries import KeyRow
from api.domain.account.rules import MAX_KEY_NAME_CHARS, MAX_KEYS
from api.errors import ErrorCode
from api.paging import Page, PageRequest
from graph.context import Context
from graph.operation import argument, operation
from graph.paging import ListPagination, PageInfo

_ADMINS = (CallerKind.CONSOLE_USER,)
_LONGEST_ID = 64

strawberry.enum(Tier, name="KeyTier", description="What a key may ask for.")


@strawberry.type(description="An API key, without the key itself.")
class ApiKey:
    """Projected from :class:`api.domain.account.queries.KeyRow`."""

    id: strawberry.ID = strawberry.field(description="Identifier of the key.")
    name: str | None = strawberry.field(description="What it is called.")
    prefix: str = strawberry.field(description="The first characters, to recognise it by.")
    tier: Tier = strawberry.field(description="What it may ask for.")
    created_at: datetime = strawberry.field(description="When it was made.")


@strawberry.type(description="A new API key, in full this once.")
class CreatedApiKey:
    """Projected from :class:`api.domain.account.keys.CreatedKey`."""

    id: strawberry.ID = strawberry.field(description="Identifier of the key.")
    name: str | None = strawberry.field(description="What it is called.")
    prefix: str = strawberry.field(description="The first characters, to recognise it by.")
    tier: Tier = strawberry.field(description="What it may ask for.")
    created_at: datetime = strawberry.field(description="When it was made.")
    api_key: str = strawberry.field(
        description="The key, to be sent as the header x-api-key. It is never shown again."
    )


@strawberry.type(description="What a revocation did.")
class RevokedApiKey:
    """Projected from :class:`api.domain.account.keys.Revoked`."""

    revoked: bool = strawberry.field(description="True: the key is unknown from now on.")


@strawberry.type(description="A key with the cursor that continues after it.")
class ApiKeyEdge:
    """Projected from :class:`api.paging.Edge`."""

    node: ApiKey = strawberry.field(description="The key.")
    cursor: str = strawberry.field(description="Continues after this key.")


@strawberry.type(description="One page of an account's keys that are not revoked, oldest first.")
class ApiKeyConnection:
    """Projected from :class:`api.paging.Page`."""

    nodes: list[ApiKey] = strawberry.field(description="The keys.")
    edges: list[ApiKeyEdge] = strawberry.field(description="The same, with cursors.")
    page_info: PageInfo = strawberry.field(description="Relay's page information.")
    pagination: ListPagination = strawberry.field(description="Page metadata.")


@strawberry.type
class AccountQuery:
    """The queries about an account."""

    @operation(
        "Lists the account's API keys that are not revoked, oldest first.",
        returns=ApiKeyConnection,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR),
        callers=_ADMINS,
        role=Role.ADMIN,
    )
    async def api_keys(
        self,
        info: strawberry.Info[Context, None],
        first: Annotated[int, argument("Page size.", min=1, max=MAX_KEYS)] = MAX_KEYS,
        after: Annotated[
            str | None,
            argument("Opaque cursor from the previous response.", max_length=MAX_CURSOR_CHARS),
        ] = strawberry.UNSET,
    ) -> Page[KeyRow]:
        """The account's keys."""
        return await keys.listed(info.context.work, PageRequest(first, after))


@strawberry.type
class AccountMutation:
    """What changes an account."""

    @operation(
        "Makes an API key, which is shown this once. Its tier is at most the highest one of the "
        f"keys that the account has. An account has at most {MAX_KEYS} keys.",
        returns=CreatedApiKey,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.CONFLICT, ErrorCode.TIER_REQUIRED),
        callers=_ADMINS,
        role=Role.ADMIN,
    )
    async def create_api_key(
        self,
        info: strawberry.Info[Context, None],
        name: Annotated[
            str | None, argument("What to call it.", max_length=MAX_KEY_NAME_CHARS)
        ] = strawberry.UNSET,
        tier: Annotated[Tier, argument("What it may ask for.")] = Tier.TIER_1,
    ) -> keys.CreatedKey:
        """Create API key."""
        return await keys.create(info.context.work, name, tier)

    @operation(
        "Revokes an API key: it is unknown from the next request on.",
        returns=RevokedApiKey,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.NOT_FOUND),
        callers=_ADMINS,
        role=Role.ADMIN,
    )
    async def revoke_api_key(
        self,
        info: strawberry.Info[Context, None],
        api_key_id: Annotated[
            strawberry.ID,
            argument("Identifier of the key.", min_length=1, max_length=_LONGEST_ID),
        ],
    ) -> keys.Revoked:
        """Revoke API key."""
        return await keys.revoke(info.context.work, api_key_id)
