"""GraphQL over WebSocket: the protocol graphql-transport-ws, and no other.

Strawberry's handler keeps the protocol's rules; documents are prepared, run and answered here as
they are over HTTP. Credentials come with the handshake (``x-api-key`` or ``authorization``) or,
since browsers set no headers there, under the same names in the payload of ``connection_init``.
"""

from collections.abc import AsyncIterator, Mapping
from contextlib import suppress
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import orjson
from graphql import GraphQLError, OperationType
from starlette.websockets import WebSocket
from strawberry.asgi import ASGIWebSocketAdapter
from strawberry.exceptions import ConnectionRejectionError
from strawberry.subscriptions import GRAPHQL_TRANSPORT_WS_PROTOCOL
from strawberry.subscriptions.protocols.graphql_transport_ws.handlers import (
    BaseGraphQLTransportWSHandler,
)
from strawberry.types.execution import ExecutionResult, PreExecutionError
from strawberry.types.unset import UNSET

from api.errors import DomainError
from api.overload import Gates
from api.work import Stores, Work
from graph.admission import count_refused
from graph.context import Context, address_of, count_failed_sign_in
from graph.credentials import identify, sent_by
from graph.documents import prepare_document
from graph.subscriptions import Refused, located, refusal, stream
from graph.trusted import admit_document

INIT_WITHIN = timedelta(seconds=5)
"""A connection that has not introduced itself by then is closed (4408)."""
SUBSCRIPTIONS_MAX = 10
"""Operations that one connection runs at the same time; one more is refused."""
MAX_ID_CHARS = 128
MAX_TYPE_CHARS = 20


@dataclass(slots=True)
class Connection:
    """What is known of a connection: its key by header, then the caller by either way."""

    websocket: WebSocket
    connection_params: Mapping[str, Any] | None = None
    identity: Any = None

    def context(self) -> Context:
        """The context of one operation."""
        stores: Stores = self.websocket.app.state.stores
        return Context(
            Work(stores, self.identity),
            self.websocket.scope["request_id"],
            address_of(self.websocket),
        )


class _View:
    """What Strawberry's handler asks of the view that it is part of."""

    def decode_json(self, data: str | bytes) -> object:
        return orjson.loads(data)

    def encode_json(self, data: object) -> str:
        return orjson.dumps(data).decode()

    async def on_ws_connect(self, connection: Connection) -> object:
        """Authenticates; credentials that are not good close the connection (4403)."""
        stores: Stores = connection.websocket.app.state.stores
        sent = sent_by(connection.websocket.headers, connection.connection_params)
        try:
            connection.identity = await identify(stores, sent)
        except DomainError as failure:
            with suppress(DomainError):
                address = address_of(connection.websocket)
                await count_failed_sign_in(stores.limiter, address, failure)
            raise ConnectionRejectionError from failure
        return UNSET


class _Operations:
    """In place of Strawberry's schema: runs prepared documents."""

    async def stream(
        self,
        query: str,
        *,
        variable_values: dict[str, Any] | None,
        context_value: Connection,
        root_value: object,
        operation_name: str | None,
    ) -> AsyncIterator[ExecutionResult]:
        """The answers of one operation."""
        gates: Gates = context_value.websocket.scope["gates"]
        context = context_value.context()
        return self._answers(gates, query, variable_values or {}, context, operation_name)

    async def _answers(
        self,
        gates: Gates,
        query: str,
        variables: dict[str, Any],
        context: Context,
        name: str | None,
    ) -> AsyncIterator[ExecutionResult]:
        try:
            admit_document(context.work.identity, query)
            prepared = prepare_document(query, keep=context.work.identity is not None)
            if prepared.faults:
                await count_refused(context)
                yield _before([located(fault, context) for fault in prepared.faults])
                return
            answers = stream(prepared, name, variables, context)
            if prepared.kind_of(name) is OperationType.SUBSCRIPTION:
                async for answer in answers:
                    yield _result(answer)
                return
            async with gates.taken_on():
                told = [_result(answer) async for answer in answers]
            for result in told:
                yield result
        except Refused as refused:
            yield _before(refused.entries)
        except DomainError as failure:
            yield _before([refusal(failure, context)])


def _result(answer: dict[str, Any]) -> ExecutionResult:
    errors = [_error(entry) for entry in answer.get("errors", ())]
    return ExecutionResult(
        data=answer["data"], errors=errors or None, extensions=answer.get("extensions")
    )


class Handler(BaseGraphQLTransportWSHandler[Any, Any]):
    """The protocol's rules, for hostile clients too."""

    async def handle_message(self, message: Any) -> None:
        """Closes the connection (4400) where a message has not the protocol's shape."""
        if not _is_message(message):
            await self.handle_invalid_message("Invalid message")
            return
        await super().handle_message(message)


async def graphql_websocket(websocket: WebSocket) -> None:
    """Answers a WebSocket at the GraphQL endpoint."""
    if GRAPHQL_TRANSPORT_WS_PROTOCOL not in websocket.scope["subprotocols"]:
        await websocket.accept()
        await websocket.close(4406, "Subprotocol not acceptable")
        return
    await websocket.accept(subprotocol=GRAPHQL_TRANSPORT_WS_PROTOCOL)
    view: Any = _View()
    operations: Any = _Operations()
    await Handler(
        view=view,
        websocket=ASGIWebSocketAdapter(view, websocket, websocket),
        context=Connection(websocket),
        root_value=None,
        schema=operations,
        connection_init_wait_timeout=INIT_WITHIN,
        max_subscriptions_per_connection=SUBSCRIPTIONS_MAX,
    ).handle()


def _is_message(message: Any) -> bool:
    if not isinstance(message, dict) or not isinstance(message.get("type"), str):
        return False
    # An unknown one is quoted when the connection is closed, where there is little room.
    if len(message["type"]) > MAX_TYPE_CHARS:
        return False
    if message["type"] not in {"subscribe", "complete"}:
        return True
    identifier = message.get("id")
    if not isinstance(identifier, str) or not 0 < len(identifier) <= MAX_ID_CHARS:
        return False
    if message["type"] == "complete":
        return True
    payload = message.get("payload")
    return (
        isinstance(payload, dict)
        and isinstance(payload.get("query"), str)
        and isinstance(payload.get("variables"), dict | None)
        and isinstance(payload.get("operationName"), str | None)
    )


def _before(entries: list[dict[str, Any]]) -> PreExecutionError:
    return PreExecutionError(data=None, errors=[_error(entry) for entry in entries])


def _error(entry: dict[str, Any]) -> GraphQLError:
    """An error that is formatted as its entry."""
    return _Formatted(entry)


class _Formatted(GraphQLError):
    def __init__(self, entry: dict[str, Any]):
        super().__init__(entry["message"])
        self._entry = entry

    @property
    def formatted(self) -> Any:
        return self._entry
