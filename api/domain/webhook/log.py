"""The log of deliveries, redelivery, and sending what is due."""

from datetime import UTC, datetime, timedelta

from api.creation_order import id_of, page_of, position
from api.cursors import scope_of
from api.domain.delivery.dispatch import dispatch
from api.domain.delivery.sender import Sender
from api.domain.usage.service import record
from api.domain.webhook import queries
from api.domain.webhook.deliveries import WebhookSource
from api.domain.webhook.records import DeliveryRow
from api.domain.webhook.rules import DeliveryStatus, EndpointStatus
from api.domain.webhook.service import count_call
from api.errors import DomainError, ErrorCode
from api.paging import Page, PageRequest, open_window
from api.queue import TaskName
from api.work import Stores, Work

KEPT = timedelta(days=30)
"""How long events and the log of their deliveries are kept."""
_FORGOTTEN_AT_ONCE = 1_000


async def list_deliveries(
    work: Work, endpoint_id: str | None, status: DeliveryStatus | None, page: PageRequest
) -> Page[DeliveryRow]:
    """The deliveries of the caller's account of the last 30 days, newest first.

    Raises ``invalid_cursor``.
    """
    account_id, stores = work.caller.account_id, work.stores
    scope = scope_of(account_id, "webhook_deliveries", endpoint_id, status)
    window = open_window(page, scope, stores.cursors)
    endpoint = None if endpoint_id is None else id_of(endpoint_id)
    rows: list[DeliveryRow] = []
    if endpoint is not None or endpoint_id is None:
        rows = await queries.deliveries(
            stores.postgres,
            account_id,
            endpoint_id=endpoint,
            status=status,
            after=position(window),
            limit=window.size + 1,
        )
    await record(work, "webhook_deliveries", 0)
    return page_of(stores.cursors, window, rows)


async def redeliver(work: Work, delivery_id: str, *, now: datetime | None = None) -> DeliveryRow:
    """Sends a delivery again, with the id it had, and with its whole schedule before it.

    One that is pending is sent at once, and one that is being sent is left to that. Raises
    ``not_found``, and ``conflict`` where its endpoint is not active any more.
    """
    stores, account_id = work.stores, work.caller.account_id
    key = id_of(delivery_id)
    found = await queries.delivery(stores.postgres, account_id, key) if key else None
    if found is None:
        raise DomainError(ErrorCode.NOT_FOUND, "The account has no delivery of this id.")
    async with stores.postgres.transaction() as connection:
        endpoint = await queries.lock_endpoint(connection, account_id, found.endpoint_id)
        if endpoint is None or endpoint.status is not EndpointStatus.ACTIVE:
            raise DomainError(
                ErrorCode.CONFLICT, "The endpoint of this delivery was disabled or deleted."
            )
        await queries.make_due(connection, found.id, now=now or datetime.now(UTC))
        await count_call(connection, work.caller, "redeliver")
    stores.queue.put(TaskName.DELIVER_WEBHOOKS, found.id)
    again = await queries.delivery(stores.postgres, account_id, found.id)
    return again or found


async def deliver_due(stores: Stores) -> None:
    """Sends every delivery that is due; several processes may, each takes its own."""
    async with Sender(insecure=stores.insecure_delivery) as sender:
        await dispatch(WebhookSource(stores.postgres, stores.sealer), sender)


async def forget_old(stores: Stores, *, now: datetime | None = None) -> None:
    """Deletes events of more than 30 days ago, unless something of them is still pending."""
    before = (now or datetime.now(UTC)) - KEPT
    while (
        await queries.forget_events(stores.postgres, before=before, most=_FORGOTTEN_AT_ONCE)
        == _FORGOTTEN_AT_ONCE
    ):
        pass
