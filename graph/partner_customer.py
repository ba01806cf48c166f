"""A partner's customers."""

from datetime import datetime
from typing import Annotated, Any

import strawberry

from api.creation_order import MAX_PAGE
from api.cursors import MAX_CURSOR_CHARS
from api.domain.delivery.rules import MAX_URL_CHARS
from api.domain.partner_customer import service
from api.domain.partner_customer.records import CustomerRow
from api.domain.partner_customer.rules import (
    DEFAULT_MODE,
    DEFAULT_POLICY,
    DEFAULT_PUSH_LABEL,
    MAX_CTA_CHARS,
    MAX_EXTERNAL_ID_CHARS,
    MAX_NAME_CHARS,
    CustomerDefaults,
    CustomerStatus,
    Delivery,
    EnforcementMode,
    Limits,
    ResetPolicy,
    ResultAction,
)
from api.domain.wallet.journal import MAX_ENTRIES_PAGE
from api.domain.wallet.records import EntryRow, WalletView
from api.errors import ErrorCode
from api.paging import Page, PageRequest
from graph.context import Context
from graph.customer_policy import ShownLimits, WalletLimitsInput, limits_of, sent_limits
from graph.operation import argument, operation
from graph.paging import ListPagination, PageInfo
from graph.wallet import (
    PartnerCustomerId,
    ResultActionLabels,
    Wallet,
    WalletEntryConnection,
)

DEFAULT_ENTRIES = 20
_NO_LIMITS = Limits()._asdict()


@strawberry.type(description="A customer of a partner (a managed account).")
class PartnerCustomer:
    """Projected from :class:`api.domain.partner_customer.records.CustomerRow`."""

    partner_customer_id: strawberry.ID = strawberry.field(
        description="Partner customer identifier."
    )
    external_customer_id: str = strawberry.field(description="Partner-owned external customer ID.")
    name: str | None = strawberry.field(description="Display name.")
    status: CustomerStatus = strawberry.field(
        description="Current partner customer status, such as active or suspended."
    )
    credit_enforcement_mode: EnforcementMode = strawberry.field(
        description="enforced for hard stops, or metered for usage reporting without."
    )
    credit_reset_policy: ResetPolicy = strawberry.field(
        description="What becomes of unused credit units when a month begins."
    )
    limits: ShownLimits = strawberry.field(description="Monthly and lifetime limits.")
    result_delivery_url: str | None = strawberry.field(
        description="HTTPS endpoint that receives full purchased records."
    )
    result_delivery_cta: str | None = strawberry.field(
        description=f"Button text of that delivery; {DEFAULT_PUSH_LABEL} where there is none."
    )
    csv_export_enabled: bool = strawberry.field(
        description="Whether iframe users may export purchased results as CSV."
    )
    allowed_result_actions: list[ResultAction] = strawberry.field(
        description="Configured result actions available in the iframe."
    )
    result_action_labels: ResultActionLabels = strawberry.field(
        description="Display labels of the allowed actions."
    )
    created_at: datetime = strawberry.field(description="When the customer was added.")

    @operation(
        "The customer's wallet: balance, active limits, usage, wallet policy and limit state. "
        "Those of many customers are read together.",
        returns=Wallet,
        errors=(ErrorCode.NOT_FOUND,),
        managed=True,
    )
    async def wallet(self, info: strawberry.Info[Context, None]) -> WalletView:
        """The source is the row that was projected: strawberry hands it over as ``self``."""
        row: CustomerRow = self  # type: ignore[assignment]
        return await info.context.wallets.load(row.partner_customer_id)

    @operation(
        "The journal of the customer's wallet, newest first. The first pages of several customers "
        "are read together; one request may ask for 10,000 entries.",
        returns=WalletEntryConnection,
        errors=(ErrorCode.INVALID_CURSOR, ErrorCode.INVALID_INPUT),
        managed=True,
    )
    async def wallet_entries(
        self,
        info: strawberry.Info[Context, None],
        first: Annotated[
            int, argument("Page size.", min=1, max=MAX_ENTRIES_PAGE)
        ] = DEFAULT_ENTRIES,
        after: Annotated[
            str | None,
            argument("Cursor of a page of this wallet's entries.", max_length=MAX_CURSOR_CHARS),
        ] = strawberry.UNSET,
    ) -> Page[EntryRow]:
        """The source is the row that was projected, as above."""
        row: CustomerRow = self  # type: ignore[assignment]
        return await info.context.entries_of_wallets.load(row.partner_customer_id, first, after)


@strawberry.type(description="A customer with the cursor that continues after it.")
class PartnerCustomerEdge:
    """Projected from :class:`api.paging.Edge`."""

    node: PartnerCustomer = strawberry.field(description="The customer.")
    cursor: str = strawberry.field(description="Continues after this customer.")


@strawberry.type(description="One page of partner customers.")
class PartnerCustomerConnection:
    """Projected from :class:`api.paging.Page`."""

    nodes: list[PartnerCustomer] = strawberry.field(description="The customers, oldest first.")
    edges: list[PartnerCustomerEdge] = strawberry.field(description="The same, with cursors.")
    page_info: PageInfo = strawberry.field(description="Relay's page information.")
    pagination: ListPagination = strawberry.field(description="Page metadata.")


