"""Runs operations as streams: subscriptions event by event, all else as a stream of one answer."""

from collections.abc import AsyncGenerator, Sequence
from contextlib import aclosing
from typing import Any

from graphql import ExecutionResult as Answer
from graphql import GraphQLError, OperationType, subscribe
from graphql.pyutils import is_awaitable

from api.errors import DomainError
from graph.admission import charge, cost_extension, note_answer, settle
from graph.context import Context
from graph.documents import PreparedDocument
from graph.errors import cause_of, entry_of, located_entry
from graph.executor import PassingRowExecutor, RowExecutor, execute_prepared
from graph.schema import schema


async def stream(
    prepared: PreparedDocument,
    operation_name: str | None,
    variables: dict[str, Any],
    context: Context,
) -> AsyncGenerator[dict[str, Any]]:
    """The answers of an operation, as they are sent: ``data``, ``errors`` where there are any.

    A stream that fails ends with an answer that says so. Raises :class:`Refused` in place of the
    first answer where nothing was begun, as when what is asked for is not there, and as
    :func:`graph.admission.charge`.
    """
    cost = prepared.cost_of(operation_name)
    await charge(context, cost, variables)
    if prepared.kind_of(operation_name) is not OperationType.SUBSCRIPTION:
        answer = await execute_prepared(
            schema,
            prepared.document,
            operation_name=operation_name,
            variables=variables,
            context=context,
            omit_absent=False,
            remember=prepared.kept,
        )
        note_answer(context, cost, answer.data)
        told = {**_formatted(answer, context), "extensions": cost_extension(context)}
        await settle(context)
        yield told
        return
    source: Any = subscribe(
        schema._schema,
        prepared.document,
        context_value=context,
        variable_values=variables,
        operation_name=operation_name,
        executor_class=RowExecutor if prepared.kept else PassingRowExecutor,
    )
    events: Any = await source if is_awaitable(source) else source
    if isinstance(events, Answer):
        raise Refused(events.errors or (), context)
    async with aclosing(events):
        begun = False
        try:
            async for event in events:
                begun = True
                yield _formatted(event, context)
        except Exception as error:
            failure = GraphQLError("The stream ended.", original_error=error, path=[])
            if not begun:
                raise Refused([failure], context) from error
            yield {"data": None, "errors": [located(failure, context)]}


class Refused(Exception):
    """A subscription that was not begun; ``cause`` is its first failure."""

    def __init__(self, errors: Sequence[GraphQLError], context: Context):
        super().__init__("refused")
        self.entries = [located(error, context) for error in errors]
        self.cause = cause_of(errors[0])


def located(error: GraphQLError, context: Context) -> dict[str, Any]:
    """The entry of a failure."""
    return located_entry(error, cause_of(error), context.request_id)


def refusal(failure: DomainError, context: Context) -> dict[str, Any]:
    """The entry of a failure that concerns no place in the document."""
    return entry_of(failure, context.request_id)


def _formatted(answer: Any, context: Context) -> dict[str, Any]:
    formatted: dict[str, Any] = {"data": answer.data}
    if answer.errors:
        formatted["errors"] = [located(error, context) for error in answer.errors]
    return formatted
