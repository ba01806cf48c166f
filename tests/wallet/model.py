"""What a wallet should be, the slow and plain way: time passes tick by tick."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from uuid import UUID

TICK = timedelta(hours=6)


@dataclass
class ModelGrant:
    """A grant, and what it has left; ``left`` is ``None`` before it starts and after it ends."""

    id: UUID
    units: int
    starts: datetime
    ends: datetime | None
    left: int | None = None


@dataclass
class Use:
    """Something that was used: a search session, or ``records`` for as many credit units."""

    month: tuple[int, int]
    records: int


@dataclass
class Model:
    """One wallet."""

    now: datetime
    mode: str = "enforced"
    policy: str = "rollover"
    status: str = "active"
    limits: dict[str, int] = field(default_factory=dict)
    grants: list[ModelGrant] = field(default_factory=list)
    uses: list[Use] = field(default_factory=list)
    sources: set[tuple[str, str]] = field(default_factory=set)
    drawn: int = 0
    """Credit units that grants gave."""

    def pass_time(self, ticks: int) -> None:
        """Moves on, tick by tick."""
        for _ in range(ticks):
            self.now += TICK
            for grant in self.grants:
                if grant.ends is not None and grant.ends <= self.now:
                    grant.left = None
            midnight = (self.now.day, self.now.hour) == (1, 0)
            if midnight and self.policy == "monthly_reset":
                for grant in self.active:
                    grant.left = grant.units
            for grant in self.grants:
                if grant.starts == self.now:
                    grant.left = grant.units

    def grant(self, key: UUID, units: int, starts: datetime, ends: datetime | None) -> None:
        """A grant more."""
        begun = starts <= self.now
        self.grants.append(ModelGrant(key, units, starts, ends, units if begun else None))

    def search(self, source: str) -> str | None:
        """A search session; the reason of a refusal."""
        if ("search", source) in self.sources:
            return None
        reason = self.search_refusal()
        if reason is None:
            self.sources.add(("search", source))
            self.uses.append(Use(self.month, 0))
        return reason

    def reveal(self, records: int, source: str) -> str | None:
        """A purchase; the reason of a refusal."""
        if ("reveal", source) in self.sources:
            return None
        reason = self.reveal_refusal(records)
        if reason is None:
            self.sources.add(("reveal", source))
            self.uses.append(Use(self.month, records))
            for _ in range(records):
                self._draw_one()
        return reason

    def _draw_one(self) -> None:
        for grant in sorted(self.active, key=lambda each: (each.ends or _NEVER, each.starts)):
            if grant.left:
                grant.left -= 1
                self.drawn += 1
                return

    @property
    def month(self) -> tuple[int, int]:
        """The year and month."""
        return self.now.year, self.now.month

    @property
    def active(self) -> list[ModelGrant]:
        """The grants that have started and not ended."""
        return [each for each in self.grants if each.left is not None]

    @property
    def available(self) -> int | None:
        """What can be spent; ``None`` where there never was a grant."""
        return sum(each.left or 0 for each in self.active) if self.grants else None

    def used(self, what: str, *, monthly: bool) -> int:
        """What was used of credit units, search sessions or record reveals."""
        uses = [each for each in self.uses if not monthly or each.month == self.month]
        if what == "search_sessions":
            return sum(each.records == 0 for each in uses)
        return sum(each.records for each in uses)

    def search_refusal(self) -> str | None:
        """Why a search would be refused."""
        return self._refusal(1, ("search_sessions",))

    def reveal_refusal(self, records: int) -> str | None:
        """Why so many reveals would be refused."""
        return self._refusal(records, ("credit_units", "record_reveals"))

    def _refusal(self, needed: int, kinds: tuple[str, ...]) -> str | None:
        if self.status == "suspended":
            return "customer_suspended"
        if self.mode == "metered":
            return None
        if "credit_units" in kinds and self.available is not None and needed > self.available:
            return "insufficient_credits"
        for kind in kinds:
            for period in ("monthly", "lifetime"):
                limit = self.limits.get(f"{period}_{kind}")
                used = self.used(kind, monthly=period == "monthly")
                if limit is not None and used + needed > limit:
                    return f"{period}_{_NAMES[kind]}_limit"
        return None


_NEVER = datetime.max.replace(tzinfo=UTC)
_NAMES = {"credit_units": "credit", "search_sessions": "search", "record_reveals": "reveal"}
