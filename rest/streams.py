"""Bodies that are not JSON, written as they are read: by the domain functions that others call."""

from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from types import MappingProxyType
from typing import Any
from uuid import UUID

from starlette.responses import Response, StreamingResponse

from api.domain.prospecting.exports import csv_of
from graph.context import Context

CSV = "text/csv"

EXPORT_HEADERS: Mapping[str, str] = MappingProxyType(
    {
        "content-disposition": "Attachment filename for the generated CSV.",
        "x-exported-records": "Number of full records included in the CSV.",
        "x-net-new-billable-records": "Records newly purchased for this account and partner "
        "customer.",
        "x-already-purchased-records": "Records already owned by this account and partner "
        "customer, exported without rebilling.",
    }
)
"""The headers that describe an export, and what they say."""


async def _export(context: Context, made: dict[str, Any]) -> Response:
    """The CSV of an export that was bought; ``made`` are the members of its row."""
    pieces = csv_of(context.work, UUID(made["export_id"]))
    # What fails before the first byte is answered as a failure; later the body breaks off.
    first = await anext(pieces)
    values = (
        f'attachment; filename="{made["file_name"]}"',
        made["exported_records"],
        made["net_new_billable_records"],
        made["already_purchased_records"],
    )
    headers = {name: str(value) for name, value in zip(EXPORT_HEADERS, values, strict=True)}
    return StreamingResponse(_resumed(first, pieces), media_type=CSV, headers=headers)


async def _resumed(first: bytes, others: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    yield first
    async for piece in others:
        yield piece


type Stream = Callable[[Context, dict[str, Any]], Awaitable[Response]]

STREAMS: Mapping[str, Stream] = MappingProxyType({"exportProspects": _export})
"""What writes the body of an operation's row, from the members that the row selects."""
HEADERS: Mapping[str, Mapping[str, str]] = MappingProxyType({"exportProspects": EXPORT_HEADERS})
"""The response's own headers, by operation."""
