"""A ranking that is read page by page, and is the same on every page.

How deep the lists of a fused search are decides what it finds, so the depth may not depend on the
page. It grows in tiers: the first comes from the lists' best 200 rows and is all that most callers
see; whoever pages on gets the second tier, from the best 1,000, with what the first had taken out,
and then the third. Each tier is the same whatever page asks for it.
"""

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from api.domain.organisation.fusion import Fused, collapsed

DEPTHS = (200, 1_000, 10_000)

MAX_ROWS = 10_000
"""A scored search has no row behind this one (documented as its maximum depth)."""


class Tier(NamedTuple):
    """The rows of the lists at one depth; ``complete`` where a greater depth has no others.

    ``total`` is the exact number of rows of the whole search, where it is known.
    """

    rows: list[Fused]
    complete: bool
    total: int | None


class Ranking(NamedTuple):
    """Rows from the best one on; ``complete`` where no row is behind them."""

    rows: list[Fused]
    complete: bool
    total: int | None


async def ranked(tier_at: Callable[[int], Awaitable[Tier]], needed: int, *, dedup: bool) -> Ranking:
    """At least ``needed`` rows of a ranking, where there are so many; at most 10,000.

    With ``dedup`` only the best row of each name.
    """
    rows: list[Fused] = []
    seen: set[str] = set()
    total = None
    complete = False
    for depth in DEPTHS:
        tier = await tier_at(depth)
        rows += [row for row in tier.rows if row.domain not in seen]
        seen = {row.domain for row in rows}
        found = collapsed(rows) if dedup else rows
        complete, total = tier.complete, tier.total
        if complete or len(found) >= needed:
            break
    if dedup:
        total = None
    if complete:
        total = len(found)
    return Ranking(found[:MAX_ROWS], complete and len(found) <= MAX_ROWS, total)
