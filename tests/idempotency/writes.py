"""One way to do each write of the schema. A mutation without one fails the build."""

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any
from uuid import UUID, uuid4

from graphql import GraphQLField
from sqlalchemy import insert
from strawberry.utils.str_converters import to_snake_case

from api.caller import AccountKind, CallerKind, Role
from api.domain.embed.tokens import EmbedTokens
from api.domain.partner_customer.rules import CustomerDefaults, Delivery
from api.domain.partner_customer.service import ensure
from api.stores.postgres import Postgres
from api.stores.tables import embed_keys, webhook_deliveries, webhook_events
from graph.directives import Callers
from graph.schema import schema
from rest.prepare import selection
from rest.routes import ROUTES
from tests.idempotency.accounts import Account, signed_in, with_postgres
from tests.stack import Asker
from tests.webhook.rows import URL, add_endpoint, disable

PARTNER = "https://partner.example"
Write = Callable[[Account], tuple[Asker, dict[str, Any]]]
"""Who asks, and the arguments; what they name is there by then."""

assert schema._schema.mutation_type is not None
MUTATIONS: dict[str, GraphQLField] = schema._schema.mutation_type.fields


def document(name: str) -> str:
    """A document that runs a mutation, with all of its arguments, and asks for all it gives."""
    field = MUTATIONS[name]
    declared = ", ".join(f"${each}: {of.type}" for each, of in field.args.items())
    passed = ", ".join(f"{each}: ${each}" for each in field.args)
    return f"mutation ({declared}) {{ {name}({passed}) {selection(field.type)} }}"


def in_iframe(name: str) -> bool:
    """Whether a mutation is one of the iframe, which runs no document but its own."""
    return CallerKind.EMBED_TOKEN in callers_of(MUTATIONS[name]).kinds


def rest_request(name: str, variables: dict[str, Any]) -> tuple[str, dict[str, Any]]:
    """The path and the body by which REST runs a mutation with these arguments."""
    (route,) = [each for each in ROUTES if each.operation == name and each.method == "POST"]
    named = {to_snake_case(each): value for each, value in variables.items()}
    body = {route.renames.get(each, each): value for each, value in named.items()}
    path = route.path.format_map(body)
    return path, {each: value for each, value in body.items() if f"{{{each}}}" not in route.path}


def callers_of(field: GraphQLField) -> Callers:
    """Who may call an operation."""
    directives = field.extensions["strawberry-definition"].directives
    return next(each for each in directives if isinstance(each, Callers))


def kind_for(name: str) -> AccountKind:
    """The kind of account that may run a mutation."""
    partners = callers_of(MUTATIONS[name]).managed or in_iframe(name)
    return AccountKind.MANAGED if partners else AccountKind.STANDARD


def _create_job(account: Account) -> tuple[Asker, dict[str, Any]]:
    return account.ask, {"q": "CEOs in Nevada", "first": 5}


def _create_endpoint(account: Account) -> tuple[Asker, dict[str, Any]]:
    return account.ask, {"url": URL}


def _endpoint(account: Account, *, disabled: bool = False) -> str:
    async def add(postgres: Postgres) -> UUID:
        endpoint_id = await add_endpoint(postgres, account.id)
        if disabled:
            await disable(postgres, endpoint_id)
        return endpoint_id

    return str(with_postgres(account.stack, add))


def _delete_endpoint(account: Account) -> tuple[Asker, dict[str, Any]]:
    return account.ask, {"endpointId": _endpoint(account)}


def _rotate_secret(account: Account) -> tuple[Asker, dict[str, Any]]:
    return account.ask, {"endpointId": _endpoint(account), "overlapHours": 1}


def _enable_endpoint(account: Account) -> tuple[Asker, dict[str, Any]]:
    return account.ask, {"endpointId": _endpoint(account, disabled=True)}


def _redeliver(account: Account) -> tuple[Asker, dict[str, Any]]:
    endpoint_id, event_id, delivery_id = UUID(_endpoint(account)), uuid4(), uuid4()
    moment = {"created_at": datetime.now(UTC), "account_id": account.id}
    event = {"id": event_id, "type": "person_search.job.failed", "payload": "{}", **moment}
    delivery = {"endpoint_id": endpoint_id, "event_id": event_id, "status": "exhausted", **moment}
    account.rows(insert(webhook_events).values(event))
    account.rows(insert(webhook_deliveries).values(id=delivery_id, **delivery))
    return account.ask, {"deliveryId": str(delivery_id)}


