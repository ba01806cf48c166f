"""What partners say about their customers' wallets, in arguments and answers of several nouns."""

from dataclasses import fields

import strawberry

from api.domain.partner_customer.rules import (
    MAX_LIMIT,
    EnforcementMode,
    Limits,
    ResetPolicy,
)
from graph.absence import ABSENT, Absent
from graph.operation import member

strawberry.enum(
    EnforcementMode,
    name="CreditEnforcementMode",
    description="`enforced` hard-stops on customer limits and finite wallet balances; `metered` "
    "keeps usage reporting without customer-level hard stops.",
)
strawberry.enum(
    ResetPolicy,
    name="CreditResetPolicy",
    description="`rollover` carries unused wallet credits forward; `monthly_reset` renews the "
    "active grant balance each calendar month (UTC).",
)

_MEANINGS = {
    "monthly_credit_units": "Credit units in a calendar month (UTC).",
    "lifetime_credit_units": "Credit units in all.",
    "monthly_search_sessions": "Search sessions in a calendar month (UTC).",
    "lifetime_search_sessions": "Search sessions in all.",
    "monthly_record_reveals": "Records revealed in a calendar month (UTC).",
    "lifetime_record_reveals": "Records revealed in all.",
}


def _limit(name: str) -> int | None:
    limit: int | None = member(_MEANINGS[name], default=strawberry.UNSET, min=0, max=MAX_LIMIT)
    return limit


def _configured(name: str) -> int | None:
    # Documented with null for a wallet without limits; the others are absent then.
    absence = Absent.KEEP_NULL if name == "monthly_credit_units" else Absent.OMIT_NULL
    shown: int | None = strawberry.field(description=_MEANINGS[name], metadata={ABSENT: absence})
    return shown


@strawberry.input(
    name="WalletLimitsInput",
    description="Limits of a customer's wallet; 0 allows nothing. What is not given is not "
    "limited, or, in a change, stays as it is; null lifts a limit.",
)
class WalletLimitsInput:
    """Becomes :class:`api.domain.partner_customer.rules.Limits`."""

    monthly_credit_units: int | None = _limit("monthly_credit_units")
    lifetime_credit_units: int | None = _limit("lifetime_credit_units")
    monthly_search_sessions: int | None = _limit("monthly_search_sessions")
    lifetime_search_sessions: int | None = _limit("lifetime_search_sessions")
    monthly_record_reveals: int | None = _limit("monthly_record_reveals")
    lifetime_record_reveals: int | None = _limit("lifetime_record_reveals")


def sent_limits(given: WalletLimitsInput) -> dict[str, int | None]:
    """The limits that were sent, by name; ``None`` lifts one."""
    named = {each.name: getattr(given, each.name) for each in fields(given)}
    return {name: limit for name, limit in named.items() if limit is not strawberry.UNSET}


def limits_of(given: WalletLimitsInput | None) -> Limits:
    """The limits that were sent; none are no limits."""
    return Limits() if given is None else Limits(**sent_limits(given))


@strawberry.type(
    name="WalletLimits",
    description="Configured monthly and lifetime limits; null where there is none.",
)
class ShownLimits:
    """Projected from :class:`api.domain.partner_customer.rules.Limits`."""

    monthly_credit_units: int | None = _configured("monthly_credit_units")
    lifetime_credit_units: int | None = _configured("lifetime_credit_units")
    monthly_search_sessions: int | None = _configured("monthly_search_sessions")
    lifetime_search_sessions: int | None = _configured("lifetime_search_sessions")
    monthly_record_reveals: int | None = _configured("monthly_record_reveals")
    lifetime_record_reveals: int | None = _configured("lifetime_record_reveals")
