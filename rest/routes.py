"""THE TABLE: which GraphQL field answers which REST route.

A row is data. Arguments, defaults, limits, descriptions, types and errors come from the field; an
absent optional field is left out of the body, a documented null stays. ``rest/build.py`` turns the
rows into prepared documents at start and refuses to start with a wrong one.
"""

from collections.abc import Mapping
from types import MappingProxyType

from rest.partner_routes import PARTNER_ROUTES
from rest.route import Route


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
    *PARTNER_ROUTES,
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
        "rateLimit": "every response has it in its header fields",
        "consoleUser": "the console speaks GraphQL",
        "endConsoleSession": "the console speaks GraphQL",
        "apiKeys": "the console speaks GraphQL, and nobody else manages keys",
        "createApiKey": "the console speaks GraphQL, and nobody else manages keys",
        "revokeApiKey": "the console speaks GraphQL, and nobody else manages keys",
        "organisation": "POST /v2/fetch gives one organisation as well as many",
    }
)
