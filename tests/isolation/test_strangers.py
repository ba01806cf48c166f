"""Whatever takes an identifier: one of another account is one that is not there."""

from collections.abc import Callable
from typing import Any

import pytest
from graphql import get_named_type

from api.caller import AccountKind
from tests.idempotency.accounts import Account
from tests.idempotency.writes import MUTATIONS, WRITES, in_iframe, kind_for, rest_request
from tests.isolation.conftest import Watched
from tests.isolation.test_matrix import OPERATIONS
from tests.stack import Asker

Owned = Callable[[Account], dict[str, Any]]


def _job(account: Account) -> dict[str, Any]:
    made = account.ask.http.post("/v1/persons/search/jobs", json={"q": "CEOs in Nevada"})
    return {"jobId": made.json()["job_id"]}


def _customer(account: Account) -> dict[str, Any]:
    return {"partnerCustomerId": WRITES["updatePartnerCustomer"](account)[1]["partnerCustomerId"]}


def _session(account: Account) -> dict[str, Any]:
    return {"searchId": WRITES["exportProspects"](account)[1]["searchId"]}


def _endpoint(account: Account) -> dict[str, Any]:
    return {"endpointId": WRITES["deleteWebhookEndpoint"](account)[1]["endpointId"]}


READS: dict[str, tuple[AccountKind, Owned]] = {
    "personSearchJob": (AccountKind.STANDARD, _job),
    "personSearchJobUpdates": (AccountKind.STANDARD, _job),
    "partnerCustomer": (AccountKind.MANAGED, _customer),
    "prospectingSession": (AccountKind.MANAGED, _session),
    # A filter: of what is not there there are no rows.
    "webhookDeliveries": (AccountKind.STANDARD, _endpoint),
}


def takes_an_id(name: str) -> bool:
    """Whether an argument of an operation names something."""
    _, field = OPERATIONS[name]
    return any(get_named_type(each.type).name == "ID" for each in field.args.values())


NAMED = sorted(name for name in OPERATIONS if takes_an_id(name))


def test_every_operation_that_takes_an_identifier_is_tried() -> None:
    """One that is not: add it to ``READS``, or to the writes of tests/idempotency/writes.py."""
    assert {name for name in NAMED if name not in MUTATIONS} == set(READS)
    assert {name for name in NAMED if name in MUTATIONS} <= set(WRITES)


@pytest.mark.parametrize("name", sorted(name for name in NAMED if name in MUTATIONS))
def test_nobody_changes_what_is_not_theirs(watched: Watched, name: str) -> None:
    owner = watched.partner if kind_for(name) is AccountKind.MANAGED else watched.standard
    stranger = watched.strangers[kind_for(name)]
    _, theirs = WRITES[name](owner)
    asker, _ = WRITES[name](stranger)
    before = owner.holds()
    if in_iframe(name):
        path, body = rest_request(name, theirs)
        answer = asker.http.post(path, json=body)
        code = answer.json()["code"]
    else:
        answer = _run(asker, name, theirs)
        code = answer.json()["errors"][0]["extensions"]["code"]
    assert (answer.status_code, code) == (404, "not_found"), answer.text
    assert owner.holds() == before


@pytest.mark.parametrize("name", sorted(READS))
def test_nobody_sees_what_is_not_theirs(watched: Watched, name: str) -> None:
    kind, owned = READS[name]
    owner = watched.partner if kind is AccountKind.MANAGED else watched.standard
    stranger = watched.strangers[kind]
    theirs = owned(owner)
    if name == "prospectingSession":
        asker, _ = WRITES["startProspecting"](stranger)
        answer = asker.rest(f"/v1/prospecting/sessions/{theirs['searchId']}")
        assert answer.status_code == 404
        return
    answer = _run(stranger.ask, name, theirs)
    if name == "webhookDeliveries":
        assert answer.json()["data"] == {name: {"nodes": []}}
        return
    assert answer.status_code == 404, answer.text
    assert answer.json()["errors"][0]["extensions"]["code"] == "not_found"


def _run(asker: Asker, name: str, variables: dict[str, Any]) -> Any:
    root, field = OPERATIONS[name]
    declared = ", ".join(f"${each}: {field.args[each].type}" for each in variables)
    passed = ", ".join(f"{each}: ${each}" for each in variables)
    chosen = "nodes { id }" if name == "webhookDeliveries" else "__typename"
    query = f"{root} ({declared}) {{ {name}({passed}) {{ {chosen} }} }}"
    accept = "text/event-stream" if root == "subscription" else "application/json"
    return asker.http.post(
        "/graphql", json={"query": query, "variables": variables}, headers={"accept": accept}
    )
