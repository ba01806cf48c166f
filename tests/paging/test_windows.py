"""Windows over a list: a plain model of paging against the arithmetic of the product."""

from hypothesis import given
from hypothesis import strategies as st

from api.cursors import CursorSigner, scope_of
from api.paging import PageRequest, TotalRelation, cursor_after, open_window, totals

SIGNER = CursorSigner("a secret of the tests, long enough")
SCOPE = scope_of("tests")


@given(
    rows=st.integers(0, 250),
    limit=st.integers(1, 100),
    max_records=st.none() | st.integers(1, 300),
    count_in_words=st.none() | st.integers(1, 300),
)
def test_walking_gives_every_row_once_up_to_the_cap(
    rows: int, limit: int, max_records: int | None, count_in_words: int | None
) -> None:
    cap = max_records if max_records is not None else count_in_words
    expected = list(range(rows))[:cap]
    seen: list[int] = []
    cursor: str | None = None
    while True:
        request = PageRequest(limit, cursor, max_records if cursor is None else None)
        window = open_window(request, SCOPE, SIGNER, cap=count_in_words)
        start = 0 if window.key is None else window.key[0] + 1
        found = list(range(rows))[start : start + window.size + 1] if window.size else []
        total, relation, pages = totals(window, len(found))
        page = found[: window.size]
        seen += page
        assert window.cap == cap
        assert total <= len(expected)
        assert relation in (None, TotalRelation.GTE)
        assert (relation is None) <= (total == len(expected))
        assert pages == -(-total // limit)
        if not window.has_more(len(found)):
            break
        cursor = cursor_after(window, SIGNER, len(page) - 1, (page[-1],))
    assert seen == expected
    assert total == len(expected)
