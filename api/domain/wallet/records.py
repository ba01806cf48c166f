"""Wallets, grants and entries as they are given out by every door."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.domain.partner_customer.rules import (
    ActionLabels,
    CustomerStatus,
    EnforcementMode,
    Limits,
    ResetPolicy,
    ResultAction,
)
from api.domain.wallet.model import EntryKind
from api.domain.wallet.rules import BlockReason


class WalletUsage(NamedTuple):
    """What the customer used in this UTC month, and in its life."""

    monthly_credit_units: int
    lifetime_credit_units: int
    monthly_search_sessions: int
    lifetime_search_sessions: int
    monthly_record_reveals: int
    lifetime_record_reveals: int


class LimitState(NamedTuple):
    """Whether the next search, and the next reveal of one record, would be refused, and why."""

    can_search: bool
    can_reveal: bool
    search_block_reason: BlockReason | None
    reveal_block_reason: BlockReason | None


class WalletView(NamedTuple):
    """The documented ``wallet``."""

    available_credit_units: int | None
    granted_credit_units: int
    applied_credit_units: int
    monthly_applied_credit_units: int
    lifetime_applied_credit_units: int
    credit_enforcement_mode: EnforcementMode
    credit_reset_policy: ResetPolicy
    active_credit_grants: int
    monthly_credit_units_used: int
    lifetime_credit_units_used: int
    limits: Limits
    usage: WalletUsage
    limit_state: LimitState
    allowed_result_actions: list[ResultAction]
    result_action_labels: ActionLabels


class WalletSummary(NamedTuple):
    """A customer's wallet, with what a frontend needs of the customer."""

    partner_customer_id: UUID
    status: CustomerStatus
    allowed_result_actions: list[ResultAction]
    result_action_labels: ActionLabels
    wallet: WalletView


class CreditGrantRow(NamedTuple):
    """A grant as it was made."""

    id: UUID
    partner_customer_id: UUID
    credit_units_granted: int
    credit_type: str | None
    starts_at: datetime
    expires_at: datetime | None
    note: str | None
    created_at: datetime


class GrantedCredits(NamedTuple):
    """A new grant, and the wallet with it."""

    credit_grant: CreditGrantRow
    partner_customer_id: UUID
    status: CustomerStatus
    allowed_result_actions: list[ResultAction]
    result_action_labels: ActionLabels
    wallet: WalletView


class EntryRow(NamedTuple):
    """A row of the journal."""

    seq: int
    kind: EntryKind
    source_id: str
    amount: int
    balance_after: int
    credit_units: int
    record_reveals: int
    user_id: str | None
    occurred_at: datetime
