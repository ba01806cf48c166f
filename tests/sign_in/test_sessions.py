"""Sessions: what they may do, whose usage it is, and how they end."""

from datetime import UTC, datetime, timedelta
from uuid import uuid4

import pytest
from sqlalchemy import select, update

from api.caller import Role
from api.domain.sign_in.provider import Provider
from api.domain.sign_in.service import add_user
from api.errors import DomainError
from api.settings import Settings, SettingsError
from api.stores.postgres import Postgres
from api.stores.tables import console_sessions, console_users, usage_entries
from tests.contract.test_jobs import ended
from tests.idempotency.accounts import Account, with_postgres
from tests.sign_in.conftest import Console
from tests.stack import Asker, stibnite

SEARCH = "/v1/persons/search"
Q = "partners at law firms in Ely, NV"


def test_a_member_does_what_a_key_does(member: Asker, account: Account) -> None:
    found = member.rest(SEARCH, q=Q, limit=5)
    assert found.status_code == 200
    assert member.graphql(f'{{ personSearch(q: "{Q}", first: 5) {{ billableRecords }} }}').json()[
        "data"
    ] == {"personSearch": {"billableRecords": 5}}
    entries = account.rows(select(usage_entries).where(usage_entries.c.account_id == account.id))
    (user,) = account.rows(select(console_users.c.id))[-1]
    assert {(each.api_key_id, each.billable_records) for each in entries} == {(None, 5)}
    assert {each.console_user_id for each in entries} == {
        row.id
        for row in account.rows(
            select(console_users.c.id).where(console_users.c.account_id == account.id)
        )
    }
    assert user is not None
    assert account.ask.usage() == {"requests": 0, "billable_records": 0}


def test_a_job_of_a_member_is_run_and_billed(member: Asker, account: Account) -> None:
    created = member.http.post("/v1/persons/search/jobs", json={"q": Q, "limit": 5})
    assert created.status_code == 202, created.text
    body = ended(member, created.json()["job_id"])
    assert (body["status"], body["billable_records"]) == ("succeeded", 5)
    entries = account.rows(select(usage_entries).where(usage_entries.c.account_id == account.id))
    assert sorted((each.requests, each.billable_records) for each in entries) == [(0, 5), (1, 0)]
    assert all(each.console_user_id and not each.api_key_id for each in entries)


def test_a_token_is_unknown_once_its_session_has_ended(
    console: Console, member: Asker, account: Account
) -> None:
    ended_ = member.graphql("mutation { endConsoleSession { ended } }")
    assert ended_.json()["data"] == {"endConsoleSession": {"ended": True}}
    assert member.graphql("{ consoleUser { email } }").status_code == 401
    assert member.rest("/v1/persons/search/taxonomy").status_code == 401


def test_a_session_ends_by_itself(member: Asker, account: Account) -> None:
    mine = console_sessions.c.account_id == account.id
    (row,) = account.rows(select(console_sessions).where(mine))
    assert row.expires_at - row.created_at == timedelta(hours=1)
    assert not any(b"stib_ses" in value for value in row if isinstance(value, bytes))
    past = datetime.now(UTC) - timedelta(seconds=1)
    account.rows(update(console_sessions).where(mine).values(expires_at=past))
    assert member.rest("/v1/persons/search/taxonomy").status_code == 401


def test_who_is_removed_is_out_with_the_next_request(
    console: Console, member: Asker, account: Account
) -> None:
    email = member.graphql("{ consoleUser { email } }").json()["data"]["consoleUser"]["email"]
    data_dir = str(console.stack.data_dir)
    stibnite("user", "remove", email, "--data-dir", data_dir)
    assert member.rest("/v1/persons/search/taxonomy").status_code == 401
    assert console.sign_in().status_code == 403
    stibnite(
        *("user", "add", "--account", account.name, "--email", f" {email.upper()} "),
        *("--role", "viewer", "--data-dir", data_dir),
    )
    assert console.sign_in().json()["role"] == "viewer"


def test_a_role_is_looked_up_with_each_request(member: Asker, account: Account) -> None:
    assert member.rest(SEARCH, q=Q, limit=1).status_code == 200
    mine = console_users.c.account_id == account.id
    account.rows(update(console_users).where(mine).values(role=Role.VIEWER))
    denied = member.rest(SEARCH, q=Q, limit=1)
    assert (denied.status_code, denied.json()["code"]) == (403, "forbidden")
    assert member.rest("/v1/persons/search/taxonomy").status_code == 200


@pytest.mark.parametrize(
    "token", ["stib_ses_", "stib_ses_" + "a" * 43, "stib_live_" + "a" * 43, "é" * 52]
)
def test_what_is_no_session_is_nobody(console: Console, token: str) -> None:
    with console.browser() as browser:
        answer = browser.get(
            "/v1/persons/search/taxonomy",
            headers={b"authorization": f"Bearer {token}".encode("latin-1")},
        )
    assert answer.status_code == 401


def test_an_invitation_is_checked(console: Console, account: Account) -> None:
    taken = console.invite(account)
    for email, name, code in (
        ("no address", account.name, "invalid_input"),
        ("two@at@signs.example", account.name, "invalid_input"),
        (f"{uuid4().hex}@people.example", "no such account", "not_found"),
        (taken, account.name, "conflict"),
    ):

        async def add(postgres: Postgres, email: str = email, name: str = name) -> None:
            await add_user(postgres, account=name, email=email, role=Role.ADMIN)

        with pytest.raises(DomainError) as refused:
            with_postgres(console.stack, add)
        assert refused.value.code == code


def test_an_issuer_is_https_or_this_machine() -> None:
    def settings(**values: str) -> Settings:
        given = {
            "oidc_issuer": "https://issuer.example",
            "oidc_client_id": "client",
            "oidc_redirect_url": "https://stibnite.example/console/callback",
        }
        return Settings(**{**given, **values})  # type: ignore[arg-type]

    assert Provider.of(Settings()) is None
    assert Provider.of(settings()) is not None
    assert Provider.of(settings(oidc_issuer="http://127.0.0.1:8080/realm")) is not None
    for wrong in (
        {"oidc_issuer": "http://issuer.example"},
        {"oidc_redirect_url": "http://stibnite.example/console/callback"},
        {"oidc_client_id": ""},
    ):
        with pytest.raises((SettingsError, ValueError)):
            Provider.of(settings(**wrong))
