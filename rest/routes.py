"""THE TABLE: which GraphQL field answers which REST route.

A row is data. Arguments, defaults, limits, descriptions, types and errors come from the field; an
absent optional field is left out of the body, a documented null stays. ``rest/build.py`` turns the
rows into prepared documents at start and refuses to start with a wrong one.
"""

from collections.abc import Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

# Arguments are snake_case in REST; those that Relay names otherwise have the documents' names.
RENAMES: Mapping[str, str] = MappingProxyType({"first": "limit", "after": "cursor"})

JSON = "application/json"


@dataclass(frozen=True, slots=True)
class Route:
    """One REST operation: ``operation`` is the GraphQL field that answers it.

    ``select`` are the members of the body: ``name`` takes the result's field of that (snake_case)
    name, ``name: other`` gives the field ``other`` under the documented name. A field that is an
    object or a list of objects brings all its plain fields along.

    Arguments of GET and DELETE come from path and query string, those of POST and PATCH from path
    and JSON body. ``leave_out`` names (snake_case) the optional arguments that only GraphQL offers,
    ``require`` those that REST insists on.

    ``from_pages`` lets pages of the origins of embed keys ask, by browsers' rules (``rest/cors``).

    ``chosen`` is a member of the body whose rows hold the columns that the request names in
    ``columns``, ``default_columns`` where it names none; the first of these is always there.

    A body of another ``media_type`` than JSON is written by ``rest/streams.py``, which is handed
    the selected members.
    """

    method: str
    path: str
    operation: str
    title: str
    select: tuple[str, ...]
    tag: str
    status: int = 200
    renames: Mapping[str, str] = field(default_factory=lambda: RENAMES)
    leave_out: tuple[str, ...] = ()
    require: tuple[str, ...] = ()
    from_pages: bool = False
    chosen: str | None = None
    default_columns: tuple[str, ...] = ()
    media_type: str = JSON


def _organisation_search(path: str) -> Route:
    return Route(
        "POST",
        path,
        "organisationSearch",
        "Organisation search",
        ("data: nodes", "metadata"),
        "Organisations",
        renames=MappingProxyType({"first": "size"}),
        leave_out=("after",),
        chosen="data",
        default_columns=("domain", "name", "country"),
    )


_SESSION = ("search_id", "interpretation", "pagination", "facets", "data: nodes")
_CUSTOMER = (
    "partner_customer_id",
    "external_customer_id",
    "name",
    "status",
    "credit_enforcement_mode",
    "credit_reset_policy",
    "limits",
    "result_delivery_url",
    "result_delivery_cta",
    "csv_export_enabled",
    "allowed_result_actions",
    "result_action_labels",
    "created_at",
)
_WALLET = (
    "partner_customer_id",
    "status",
    "allowed_result_actions",
    "result_action_labels",
    "wallet",
)

