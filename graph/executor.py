"""The executor of both doors: graphql-core's, with plain rows projected by compiled functions.

Resolvers return plain rows (named tuples, dataclasses, Strawberry types) and lists of them. What is
selected of them is read by one function per selection (``graph.projection``), compiled once per
document (``graph.plans``). The answer, errors included, is that of the stock executor: whatever a
projection does not take is completed by graphql-core from the start, so that a property of such a
row may be read twice.
"""

from collections.abc import Awaitable, Mapping
from dataclasses import dataclass
from typing import Any, ClassVar, cast

from graphql import (
    DocumentNode,
    GraphQLError,
    GraphQLList,
    GraphQLObjectType,
    GraphQLOutputType,
    GraphQLResolveInfo,
)
from graphql.execution.collect_fields import FieldDetailsList, GroupedFieldSet
from graphql.execution.incremental.incremental_executor import DeliveryGroupMap
from graphql.pyutils import AwaitableOrValue, Path, Undefined, gather_with_cancel
from strawberry import Schema
from strawberry.schema.schema import StrawberryGraphQLCoreExecutionContext
from strawberry.types.execution import ExecutionContext, ExecutionResult, PreExecutionError

from graph.absence import ABSENT, Absent, absence_of, definition_of
from graph.plans import NO_PLAN, Plan, PlanCache, Plans, Step, make_plan
from graph.projection import Projection

__all__ = [
    "ABSENT",
    "Absent",
    "PassingRowExecutor",
    "ProjectionCounts",
    "RestRowExecutor",
    "RowExecutor",
    "execute_prepared",
]


@dataclass(slots=True)
class ProjectionCounts:
    """How values were completed since the process started, for metrics and tests."""

    projected: int = 0
    """Objects, lists and runs of neighbouring fields that a compiled function completed."""
    irregular: int = 0
    """Those that a compiled function did not take."""
    stock: int = 0
    """Objects and lists of which nothing is plain."""


