"""Wallets of partner customers: what they hold, what they may, and their journal."""

from datetime import UTC, datetime
from typing import Annotated

import strawberry

from api.caller import CallerKind
from api.domain.partner_customer.rules import (
    CustomerStatus,
    EnforcementMode,
    ResetPolicy,
    ResultAction,
)
from api.domain.wallet import grants, records
from api.domain.wallet.model import EntryKind
from api.domain.wallet.rules import MAX_GRANTED, MAX_NOTE_CHARS, MAX_TYPE_CHARS, BlockReason
from api.domain.wallet.service import summary
from api.errors import ErrorCode
from graph.absence import ABSENT, Absent
from graph.context import Context
from graph.customer_policy import ShownLimits
from graph.operation import argument, operation
from graph.paging import ListPagination, PageInfo
from graph.scalars import BigInt

_LONGEST_ID = 64

strawberry.enum(
    CustomerStatus,
    name="PartnerCustomerStatus",
    description="Suspended customers can neither search nor reveal.",
)
strawberry.enum(ResultAction, description="What can be done with results inside the iframe.")
strawberry.enum(
    BlockReason,
    name="WalletBlockReason",
    description="Why a search or a reveal is refused; the first of these that applies.",
)
strawberry.enum(
    EntryKind,
    name="WalletEntryKind",
    description="What happened: credit units were granted (`grant`), used (`reveal`), renewed by "
    "the month (`renewal`), or ended with their grant (`expiry`); or a search session was counted "
    "(`search`).",
)

PartnerCustomerId = Annotated[
    strawberry.ID,
    argument(
        "Partner customer identifier returned by POST /v1/partner-customers.",
        min_length=1,
        max_length=_LONGEST_ID,
    ),
]


@strawberry.type(description="Texts on the buttons of the actions that are allowed.")
class ResultActionLabels:
    """Projected from :class:`api.domain.partner_customer.rules.ActionLabels`."""

    push_endpoint: str | None = strawberry.field(
        description="Of the delivery to the partner's endpoint: the result_delivery_cta."
    )
    csv_export: str | None = strawberry.field(description="Of the export as CSV.")


@strawberry.type(description="Monthly (UTC) and lifetime customer usage counters.")
class WalletUsage:
    """Projected from :class:`api.domain.wallet.records.WalletUsage`."""

    monthly_credit_units: BigInt = strawberry.field(description="Credit units used this month.")
    lifetime_credit_units: BigInt = strawberry.field(description="Credit units ever used.")
    monthly_search_sessions: BigInt = strawberry.field(description="Searches of this month.")
    lifetime_search_sessions: BigInt = strawberry.field(description="All searches.")
    monthly_record_reveals: BigInt = strawberry.field(description="Records revealed this month.")
    lifetime_record_reveals: BigInt = strawberry.field(description="All records revealed.")


@strawberry.type(description="Computed flags, and the reasons why they are not set.")
class WalletLimitState:
    """Projected from :class:`api.domain.wallet.records.LimitState`."""

    can_search: bool = strawberry.field(description="Whether a search would be admitted.")
    can_reveal: bool = strawberry.field(description="Whether revealing a record would be.")
    search_block_reason: BlockReason | None = strawberry.field(
        description="Why a search would be refused.", metadata={ABSENT: Absent.KEEP_NULL}
    )
    reveal_block_reason: BlockReason | None = strawberry.field(
        description="Why a reveal would be refused.", metadata={ABSENT: Absent.KEEP_NULL}
    )