ROUTES: tuple[Route, ...] = (
    Route(
        "GET",
        "/v1/persons/search",
        "personSearch",
        "Natural-language person search",
        ("interpretation", "pagination", "data: nodes", "billable_records"),
        "Persons",
        leave_out=("interpretation", "at_companies_like"),
        require=("q",),
    ),
    Route(
        "POST",
        "/v1/persons/search/jobs",
        "createPersonSearchJob",
        "Create async person search job",
        ("job_id", "status", "search_strategy", "interpretation", "created_at"),
        "Persons",
        status=202,
        leave_out=("interpretation",),
        require=("q",),
    ),
    Route(
        "GET",
        "/v1/persons/search/jobs/{job_id}",
        "personSearchJob",
        "Get async person search job",
        (
            "job_id",
            "status",
            "search_strategy",
            "interpretation",
            "pagination",
            "data: nodes",
            "billable_records",
            "error",
            "timings_ms",
        ),
        "Persons",
    ),
    Route(
        "GET",
        "/v1/persons/search/taxonomy",
        "personSearchTaxonomy",
        "Person search taxonomy",
        ("fast_paths", "native_geo_parameters"),
        "Persons",
    ),
    Route(
        "GET",
        "/v1/persons/lookup",
        "personLookup",
        "Exact person lookup",
        ("data: nodes", "billable_records"),
        "Persons",
    ),
    Route(
        "GET",
        "/v1/companies/search",
        "companySearch",
        "Natural-language company search",
        ("interpretation", "pagination", "data: nodes", "billable_records"),
        "Companies",
        leave_out=("interpretation",),
        require=("q",),
    ),
    Route(
        "GET",
        "/v1/companies/{domain}/people",
        "companyPeople",
        "Company people",
        ("data: nodes", "pagination", "billable_records"),
        "Companies",
    ),
    Route(
        "GET",
        "/v1/domains",
        "domains",
        "Company domain inventory",
        ("data: nodes", "pagination"),
        "Companies",
    ),
    _organisation_search("/v1/organisations/search"),
    _organisation_search("/v2/search"),
    Route(
        "POST",
        "/v2/fetch",
        "organisationFetch",
        "Organisations by domain",
        ("data: nodes", "metadata"),
        "Organisations",
        chosen="data",
        default_columns=("domain", "name", "country"),
    ),
    Route(
        "POST",
        "/v2/stats",
        "organisationStats",
        "Organisation statistics",
        ("data: buckets", "elapsed_ms", "metadata"),
        "Organisations",
    ),
    Route(
        "GET",
        "/v2/filters/options",
        "organisationFilterOptions",
        "Values for filter menus",
        ("filters", "metadata"),
        "Organisations",
    ),
    Route(
        "POST",
        "/v1/partner-customers",
        "createPartnerCustomer",
        "Create partner customer",
        _CUSTOMER,
        "Partner customers",
        status=201,
    ),
    Route(
        "GET",
        "/v1/partner-customers",
        "partnerCustomers",
        "Partner customers",
        ("data: nodes", "pagination"),
        "Partner customers",
    ),
    Route(
        "GET",
        "/v1/partner-customers/{partner_customer_id}",
        "partnerCustomer",
        "Partner customer",
        _CUSTOMER,
        "Partner customers",
    ),
    Route(
        "PATCH",
        "/v1/partner-customers/{partner_customer_id}",
        "updatePartnerCustomer",
        "Update partner customer",
        _CUSTOMER,
        "Partner customers",
    ),
    Route(
        "GET",
        "/v1/partner-customers/{partner_customer_id}/wallet",
        "partnerCustomer",
        "Partner customer wallet",
        _WALLET,
        "Partner customers",
    ),
    Route(
        "POST",
        "/v1/partner-customers/{partner_customer_id}/wallet/credits",
        "grantWalletCredits",
        "Grant partner customer wallet credits",
        ("credit_grant", *_WALLET),
        "Partner customers",
        status=201,
    ),
    Route(
        "GET",
        "/v1/prospecting/wallet",
        "prospectingWallet",
        "Prospecting embed wallet",
        _WALLET,
        "Prospecting",
        from_pages=True,
    ),
    Route(
        "POST",
        "/v1/webhooks/endpoints",
        "createWebhookEndpoint",
        "Create webhook endpoint",
        ("id", "url", "description", "events", "status", "created_at", "signing_secret"),
        "Webhooks",
        status=201,
    ),
    Route(
        "GET",
        "/v1/webhooks/endpoints",
        "webhookEndpoints",
        "Registered webhook endpoints",
        ("data: nodes", "pagination"),
        "Webhooks",
    ),
    Route(
        "DELETE",
        "/v1/webhooks/endpoints/{endpoint_id}",
        "deleteWebhookEndpoint",
        "Delete webhook endpoint",
        ("deleted",),
        "Webhooks",
    ),
    Route(
        "GET",
        "/v1/webhooks/deliveries",
        "webhookDeliveries",
        "Webhook deliveries",
        ("data: nodes", "pagination"),
        "Webhooks",
    ),
    Route(
        "POST",
        "/v1/webhooks/deliveries/{delivery_id}/redeliver",
        "redeliver",
        "Redeliver an event",
        (
            "id",
            "event_id",
            "event_type",
            "endpoint_id",
            "status",
            "next_attempt_at",
            "created_at",
            "attempts",
        ),
        "Webhooks",
    ),
    Route(
        "POST",
        "/v1/prospecting/embed-keys",
        "createEmbedKey",
        "Create prospecting public loader key",
        ("public_key", "embed_key"),
        "Prospecting",
        status=201,
    ),
    Route(
        "GET",
        "/v1/prospecting/embed-keys",
        "embedKeys",
        "Prospecting public loader keys",
        ("data: nodes", "pagination"),
        "Prospecting",
    ),
    Route(
        "DELETE",
        "/v1/prospecting/embed-keys/{embed_key_id}",
        "revokeEmbedKey",
        "Revoke prospecting public loader key",
        ("revoked",),
        "Prospecting",
    ),
    Route(
        "POST",
        "/v1/prospecting/embed-sessions",
        "createEmbedSession",
        "Bootstrap prospecting embed session",
        ("token", "partner_customer_id", "external_customer_id", "expires_at"),
        "Prospecting",
        status=201,
        from_pages=True,
    ),
    Route(
        "POST",
        "/v1/prospecting/search",
        "startProspecting",
        "Prospecting search",
        _SESSION,
        "Prospecting",
    ),
    Route(
        "GET",
        "/v1/prospecting/sessions/{search_id}",
        "prospectingSession",
        "Prospecting session",
        _SESSION,
        "Prospecting",
        leave_out=("filters",),
    ),
    Route(
        "POST",
        "/v1/prospecting/sessions/{search_id}",
        "prospectingSession",
        "Refined prospecting session",
        _SESSION,
        "Prospecting",
    ),
    Route(
        "POST",
        "/v1/prospecting/sessions/{search_id}/push",
        "pushProspects",
        "Push prospecting results to partner",
        (
            "delivered",
            "delivery_status",
            "search_id",
            "partner_customer_id",
            "selection",
            "pushed_records",
            "net_new_billable_records",
            "already_purchased_records",
        ),
        "Prospecting",
    ),
    Route(
        "POST",
        "/v1/prospecting/sessions/{search_id}/export",
        "exportProspects",
        "Export prospecting results as CSV",
        (
            "export_id",
            "file_name",
            "exported_records",
            "net_new_billable_records",
            "already_purchased_records",
        ),
        "Prospecting",
        media_type="text/csv",
    ),
    Route(
        "GET",
        "/v1/usage",
        "usage",
        "Usage summary",
        ("requests", "billable_records"),
        "Usage",
    ),
)

# Fields that REST does not offer, each with the reason. The list may only shrink.
NOT_IN_REST: Mapping[str, str] = MappingProxyType(
    {
        "personSearchJobs": "the documents list no jobs",
        "interpretPersonSearch": "a look before a search; every search reports its interpretation",
        "interpretCompanySearch": "a look before a search; every search reports its interpretation",
        "rotateWebhookSecret": "no documented route; by REST an endpoint is replaced",
        "enableWebhookEndpoint": "no documented route; by REST an endpoint is replaced",
        "organisation": "POST /v2/fetch gives one organisation as well as many",
    }
)
