"""An API process that signs people in at an issuer of the tests, beside the session's stack."""

import os
import subprocess
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from uuid import uuid4

import httpx2
import pytest

from api.caller import Role
from api.domain.sign_in.service import add_user
from api.settings import Settings
from api.stores.postgres import Postgres
from rest.sign_in import CALLBACK_PATH, SIGN_IN_PATH
from tests.idempotency.accounts import Account, new_account, with_postgres
from tests.sign_in.issuer import CLIENT_ID, CLIENT_SECRET, Issuer
from tests.stack import Asker, Stack, free_port, wait_ready


@dataclass
class Console:
    """The API process, its issuer, and the ways through both."""

    stack: Stack
    base_url: str
    issuer: Issuer

    def browser(self) -> httpx2.Client:
        """Keeps cookies, and follows no redirect by itself."""
        return httpx2.Client(base_url=self.base_url, timeout=30, follow_redirects=False)

    def to_the_issuer_and_back(self, browser: httpx2.Client) -> str:
        """Where the issuer sends the browser at the end."""
        begun = browser.get(SIGN_IN_PATH)
        assert begun.status_code == 302, begun.text
        signed_in = httpx2.get(begun.headers["location"], timeout=30)
        assert signed_in.status_code == 302, signed_in.text
        back: str = signed_in.headers["location"]
        return back

    def sign_in(self) -> httpx2.Response:
        """The answer to whoever the issuer says is at the browser."""
        with self.browser() as browser:
            return browser.get(self.to_the_issuer_and_back(browser))

    def invite(self, account: Account, role: Role = Role.MEMBER) -> str:
        """The address of somebody who may sign in to an account."""
        email = f"{uuid4().hex}@people.example"

        async def add(postgres: Postgres) -> None:
            await add_user(postgres, account=account.name, email=email, role=role)

        with_postgres(self.stack, add)
        return email

    def client(self, token: str) -> httpx2.Client:
        """Sends a session's token."""
        headers = {"authorization": f"Bearer {token}"}
        return httpx2.Client(base_url=self.base_url, headers=headers, timeout=30)


@pytest.fixture(scope="module")
def console(stack: Stack) -> Iterator[Console]:
    """One API process and one issuer for all tests of a module."""
    issuer, port = Issuer(), free_port()
    base_url = f"http://127.0.0.1:{port}"
    issuer.redirect_url = f"{base_url}{CALLBACK_PATH}"
    server = issuer.served()
    chosen = stack.settings.model_copy(
        update=Settings(
            oidc_issuer=issuer.url,
            oidc_client_id=CLIENT_ID,
            oidc_client_secret=CLIENT_SECRET,  # type: ignore[arg-type]
            oidc_redirect_url=issuer.redirect_url,
        ).model_dump(include={name for name in Settings.model_fields if name.startswith("oidc")})
    )
    process = subprocess.Popen(
        [sys.executable, "-m", "uvicorn", "api.app:app", "--port", str(port)],
        env={
            **os.environ,
            **chosen.as_environment(),
            "STIBNITE_LIMITS_FAILED_SIGN_IN": "off",
        },
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_ready(base_url, process)
        yield Console(stack, base_url, issuer)
    finally:
        process.terminate()
        process.wait(20)
        server.should_exit = True


@pytest.fixture
def account(stack: Stack) -> Iterator[Account]:
    """A fresh account."""
    with new_account(stack) as made:
        yield made


@pytest.fixture
def member(console: Console, account: Account) -> Iterator[Asker]:
    """A member of the account, signed in by the issuer."""
    console.issuer.tell_the_truth(
        sub=uuid4().hex, email=console.invite(account), email_verified=True
    )
    with console.client(console.sign_in().json()["access_token"]) as client:
        yield Asker(client)
