"""The Postgres tables, a module a noun. Migrations create them; a test compares the two."""

from api.stores.tables.accounts import accounts, api_keys
from api.stores.tables.base import metadata
from api.stores.tables.console import console_sessions, console_users
from api.stores.tables.deliveries import dedupe_scopes, delivered_persons
from api.stores.tables.embed import embed_keys
from api.stores.tables.idempotency import idempotent_answers
from api.stores.tables.jobs import JOBS_CHANNEL, person_search_jobs
from api.stores.tables.organisations import (
    BM25_INDEX,
    CATEGORIES,
    organisation_embedding_model,
    organisation_embeddings,
    organisations,
)
from api.stores.tables.partners import (
    partner_customers,
    wallet_entries,
    wallet_grants,
    wallets,
)
from api.stores.tables.prospecting import (
    owned_records,
    prospecting_purchases,
    prospecting_pushes,
    prospecting_sessions,
)
from api.stores.tables.usage import usage_entries
from api.stores.tables.webhooks import (
    webhook_attempts,
    webhook_deliveries,
    webhook_endpoints,
    webhook_events,
)

__all__ = [
    "BM25_INDEX",
    "CATEGORIES",
    "JOBS_CHANNEL",
    "accounts",
    "api_keys",
    "console_sessions",
    "console_users",
    "dedupe_scopes",
    "delivered_persons",
    "embed_keys",
    "idempotent_answers",
    "metadata",
    "organisation_embedding_model",
    "organisation_embeddings",
    "organisations",
    "owned_records",
    "partner_customers",
    "person_search_jobs",
    "prospecting_purchases",
    "prospecting_pushes",
    "prospecting_sessions",
    "usage_entries",
    "wallet_entries",
    "wallet_grants",
    "wallets",
    "webhook_attempts",
    "webhook_deliveries",
    "webhook_endpoints",
    "webhook_events",
]
