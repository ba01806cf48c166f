"""Signing in at a real issuer: what is believed, what is not, and who is let in."""

import re
import time
from collections.abc import Callable
from typing import Any
from urllib.parse import parse_qs, urlencode, urlsplit
from uuid import uuid4

import httpx2
import pytest

from api.caller import Role
from rest.sign_in import CALLBACK_PATH, SIGN_IN_PATH, TICKET_COOKIE
from tests.idempotency.accounts import Account
from tests.sign_in import issuer as tokens
from tests.sign_in.conftest import Console
from tests.sign_in.issuer import Claims, Issuer

WHO = "{ consoleUser { email role account } }"


def somebody(console: Console, account: Account, **claims: Any) -> str:
    """Somebody who is invited, with a verified address, is at the browser."""
    email = console.invite(account)
    person = {"sub": uuid4().hex, "email": email, "email_verified": True, **claims}
    console.issuer.tell_the_truth(**person)
    return email


def refused(answer: httpx2.Response, status: int) -> None:
    """No session, no cookie left, and nothing of why in the answer."""
    assert answer.status_code == status, answer.text
    assert answer.json()["code"] == {400: "malformed_request", 401: "unauthenticated"}.get(
        status, "forbidden"
    )
    assert "access_token" not in answer.text
    assert "jose" not in answer.text.lower()


@pytest.mark.parametrize("sign", [tokens.signed_rs256, tokens.signed_es256])
def test_who_is_invited_signs_in(
    console: Console, account: Account, sign: Callable[[Issuer, Claims], str]
) -> None:
    email = somebody(console, account)
    console.issuer.sign = sign
    answer = console.sign_in()
    body = answer.json()
    assert answer.status_code == 200
    assert answer.headers["cache-control"] == "no-store"
    assert re.fullmatch(r"stib_ses_[A-Za-z0-9_-]{43}", body["access_token"])
    assert (body["token_type"], body["expires_in"]) == ("Bearer", 3600)
    assert (body["email"], body["role"]) == (email, "member")
    with console.client(body["access_token"]) as client:
        who = client.post("/graphql", json={"query": WHO}).json()["data"]["consoleUser"]
    assert who == {"email": email, "role": "member", "account": account.name}


def test_the_cookie_is_for_the_way_back_alone(console: Console) -> None:
    with console.browser() as browser:
        begun = browser.get(SIGN_IN_PATH)
    cookie = begun.headers["set-cookie"]
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert f"Path={CALLBACK_PATH}" in cookie
    asked = parse_qs(urlsplit(begun.headers["location"]).query)
    assert asked["code_challenge_method"] == ["S256"]
    assert asked["scope"] == ["openid email"]
    assert not any(asked[name][0] in cookie for name in ("state", "nonce"))


def after(seconds: int) -> int:
    return int(time.time()) + seconds


LIES: dict[str, Callable[[Claims], Claims]] = {
    "of another sign-in": lambda claims: {**claims, "nonce": "another"},
    "of no sign-in": lambda claims: {**claims, "nonce": None},
    "nonces": lambda claims: {**claims, "nonce": [claims["nonce"]]},
    "for another client": lambda claims: {**claims, "aud": "another"},
    "for nobody": lambda claims: {**claims, "aud": []},
    "for several, ours not said to be the one": lambda claims: {
        **claims,
        "aud": [claims["aud"], "another"],
    },
    "for several, the other one": lambda claims: {
        **claims,
        "aud": [claims["aud"], "another"],
        "azp": "another",
    },
    "by another issuer": lambda claims: {**claims, "iss": "https://other.example"},
    "without the slash": lambda claims: {**claims, "iss": claims["iss"].rstrip("/")},
    "expired": lambda claims: {**claims, "exp": after(-120)},
    "for ever": lambda claims: {name: claims[name] for name in claims if name != "exp"},
    "not yet": lambda claims: {**claims, "nbf": after(3600)},
    "of tomorrow": lambda claims: {**claims, "iat": after(86_400)},
    "of no moment": lambda claims: {name: claims[name] for name in claims if name != "iat"},
    "of nobody": lambda claims: {name: claims[name] for name in claims if name != "sub"},
    "of an empty name": lambda claims: {**claims, "sub": ""},
    "of a number": lambda claims: {**claims, "sub": 7},
    "of a very long name": lambda claims: {**claims, "sub": "s" * 256},
}


@pytest.mark.parametrize("lie", LIES)
def test_claims_that_do_not_hold_are_not_believed(
    console: Console, account: Account, lie: str
) -> None:
    somebody(console, account)
    console.issuer.lie = LIES[lie]
    refused(console.sign_in(), 401)
    assert account.holds()["console_sessions"] == 0


