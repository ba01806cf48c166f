"""CSV exports: bought in one transaction, then written out record by record as they are read."""

from collections.abc import AsyncIterator, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from api.domain.prospecting import storage
from api.domain.prospecting.csv_rows import header, lines
from api.domain.prospecting.purchases import buy
from api.domain.prospecting.records import Action, Purchase, SelectionMode
from api.domain.prospecting.selection import checked_selection
from api.domain.prospecting.sessions import customer_of, opened
from api.errors import DomainError, ErrorCode
from api.work import Work

_RECORDS_AT_ONCE = 200


@dataclass(frozen=True, slots=True)
class Export:
    """What was exported. ``csv`` is the whole of it where somebody asked for it in one piece."""

    export_id: UUID
    search_id: UUID
    file_name: str
    exported_records: int
    net_new_billable_records: int
    already_purchased_records: int
    csv: str | None = None


async def export(
    work: Work,
    search_id: str,
    mode: SelectionMode,
    prospect_ids: Sequence[str] | None,
    filters: Mapping[str, Any] | None,
    *,
    in_one_piece: bool = False,
    now: datetime | None = None,
) -> Export:
    """Buys what of a selection is net new, and makes all of it ready to be written out.

    Asked for again, nothing is bought again. Raises ``forbidden`` where the customer may not
    export, ``not_found``, and as :func:`api.domain.prospecting.purchases.buy` does.
    """
    session = await opened(work, search_id, now=now)
    selection = checked_selection(mode, prospect_ids, filters)
    customer = await customer_of(work)
    if not customer.csv_export_enabled:
        raise DomainError(
            ErrorCode.FORBIDDEN,
            "CSV export is not enabled for this customer. The partner can set csv_export_enabled.",
        )
    purchase = await buy(work, session, selection, Action.EXPORT, now=now)
    made = _export_of(purchase)
    if not in_one_piece:
        return made
    pieces = [piece async for piece in csv_of(work, purchase.id)]
    return Export(
        made.export_id,
        made.search_id,
        made.file_name,
        made.exported_records,
        made.net_new_billable_records,
        made.already_purchased_records,
        b"".join(pieces).decode(),
    )


def _export_of(purchase: Purchase) -> Export:
    return Export(
        export_id=purchase.id,
        search_id=purchase.session_id,
        file_name=f"prospecting-{purchase.session_id}.csv",
        exported_records=len(purchase.person_ids),
        net_new_billable_records=purchase.net_new,
        already_purchased_records=purchase.already_owned,
    )


async def csv_of(work: Work, export_id: UUID) -> AsyncIterator[bytes]:
    """The CSV of an export of the caller's customer, two hundred records at a time.

    The first piece has the header. Raises ``not_found`` where the customer has no such export.
    """
    embed, postgres = work.embed, work.stores.postgres
    names = await storage.purchased_names(postgres, embed, export_id)
    if names is None:
        raise DomainError(ErrorCode.NOT_FOUND, "The customer has no export of this id.")
    head = header().encode()
    for start in range(0, len(names), _RECORDS_AT_ONCE):
        some = names[start : start + _RECORDS_AT_ONCE]
        records = await storage.owned(
            postgres,
            embed.account_id,
            embed.partner_customer_id,
            [person_id for person_id, _ in some],
        )
        yield head + lines((name, records[person_id]) for person_id, name in some)
        head = b""
