"""Prospect ids: what a session calls its people, so that nothing about them is said unpaid.

An id is the place of a person in the order of lists, encrypted. The same person has the same id as
long as the session lives, and another one in each other session; an id that the session did not
give out is none. So no list of what was shown has to be kept.
"""

from uuid import UUID

from api.domain.person.delivered import Position
from api.sealing import Pseudonyms

MAX_PROSPECT_ID_CHARS = 1_200
"""Of a person whose own id has 200 characters, of four bytes each."""
_MARK = "pr_"
_RANK_BYTES = 8


def prospect_id_of(pseudonyms: Pseudonyms, session_id: UUID, position: Position) -> str:
    """The id of the person at a position, within a session."""
    rank, person_id = position
    plain = rank.to_bytes(_RANK_BYTES) + person_id.encode()
    return _MARK + pseudonyms.of(session_id.bytes, plain)


def position_of(pseudonyms: Pseudonyms, session_id: UUID, prospect_id: str) -> Position | None:
    """The position of the person that a session gave this id; ``None`` where it gave none."""
    if not prospect_id.startswith(_MARK):
        return None
    plain = pseudonyms.plain(session_id.bytes, prospect_id.removeprefix(_MARK))
    if plain is None or len(plain) < _RANK_BYTES:
        return None
    return int.from_bytes(plain[:_RANK_BYTES]), plain[_RANK_BYTES:].decode()
