"""Fusion against a plain model of the formula, and rankings against all their pages."""

import math

from hypothesis import given, settings
from hypothesis import strategies as st

from api.domain.organisation.fusion import Fused, K, Scored, alone, collapsed, fuse
from api.domain.organisation.ranking import DEPTHS, MAX_ROWS, Tier, ranked

NAMES = st.text("abcdefgh", min_size=1, max_size=2)


@st.composite
def ranked_lists(draw: st.DrawFn) -> list[Scored]:
    names = draw(st.lists(NAMES, unique=True, max_size=12))
    scores = draw(st.lists(st.floats(-1, 30), min_size=len(names), max_size=len(names)))
    rows = [Scored(name, score) for name, score in zip(names, scores, strict=True)]
    return sorted(rows, key=lambda row: (-row.score, row.domain))


@given(st.lists(ranked_lists(), min_size=1, max_size=3), st.floats(0, 1), st.booleans())
def test_fusion_is_the_formula(lists: list[list[Scored]], balance: float, by_score: bool) -> None:
    weights = [1 - balance, balance, 1.0][: len(lists)]
    fused = fuse(lists, weights, by_score=by_score)
    expected: dict[str, float] = {}
    for rows, weight in zip(lists, weights, strict=True):
        for rank, scored in enumerate(rows, 1):
            share = weight / (K + rank)
            if by_score and rows[0].score > 0:
                share *= max(scored.score, 0) / rows[0].score
            expected[scored.domain] = expected.get(scored.domain, 0.0) + share
    assert {row.domain for row in fused} == set(expected)
    assert len(fused) == len(expected)
    for row in fused:
        assert math.isclose(row.score, expected[row.domain], abs_tol=1e-12)
        assert math.isclose(sum(row.shares), row.score, abs_tol=1e-12)
        for place, each in zip(row.ranks, lists, strict=True):
            assert place is None or each[place - 1].domain == row.domain
            assert place is not None or row.domain not in {other.domain for other in each}
    assert [row.score for row in fused] == sorted((row.score for row in fused), reverse=True)


@given(ranked_lists(), ranked_lists())
def test_a_balance_at_either_end_keeps_that_lists_order(
    words: list[Scored], vector: list[Scored]
) -> None:
    for weights, first in (((1.0, 0.0), words), ((0.0, 1.0), vector)):
        fused = fuse((words, vector), weights, by_score=False)
        assert [row.domain for row in fused][: len(first)] == [row.domain for row in first]


@given(ranked_lists())
def test_one_list_alone_keeps_its_order_and_has_all_the_say(rows: list[Scored]) -> None:
    fused = alone(rows, 1, 2)
    assert [row.domain for row in fused] == [row.domain for row in rows]
    assert all(row.ranks == (None, rank) for rank, row in enumerate(fused, 1))
    assert all(row.shares == (0.0, 1.0) for row in fused)


def test_the_best_row_of_each_name_stays() -> None:
    rows = alone([Scored("a", 3, "X"), Scored("b", 2, "Y"), Scored("c", 1, "X")], 0, 2)
    assert [row.domain for row in collapsed(rows)] == ["a", "b"]


@settings(deadline=None, max_examples=40)
@given(st.integers(0, 1_200), st.integers(60, 500), st.booleans())
async def test_pages_of_a_ranking_are_the_ranking_cut_in_pieces(
    number: int, size: int, dedup: bool
) -> None:
    """Even where a deeper look finds other rows than a shallow one."""

    async def tier_at(depth: int) -> Tier:
        rows = [
            Fused(f"{place:05d}", -place, (place + 1, None), (1.0, 0.0), f"name {place % 300}")
            for place in range(min(number, depth))
            if depth != DEPTHS[0] or place % 3
        ]
        return Tier(rows, number <= depth and depth != DEPTHS[0], None)

    whole = await ranked(tier_at, MAX_ROWS, dedup=dedup)
    seen: list[str] = []
    offset = 0
    while True:
        page = await ranked(tier_at, min(offset + size + 1, MAX_ROWS), dedup=dedup)
        seen += [row.domain for row in page.rows[offset : offset + size]]
        if len(page.rows) <= offset + size:
            break
        offset += size
    assert seen == [row.domain for row in whole.rows]
    assert len(seen) == len(set(seen)) == (min(number, 300) if dedup else number)
    assert whole.total == len(seen)