class RowExecutor(StrawberryGraphQLCoreExecutionContext):
    """Executes GraphQL requests: ``strawberry.Schema(execution_context_class=RowExecutor)``."""

    omit_absent: ClassVar[bool] = False
    remember: ClassVar[bool] = True
    """Whether plans are kept for the next execution of the same document."""
    counts: ClassVar[ProjectionCounts] = ProjectionCounts()

    def __init__(self, *args: Any, **kwargs: Any) -> None:
        super().__init__(*args, **kwargs)
        self._plans: Plans | None = None
        # Middleware (extensions with ``resolve``, operation directives) sees every field, or none.
        if not (self.middleware_manager and self.middleware_manager.middlewares):
            cache = PlanCache.of(self.schema, omit_absent=self.omit_absent)
            variables = self.variable_values.coerced
            self._plans = cache.plans_for(
                self.operation, self.fragments, variables, remember=self.remember
            )
        # Plans by the identity of the details, which are kept alive beside them.
        self._found: dict[tuple[object, int], tuple[FieldDetailsList, Plan]] = {}

    def build_per_event_executor(self, payload: Any) -> "RowExecutor":
        """As inherited; what an event found is dropped with it."""
        executor = cast(RowExecutor, super().build_per_event_executor(payload))
        executor._found = {}
        return executor

    def complete_list_value(
        self,
        return_type: GraphQLList[GraphQLOutputType],
        field_details_list: FieldDetailsList,
        info: GraphQLResolveInfo[Any],
        path: Path,
        result: Any,
        position_context: DeliveryGroupMap | None,
    ) -> AwaitableOrValue[list[Any]]:
        """Projects a list of plain rows or leaves; all else is inherited."""
        plan = self._plan(return_type, field_details_list, position_context)
        if plan.project is None:
            self.counts.stock += 1
        else:
            projected: list[Any] | None = self._projected(plan.project, result)
            if projected is not None:
                return projected
        return super().complete_list_value(
            return_type, field_details_list, info, path, result, position_context
        )

    def collect_and_execute_subfields(
        self,
        return_type: GraphQLObjectType,
        field_details_list: FieldDetailsList,
        path: Path,
        result: Any,
        position_context: DeliveryGroupMap | None,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """Projects a plain row, or the fields of a row that are plain; all else is inherited."""
        plan = self._plan(return_type, field_details_list, position_context)
        data: AwaitableOrValue[dict[str, Any]]
        if plan.project is not None:
            projected: dict[str, Any] | None = self._projected(plan.project, result)
            if projected is not None:
                return projected
        if plan.steps:
            grouped = self.collect_subfields(return_type, field_details_list).grouped_field_set
            data = self._execute_steps(plan.steps, return_type, result, path, grouped)
        else:
            self.counts.stock += plan is NO_PLAN
            data = super().collect_and_execute_subfields(
                return_type, field_details_list, path, result, position_context
            )
        if not self.omit_absent:
            return data
        if self.is_awaitable(data):
            return self._present_later(return_type, field_details_list, data)
        return self._present(return_type, field_details_list, cast(dict[str, Any], data))

    def _plan(
        self,
        output_type: GraphQLObjectType | GraphQLList[GraphQLOutputType],
        details: FieldDetailsList,
        position_context: DeliveryGroupMap | None,
    ) -> Plan:
        # Below a deferred fragment, fields of one object may arrive at different times.
        if self._plans is None or position_context is not None:
            return NO_PLAN
        found = self._found.get((output_type, id(details)))
        if found is None:
            found = (details, self._look_up(self._plans, output_type, details))
            self._found[output_type, id(details)] = found
        return found[1]

    def _look_up(
        self,
        plans: Plans,
        output_type: GraphQLObjectType | GraphQLList[GraphQLOutputType],
        details: FieldDetailsList,
    ) -> Plan:
        place = (output_type, *(id(each.node) for each in details))
        plan = plans.get(place)
        if plan is None:
            try:
                plan = make_plan(
                    output_type, details, self._collect_plain, omit_absent=self.omit_absent
                )
            except (GraphQLError, RecursionError):
                # The inherited way meets the same refusal, and reports it at its place.
                plan = NO_PLAN
            plans[place] = plan
        return plan

    def _collect_plain(
        self, object_type: GraphQLObjectType, details: FieldDetailsList
    ) -> GroupedFieldSet | None:
        collected = self.collect_subfields(object_type, details)
        return None if collected.new_defer_usages else collected.grouped_field_set

    def _projected(self, project: Projection, value: Any) -> Any | None:
        """The projected value, or ``None``, which no projection gives, where it is irregular."""
        try:
            projected = project(value)
        except Exception:
            self.counts.irregular += 1
            return None
        self.counts.projected += 1
        return projected

    def _execute_steps(
        self,
        steps: tuple[Step, ...],
        parent_type: GraphQLObjectType,
        source: Any,
        path: Path,
        grouped: GroupedFieldSet,
    ) -> AwaitableOrValue[dict[str, Any]]:
        """``Executor.execute_fields``, with runs of plain fields projected."""
        results: dict[str, Any] = {}
        pending: list[str] = []
        try:
            for step in steps:
                projected = self._projected(step.project, source) if step.project else None
                if projected is not None:
                    results.update(projected)
                    continue
                for key in step.keys:
                    value = self.execute_field(
                        parent_type, source, grouped[key], Path(path, key, parent_type.name), None
                    )
                    if value is not Undefined:
                        results[key] = value
                        if self.is_awaitable(value):
                            pending.append(key)
        except Exception:
            if pending:
                self.settle_in_background([results[key] for key in pending])
            raise
        return self._awaited(results, pending) if pending else results

    @staticmethod
    async def _awaited(results: dict[str, Any], pending: list[str]) -> dict[str, Any]:
        if len(pending) == 1:
            results[pending[0]] = await results[pending[0]]
        else:
            values = await gather_with_cancel(*(results[key] for key in pending))
            results.update(zip(pending, values, strict=True))
        return results

    def _present(
        self, object_type: GraphQLObjectType, details: FieldDetailsList, data: dict[str, Any]
    ) -> dict[str, Any]:
        """Takes out of a completed object what its fields' rules leave out."""
        grouped = self.collect_subfields(object_type, details).grouped_field_set
        for key, nodes in grouped.items():
            field = object_type.fields.get(nodes[0].node.name.value)
            if key in data and absence_of(definition_of(field)).leaves_out(data[key]):
                del data[key]
        return data

    async def _present_later(
        self,
        object_type: GraphQLObjectType,
        details: FieldDetailsList,
        data: Awaitable[dict[str, Any]],
    ) -> dict[str, Any]:
        return self._present(object_type, details, await data)


class PassingRowExecutor(RowExecutor):
    """Executes documents that will not come again: it leaves nothing behind."""

    remember = False


class RestRowExecutor(RowExecutor):
    """Executes the prepared documents of REST: what is absent is left out (``Absent``).

    The root of the answer is not part of a body, so a null of a root field stays there.
    """

    omit_absent = True


async def execute_prepared(
    schema: Schema,
    document: DocumentNode,
    *,
    operation_name: str | None = None,
    variables: Mapping[str, Any],
    context: Any,
    omit_absent: bool,
    remember: bool = True,
) -> ExecutionResult:
    """Executes a query or mutation that was parsed and validated before.

    As ``Schema.execute`` without the two steps: variables are coerced, and extensions see the
    operation and its execution. With ``remember`` the document must be the same object each time,
    as plans are kept by it. It must not be changed, and must hold no ``@defer`` or ``@stream``.
    Errors are in the result; nothing is raised.
    """
    executor = RestRowExecutor if omit_absent else RowExecutor if remember else PassingRowExecutor
    request = ExecutionContext(
        query=None,
        schema=schema,
        allowed_operations=(),
        context=context,
        variables=dict(variables),
        graphql_document=document,
        provided_operation_name=operation_name,
    )
    extensions = schema.get_extensions()
    for extension in extensions:
        extension.execution_context = request
    runner = schema.create_extensions_runner(request, extensions)
    execute = schema._get_execute_function()

    def execute_rows(*args: Any, **kwargs: Any) -> Any:
        return execute(*args, **{**kwargs, "executor_class": executor})

    try:
        async with runner.operation():
            result = await schema._execute_operation(
                request,
                runner,
                schema._get_middleware_manager(extensions),
                execute_rows,
                schema._get_custom_context_kwargs(),
            )
    except Exception as error:
        located = error if isinstance(error, GraphQLError) else GraphQLError(str(error))
        located.original_error = located.original_error or error
        refused = PreExecutionError(data=None, errors=[located])
        return await schema._handle_execution_result(request, refused, runner)
    return await schema._handle_execution_result(request, result, runner, skip_process_errors=True)
