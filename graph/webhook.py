"""Webhook endpoints and the log of what was delivered to them."""

from datetime import datetime
from typing import Annotated

import strawberry

from api.caller import Role
from api.creation_order import MAX_PAGE
from api.cursors import MAX_CURSOR_CHARS
from api.domain.delivery.rules import MAX_URL_CHARS
from api.domain.webhook import log, records, service
from api.domain.webhook.rules import (
    MAX_DESCRIPTION_CHARS,
    MAX_ENDPOINTS,
    DeliveryStatus,
    DisabledReason,
    EndpointStatus,
    EventType,
)
from api.errors import ErrorCode
from api.paging import Page, PageRequest
from graph.context import Context
from graph.operation import ACCOUNTS, argument, operation
from graph.paging import ListPagination, PageInfo

_EVENTS = " and ".join(EventType)
_LONGEST_ID = 64
_LONGEST_EVENT = 64

strawberry.enum(
    EndpointStatus, name="WebhookEndpointStatus", description="Whether an endpoint gets events."
)
strawberry.enum(
    DisabledReason,
    name="WebhookDisabledReason",
    description="Why an endpoint was disabled: it answered 410, or every attempt of five days "
    "failed.",
)
strawberry.enum(
    DeliveryStatus,
    name="WebhookDeliveryStatus",
    description="Pending until the receiver accepted the event (`delivered`), all attempts failed "
    "(`exhausted`), or the endpoint was deleted or disabled (`cancelled`).",
)


@strawberry.type(description="A receiver of events.")
class WebhookEndpoint:
    """Projected from :class:`api.domain.webhook.records.EndpointRow`."""

    id: strawberry.ID = strawberry.field(description="Webhook endpoint identifier.")
    url: str = strawberry.field(description="Destination URL.")
    description: str | None = strawberry.field(description="Human-readable label for the endpoint.")
    events: list[str] = strawberry.field(description="Subscribed event types.")
    status: EndpointStatus = strawberry.field(description="Endpoint status.")
    disabled_reason: DisabledReason | None = strawberry.field(
        description="Present when the endpoint was disabled."
    )
    created_at: datetime = strawberry.field(description="When the endpoint was registered.")


@strawberry.type(description="A new endpoint with its signing secret.")
class CreatedWebhookEndpoint:
    """Projected from :class:`api.domain.webhook.records.CreatedEndpoint`."""

    id: strawberry.ID = strawberry.field(description="Webhook endpoint identifier.")
    url: str = strawberry.field(description="Destination URL.")
    description: str | None = strawberry.field(description="Human-readable label for the endpoint.")
    events: list[str] = strawberry.field(description="Subscribed event types.")
    status: EndpointStatus = strawberry.field(description="Endpoint status.")
    created_at: datetime = strawberry.field(description="When the endpoint was registered.")
    signing_secret: str = strawberry.field(
        description="HMAC signing secret returned only when the endpoint is created."
    )


@strawberry.type(description="What a deletion did.")
class DeletedWebhookEndpoint:
    """Projected from :class:`api.domain.webhook.records.Deleted`."""

    deleted: bool = strawberry.field(description="True when the endpoint was deleted.")


@strawberry.type(description="A new signing secret of an endpoint.")
class RotatedWebhookSecret:
    """Projected from :class:`api.domain.webhook.records.RotatedSecret`."""

    endpoint: WebhookEndpoint = strawberry.field(description="The endpoint.")
    signing_secret: str = strawberry.field(
        description="The new HMAC signing secret, returned this once."
    )
    previous_secret_expires_at: datetime = strawberry.field(
        description="Until then deliveries carry the signatures of both secrets."
    )


@strawberry.type(description="One page of webhook endpoints.")
class WebhookEndpointConnection:
    """Projected from :class:`api.paging.Page`."""

    nodes: list[WebhookEndpoint] = strawberry.field(description="The endpoints, oldest first.")
    edges: list["WebhookEndpointEdge"] = strawberry.field(description="The same, with cursors.")
    page_info: PageInfo = strawberry.field(description="Relay's page information.")
    pagination: ListPagination = strawberry.field(description="Page metadata.")


