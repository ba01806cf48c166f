"""Partner customers as they are given out by every door."""

from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from api.domain.partner_customer.rules import (
    ActionLabels,
    CustomerStatus,
    Delivery,
    EnforcementMode,
    Limits,
    ResetPolicy,
    ResultAction,
)


class CustomerRow(NamedTuple):
    """A customer as its partner sees it."""

    partner_customer_id: UUID
    external_customer_id: str
    name: str | None
    status: CustomerStatus
    credit_enforcement_mode: EnforcementMode
    credit_reset_policy: ResetPolicy
    limits: Limits
    result_delivery_url: str | None
    result_delivery_cta: str | None
    csv_export_enabled: bool
    allowed_result_actions: list[ResultAction]
    result_action_labels: ActionLabels
    created_at: datetime

    @property
    def id(self) -> UUID:
        """The same id, as rows in the order of their creation are called."""
        return self.partner_customer_id


def delivery_fields(delivery: Delivery) -> dict[str, object]:
    """The fields of a row that say how results leave the iframe."""
    return {
        "result_delivery_url": delivery.result_delivery_url,
        "result_delivery_cta": delivery.result_delivery_cta,
        "csv_export_enabled": bool(delivery.csv_export_enabled),
        "allowed_result_actions": delivery.actions,
        "result_action_labels": delivery.labels,
    }
