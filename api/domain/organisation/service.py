"""Searching organisations: five modes, one ranking, one page of it."""

import asyncio
import time
from collections.abc import Callable, Sequence
from dataclasses import replace

from api.caller import Tier as CallerTier
from api.cursors import scope_of
from api.domain.organisation.criteria import (
    OrganisationSearch,
    SearchMode,
    checked,
    mode_of,
)
from api.domain.organisation.fusion import Fused
from api.domain.organisation.queries.conditions import conditions_of, found_by, without
from api.domain.organisation.queries.lists import count_up_to_cap
from api.domain.organisation.queries.reader import Reader
from api.domain.organisation.queries.rows import browse, by_domain, matched_terms
from api.domain.organisation.ranking import MAX_ROWS, ranked
from api.domain.organisation.records import (
    FusedShare,
    Match,
    OrganisationPage,
    OrganisationRow,
    SearchMetadata,
)
from api.domain.organisation.scored import BM25, VECTOR, Scoring, scoring_of
from api.domain.organisation.words import DOCUMENT, matching
from api.domain.usage.service import entry_beside, record
from api.errors import DomainError, ErrorCode
from api.work import Work

_OPERATION = "organisation_search"
_NO_REASON = Match(None, None, None, [])


async def search(
    work: Work,
    asked: OrganisationSearch,
    *,
    columns: Sequence[str],
    size: int,
    cursor: str | None = None,
    with_terms: bool = False,
) -> OrganisationPage:
    """One page of a search: ``size`` rows (1 to 500) with ``columns``, of which ``domain`` is the
    first. ``with_terms`` finds out which keywords each hit has.

    Raises ``invalid_input`` for what ``mode_of`` and ``checked`` refuse and for unknown
    references, ``invalid_cursor``, and ``tier_required`` for ``explain`` below tier_3.
    """
    started = time.perf_counter()
    mode = mode_of(asked)
    asked = checked(asked)
    require_tier_3(work, asked.explain)
    scope = scope_of(work.caller.account_id, _OPERATION, replace(asked, explain=False))
    at = work.stores.cursors.read(scope, cursor)[0] if cursor is not None else None
    reader = Reader(work.stores.postgres, explaining=asked.explain)
    if mode is SearchMode.FILTER:
        nodes, more, total = await _browse(reader, asked, columns, size, at)
        await record(work, _OPERATION, 0)
        matches = [_NO_REASON] * len(nodes)
        position: Callable[[int], object] = lambda index: nodes[index].domain  # noqa: E731
    else:
        offset = 0 if at is None else int(at)
        nodes, matches, more, total = await _scored(
            work, reader, asked, mode, columns, size, offset, with_terms
        )
        position = lambda index: offset + index + 1  # noqa: E731
    work.saw("organisation", (each.domain for each in nodes))

    def cursor_at(index: int) -> str:
        return work.stores.cursors.write(scope, [position(index)])

    return OrganisationPage(
        nodes=nodes,
        matches=matches,
        metadata=SearchMetadata(
            total_hits=total,
            returned=len(nodes),
            mode=mode,
            elapsed_ms=round((time.perf_counter() - started) * 1000),
            search_after=[cursor_at(len(nodes) - 1)] if more and nodes else None,
            filters_applied=asked.applied,
            explain_plan=reader.plan if asked.explain else None,
        ),
        cursor_at=cursor_at,
        has_previous_page=cursor is not None,
    )


def require_tier_3(work: Work, explain: bool) -> None:
    """Raises ``tier_required`` where a plan is asked for by a key below tier_3."""
    if explain and work.caller.tier is not CallerTier.TIER_3:
        raise DomainError(
            ErrorCode.TIER_REQUIRED, "explain needs an API key of tier_3; leave it out."
        )


async def _browse(
    reader: Reader,
    asked: OrganisationSearch,
    columns: Sequence[str],
    size: int,
    after: str | None,
) -> tuple[list[OrganisationRow], bool, int | None]:
    """Rows in the order of their domains, whether there are more, and how many in all."""
    conditions = [*conditions_of(asked.applied), *without(asked.excludes)]
    page = browse(
        reader, conditions, columns=columns, after=after, limit=size + 1, dedup=asked.dedup
    )
    if asked.dedup:
        rows = await page
        total = len(rows) if after is None and len(rows) <= size else None
    else:
        rows, total = await asyncio.gather(page, count_up_to_cap(reader, conditions))
    return rows[:size], len(rows) > size, total


async def _scored(
    work: Work,
    reader: Reader,
    asked: OrganisationSearch,
    mode: SearchMode,
    columns: Sequence[str],
    size: int,
    offset: int,
    with_terms: bool,
) -> tuple[list[OrganisationRow], list[Match], bool, int | None]:
    """A page of the ranking, why each row is in it, whether there are more, and how many in all."""
    scoring = await scoring_of(work.stores, reader, asked, mode)
    needed = min(offset + size + 1, MAX_ROWS)
    ranking, counted = await asyncio.gather(
        ranked(scoring.tier_at, needed, dedup=asked.dedup), _count(reader, asked, mode, scoring)
    )
    hits = ranking.rows[offset : offset + size]
    domains = [hit.domain for hit in hits]
    terms = await matched_terms(reader, asked.keywords.positive if with_terms else (), domains)
    # The last of what can fail, so that no call is counted that has no answer.
    rows = await by_domain(reader, domains, columns, beside=entry_beside(work, _OPERATION))
    # An organisation may have been deleted between two statements.
    there = [hit for hit in hits if hit.domain in rows]
    return (
        [rows[hit.domain] for hit in there],
        [_reason(hit, terms.get(hit.domain, [])) for hit in there],
        len(ranking.rows) > offset + size,
        counted if ranking.total is None else ranking.total,
    )


async def _count(
    reader: Reader, asked: OrganisationSearch, mode: SearchMode, scoring: Scoring
) -> int | None:
    """The number of all hits where it is cheaply counted."""
    if mode is not SearchMode.FULLTEXT or asked.dedup:
        return None
    words = found_by(matching(asked.keywords, DOCUMENT))
    return await count_up_to_cap(reader, [words, *scoring.conditions])


def _reason(hit: Fused, terms: list[str]) -> Match:
    share = None
    whole = sum(hit.shares)
    if whole > 0:
        share = FusedShare(hit.shares[BM25] / whole, hit.shares[VECTOR] / whole)
    return Match(hit.ranks[BM25], hit.ranks[VECTOR], share, terms)
