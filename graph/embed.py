"""Embed keys, and the sessions that browsers start with them."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.creation_order import MAX_PAGE
from api.cursors import MAX_CURSOR_CHARS
from api.domain.delivery.rules import MAX_URL_CHARS
from api.domain.embed import records, service, sessions
from api.domain.embed.origins import MAX_ORIGIN_CHARS, MAX_ORIGINS
from api.domain.embed.rules import (
    MAX_KEYS,
    MAX_LABEL_CHARS,
    MAX_PUBLIC_KEY_CHARS,
    MAX_USER_ID_CHARS,
    EmbedKeyStatus,
)
from api.domain.partner_customer.rules import (
    DEFAULT_PUSH_LABEL,
    MAX_CTA_CHARS,
    MAX_EXTERNAL_ID_CHARS,
    MAX_NAME_CHARS,
    Delivery,
    EnforcementMode,
    ResetPolicy,
)
from api.errors import ErrorCode
from api.paging import Page, PageRequest
from graph.context import Context
from graph.customer_policy import ShownLimits, WalletLimitsInput, limits_of
from graph.operation import argument, operation
from graph.paging import ListPagination, PageInfo

_LONGEST_ID = 64

strawberry.enum(EmbedKeyStatus, description="Whether an embed key starts sessions.")


@strawberry.type(description="A public loader key: where the iframe may be, and for whom.")
class EmbedKey:
    """Projected from :class:`api.domain.embed.records.EmbedKeyRow`."""

    id: strawberry.ID = strawberry.field(description="Embed key identifier.")
    key_prefix: str = strawberry.field(description="The first characters of the key.")
    label: str | None = strawberry.field(description="Human-readable label of the key.")
    status: EmbedKeyStatus = strawberry.field(description="Whether the key starts sessions.")
    allowed_origins: list[str] = strawberry.field(
        description="Origins that may bootstrap iframe sessions."
    )
    result_delivery_url: str | None = strawberry.field(
        description="Endpoint that receives purchased records when the iframe user pushes."
    )
    result_delivery_cta: str = strawberry.field(description="Text of the iframe's push button.")
    csv_export_enabled: bool = strawberry.field(
        description="Whether iframe users may export purchased results as CSV."
    )
    default_credit_enforcement_mode: EnforcementMode = strawberry.field(
        description="Wallet mode of customers that are created by the key."
    )
    default_credit_reset_policy: ResetPolicy = strawberry.field(
        description="Wallet reset policy of customers that are created by the key."
    )
    default_limits: ShownLimits = strawberry.field(
        description="Limits of customers that are created by the key."
    )
    created_at: datetime = strawberry.field(description="When the key was created.")


@strawberry.type(description="A new embed key with its public key.")
class CreatedEmbedKey:
    """Projected from :class:`api.domain.embed.records.CreatedEmbedKey`."""

    public_key: str = strawberry.field(
        description="Browser-safe public key to put in data-partner-key. Returned only once."
    )
    embed_key: EmbedKey = strawberry.field(
        description="Stored public loader key metadata, including origin allowlist and default "
        "customer wallet policy."
    )


@strawberry.type(description="A session of the iframe, for one person of one customer.")
class EmbedSession:
    """Projected from :class:`api.domain.embed.records.EmbedSession`."""

    token: str = strawberry.field(
        description="Short-lived signed embed token for the hosted iframe."
    )
    partner_customer_id: strawberry.ID = strawberry.field(
        description="Internal scoped partner customer identifier."
    )
    external_customer_id: str = strawberry.field(
        description="Partner-owned customer ID used for the bootstrap request."
    )
    expires_at: datetime = strawberry.field(
        description="ISO timestamp when the embed token expires."
    )


@strawberry.type(description="What a revocation did.")
class RevokedEmbedKey:
    """Projected from :class:`api.domain.embed.records.Revoked`."""

    revoked: bool = strawberry.field(description="True when the key is revoked.")


@strawberry.type(description="An embed key with the cursor that continues after it.")
class EmbedKeyEdge:
    """Projected from :class:`api.paging.Edge`."""

    node: EmbedKey = strawberry.field(description="The key.")
    cursor: str = strawberry.field(description="Continues after this key.")


@strawberry.type(description="One page of embed keys.")
class EmbedKeyConnection:
    """Projected from :class:`api.paging.Page`."""

    nodes: list[EmbedKey] = strawberry.field(description="The keys, oldest first.")
    edges: list[EmbedKeyEdge] = strawberry.field(description="The same, with cursors.")
    page_info: PageInfo = strawberry.field(description="Relay's page information.")
    pagination: ListPagination = strawberry.field(description="Page metadata.")


AllowedOrigins = Annotated[
    list[str],
    argument(
        "HTTPS origins allowed to bootstrap iframe sessions, for example "
        "https://partner.example. A full page path is normalized to its origin.",
        min_items=1,
        max_items=MAX_ORIGINS,
        min_length=1,
        max_length=MAX_ORIGIN_CHARS,
    ),
]
Label = Annotated[
    str | None,
    argument("Human-readable label for the key.", max_length=MAX_LABEL_CHARS),
]
DefaultMode = Annotated[
    EnforcementMode | None,
    argument(
        "Default customer wallet mode for auto-created customers: enforced for hard stops "
        "or metered for usage reporting without customer-level blocking. Defaults to "
        "metered."
    ),
]
DefaultReset = Annotated[
    ResetPolicy | None,
    argument(
        "Default wallet reset policy for auto-created customers: monthly_reset or "
        "rollover. Defaults to monthly_reset."
    ),
]
DefaultLimits = Annotated[
    WalletLimitsInput | None,
    argument(
        "Default monthly/lifetime credit, search-session, and record-reveal limits applied "
        "to auto-created customers."
    ),
]
DeliveryUrl = Annotated[
    str | None,
    argument(
        "HTTPS endpoint that receives full purchased records when the iframe user pushes "
        "selected, page, or all results.",
        max_length=MAX_URL_CHARS,
    ),
]
DeliveryCta = Annotated[
    str | None,
    argument(
        "Button text shown in the iframe for the partner delivery endpoint action. "
        f"Defaults to {DEFAULT_PUSH_LABEL}.",
        max_length=MAX_CTA_CHARS,
    ),
]
CsvExport = Annotated[
    bool | None,
    argument(
        "Set true to allow iframe users to export selected, page, or all purchased "
        "results as CSV. Defaults to false."
    ),
]


@strawberry.type
class EmbedQuery:
    """The queries about embed keys."""

    @operation(
        "Lists the public loader keys of the account, oldest first, revoked ones included. Keys "
        "are not shown again.",
        returns=EmbedKeyConnection,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR),
        managed=True,
    )
    async def embed_keys(
        self,
        info: strawberry.Info[Context, None],
        first: Annotated[int, argument("Page size.", min=1, max=MAX_PAGE)] = MAX_PAGE,
        after: Annotated[
            str | None,
            argument("Opaque cursor from the previous response.", max_length=MAX_CURSOR_CHARS),
        ] = strawberry.UNSET,
    ) -> Page[records.EmbedKeyRow]:
        """Public loader keys."""
        return await service.list_keys(info.context.work, PageRequest(first, after))


@strawberry.type
class EmbedMutation:
    """What changes embed keys, and starts sessions with them."""

    @operation(
        "Creates a browser-safe public loader key for the hosted prospecting widget. The public "
        "loader key is restricted by allowed_origins and default customer wallet policy, and the "
        f"public_key value is returned only on creation. An account has at most {MAX_KEYS} active "
        "keys.",
        returns=CreatedEmbedKey,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.CONFLICT),
        managed=True,
    )
    async def create_embed_key(
        self,
        info: strawberry.Info[Context, None],
        allowed_origins: AllowedOrigins,
        label: Label = strawberry.UNSET,
        credit_enforcement_mode: DefaultMode = strawberry.UNSET,
        credit_reset_policy: DefaultReset = strawberry.UNSET,
        limits: DefaultLimits = strawberry.UNSET,
        result_delivery_url: DeliveryUrl = strawberry.UNSET,
        result_delivery_cta: DeliveryCta = strawberry.UNSET,
        csv_export_enabled: CsvExport = strawberry.UNSET,
    ) -> records.CreatedEmbedKey:
        """Create prospecting public loader key."""
        wanted = service.WantedKey(
            allowed_origins=allowed_origins,
            label=label,
            credit_enforcement_mode=credit_enforcement_mode,
            credit_reset_policy=credit_reset_policy,
            limits=limits_of(limits),
            delivery=Delivery(result_delivery_url, result_delivery_cta, csv_export_enabled),
        )
        return await service.create_key(info.context.work, wanted)

    @operation(
        "Revokes a public loader key. It starts no more sessions, and the tokens of those that it "
        "started are refused from the next request on.",
        returns=RevokedEmbedKey,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.NOT_FOUND),
        managed=True,
    )
    async def revoke_embed_key(
        self,
        info: strawberry.Info[Context, None],
        embed_key_id: Annotated[
            strawberry.ID,
            argument(
                "Embed key identifier returned by POST /v1/prospecting/embed-keys.",
                min_length=1,
                max_length=_LONGEST_ID,
            ),
        ],
    ) -> records.Revoked:
        """Revoke prospecting public loader key."""
        return await service.revoke_key(info.context.work, embed_key_id)

    @operation(
        "Exchanges a public loader key and partner-owned external customer ID for a short-lived "
        "embed token. The API validates the browser Origin, upserts the scoped partner customer on "
        "first use, applies the public key defaults, and returns the token used by the hosted "
        "iframe.",
        returns=EmbedSession,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.FORBIDDEN),
        callers=(),
    )
    async def create_embed_session(
        self,
        info: strawberry.Info[Context, None],
        partner_key: Annotated[
            str,
            argument(
                "Public loader key from POST /v1/prospecting/embed-keys or the console Prospecting "
                "page.",
                min_length=1,
                max_length=MAX_PUBLIC_KEY_CHARS,
            ),
        ],
        customer_id: Annotated[
            str,
            argument(
                "Partner-owned external customer ID. The first request creates the scoped partner "
                "customer; later requests reuse it.",
                min_length=1,
                max_length=MAX_EXTERNAL_ID_CHARS,
            ),
        ],
        customer_name: Annotated[
            str | None,
            argument(
                "Optional display name for a first-time auto-created partner customer.",
                max_length=MAX_NAME_CHARS,
            ),
        ] = strawberry.UNSET,
        user_id: Annotated[
            str | None,
            argument(
                "Optional partner-owned user ID for usage attribution inside the customer wallet.",
                max_length=MAX_USER_ID_CHARS,
            ),
        ] = strawberry.UNSET,
    ) -> records.EmbedSession:
        """Bootstrap prospecting embed session."""
        return await sessions.start(
            info.context.work, partner_key, customer_id, customer_name, user_id
        )