@strawberry.type(description="An endpoint with the cursor that continues after it.")
class WebhookEndpointEdge:
    """Projected from :class:`api.domain.webhook.records.Edge`."""

    node: WebhookEndpoint = strawberry.field(description="The endpoint.")
    cursor: str = strawberry.field(description="Continues after this endpoint.")


@strawberry.type(description="One attempt to deliver an event.")
class WebhookAttempt:
    """Projected from :class:`api.domain.webhook.records.AttemptRow`."""

    number: int = strawberry.field(description="Counts the attempts of a delivery from 1.")
    attempted_at: datetime = strawberry.field(description="When the request was sent.")
    duration_ms: int = strawberry.field(description="How long it took, in milliseconds.")
    response_status: int | None = strawberry.field(
        description="HTTP status of the response, when there was one."
    )
    response_body: str | None = strawberry.field(
        description="The beginning of the response, at most 1,024 bytes of it."
    )
    error: str | None = strawberry.field(
        description="Why there was no response: url_refused, address_refused, name_not_resolved, "
        "connection_failed, tls_failed, timed_out, broken_response or secret_unreadable."
    )


@strawberry.type(description="An event on its way to one endpoint.")
class WebhookDelivery:
    """Projected from :class:`api.domain.webhook.records.DeliveryRow`."""

    id: strawberry.ID = strawberry.field(description="Delivery identifier.")
    event_id: strawberry.ID = strawberry.field(
        description="Identifier of the event: the header webhook-id of every attempt."
    )
    event_type: str = strawberry.field(description="Type of the event.")
    endpoint_id: strawberry.ID = strawberry.field(description="The endpoint it goes to.")
    status: DeliveryStatus = strawberry.field(description="What has become of it.")
    next_attempt_at: datetime | None = strawberry.field(
        description="When it is tried next; present while it is pending."
    )
    created_at: datetime = strawberry.field(description="When the event happened.")
    attempts: list[WebhookAttempt] = strawberry.field(
        description="The latest attempts, the newest first."
    )


@strawberry.type(description="A delivery with the cursor that continues after it.")
class WebhookDeliveryEdge:
    """Projected from :class:`api.domain.webhook.records.Edge`."""

    node: WebhookDelivery = strawberry.field(description="The delivery.")
    cursor: str = strawberry.field(description="Continues after this delivery.")


@strawberry.type(description="One page of the log of deliveries.")
class WebhookDeliveryConnection:
    """Projected from :class:`api.paging.Page`."""

    nodes: list[WebhookDelivery] = strawberry.field(description="The deliveries, newest first.")
    edges: list[WebhookDeliveryEdge] = strawberry.field(description="The same, with cursors.")
    page_info: PageInfo = strawberry.field(description="Relay's page information.")
    pagination: ListPagination = strawberry.field(description="Page metadata.")


EndpointId = Annotated[
    strawberry.ID,
    argument(
        "Webhook endpoint identifier returned by POST /v1/webhooks/endpoints.",
        min_length=1,
        max_length=_LONGEST_ID,
    ),
]
First = Annotated[int, argument("Page size.", min=1, max=MAX_PAGE)]
After = Annotated[
    str | None,
    argument("Opaque cursor from the previous response.", max_length=MAX_CURSOR_CHARS),
]


@strawberry.type
class WebhookQuery:
    """The queries about webhooks."""

    @operation(
        "Lists the registered webhook endpoints, oldest first. Secrets are not shown again.",
        returns=WebhookEndpointConnection,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR),
        callers=ACCOUNTS,
        role=Role.VIEWER,
    )
    async def webhook_endpoints(
        self,
        info: strawberry.Info[Context, None],
        first: First = MAX_PAGE,
        after: After = strawberry.UNSET,
    ) -> Page[records.EndpointRow]:
        """Registered endpoints."""
        return await service.list_endpoints(info.context.work, PageRequest(first, after))

    @operation(
        "Lists the deliveries of the last 30 days with their latest attempts, newest first.",
        returns=WebhookDeliveryConnection,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.INVALID_CURSOR),
        callers=ACCOUNTS,
        role=Role.VIEWER,
    )
    async def webhook_deliveries(
        self,
        info: strawberry.Info[Context, None],
        endpoint_id: Annotated[
            strawberry.ID | None,
            argument("Only deliveries to this endpoint.", max_length=_LONGEST_ID),
        ] = strawberry.UNSET,
        status: Annotated[
            DeliveryStatus | None, argument("Only deliveries of this status.")
        ] = strawberry.UNSET,
        first: First = MAX_PAGE,
        after: After = strawberry.UNSET,
    ) -> Page[records.DeliveryRow]:
        """The log of deliveries."""
        page = PageRequest(first, after)
        return await log.list_deliveries(info.context.work, endpoint_id, status, page)


