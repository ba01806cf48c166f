"""What a partner's customer may be: status, policies, limits, and how results leave the iframe."""

import re
from enum import StrEnum
from typing import Any, NamedTuple, Self

from api.domain.delivery.rules import check_url
from api.errors import invalid

MAX_EXTERNAL_ID_CHARS = 200
MAX_NAME_CHARS = 200
MAX_CTA_CHARS = 60
MAX_LIMIT = 1_000_000_000
"""The highest limit, of whatever is limited; 0 allows nothing."""

_BLANK = re.compile(r"\s+")


class CustomerStatus(StrEnum):
    """Suspended customers can neither search nor reveal, whatever their mode."""

    ACTIVE = "active"
    SUSPENDED = "suspended"


class EnforcementMode(StrEnum):
    """``enforced`` stops at limits and at an empty wallet; ``metered`` only counts."""

    ENFORCED = "enforced"
    METERED = "metered"


class ResetPolicy(StrEnum):
    """``monthly_reset`` renews active grants each UTC month; ``rollover`` keeps what is left."""

    MONTHLY_RESET = "monthly_reset"
    ROLLOVER = "rollover"


class ResultAction(StrEnum):
    """What a person inside the iframe can do with results."""

    PUSH_ENDPOINT = "push_endpoint"
    CSV_EXPORT = "csv_export"


class ActionLabels(NamedTuple):
    """The texts on the buttons of the actions that are allowed; ``None`` for others."""

    push_endpoint: str | None
    csv_export: str | None


class Limits(NamedTuple):
    """The most that a customer may use in a UTC month, and in its life; ``None`` is no limit."""

    monthly_credit_units: int | None = None
    lifetime_credit_units: int | None = None
    monthly_search_sessions: int | None = None
    lifetime_search_sessions: int | None = None
    monthly_record_reveals: int | None = None
    lifetime_record_reveals: int | None = None

    @classmethod
    def stored(cls, members: dict[str, Any]) -> Self:
        """From the form they are stored in."""
        return cls(**members)

    def storable(self) -> dict[str, int]:
        """The limits that are set, by name."""
        return {name: limit for name, limit in self._asdict().items() if limit is not None}


DEFAULT_MODE = EnforcementMode.METERED
DEFAULT_POLICY = ResetPolicy.MONTHLY_RESET
DEFAULT_PUSH_LABEL = "Push"
CSV_LABEL = "Export CSV"


class Delivery(NamedTuple):
    """How results leave the iframe; ``None`` is what nobody has said."""

    result_delivery_url: str | None = None
    result_delivery_cta: str | None = None
    csv_export_enabled: bool | None = None

    @property
    def actions(self) -> list[ResultAction]:
        """The actions that are allowed: what has an address, and what was switched on."""
        allowed = []
        if self.result_delivery_url is not None:
            allowed.append(ResultAction.PUSH_ENDPOINT)
        if self.csv_export_enabled:
            allowed.append(ResultAction.CSV_EXPORT)
        return allowed

    @property
    def labels(self) -> ActionLabels:
        """The texts of their buttons."""
        push = self.result_delivery_cta or DEFAULT_PUSH_LABEL
        return ActionLabels(
            push if self.result_delivery_url is not None else None,
            CSV_LABEL if self.csv_export_enabled else None,
        )


class CustomerDefaults(NamedTuple):
    """What a customer begins with: given by its partner, or by the embed key it came through."""

    credit_enforcement_mode: EnforcementMode = DEFAULT_MODE
    credit_reset_policy: ResetPolicy = DEFAULT_POLICY
    limits: Limits = Limits()
    delivery: Delivery = Delivery()


def label_of(asked: str | None) -> str | None:
    """A name or label on one line, without blanks around it; an empty one is none."""
    return _BLANK.sub(" ", asked or "").strip() or None


def checked_delivery(asked: Delivery, *, insecure: bool) -> Delivery:
    """The settings as they are stored.

    Raises ``invalid_input`` for a URL that deliveries may not go to; ``insecure`` as in
    :func:`api.domain.delivery.rules.check_url`.
    """
    if asked.result_delivery_url is not None:
        try:
            check_url(asked.result_delivery_url, insecure=insecure)
        except ValueError as error:
            raise invalid("result_delivery_url", str(error)) from None
    return asked._replace(result_delivery_cta=label_of(asked.result_delivery_cta))
