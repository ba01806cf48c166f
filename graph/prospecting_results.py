"""What the iframe buys: records pushed to the partner's receiver, or exported as CSV."""

from typing import Annotated

import strawberry

from api.domain.prospecting import exports, ids, pushes, selection
from api.domain.prospecting.records import SelectionMode
from api.errors import ErrorCode
from graph.absence import ABSENT, Absent
from graph.context import Context
from graph.interpretation_input import plain
from graph.operation import argument, operation
from graph.prospecting import EMBED, ProspectFilters, SearchId
from graph.selected import is_selected

strawberry.enum(SelectionMode, description="How the people of a push or an export are chosen.")

_ERRORS = (
    ErrorCode.INVALID_INPUT,
    ErrorCode.INSUFFICIENT_CREDITS,
    ErrorCode.NOT_FOUND,
    ErrorCode.CONFLICT,
)


@strawberry.type(description="The choice that was pushed.")
class ProspectSelection:
    """Projected from :class:`api.domain.prospecting.pushes.PushedSelection`."""

    mode: SelectionMode = strawberry.field(description="How the people were chosen.")
    prospect_ids: list[strawberry.ID] = strawberry.field(
        description="The prospects that were named.", metadata={ABSENT: Absent.OMIT_EMPTY}
    )


@strawberry.type(description="What came of a push.")
class PushedProspects:
    """Projected from :class:`api.domain.prospecting.pushes.Pushed`."""

    delivered: bool = strawberry.field(
        description="True when the partner endpoint accepted the delivery. When it is false, the "
        "records are bought, and delivered by retries."
    )
    delivery_status: int | None = strawberry.field(
        description="HTTP status returned by the configured partner result_delivery_url; null when "
        "it returned none.",
        metadata={ABSENT: Absent.KEEP_NULL},
    )
    search_id: strawberry.ID = strawberry.field(description="The prospecting session.")
    partner_customer_id: strawberry.ID = strawberry.field(description="The customer that bought.")
    selection: ProspectSelection = strawberry.field(description="What was pushed.")
    pushed_records: int = strawberry.field(
        description="Number of full records posted to the partner endpoint."
    )
    net_new_billable_records: int = strawberry.field(
        description="Records newly purchased for this account and partner customer."
    )
    already_purchased_records: int = strawberry.field(
        description="Records already owned by this account and partner customer, delivered without "
        "rebilling."
    )


@strawberry.type(description="An export of records as CSV.")
class ExportedProspects:
    """Projected from :class:`api.domain.prospecting.exports.Export`."""

    export_id: strawberry.ID = strawberry.field(description="Identifier of the export.")
    search_id: strawberry.ID = strawberry.field(description="The prospecting session.")
    file_name: str = strawberry.field(description="Name for the file.")
    exported_records: int = strawberry.field(
        description="Number of full records included in the CSV."
    )
    net_new_billable_records: int = strawberry.field(
        description="Records newly purchased for this account and partner customer."
    )
    already_purchased_records: int = strawberry.field(
        description="Records already owned by this account and partner customer, exported without "
        "rebilling."
    )
    csv: str | None = strawberry.field(
        description="The whole CSV. Cells that a spreadsheet would take for a formula begin with "
        "an apostrophe."
    )


Mode = Annotated[SelectionMode, argument("selected, page, or all_results.")]
ProspectIds = Annotated[
    list[strawberry.ID] | None,
    argument(
        "Preview prospect IDs to deliver when selection_mode is selected or page.",
        max_items=selection.MAX_SELECTED,
        max_length=ids.MAX_PROSPECT_ID_CHARS,
    ),
]
AppliedFilters = Annotated[
    ProspectFilters | None,
    argument(
        "Current refinement filters when delivering all_results, of which there may be "
        f"{selection.MAX_DELIVERED:,}."
    ),
]


@strawberry.type
class ProspectingResultsMutation:
    """What the iframe buys."""

    @operation(
        "Reveals and purchases the selected prospect previews, then posts full records server-side "
        "to the result_delivery_url configured on the partner customer or public embed key. "
        "Supports selected prospect_ids, all records on the loaded page, or all filtered session "
        "results. All of it is bought, or nothing.",
        returns=PushedProspects,
        errors=_ERRORS,
        callers=EMBED,
        own_key=True,
    )
    async def push_prospects(
        self,
        info: strawberry.Info[Context, None],
        search_id: SearchId,
        selection_mode: Mode,
        prospect_ids: ProspectIds = strawberry.UNSET,
        applied_filters: AppliedFilters = strawberry.UNSET,
    ) -> pushes.Pushed:
        """Push prospecting results to partner."""
        return await pushes.push(
            info.context.work, search_id, selection_mode, prospect_ids, plain(applied_filters)
        )

    @operation(
        "Reveals and purchases the selected prospect previews, then returns full records as a CSV "
        "when csv_export_enabled is true for the scoped partner customer. Supports selected "
        "prospect_ids, all records on the loaded page, or all filtered session results. Billing is "
        "only for net-new records owned by this account and partner customer.",
        returns=ExportedProspects,
        errors=(*_ERRORS, ErrorCode.FORBIDDEN),
        callers=EMBED,
        own_key=True,
    )
    async def export_prospects(
        self,
        info: strawberry.Info[Context, None],
        search_id: SearchId,
        selection_mode: Mode,
        prospect_ids: ProspectIds = strawberry.UNSET,
        applied_filters: AppliedFilters = strawberry.UNSET,
    ) -> exports.Export:
        """Export prospecting results as CSV."""
        return await exports.export(
            info.context.work,
            search_id,
            selection_mode,
            prospect_ids,
            plain(applied_filters),
            in_one_piece=is_selected(info, "csv"),
        )
