"""One tenant's statements reach one tenant's rows: read off every statement that operations send.

Each table either has ``account_id`` or belongs to nobody in particular, with the reason. What
touches a table with accounts in it is bound to the account of who asks, or else is one of those
below, whose reason says what binds it.
"""

import re

import pytest

from api.caller import AccountKind
from api.stores.tables import metadata
from rest.routes import ROUTES
from tests.idempotency.writes import MUTATIONS, WRITES, document, in_iframe, kind_for, rest_request
from tests.isolation.conftest import KINDS, Watched
from tests.isolation.expected import EXPECTED
from tests.isolation.test_matrix import by_graphql, by_rest

BELONG_TO_NOBODY = {
    "accounts": "the tenants themselves",
    "organisations": "one data set for all",
    "organisation_embedding_model": "says what the organisations' vectors are of",
    "organisation_embeddings": "what a load has computed of them",
}
BELOW_ANOTHER: dict[str, str] = {
    "webhook_attempts": "webhook_deliveries",
    "wallets": "partner_customers",
    "wallet_grants": "wallets",
    "wallet_entries": "wallets",
}
"""Tables without an account of their own, and the table with one that each row belongs to."""

BOUND_OTHERWISE = {
    "WHERE api_keys.digest =": "finds the account by the digest of a secret",
    "WHERE console_sessions.digest =": "finds the account by the digest of a secret",
    "WHERE usage_entries.api_key_id =": "the caller's own key",
    "UPDATE partner_customers SET": "its row was locked by account in the transaction",
    "UPDATE webhook_endpoints SET": "its row was locked by account in the transaction",
    "WHERE webhook_deliveries.endpoint_id IN": "of an endpoint that was locked by account",
    "update webhook_deliveries d set": "found by account, and its endpoint locked by account",
    "from prospecting_pushes p": "of a purchase that the caller has just made",
    "update prospecting_pushes set": "of a purchase that the caller has just made",
    "select min(due_at)": "GET /ready: how old the oldest job is, and nothing of it",
}
"""What a statement holds, and what binds it in place of the account."""

TENANTS = {name for name, table in metadata.tables.items() if "account_id" in table.c}
_TOUCHED = re.compile(r"\b(?:from|join|into|update)\s+\"?([a-z_]+)", re.IGNORECASE)


def test_every_table_has_an_account_or_a_reason() -> None:
    assert set(metadata.tables) == TENANTS | set(BELONG_TO_NOBODY) | set(BELOW_ANOTHER)
    for name, above in BELOW_ANOTHER.items():
        targets = {key.column.table.name for key in metadata.tables[name].foreign_keys}
        assert above in targets & (TENANTS | set(BELOW_ANOTHER))
    for name in TENANTS:
        assert not metadata.tables[name].c.account_id.nullable, name


@pytest.fixture(scope="module")
def driven(watched: Watched) -> Watched:
    """Every operation has run: by everybody who may, and every write with what it needs."""
    for kind in KINDS:
        asker = watched.caller(kind)
        for name in sorted(EXPECTED, key=lambda each: each == "endConsoleSession"):
            by_graphql(asker, name)
        for route in ROUTES:
            by_rest(asker, route)
    for name in sorted(WRITES, key=lambda each: each == "revokeApiKey"):
        managed = kind_for(name) is AccountKind.MANAGED
        asker, variables = WRITES[name](watched.partner if managed else watched.standard)
        if in_iframe(name):
            path, body = rest_request(name, variables)
            assert asker.http.post(path, json=body).status_code < 300, name
        else:
            body = {"query": document(name), "variables": variables}
            assert "errors" not in asker.http.post("/graphql", json=body).json(), name
    assert set(MUTATIONS) >= set(WRITES)
    return watched


def test_every_statement_is_bound_to_the_account_that_asks(driven: Watched) -> None:
    accounts = {str(driven.standard.id), str(driven.partner.id)}
    accounts |= {str(each.id) for each in driven.strangers.values()}
    unbound: dict[str, set[str]] = {}
    touched: set[str] = set()
    for line in driven.statements():
        tables = TENANTS & set(_TOUCHED.findall(line["sql"]))
        touched |= tables
        if tables and not accounts & set(line["ids"]):
            unbound.setdefault(line["sql"], tables)
    left = [sql for sql in unbound if not any(each in sql for each in BOUND_OTHERWISE)]
    assert not left, "\n\n".join(left)
    unused = [each for each in BOUND_OTHERWISE if not any(each in sql for sql in unbound)]
    assert not unused, unused
    assert len(touched) >= len(TENANTS) / 2, touched