@strawberry.type(description="A customer's wallet at this moment.")
class Wallet:
    """Projected from :class:`api.domain.wallet.records.WalletView`."""

    available_credit_units: BigInt | None = strawberry.field(
        description="Remaining wallet credit units from active grants. Null means no finite "
        "grant-backed wallet is configured: no grant was ever made, and the limits alone apply.",
        metadata={ABSENT: Absent.KEEP_NULL},
    )
    granted_credit_units: BigInt = strawberry.field(
        description="Active credit units granted to the customer wallet."
    )
    applied_credit_units: BigInt = strawberry.field(
        description="Credit units applied to the current wallet period: lifetime for rollover "
        "wallets, current month for monthly_reset wallets."
    )
    monthly_applied_credit_units: BigInt = strawberry.field(
        description="Credit units applied in the current month (UTC)."
    )
    lifetime_applied_credit_units: BigInt = strawberry.field(
        description="Credit units ever applied."
    )
    credit_enforcement_mode: EnforcementMode = strawberry.field(
        description="enforced hard-stops on customer limits and finite wallet balances; metered "
        "keeps usage reporting without customer-level hard stops."
    )
    credit_reset_policy: ResetPolicy = strawberry.field(
        description="rollover carries unused wallet credits forward; monthly_reset renews the "
        "active grant balance each calendar month."
    )
    active_credit_grants: int = strawberry.field(
        description="Grants that have started and not ended."
    )
    monthly_credit_units_used: BigInt = strawberry.field(
        description="Credit units used in the current month (UTC)."
    )
    lifetime_credit_units_used: BigInt = strawberry.field(description="Credit units ever used.")
    limits: ShownLimits = strawberry.field(
        description="Configured monthly and lifetime credit, search-session, and record-reveal "
        "limits."
    )
    usage: WalletUsage = strawberry.field(
        description="Monthly and lifetime customer usage counters."
    )
    limit_state: WalletLimitState = strawberry.field(
        description="Computed can_search, can_reveal, and block reason flags."
    )
    allowed_result_actions: list[ResultAction] = strawberry.field(
        description="Configured result actions available in the iframe."
    )
    result_action_labels: ResultActionLabels = strawberry.field(
        description="Display labels of the allowed actions."
    )


@strawberry.type(description="An entry of a wallet's journal, which only grows.")
class WalletEntry:
    """Projected from :class:`api.domain.wallet.records.EntryRow`."""

    seq: BigInt = strawberry.field(description="Counts the entries of a wallet from 1.")
    kind: EntryKind = strawberry.field(description="What happened.")
    source_id: str = strawberry.field(
        description="By what: a grant, a search session, a purchase, or the month. No two entries "
        "of a kind have the same."
    )
    amount: BigInt = strawberry.field(description="The change of the balance, in credit units.")
    balance_after: BigInt = strawberry.field(description="The balance after it.")
    credit_units: BigInt = strawberry.field(
        description="Credit units used, those included that no grant had."
    )
    record_reveals: BigInt = strawberry.field(description="Records revealed.")
    user_id: str | None = strawberry.field(description="The partner's user who did it, if named.")
    occurred_at: datetime = strawberry.field(description="When it happened.")


@strawberry.type(description="An entry with the cursor that continues after it.")
class WalletEntryEdge:
    """Projected from :class:`api.paging.Edge`."""

    node: WalletEntry = strawberry.field(description="The entry.")
    cursor: str = strawberry.field(description="Continues after this entry.")


@strawberry.type(description="One page of a wallet's journal.")
class WalletEntryConnection:
    """Projected from :class:`api.paging.Page`."""

    nodes: list[WalletEntry] = strawberry.field(description="The entries, newest first.")
    edges: list[WalletEntryEdge] = strawberry.field(description="The same, with cursors.")
    page_info: PageInfo = strawberry.field(description="Relay's page information.")
    pagination: ListPagination = strawberry.field(description="Page metadata.")


@strawberry.type(description="Credit units that were granted to a wallet.")
class CreditGrant:
    """Projected from :class:`api.domain.wallet.records.CreditGrantRow`."""

    id: strawberry.ID = strawberry.field(description="Grant identifier.")
    partner_customer_id: strawberry.ID = strawberry.field(
        description="Partner customer identifier."
    )
    credit_units_granted: int = strawberry.field(description="Credit units granted.")
    credit_type: str | None = strawberry.field(description="Grant type label.")
    starts_at: datetime = strawberry.field(description="When the grant becomes active.")
    expires_at: datetime | None = strawberry.field(description="When the grant expires.")
    note: str | None = strawberry.field(description="Internal note for the grant.")
    created_at: datetime = strawberry.field(description="When the grant was made.")


