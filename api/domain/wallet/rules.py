"""What happens to a wallet in time, what it may spend, and which entries say so. Pure."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from datetime import UTC, datetime
from enum import StrEnum
from functools import partial
from typing import NamedTuple
from uuid import UUID

from api.domain.partner_customer.rules import CustomerStatus, EnforcementMode, ResetPolicy
from api.domain.wallet.model import (
    Booked,
    Counters,
    Entry,
    EntryKind,
    Grant,
    GrantState,
    Wallet,
    month_of,
)
from api.errors import DomainError, ErrorCode

CREDIT_UNITS_PER_RECORD = 1
MAX_GRANTED = 1_000_000_000
"""Credit units of one grant."""
MAX_OPEN_GRANTS = 100
"""Grants of a wallet that have not ended: all of them are looked at whenever it spends."""
MAX_TYPE_CHARS = 40
MAX_NOTE_CHARS = 500


class BlockReason(StrEnum):
    """Why a search or a reveal is refused; the first that applies, in this order, is told."""

    CUSTOMER_SUSPENDED = "customer_suspended"
    INSUFFICIENT_CREDITS = "insufficient_credits"
    MONTHLY_CREDIT_LIMIT = "monthly_credit_limit"
    LIFETIME_CREDIT_LIMIT = "lifetime_credit_limit"
    MONTHLY_SEARCH_LIMIT = "monthly_search_limit"
    LIFETIME_SEARCH_LIMIT = "lifetime_search_limit"
    MONTHLY_REVEAL_LIMIT = "monthly_reveal_limit"
    LIFETIME_REVEAL_LIMIT = "lifetime_reveal_limit"


class Block(NamedTuple):
    """A refusal: how much was needed and how much there was, of what the reason is about."""

    reason: BlockReason
    needed: int | None = None
    available: int | None = None


def _next_month(moment: datetime) -> datetime:
    year, month = divmod(moment.year * 12 + moment.month, 12)
    return datetime(year, month + 1, 1, tzinfo=UTC)


def settled(wallet: Wallet, now: datetime) -> Booked:
    """The wallet at a moment: with everything that time has done to it by then."""
    now = wallet.at(now)
    entries: list[Entry] = []
    for moment, _, change in sorted(_due(wallet, now), key=lambda each: each[:2]):
        wallet, made = change(wallet, moment)
        entries += made
    return Booked(replace(wallet, settled_at=now), tuple(entries))


def _due(
    wallet: Wallet, now: datetime
) -> Iterator[tuple[datetime, int, Callable[[Wallet, datetime], Booked]]]:
    for grant in wallet.grants:
        if grant.state is GrantState.PENDING and grant.starts_at <= now:
            yield grant.starts_at, 2, partial(_start, grant_id=grant.id)
        if grant.expires_at is not None and grant.expires_at <= now:
            yield grant.expires_at, 0, partial(_end, grant_id=grant.id)
    # Nothing is drawn between two settlements, so what the first month renews stays full.
    renewed_at = _next_month(wallet.settled_at)
    if wallet.policy is ResetPolicy.MONTHLY_RESET and renewed_at <= now:
        yield renewed_at, 1, _renew


def _start(wallet: Wallet, moment: datetime, *, grant_id: UUID) -> Booked:
    grant = _grant(wallet, grant_id)
    wallet = _with(wallet, replace(grant, state=GrantState.ACTIVE))
    postings = {grant.id: grant.credit_units}
    return _booked(wallet, EntryKind.GRANT, str(grant.id), postings, moment)


def _end(wallet: Wallet, moment: datetime, *, grant_id: UUID) -> Booked:
    grant = _grant(wallet, grant_id)
    booked = Booked(wallet)
    if grant.remaining:
        postings = {grant.id: -grant.remaining}
        booked = _booked(wallet, EntryKind.EXPIRY, str(grant.id), postings, moment)
    ended = replace(grant, state=GrantState.EXPIRED, remaining=0)
    return booked._replace(wallet=_with(booked.wallet, ended))


def _renew(wallet: Wallet, moment: datetime) -> Booked:
    drawn = {each.id: each.credit_units - each.remaining for each in wallet.active}
    postings = {grant_id: units for grant_id, units in drawn.items() if units}
    if not postings:
        return Booked(wallet)
    return _booked(wallet, EntryKind.RENEWAL, f"{moment:%Y-%m}", postings, moment)


def granted(wallet: Wallet, grant: Grant, now: datetime) -> Booked:
    """A settled wallet with a grant more, which is ``pending`` until it starts."""
    now = wallet.at(now)
    wallet = replace(wallet, grants=(*wallet.grants, grant), finite=True)
    return _start(wallet, now, grant_id=grant.id) if grant.starts_at <= now else Booked(wallet)


def searched(wallet: Wallet, source_id: str, user_id: str | None, now: datetime) -> Booked:
    """A settled wallet after a search session; raises what :func:`admit_search` does."""
    admit_search(wallet, now)
    return _used(wallet, EntryKind.SEARCH, source_id, user_id, {}, Counters(0, 1, 0), now)


def revealed(
    wallet: Wallet, records: int, source_id: str, user_id: str | None, now: datetime
) -> Booked:
    """A settled wallet after ``records`` reveals (1 or more); raises as :func:`admit_reveal`."""
    admit_reveal(wallet, records, now)
    units = missing = records * CREDIT_UNITS_PER_RECORD
    postings = {}
    for grant in wallet.active:
        drawn = min(grant.remaining, missing)
        if drawn:
            postings[grant.id] = -drawn
            missing -= drawn
    used = Counters(units, 0, records)
    return _used(wallet, EntryKind.REVEAL, source_id, user_id, postings, used, now)


def _used(
    wallet: Wallet,
    kind: EntryKind,
    source_id: str,
    user_id: str | None,
    postings: dict[UUID, int],
    used: Counters,
    now: datetime,
) -> Booked:
    moment = wallet.at(now)
    counted = replace(
        wallet,
        counted_month=month_of(moment),
        monthly=wallet.this_month(moment).plus(used),
        lifetime=wallet.lifetime.plus(used),
    )
    booked = _booked(counted, kind, source_id, postings, moment)
    (entry,) = booked.entries
    return booked._replace(entries=(replace(entry, used=used, user_id=user_id),))


def _booked(
    wallet: Wallet, kind: EntryKind, source_id: str, postings: dict[UUID, int], moment: datetime
) -> Booked:
    amount = sum(postings.values())
    for grant_id, units in postings.items():
        grant = _grant(wallet, grant_id)
        wallet = _with(wallet, replace(grant, remaining=grant.remaining + units))
    balance = wallet.balance + amount
    wallet = replace(wallet, seq=wallet.seq + 1, balance=balance)
    return Booked(wallet, (Entry(wallet.seq, kind, source_id, amount, balance, postings, moment),))


def _grant(wallet: Wallet, grant_id: UUID) -> Grant:
    return next(each for each in wallet.grants if each.id == grant_id)


def _with(wallet: Wallet, grant: Grant) -> Wallet:
    others = tuple(grant if each.id == grant.id else each for each in wallet.grants)
    return replace(wallet, grants=others)


def block_of_search(wallet: Wallet, now: datetime) -> Block | None:
    """What refuses a search session of a wallet, if anything does; it costs no credits."""
    if wallet.status is CustomerStatus.SUSPENDED:
        return Block(BlockReason.CUSTOMER_SUSPENDED)
    if wallet.mode is EnforcementMode.METERED:
        return None
    limits, month, life = wallet.limits, wallet.this_month(now), wallet.lifetime
    return _first_of(
        _over(
            BlockReason.MONTHLY_SEARCH_LIMIT,
            1,
            limits.monthly_search_sessions,
            month.search_sessions,
        ),
        _over(
            BlockReason.LIFETIME_SEARCH_LIMIT,
            1,
            limits.lifetime_search_sessions,
            life.search_sessions,
        ),
    )


def block_of_reveal(wallet: Wallet, records: int, now: datetime) -> Block | None:
    """What refuses ``records`` (0 or more) reveals of a wallet, if anything does.

    No reveals are refused to suspended customers alone.
    """
    if wallet.status is CustomerStatus.SUSPENDED:
        return Block(BlockReason.CUSTOMER_SUSPENDED)
    if wallet.mode is EnforcementMode.METERED:
        return None
    limits, month, life = wallet.limits, wallet.this_month(now), wallet.lifetime
    balance = settled(wallet, now).wallet.balance if wallet.finite else None
    units = records * CREDIT_UNITS_PER_RECORD
    return _first_of(
        _over(BlockReason.INSUFFICIENT_CREDITS, units, balance, 0),
        _over(
            BlockReason.MONTHLY_CREDIT_LIMIT, units, limits.monthly_credit_units, month.credit_units
        ),
        _over(
            BlockReason.LIFETIME_CREDIT_LIMIT,
            units,
            limits.lifetime_credit_units,
            life.credit_units,
        ),
        _over(
            BlockReason.MONTHLY_REVEAL_LIMIT,
            records,
            limits.monthly_record_reveals,
            month.record_reveals,
        ),
        _over(
            BlockReason.LIFETIME_REVEAL_LIMIT,
            records,
            limits.lifetime_record_reveals,
            life.record_reveals,
        ),
    )


def _over(reason: BlockReason, needed: int, most: int | None, used: int) -> Block | None:
    left = needed if most is None else max(0, most - used)
    return Block(reason, needed, left) if needed > left else None


def _first_of(*blocks: Block | None) -> Block | None:
    return next((each for each in blocks if each is not None), None)


def admit_search(wallet: Wallet, now: datetime) -> None:
    """Raises ``insufficient_credits`` where a search session is refused, with the reason."""
    refuse(block_of_search(wallet, now))


def admit_reveal(wallet: Wallet, records: int, now: datetime) -> None:
    """Raises ``insufficient_credits`` where ``records`` (0 or more) reveals are refused.

    Its details are the ``reason`` and, but for a suspended customer, what is ``needed`` and what
    is ``available`` of that.
    """
    refuse(block_of_reveal(wallet, records, now))


_SENTENCES = {
    BlockReason.CUSTOMER_SUSPENDED: "This customer is suspended.",
    BlockReason.INSUFFICIENT_CREDITS: "The wallet holds too few credit units.",
    BlockReason.MONTHLY_CREDIT_LIMIT: "The customer's monthly limit of credit units is reached.",
    BlockReason.LIFETIME_CREDIT_LIMIT: "The customer's limit of credit units is reached.",
    BlockReason.MONTHLY_SEARCH_LIMIT: "The customer's monthly limit of searches is reached.",
    BlockReason.LIFETIME_SEARCH_LIMIT: "The customer's limit of searches is reached.",
    BlockReason.MONTHLY_REVEAL_LIMIT: "The customer's monthly limit of records is reached.",
    BlockReason.LIFETIME_REVEAL_LIMIT: "The customer's limit of records is reached.",
}


def refuse(block: Block | None) -> None:
    """Raises ``insufficient_credits`` with what a block says; where there is none, does nothing."""
    if block is None:
        return
    sentence = _SENTENCES[block.reason]
    if block.needed is not None:
        sentence += f" Needed: {block.needed}; available: {block.available}."
    details = {name: value for name, value in block._asdict().items() if value is not None}
    raise DomainError(ErrorCode.INSUFFICIENT_CREDITS, sentence, details=details)
