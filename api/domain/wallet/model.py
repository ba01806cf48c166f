"""What a wallet is. Pure; ``rules.py`` says what happens to it.

The model of time. A wallet is its grants and the journal's entries; its balance is what the grants
that are active have left, and never negative. A grant is active from ``starts_at`` until, and
without, ``expires_at``. Time alone changes a balance three ways, each an entry of its own:

* ``grant``: a grant starts and adds its credit units;
* ``expiry``: a grant ends and takes along what it had left;
* ``renewal``: a UTC month begins, and with ``monthly_reset`` every active grant is full again.

At the same moment grants end first, then they are renewed, then others start. These entries are
written when the wallet is next locked, with the moments at which they happened; whoever only looks
computes them (``rules.settled``) and sees the same. So the balance is a function of journal, grants
and clock. A clock that runs behind the journal counts as the journal's last moment.

Spending draws on the grant that ends first, then on the oldest. Credit units that no grant has are
counted as used and owed by nobody: that happens to ``metered`` wallets, and to those that never had
a grant, for which limits alone apply. Once there was a grant, the wallet is finite for good, and an
``enforced`` one whose grants have ended is empty, not unlimited. A change of policy changes no
balance; it decides what the next month's beginning does.
"""

from dataclasses import dataclass
from datetime import UTC, date, datetime
from enum import StrEnum
from typing import NamedTuple
from uuid import UUID

from api.domain.partner_customer.rules import (
    CustomerStatus,
    EnforcementMode,
    Limits,
    ResetPolicy,
)

_FOR_EVER = datetime.max.replace(tzinfo=UTC)


class GrantState(StrEnum):
    """Where the journal is with a grant."""

    PENDING = "pending"
    ACTIVE = "active"
    EXPIRED = "expired"


class EntryKind(StrEnum):
    """What can happen to a wallet."""

    GRANT = "grant"
    SEARCH = "search"
    REVEAL = "reveal"
    RENEWAL = "renewal"
    EXPIRY = "expiry"


@dataclass(frozen=True, slots=True)
class Grant:
    """Credit units for a time; ``remaining`` is what is left of them while it is active."""

    id: UUID
    credit_units: int
    starts_at: datetime
    expires_at: datetime | None
    state: GrantState
    remaining: int

    @property
    def order(self) -> tuple[datetime, datetime, UUID]:
        """Which one is drawn on first."""
        return (self.expires_at or _FOR_EVER, self.starts_at, self.id)


class Counters(NamedTuple):
    """What was used."""

    credit_units: int = 0
    search_sessions: int = 0
    record_reveals: int = 0

    def plus(self, other: "Counters") -> "Counters":
        """The sum of both."""
        return Counters(*(mine + theirs for mine, theirs in zip(self, other, strict=True)))


_NOTHING = Counters()


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the journal; ``postings`` are the parts of ``amount`` by grant."""

    seq: int
    kind: EntryKind
    source_id: str
    amount: int
    balance_after: int
    postings: dict[UUID, int]
    occurred_at: datetime
    used: Counters = _NOTHING
    user_id: str | None = None


@dataclass(frozen=True, slots=True)
class Wallet:
    """A wallet as of ``settled_at``. ``grants`` are those that have not ended by then."""

    account_id: UUID
    partner_customer_id: UUID
    status: CustomerStatus
    mode: EnforcementMode
    policy: ResetPolicy
    limits: Limits
    finite: bool
    """Whether it ever had a grant."""
    seq: int
    balance: int
    settled_at: datetime
    counted_month: date
    monthly: Counters
    """What was used in ``counted_month``, the last one in which anything was."""
    lifetime: Counters
    grants: tuple[Grant, ...]

    def at(self, now: datetime) -> datetime:
        """The moment that counts: time does not run backwards within a journal."""
        return max(now.astimezone(UTC), self.settled_at)

    def this_month(self, now: datetime) -> Counters:
        """What was used in the UTC month of a moment."""
        return self.monthly if month_of(self.at(now)) == self.counted_month else _NOTHING

    @property
    def active(self) -> list[Grant]:
        """The grants that can be drawn on, in the order in which they are."""
        found = [each for each in self.grants if each.state is GrantState.ACTIVE]
        return sorted(found, key=lambda each: each.order)


class Booked(NamedTuple):
    """A wallet after some entries, and the entries."""

    wallet: Wallet
    entries: tuple[Entry, ...] = ()


def month_of(moment: datetime) -> date:
    """The first day of a moment's UTC month."""
    return moment.astimezone(UTC).date().replace(day=1)
