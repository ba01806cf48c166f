"""Webhook endpoints: register, list, delete, rotate their secrets, enable them again."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

from sqlalchemy.ext.asyncio import AsyncConnection

from api.caller import Caller
from api.creation_order import id_of, page_of, position
from api.cursors import scope_of
from api.domain.delivery.rules import check_url
from api.domain.usage.service import Payer, bill, record
from api.domain.webhook import queries
from api.domain.webhook.records import (
    CreatedEndpoint,
    Deleted,
    EndpointRow,
    RotatedSecret,
)
from api.domain.webhook.rules import (
    MAX_ENDPOINTS,
    EndpointStatus,
    description_of,
    events_of,
)
from api.domain.webhook.signing import new_secret
from api.errors import DomainError, ErrorCode, invalid
from api.paging import Page, PageRequest, open_window
from api.work import Work

DEFAULT_OVERLAP_HOURS = 24
MAX_OVERLAP_HOURS = 168


async def create_endpoint(
    work: Work, url: str, description: str | None, events: list[str] | None
) -> CreatedEndpoint:
    """Registers an endpoint for the caller's account; the answer holds its secret, this once.

    Raises ``invalid_input`` for a URL that deliveries may not go to and for unknown events, and
    ``conflict`` where the account has 20 endpoints already.
    """
    try:
        check_url(url, insecure=work.stores.insecure_delivery)
    except ValueError as error:
        raise invalid("url", str(error)) from None
    row = EndpointRow(
        id=uuid4(),
        url=url,
        description=description_of(description),
        events=events_of(events),
        status=EndpointStatus.ACTIVE,
        disabled_reason=None,
        created_at=datetime.now(UTC),
    )
    caller, secret = work.caller, new_secret()
    async with work.stores.postgres.transaction() as connection:
        await queries.lock_account(connection, caller.account_id)
        if await queries.count_endpoints(connection, caller.account_id) >= MAX_ENDPOINTS:
            raise DomainError(
                ErrorCode.CONFLICT,
                f"The account has {MAX_ENDPOINTS} endpoints already. Delete one first.",
            )
        sealed = work.stores.sealer.seal(secret)
        await queries.add_endpoint(connection, caller.account_id, row, sealed)
        await count_call(connection, caller, "create_webhook_endpoint")
    return CreatedEndpoint(
        row.id, row.url, row.description, row.events, row.status, row.created_at, secret
    )


async def list_endpoints(work: Work, page: PageRequest) -> Page[EndpointRow]:
    """The endpoints of the caller's account, oldest first.

    Raises ``invalid_cursor``.
    """
    account_id = work.caller.account_id
    window = open_window(page, scope_of(account_id, "webhook_endpoints"), work.stores.cursors)
    rows = await queries.endpoints(
        work.stores.postgres, account_id, after=position(window), limit=window.size + 1
    )
    await record(work, "webhook_endpoints", 0)
    return page_of(work.stores.cursors, window, rows)


async def delete_endpoint(work: Work, endpoint_id: str) -> Deleted:
    """Deletes an endpoint: nothing is sent to it any more, not even what was due.

    Raises ``not_found`` where the caller's account has none of that id.
    """
    async with work.stores.postgres.transaction() as connection:
        endpoint = await _locked(connection, work.caller, endpoint_id)
        await queries.delete_endpoint(connection, endpoint.id)
        await count_call(connection, work.caller, "delete_webhook_endpoint")
    return Deleted(True)


async def rotate_secret(work: Work, endpoint_id: str, overlap_hours: int) -> RotatedSecret:
    """Gives an endpoint a new secret; the one it had signs too for ``overlap_hours`` (0 to 168).

    One from before a rotation that still overlaps stops signing at once: two are the most. Raises
    ``not_found``.
    """
    secret = new_secret()
    until = datetime.now(UTC) + timedelta(hours=overlap_hours)
    async with work.stores.postgres.transaction() as connection:
        endpoint = await _locked(connection, work.caller, endpoint_id)
        sealed = work.stores.sealer.seal(secret)
        await queries.rotate_secret(connection, endpoint.id, secret=sealed, until=until)
        await count_call(connection, work.caller, "rotate_webhook_secret")
    return RotatedSecret(endpoint, secret, until)


async def enable_endpoint(work: Work, endpoint_id: str) -> EndpointRow:
    """Makes a disabled endpoint active again; an active one stays as it is.

    It gets the events from now on; earlier ones can be redelivered. Raises ``not_found``.
    """
    async with work.stores.postgres.transaction() as connection:
        endpoint = await _locked(connection, work.caller, endpoint_id)
        if endpoint.status is EndpointStatus.DISABLED:
            await queries.enable_endpoint(connection, endpoint.id)
        await count_call(connection, work.caller, "enable_webhook_endpoint")
    return endpoint._replace(status=EndpointStatus.ACTIVE, disabled_reason=None)


async def _locked(connection: AsyncConnection, caller: Caller, endpoint_id: str) -> EndpointRow:
    found = None
    key = id_of(endpoint_id)
    if key is not None:
        found = await queries.lock_endpoint(connection, caller.account_id, key)
    if found is None:
        raise DomainError(ErrorCode.NOT_FOUND, "The account has no endpoint of this id.")
    return found


async def count_call(connection: AsyncConnection, caller: Caller, operation: str) -> None:
    """Counts a call by the transaction that it changes something by."""
    await bill(connection, Payer.of(caller, operation), 0)
