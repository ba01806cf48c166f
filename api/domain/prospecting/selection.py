"""What is to be delivered: chosen previews, those of a page, or everybody a session finds."""

from collections.abc import Mapping, Sequence
from typing import Any

from api.domain.person import queries as people
from api.domain.person.delivered import Position
from api.domain.person.undelivered import position_of as place_of
from api.domain.prospecting import ids, queries, storage
from api.domain.prospecting.filters import ProspectFilters, checked_filters
from api.domain.prospecting.previews import record_of
from api.domain.prospecting.records import Chosen, Selection, SelectionMode, Session
from api.errors import DomainError, ErrorCode, invalid
from api.work import Stores

MAX_SELECTED = 1_000
"""Prospects that can be chosen one by one."""
MAX_DELIVERED = 10_000
"""People of ``all_results``; who wants more refines, and asks several times."""


def checked_selection(
    mode: SelectionMode, prospect_ids: Sequence[str] | None, filters: Mapping[str, Any] | None
) -> Selection:
    """The choice that is asked for.

    Raises ``invalid_input`` where nothing is chosen, where ids stand beside ``all_results``, and
    for filters that are none.
    """
    checked = checked_filters(filters, "applied_filters")
    if mode is SelectionMode.ALL_RESULTS:
        if prospect_ids:
            raise invalid("prospect_ids", "goes with the selection modes selected and page alone")
        return Selection(mode, (), checked)
    if not prospect_ids:
        raise invalid("prospect_ids", "must name at least one prospect in this selection mode")
    if len(prospect_ids) > MAX_SELECTED:
        raise invalid("prospect_ids", f"must have at most {MAX_SELECTED} entries")
    return Selection(mode, tuple(dict.fromkeys(prospect_ids)), checked)


async def chosen(stores: Stores, session: Session, selection: Selection) -> list[Chosen]:
    """The people of a choice, each once, in its order. Reads only.

    Raises ``invalid_input`` for a prospect id that the session did not give out, for a choice of
    nobody, and of more people than can be delivered at once; ``conflict`` where somebody is not in
    the data any more.
    """
    if selection.mode is SelectionMode.ALL_RESULTS:
        return await _everybody(stores, session, selection.filters)
    return await _named(stores, session, selection.prospect_ids)


async def _everybody(stores: Stores, session: Session, filters: ProspectFilters) -> list[Chosen]:
    conditions = queries.refined(session.interpretation, filters)
    cap = min(session.interpretation.requested_records or MAX_DELIVERED + 1, MAX_DELIVERED + 1)
    found: list[Chosen] = []
    after: Position | None = None
    while len(found) < cap:
        limit = min(queries.ROWS_AT_ONCE, cap - len(found))
        rows = await people.page(stores.clickhouse, conditions, after, limit)
        for row in rows:
            name = ids.prospect_id_of(stores.pseudonyms, session.id, place_of(row))
            record = storage.stored_record(record_of(row))
            found.append(Chosen(name, row.person_id, record))
        if len(rows) < limit:
            break
        after = place_of(rows[-1])
    if not found:
        raise invalid("selection_mode", "nobody matches: there is nothing to deliver")
    if len(found) > MAX_DELIVERED:
        raise invalid(
            "selection_mode",
            f"more than {MAX_DELIVERED:,} people match: refine by applied_filters, and deliver in"
            " parts",
        )
    return found


async def _named(stores: Stores, session: Session, names: Sequence[str]) -> list[Chosen]:
    places: dict[str, tuple[str, Position]] = {}
    for name in names:
        place = ids.position_of(stores.pseudonyms, session.id, name)
        if place is None:
            raise invalid("prospect_ids", "must be ids of previews that this session showed")
        places.setdefault(place[1], (name, place))
    owned = await storage.owned_ids(
        stores.postgres.fetch, session.account_id, session.partner_customer_id, list(places)
    )
    wanted = [place for person_id, (_, place) in places.items() if person_id not in owned]
    rows = await queries.at_positions(stores.clickhouse, wanted)
    gone = len(wanted) - len(rows)
    if gone:
        raise DomainError(
            ErrorCode.CONFLICT,
            f"{gone} of the selected people are not in the data any more. Search again; nothing"
            " was bought.",
        )
    records = {row.person_id: storage.stored_record(record_of(row)) for row in rows}
    return [
        Chosen(name, person_id, records.get(person_id)) for person_id, (name, _) in places.items()
    ]