@strawberry.type
class WebhookMutation:
    """What changes webhooks."""

    @operation(
        "Registers an account-scoped HTTPS webhook endpoint for async person-search job events. "
        "The signing_secret is returned only once on creation; store it and verify the "
        "stibnite-signature HMAC header on every delivery. An account has at most "
        f"{MAX_ENDPOINTS} endpoints.",
        returns=CreatedWebhookEndpoint,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.CONFLICT),
        callers=ACCOUNTS,
    )
    async def create_webhook_endpoint(
        self,
        info: strawberry.Info[Context, None],
        url: Annotated[
            str,
            argument(
                "HTTPS endpoint that receives webhook POST requests: on port 443 or 8443, a public "
                "name, no user name and no fragment.",
                min_length=1,
                max_length=MAX_URL_CHARS,
            ),
        ],
        description: Annotated[
            str | None,
            argument("Human-readable label for the endpoint.", max_length=MAX_DESCRIPTION_CHARS),
        ] = strawberry.UNSET,
        events: Annotated[
            list[str] | None,
            argument(
                f"Allowed event types: {_EVENTS}. Defaults to both.",
                max_items=len(EventType),
                max_length=_LONGEST_EVENT,
            ),
        ] = strawberry.UNSET,
    ) -> records.CreatedEndpoint:
        """Create webhook endpoint."""
        return await service.create_endpoint(info.context.work, url, description, events)

    @operation(
        "Deletes an account-scoped webhook endpoint and stops future deliveries to that URL.",
        returns=DeletedWebhookEndpoint,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.NOT_FOUND),
        callers=ACCOUNTS,
    )
    async def delete_webhook_endpoint(
        self, info: strawberry.Info[Context, None], endpoint_id: EndpointId
    ) -> records.Deleted:
        """Delete webhook endpoint."""
        return await service.delete_endpoint(info.context.work, endpoint_id)

    @operation(
        "Gives an endpoint a new signing secret. The one it had signs too, until the overlap ends: "
        "store the new one on the receiver within that time.",
        returns=RotatedWebhookSecret,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.NOT_FOUND),
        callers=ACCOUNTS,
    )
    async def rotate_webhook_secret(
        self,
        info: strawberry.Info[Context, None],
        endpoint_id: EndpointId,
        overlap_hours: Annotated[
            int,
            argument(
                "How many hours both secrets sign; 0 where the old one is known to others.",
                min=0,
                max=service.MAX_OVERLAP_HOURS,
            ),
        ] = service.DEFAULT_OVERLAP_HOURS,
    ) -> records.RotatedSecret:
        """Rotate a signing secret."""
        return await service.rotate_secret(info.context.work, endpoint_id, overlap_hours)

    @operation(
        "Makes a disabled endpoint active again. It gets the events from now on; what was "
        "cancelled meanwhile can be redelivered.",
        returns=WebhookEndpoint,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.NOT_FOUND),
        callers=ACCOUNTS,
    )
    async def enable_webhook_endpoint(
        self, info: strawberry.Info[Context, None], endpoint_id: EndpointId
    ) -> records.EndpointRow:
        """Enable a webhook endpoint."""
        return await service.enable_endpoint(info.context.work, endpoint_id)

    @operation(
        "Sends an event to its endpoint again, under the id it had, now and by the whole schedule "
        "of retries if need be.",
        returns=WebhookDelivery,
        errors=(ErrorCode.INVALID_INPUT, ErrorCode.NOT_FOUND, ErrorCode.CONFLICT),
        callers=ACCOUNTS,
    )
    async def redeliver(
        self,
        info: strawberry.Info[Context, None],
        delivery_id: Annotated[
            strawberry.ID,
            argument("Identifier of the delivery.", min_length=1, max_length=_LONGEST_ID),
        ],
    ) -> records.DeliveryRow:
        """Redeliver an event."""
        return await log.redeliver(info.context.work, delivery_id)