_NAME = argument("Optional display name.", max_length=MAX_NAME_CHARS)
_MODE = argument(
    "Wallet mode: enforced for hard stops or metered for usage reporting without customer-level "
    f"blocking. Defaults to {DEFAULT_MODE}."
)
_POLICY = argument(f"Wallet reset policy: monthly_reset or rollover. Defaults to {DEFAULT_POLICY}.")
_LIMITS = argument("Monthly and lifetime credit, search-session, and record-reveal limits.")
_URL = argument(
    "HTTPS endpoint that receives full purchased records when the iframe user pushes results: on "
    "port 443 or 8443, a public name, no user name and no fragment.",
    max_length=MAX_URL_CHARS,
)
_CTA = argument(
    f"Button text of the partner delivery endpoint action. Defaults to {DEFAULT_PUSH_LABEL}.",
    max_length=MAX_CTA_CHARS,
)
_CSV = argument("Set true to allow iframe users to export purchased results as CSV.")


@strawberry.type
class PartnerCustomerQuery:
    """The queries about partner customers."""

    @operation(
        "Lists the customers of the authenticated partner account, oldest first.",
        returns=PartnerCustomerConnection,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR),
        managed=True,
    )
    async def partner_customers(
        self,
        info: strawberry.Info[Context, None],
        first: Annotated[int, argument("Page size.", min=1, max=MAX_PAGE)] = MAX_PAGE,
        after: Annotated[
            str | None,
            argument("Opaque cursor from the previous response.", max_length=MAX_CURSOR_CHARS),
        ] = strawberry.UNSET,
    ) -> Page[CustomerRow]:
        """Partner customers."""
        return await service.list_customers(info.context.work, PageRequest(first, after))

    @operation(
        "Returns one partner customer; its wallet has the balance, active limits, usage, wallet "
        "policy and limit state. Ownership is scoped to the authenticated partner account.",
        returns=PartnerCustomer,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.NOT_FOUND),
        managed=True,
    )
    async def partner_customer(
        self, info: strawberry.Info[Context, None], partner_customer_id: PartnerCustomerId
    ) -> CustomerRow:
        """Partner customer."""
        return await service.read(info.context.work, partner_customer_id)


@strawberry.type
class PartnerCustomerMutation:
    """What changes partner customers."""

    @operation(
        "Adds a customer with an empty wallet to the authenticated partner account. What is not "
        "said about the delivery of results is taken from the embed key that the customer first "
        "comes through.",
        returns=PartnerCustomer,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.CONFLICT),
        managed=True,
    )
    async def create_partner_customer(
        self,
        info: strawberry.Info[Context, None],
        external_customer_id: Annotated[
            str,
            argument(
                "Partner-owned external customer ID; one customer of the account has it.",
                min_length=1,
                max_length=MAX_EXTERNAL_ID_CHARS,
            ),
        ],
        name: Annotated[str | None, _NAME] = strawberry.UNSET,
        credit_enforcement_mode: Annotated[EnforcementMode | None, _MODE] = strawberry.UNSET,
        credit_reset_policy: Annotated[ResetPolicy | None, _POLICY] = strawberry.UNSET,
        limits: Annotated[WalletLimitsInput | None, _LIMITS] = strawberry.UNSET,
        result_delivery_url: Annotated[str | None, _URL] = strawberry.UNSET,
        result_delivery_cta: Annotated[str | None, _CTA] = strawberry.UNSET,
        csv_export_enabled: Annotated[bool | None, _CSV] = strawberry.UNSET,
    ) -> CustomerRow:
        """Create partner customer."""
        begins_with = CustomerDefaults(
            credit_enforcement_mode or DEFAULT_MODE,
            credit_reset_policy or DEFAULT_POLICY,
            limits_of(limits),
            Delivery(result_delivery_url, result_delivery_cta, csv_export_enabled),
        )
        return await service.create(info.context.work, external_customer_id, name, begins_with)

    @operation(
        "Changes a partner customer: status, policies, limits, and the delivery of results. What "
        "is absent stays as it is, and null takes a name, URL, text or limit away. It holds from "
        "the next search or reveal on; a change of policy changes no balance.",
        returns=PartnerCustomer,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.NOT_FOUND),
        managed=True,
    )
    async def update_partner_customer(
        self,
        info: strawberry.Info[Context, None],
        partner_customer_id: PartnerCustomerId,
        name: Annotated[strawberry.Maybe[str | None], _NAME] = None,
        status: Annotated[
            CustomerStatus | None, argument("active, or suspended: no searches, no reveals.")
        ] = strawberry.UNSET,
        credit_enforcement_mode: Annotated[EnforcementMode | None, _MODE] = strawberry.UNSET,
        credit_reset_policy: Annotated[ResetPolicy | None, _POLICY] = strawberry.UNSET,
        limits: Annotated[strawberry.Maybe[WalletLimitsInput | None], _LIMITS] = None,
        result_delivery_url: Annotated[strawberry.Maybe[str | None], _URL] = None,
        result_delivery_cta: Annotated[strawberry.Maybe[str | None], _CTA] = None,
        csv_export_enabled: Annotated[strawberry.Maybe[bool | None], _CSV] = None,
    ) -> CustomerRow:
        """Update partner customer."""
        chosen: dict[str, object] = {
            "status": status,
            "credit_enforcement_mode": credit_enforcement_mode,
            "credit_reset_policy": credit_reset_policy,
        }
        replaced: dict[str, strawberry.Some[Any] | None] = {
            "name": name,
            "result_delivery_url": result_delivery_url,
            "result_delivery_cta": result_delivery_cta,
            "csv_export_enabled": csv_export_enabled,
        }
        changes = {key: value for key, value in chosen.items() if value is not None}
        changes |= {key: some.value for key, some in replaced.items() if some is not None}
        given = None
        if limits is not None:
            given = _NO_LIMITS if limits.value is None else sent_limits(limits.value)
        return await service.change(info.context.work, partner_customer_id, changes, given)