@pytest.mark.parametrize(
    "sign",
    [
        tokens.unsigned,
        tokens.by_another_key,
        tokens.by_an_unknown_key,
        tokens.by_the_public_key_as_a_secret,
        tokens.by_the_client_secret,
        tokens.with_a_changed_payload,
        tokens.no_token,
    ],
)
def test_signatures_that_do_not_hold_are_not_believed(
    console: Console, account: Account, sign: Callable[[Issuer, Claims], str]
) -> None:
    somebody(console, account)
    console.issuer.sign = sign
    refused(console.sign_in(), 401)
    assert account.holds()["console_sessions"] == 0


def test_several_may_be_meant_where_this_client_is_the_one(
    console: Console, account: Account
) -> None:
    somebody(console, account, azp=tokens.CLIENT_ID)
    console.issuer.lie = lambda claims: {**claims, "aud": ["another", claims["aud"]]}
    assert console.sign_in().status_code == 200


def changed(url: str, **values: str) -> str:
    """An address with other parameters."""
    asked = {name: each[0] for name, each in parse_qs(urlsplit(url).query).items()}
    return f"{CALLBACK_PATH}?{urlencode({**asked, **values})}"


def test_the_way_back_of_another_sign_in_is_refused(console: Console, account: Account) -> None:
    """Whoever sends somebody their own way back would have them sign in as another."""
    somebody(console, account)
    with console.browser() as victim, console.browser() as attacker:
        theirs = console.to_the_issuer_and_back(attacker)
        victim.get(SIGN_IN_PATH)
        refused(victim.get(theirs), 401)
    with console.browser() as browser:
        back = console.to_the_issuer_and_back(browser)
        refused(browser.get(changed(back, state="another")), 401)
    with console.browser() as browser:
        back = console.to_the_issuer_and_back(browser)
        browser.cookies.clear()
        refused(browser.get(back), 401)
        refused(browser.get(back, headers={"cookie": f"{TICKET_COOKIE}=made-up"}), 401)
    assert account.holds()["console_sessions"] == 0


def test_a_code_is_good_once(console: Console, account: Account) -> None:
    somebody(console, account)
    with console.browser() as browser:
        back = console.to_the_issuer_and_back(browser)
        ticket = browser.cookies[TICKET_COOKIE]
        assert browser.get(back).status_code == 200
        assert TICKET_COOKIE not in browser.cookies
        refused(browser.get(back), 401)
        refused(browser.get(back, headers={"cookie": f"{TICKET_COOKIE}={ticket}"}), 401)
    assert account.holds()["console_sessions"] == 1


@pytest.mark.parametrize(
    "query",
    [
        "",
        "error=access_denied&state=s",
        "code=c",
        "state=s",
        "code=&state=s",
        "code=a&code=b&state=s",
        f"code={'c' * 4_001}&state=s",
    ],
)
def test_what_brings_no_code_back_is_no_sign_in(console: Console, query: str) -> None:
    with console.browser() as browser:
        browser.get(SIGN_IN_PATH)
        refused(browser.get(f"{CALLBACK_PATH}?{query}"), 400)


@pytest.mark.parametrize(
    "claims",
    [
        {"email_verified": False},
        {"email_verified": "true"},
        {"email": None},
        {"email": "nobody@people.example"},
        {"email": 7},
    ],
)
def test_who_is_not_invited_is_not_let_in(
    console: Console, account: Account, claims: dict[str, Any]
) -> None:
    somebody(console, account, **claims)
    refused(console.sign_in(), 403)
    assert account.holds()["console_sessions"] == 0


def test_an_invitation_is_of_the_first_who_takes_it(console: Console, account: Account) -> None:
    """Later the issuer's subject counts: an address may be given to somebody else."""
    email = somebody(console, account)
    first = dict(console.issuer.person)
    assert console.sign_in().status_code == 200
    console.issuer.tell_the_truth(sub=uuid4().hex, email=email, email_verified=True)
    refused(console.sign_in(), 403)
    console.issuer.tell_the_truth(**{**first, "email": "new@people.example"})
    assert console.sign_in().json()["email"] == email


def test_without_an_issuer_there_is_no_sign_in(account: Account) -> None:
    for path in (SIGN_IN_PATH, f"{CALLBACK_PATH}?code=c&state=s"):
        answer = account.ask.http.get(path)
        assert answer.status_code in {401, 404}
    assert account.ask.http.get(SIGN_IN_PATH).json()["code"] == "not_found"


def test_roles_are_those_of_the_invitation(console: Console, account: Account) -> None:
    for role in Role:
        email = console.invite(account, role)
        console.issuer.tell_the_truth(sub=uuid4().hex, email=email, email_verified=True)
        assert console.sign_in().json()["role"] == role
