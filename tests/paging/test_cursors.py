"""Cursors: what was written is read back in the same scope, and nowhere else."""

from contextlib import suppress
from uuid import uuid4

import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.cursors import MAX_CURSOR_CHARS, CursorSigner, scope_of
from api.domain.prospecting.ids import prospect_id_of
from api.errors import DomainError, ErrorCode
from api.load.columns import COMPANY_COLUMNS, PERSON_COLUMNS
from api.paging import Window, cursor_after
from api.sealing import Pseudonyms

SIGNER = CursorSigner("a secret of the tests, long enough")
SCOPE = scope_of("account", "person_search", {"q": 1})
positions = st.lists(
    st.one_of(st.none(), st.integers(-(2**63), 2**64 - 1), st.text(max_size=100)), max_size=6
)


@given(positions)
def test_round_trip(position: list[object]) -> None:
    assert SIGNER.read(SCOPE, SIGNER.write(SCOPE, position)) == position


@given(positions, st.integers(min_value=0), st.integers(1, 255))
def test_every_flipped_byte_is_refused(position: list[object], index: int, flip: int) -> None:
    cursor = bytearray(SIGNER.write(SCOPE, position).encode())
    cursor[index % len(cursor)] ^= flip
    text = cursor.decode("latin-1")
    with suppress(DomainError):
        # Base64 has bits at its end that say nothing: then the cursor means what it meant.
        assert SIGNER.read(SCOPE, text) == position


@given(st.text(max_size=200))
def test_text_that_is_no_cursor_is_refused(text: str) -> None:
    with pytest.raises(DomainError) as caught:
        SIGNER.read(SCOPE, text)
    assert caught.value.code is ErrorCode.INVALID_CURSOR


def test_another_scope_or_secret_refuses_it() -> None:
    cursor = SIGNER.write(SCOPE, [1, None, 2**64 - 1, "id"])
    for scope in (scope_of("account", "person_search", {"q": 2}), scope_of("account"), b""):
        with pytest.raises(DomainError):
            SIGNER.read(scope, cursor)
    with pytest.raises(DomainError):
        CursorSigner("another secret of the tests, long").read(SCOPE, cursor)


def test_scopes_do_not_run_into_each_other() -> None:
    assert scope_of("a", "bc") != scope_of("ab", "c")
    assert scope_of("a", None) != scope_of("a", "")


@pytest.mark.parametrize("character", ["x", "\N{GRINNING FACE}", '"', "\x01"])
def test_the_longest_cursors_are_within_their_bound(character: str) -> None:
    """Those of people and companies have their id in them, those of prospects its pseudonym."""
    columns = (*PERSON_COLUMNS, *COMPANY_COLUMNS)
    (most,) = {each.max_chars for each in columns if each.name in {"person_id", "company_id"}}
    window = Window(SCOPE, 1, None, 10**6, 10**6, 2**64 - 1)
    identifier = character * most
    session = uuid4()
    prospect = prospect_id_of(Pseudonyms("a secret"), session, (2**64 - 1, identifier))
    for key in ((2**64 - 1, identifier), (str(session), prospect)):
        assert len(cursor_after(window, SIGNER, 0, key)) <= MAX_CURSOR_CHARS