def _create_embed_key(account: Account) -> tuple[Asker, dict[str, Any]]:
    return account.ask, {"allowedOrigins": ["https://partner.example"]}


def _revoke_embed_key(account: Account) -> tuple[Asker, dict[str, Any]]:
    key_id = uuid4()
    account.rows(
        insert(embed_keys).values(
            id=key_id,
            account_id=account.id,
            prefix="stib_embed_pk_abc123",
            digest=key_id.bytes,
            allowed_origins=["https://partner.example"],
            result_delivery_cta="Push",
            csv_export_enabled=False,
            default_credit_enforcement_mode="metered",
            default_credit_reset_policy="rollover",
            default_limits={},
        )
    )
    return account.ask, {"embedKeyId": str(key_id)}


def _create_customer(account: Account) -> tuple[Asker, dict[str, Any]]:
    return account.ask, {"externalCustomerId": "customer 1"}


def _customer(account: Account) -> dict[str, Any]:
    async def add(postgres: Postgres) -> UUID:
        async with postgres.transaction() as connection:
            defaults = CustomerDefaults()
            made = await ensure(connection, account.id, "customer 1", name=None, defaults=defaults)
        return made.id

    return {"partnerCustomerId": str(with_postgres(account.stack, add))}


def _update_customer(account: Account) -> tuple[Asker, dict[str, Any]]:
    return account.ask, {**_customer(account), "status": "suspended"}


def _grant_credits(account: Account) -> tuple[Asker, dict[str, Any]]:
    return account.ask, {**_customer(account), "creditUnits": 50}


def _create_api_key(account: Account) -> tuple[Asker, dict[str, Any]]:
    return signed_in(account, Role.ADMIN), {"name": "a key", "tier": "tier_1"}


def _revoke_api_key(account: Account) -> tuple[Asker, dict[str, Any]]:
    return signed_in(account, Role.ADMIN), {"apiKeyId": str(account.key_id)}


def iframe_of(account: Account) -> Asker:
    """A person in an iframe of the account, which is a partner."""
    made = account.ask.http.post(
        "/v1/prospecting/embed-keys", json={"allowed_origins": [PARTNER]}
    ).json()

    async def customer(postgres: Postgres) -> UUID:
        delivery = Delivery(
            result_delivery_url="https://partner.example/push", csv_export_enabled=True
        )
        defaults = CustomerDefaults(delivery=delivery)
        async with postgres.transaction() as connection:
            added = await ensure(connection, account.id, "customer", name=None, defaults=defaults)
        return added.id

    token, _ = EmbedTokens(account.stack.settings.required_secret).issue(
        datetime.now(UTC),
        account_id=account.id,
        embed_key_id=UUID(made["embed_key"]["id"]),
        partner_customer_id=with_postgres(account.stack, customer),
        external_customer_id="customer",
        user_id=None,
        origin=PARTNER,
    )
    client = account.opened.enter_context(account.stack.client(None))
    client.headers["authorization"] = f"Bearer {token}"
    return Asker(client)


def _start(account: Account) -> tuple[Asker, dict[str, Any]]:
    return iframe_of(account), {"q": "CEOs in Nevada", "first": 5}


def _take_one(account: Account) -> tuple[Asker, dict[str, Any]]:
    asker = iframe_of(account)
    found = asker.http.post("/v1/prospecting/search", json={"q": "CEOs in Nevada", "limit": 1})
    body = found.json()
    chosen = [each["prospect_id"] for each in body["data"]]
    wanted = {"searchId": body["search_id"], "selectionMode": "selected", "prospectIds": chosen}
    return asker, wanted


# Its credentials end with it, so that a second request is nobody's.
ENDS_WITH_ITS_CALLER = "endConsoleSession"

WRITES: dict[str, Write] = {
    "createPartnerCustomer": _create_customer,
    "updatePartnerCustomer": _update_customer,
    "grantWalletCredits": _grant_credits,
    "createPersonSearchJob": _create_job,
    "createWebhookEndpoint": _create_endpoint,
    "deleteWebhookEndpoint": _delete_endpoint,
    "rotateWebhookSecret": _rotate_secret,
    "enableWebhookEndpoint": _enable_endpoint,
    "redeliver": _redeliver,
    "startProspecting": _start,
    "exportProspects": _take_one,
    "pushProspects": _take_one,
    "createApiKey": _create_api_key,
    "revokeApiKey": _revoke_api_key,
    "createEmbedKey": _create_embed_key,
    "revokeEmbedKey": _revoke_embed_key,
}