@strawberry.type(description="A new grant, and the wallet with it.")
class GrantedWalletCredits:
    """Projected from :class:`api.domain.wallet.records.GrantedCredits`."""

    credit_grant: CreditGrant = strawberry.field(description="Created credit grant row.")
    partner_customer_id: strawberry.ID = strawberry.field(
        description="Partner customer identifier."
    )
    status: CustomerStatus = strawberry.field(description="Current partner customer status.")
    allowed_result_actions: list[ResultAction] = strawberry.field(
        description="Configured result actions available in the iframe."
    )
    result_action_labels: ResultActionLabels = strawberry.field(
        description="Display labels of the allowed actions."
    )
    wallet: Wallet = strawberry.field(
        description="Updated wallet balance, usage, limits, and limit state."
    )


@strawberry.type(description="The wallet of a customer, as its own frontend sees it.")
class ProspectingWallet:
    """Projected from :class:`api.domain.wallet.records.WalletSummary`."""

    partner_customer_id: strawberry.ID = strawberry.field(
        description="Partner customer identifier from the embed token."
    )
    status: CustomerStatus = strawberry.field(description="Current partner customer status.")
    allowed_result_actions: list[ResultAction] = strawberry.field(
        description="Configured result actions available in the iframe, such as push_endpoint and "
        "csv_export."
    )
    result_action_labels: ResultActionLabels = strawberry.field(
        description="Display labels for configured iframe actions, including the partner-provided "
        "result_delivery_cta for push_endpoint."
    )
    wallet: Wallet = strawberry.field(
        description="Scoped wallet balance, usage, limits, and limit state for the embed customer "
        "only."
    )


@strawberry.type
class WalletQuery:
    """The queries about wallets; partners read those of their customers as a part of them."""

    @operation(
        "Returns the wallet summary for the scoped customer in a prospecting embed token. Use this "
        "from hosted iframes or partner frontends without exposing the partner API key.",
        returns=ProspectingWallet,
        errors=(ErrorCode.NOT_FOUND,),
        callers=(CallerKind.EMBED_TOKEN,),
    )
    async def prospecting_wallet(
        self, info: strawberry.Info[Context, None]
    ) -> records.WalletSummary:
        """Prospecting embed wallet."""
        work = info.context.work
        embed = work.embed
        return await summary(
            work.stores.postgres, embed.account_id, embed.partner_customer_id, datetime.now(UTC)
        )


@strawberry.type
class WalletMutation:
    """What changes wallets."""

    @operation(
        "Adds a virtual credit grant to one partner customer wallet and returns the updated wallet "
        "summary. Grants that end first are used first; a wallet has at most 100 that have not "
        "ended.",
        returns=GrantedWalletCredits,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
        managed=True,
    )
    async def grant_wallet_credits(
        self,
        info: strawberry.Info[Context, None],
        partner_customer_id: PartnerCustomerId,
        credit_units: Annotated[
            int,
            argument(
                "Positive number of credit units to grant to this customer wallet.",
                min=1,
                max=MAX_GRANTED,
            ),
        ],
        credit_type: Annotated[
            str | None,
            argument(
                "Optional grant type label, for example prepaid or partner.",
                max_length=MAX_TYPE_CHARS,
            ),
        ] = strawberry.UNSET,
        starts_at: Annotated[
            datetime | None,
            argument("Optional ISO timestamp when the grant becomes active. Defaults to now."),
        ] = strawberry.UNSET,
        expires_at: Annotated[
            datetime | None,
            argument(
                "Optional ISO timestamp when the grant expires: in the future, after starts_at."
            ),
        ] = strawberry.UNSET,
        note: Annotated[
            str | None,
            argument("Optional internal note for the grant.", max_length=MAX_NOTE_CHARS),
        ] = strawberry.UNSET,
    ) -> records.GrantedCredits:
        """Grant partner customer wallet credits."""
        return await grants.grant_credits(
            info.context.work,
            partner_customer_id,
            credit_units,
            credit_type=credit_type,
            starts_at=starts_at,
            expires_at=expires_at,
            note=note,
        )
