"""Signing in, sessions, and who may sign in at all."""

import base64
import hashlib
import hmac
import secrets
from datetime import UTC, datetime, timedelta
from typing import NamedTuple
from uuid import uuid4

import orjson
import structlog

from api.caller import AccountKind, Caller, CallerKind, ConsoleUser, Role, Tier
from api.credentials import digest_of
from api.domain.account.queries import find_account
from api.domain.sign_in import queries
from api.domain.sign_in.provider import Person, Provider, Refused
from api.domain.sign_in.rules import (
    TICKET_LASTS,
    email_of,
    looks_like_token,
    new_token,
)
from api.errors import DomainError, ErrorCode, invalid
from api.sealing import SealError
from api.stores.postgres import Postgres
from api.work import Stores, Work, wrong_kind

_log = structlog.get_logger("sign_in")


class Begun(NamedTuple):
    """Where the browser goes, and what it must bring back (sealed, for ten minutes)."""

    url: str
    ticket: str


class Session(NamedTuple):
    """A session at the only moment its token is known in full."""

    token: str
    expires_in: int
    email: str
    role: Role


class Profile(NamedTuple):
    """Who a console user is."""

    email: str
    role: Role
    account: str


class Ended(NamedTuple):
    """What the end of a session did."""

    ended: bool


async def begin(stores: Stores, *, now: datetime | None = None) -> Begun:
    """Begins a sign-in. Raises ``not_found`` where none is set up, and ``unavailable``."""
    state, nonce, verifier = (secrets.token_urlsafe(32) for _ in range(3))
    challenge = hashlib.sha256(verifier.encode()).digest()
    url = await _provider(stores).sign_in_url(
        state=state,
        nonce=nonce,
        challenge=base64.urlsafe_b64encode(challenge).rstrip(b"=").decode(),
    )
    until = (now or datetime.now(UTC)) + TICKET_LASTS
    ticket = orjson.dumps([state, nonce, verifier, until.timestamp()])
    return Begun(url, stores.sealer.seal_bytes(ticket).decode())


async def finish(
    stores: Stores, ticket: str, state: str, code: str, *, now: datetime | None = None
) -> Session:
    """The session of who signed in, for what the browser brought back from the issuer.

    Raises ``unauthenticated`` where that is not the sign-in that this browser began, or the issuer
    does not confirm it, and ``forbidden`` for somebody who was not invited.
    """
    now, provider = now or datetime.now(UTC), _provider(stores)
    try:
        begun, nonce, verifier, until = orjson.loads(stores.sealer.open_bytes(ticket.encode()))
    except SealError:
        raise _not_begun() from None
    if not hmac.compare_digest(begun.encode(), state.encode()) or now.timestamp() >= until:
        raise _not_begun()
    try:
        person = await provider.person(code=code, verifier=verifier, nonce=nonce)
    except Refused as refused:
        _log.warning("a sign-in was refused", reason=str(refused))
        raise DomainError(
            ErrorCode.UNAUTHENTICATED, "The sign-in was not confirmed. Begin again."
        ) from None
    return await _open_session(stores, person, now)


async def _open_session(stores: Stores, person: Person, now: datetime) -> Session:
    token, lasts = new_token(), stores.session_lasts
    async with stores.postgres.transaction() as connection:
        user = await queries.user_of_subject(connection, person.issuer, person.subject)
        email = email_of(person.email or "")
        # An address that the issuer did not verify may be anybody's.
        if user is None and email is not None and person.email_verified:
            user = await queries.bind_invited(connection, email, person.issuer, person.subject)
        if user is None:
            raise DomainError(
                ErrorCode.FORBIDDEN, "Nobody is invited under a verified address of yours."
            )
        until = now + lasts
        await queries.add_session(connection, uuid4(), user, digest_of(token), now=now, until=until)
    return Session(token, int(lasts.total_seconds()), user.email, Role(user.role))


async def authenticate(postgres: Postgres, token: str) -> Caller:
    """The console user behind a session token.

    Raises ``unauthenticated`` for what is no token, an unknown, ended or expired one, and one of a
    user who was removed alike.
    """
    found = None
    if looks_like_token(token):
        found = await queries.user_of_session(postgres, digest_of(token), datetime.now(UTC))
    if found is None:
        raise DomainError(ErrorCode.UNAUTHENTICATED, "This session is unknown or has ended.")
    return Caller(
        CallerKind.CONSOLE_USER,
        found.account_id,
        AccountKind(found.account_kind),
        None,
        Tier.TIER_1,
        ConsoleUser(found.user_id, Role(found.role), found.session_id),
    )


async def profile(work: Work) -> Profile:
    """Who asks. Raises ``forbidden`` for a caller that is no console user."""
    caller, user = work.caller, _user(work)
    found, account = await queries.one(work.stores.postgres, caller.account_id, user.user_id)
    return Profile(found.email, Role(found.role), account)


async def end(work: Work, *, now: datetime | None = None) -> Ended:
    """Ends the caller's session. Raises ``forbidden`` for a caller that has none."""
    user = _user(work)
    async with work.stores.postgres.transaction() as connection:
        await queries.end_session(
            connection, work.caller.account_id, user.session_id, now or datetime.now(UTC)
        )
    return Ended(True)


async def add_user(postgres: Postgres, *, account: str, email: str, role: Role) -> None:
    """Invites somebody to the account of that name: who signs in under the address is let in.

    Raises ``invalid_input``, ``not_found`` for an unknown account, and ``conflict`` for an address
    that is invited already, to this account or another.
    """
    known = email_of(email)
    if known is None:
        raise invalid("email", "must be an e-mail address")
    async with postgres.transaction() as connection:
        account_id = await find_account(connection, account.strip())
        if account_id is None:
            raise DomainError(
                ErrorCode.NOT_FOUND, "There is no such account: create its first key."
            )
        if not await queries.add_user(connection, uuid4(), account_id, known, role):
            raise DomainError(ErrorCode.CONFLICT, "This address is invited already.")


async def remove_user(postgres: Postgres, email: str, *, now: datetime | None = None) -> None:
    """Removes a user: the sessions end with the next request. Raises ``not_found``."""
    known = email_of(email)
    if known is None or not await queries.remove_user(postgres, known, now or datetime.now(UTC)):
        raise DomainError(ErrorCode.NOT_FOUND, "Nobody is invited under this address.")


async def forget_sessions(stores: Stores, *, now: datetime | None = None) -> None:
    """Deletes sessions that ended more than a day ago."""
    before = (now or datetime.now(UTC)) - timedelta(days=1)
    await queries.forget_sessions(stores.postgres, before=before)


def _user(work: Work) -> ConsoleUser:
    if work.caller.user is None:
        raise wrong_kind()
    return work.caller.user


def _provider(stores: Stores) -> Provider:
    if stores.provider is None:
        raise DomainError(ErrorCode.NOT_FOUND, "Signing in is not set up on this installation.")
    return stores.provider


def _not_begun() -> DomainError:
    return DomainError(
        ErrorCode.UNAUTHENTICATED,
        "This is not a sign-in that this browser began within ten minutes. Begin again.",
    )
