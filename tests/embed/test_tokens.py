"""Embed tokens: good where and when they were made for, and refused in every altered form.

An operation that is not for embed tokens answers 403 to a good one and 401 to any other, so that
the two are told apart.
"""

import base64
import json
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID, uuid4

import httpx2
import pytest
from joserfc import jws, jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from sqlalchemy import create_engine, select
from websockets.exceptions import ConnectionClosed
from websockets.sync.client import connect

from api.domain.embed.tokens import LEEWAY_S, LIFETIME_S, EmbedTokens
from api.errors import DomainError, ErrorCode
from api.stores.tables import embed_keys
from tests.embed.keys import PATH, created, managed
from tests.stack import Asker, Stack

ORIGIN = "https://partner.example"
SECRET = "a secret of an installation, for tests"
NOW = datetime(2026, 5, 17, 18, 42, 10, tzinfo=UTC)


@dataclass(frozen=True)
class Session:
    """What the token of a session says, and how to ask with one."""

    stack: Stack
    account_id: UUID
    key_id: UUID
    key: OctKey
    token: str

    def ask(self, token: str, **headers: str) -> httpx2.Response:
        with self.stack.client(None) as client:
            return client.get("/v1/usage", headers={"authorization": f"Bearer {token}", **headers})

    def claims(self) -> dict[str, Any]:
        return dict(jwt.decode(self.token, self.key, algorithms=["HS256"]).claims)

    def signed(self, claims: dict[str, Any]) -> str:
        """A token with these claims under the installation's own key."""
        return jwt.encode({"alg": "HS256"}, claims, self.key)


def issued(tokens: EmbedTokens, now: datetime, **other: Any) -> str:
    token, _ = tokens.issue(
        now,
        **{
            "account_id": uuid4(),
            "embed_key_id": uuid4(),
            "partner_customer_id": uuid4(),
            "external_customer_id": "customer 7",
            "user_id": "user_123",
            "origin": ORIGIN,
            **other,
        },
    )
    return token


def open_session(stack: Stack, partner: Asker) -> Session:
    """A good token of a new key."""
    key_id = UUID(created(partner)["embed_key"]["id"])
    tokens = EmbedTokens(stack.settings.required_secret)
    account_id = account_of(stack, key_id)
    token = issued(tokens, datetime.now(UTC), account_id=account_id, embed_key_id=key_id)
    return Session(stack, account_id, key_id, tokens._key, token)


@pytest.fixture(scope="module")
def session(stack: Stack) -> Iterator[Session]:
    """One for all tests that leave its key as it is."""
    with stack.client(managed(stack)) as client:
        yield open_session(stack, Asker(client))


def account_of(stack: Stack, key_id: UUID) -> UUID:
    engine = create_engine(stack.settings.sqlalchemy_url)
    with engine.connect() as connection:
        found = connection.execute(
            select(embed_keys.c.account_id).where(embed_keys.c.id == key_id)
        ).one()
    engine.dispose()
    return UUID(str(found.account_id))


def test_a_token_says_whom_it_was_made_for() -> None:
    account, key, customer = uuid4(), uuid4(), uuid4()
    tokens = EmbedTokens(SECRET)
    token, expires_at = tokens.issue(
        NOW,
        account_id=account,
        embed_key_id=key,
        partner_customer_id=customer,
        external_customer_id="7",
        user_id=None,
        origin=ORIGIN,
    )
    caller = tokens.read(token, NOW)
    assert (caller.account_id, caller.embed_key_id, caller.partner_customer_id) == (
        account,
        key,
        customer,
    )
    assert (caller.external_customer_id, caller.user_id, caller.origin) == ("7", None, ORIGIN)
    assert caller.expires_at == expires_at
    assert expires_at - NOW + timedelta(seconds=LEEWAY_S) <= timedelta(minutes=10)


@pytest.mark.parametrize(
    ("seconds", "good"),
    [
        (-LEEWAY_S - 1, False),
        (-LEEWAY_S, True),
        (0, True),
        (LIFETIME_S + LEEWAY_S - 1, True),
        (LIFETIME_S + LEEWAY_S, False),
        (86_400, False),
    ],
)
def test_it_is_good_for_ten_minutes_and_the_difference_of_two_clocks(
    seconds: int, good: bool
) -> None:
    tokens = EmbedTokens(SECRET)
    token, at = issued(tokens, NOW), NOW + timedelta(seconds=seconds)
    if good:
        tokens.read(token, at)
        return
    with pytest.raises(DomainError) as refused:
        tokens.read(token, at)
    assert refused.value.code is ErrorCode.UNAUTHENTICATED


def test_every_altered_byte_is_refused() -> None:
    tokens = EmbedTokens(SECRET)
    token = issued(tokens, NOW)
    for position, letter in enumerate(token):
        other = "A" if letter != "A" else "B"
        # The last letter of a part may hold bits that no byte has.
        mangled = token[:position] + other + token[position + 1 :]
        with pytest.raises(DomainError):
            tokens.read(mangled, NOW)


def test_another_installation_issues_other_tokens() -> None:
    with pytest.raises(DomainError):
        EmbedTokens(f"{SECRET} 2").read(issued(EmbedTokens(SECRET), NOW), NOW)


type Mutation = Callable[[Session], str]


def encoded(value: dict[str, Any]) -> str:
    return base64.urlsafe_b64encode(json.dumps(value).encode()).decode().rstrip("=")


def unsigned(algorithm: str) -> Mutation:
    """The claims without a signature, as early libraries took them."""
    return lambda session: f"{encoded({'alg': algorithm})}.{encoded(session.claims())}."


def with_signature_of(algorithm: str) -> Mutation:
    """The same header, claims and signature, with another algorithm's name in the header."""

    def mutated(session: Session) -> str:
        _, claims, signature = session.token.split(".")
        return f"{encoded({'alg': algorithm, 'typ': 'JWT'})}.{claims}.{signature}"

    return mutated


def without(claim: str) -> Mutation:
    return lambda session: session.signed(
        {name: value for name, value in session.claims().items() if name != claim}
    )


def having(**claims: Any) -> Mutation:
    return lambda session: session.signed({**session.claims(), **claims})


def by_another_key(session: Session) -> str:
    return jwt.encode({"alg": "HS256"}, session.claims(), OctKey.generate_key(256))


def by_the_plain_secret(session: Session) -> str:
    secret = OctKey.import_key(session.stack.settings.required_secret)
    return jwt.encode({"alg": "HS256"}, session.claims(), secret)


def by_rsa(session: Session) -> str:
    return jwt.encode({"alg": "RS256"}, session.claims(), RSAKey.generate_key(2048))


def by_a_curve(session: Session) -> str:
    return jwt.encode({"alg": "ES256"}, session.claims(), ECKey.generate_key("P-256"))


def with_its_own_key(session: Session) -> str:
    """A header that brings the key to check with along."""
    key = OctKey.generate_key(256)
    header = {"alg": "HS256", "jwk": key.as_dict(private=True)}
    return jwt.encode(header, session.claims(), key)


NOW_S = int(datetime.now(UTC).timestamp())
MUTATIONS: dict[str, Mutation] = {
    "no algorithm": unsigned("none"),
    "no algorithm, in capitals": unsigned("None"),
    "no algorithm, signed": with_signature_of("none"),
    "HS512 by name": with_signature_of("HS512"),
    "RS256 by name": with_signature_of("RS256"),
    "RS256": by_rsa,
    "ES256": by_a_curve,
    "another key": by_another_key,
    "the secret that keys are derived from": by_the_plain_secret,
    "a key in the header": with_its_own_key,
    "expired": having(exp=NOW_S - 60),
    "expiry of another type": having(exp="tomorrow"),
    "expiry that is no number": having(exp=float("nan")),
    "expiry as true": having(exp=True),
    "an endless expiry": having(exp=1e400),
    "not yet": having(nbf=NOW_S + 3_600),
    "issued later": having(iat=NOW_S + 3_600),
    "another audience": having(aud="console"),
    "another issuer": having(iss="https://evil.example"),
    "another account": having(account=str(uuid4())),
    "no account's id": having(account="1"),
    "an account of another type": having(account=["1"]),
    "another key's id": having(key=str(uuid4())),
    "another origin": having(origin="https://evil.example"),
    "an origin with a path": having(origin=f"{ORIGIN}/"),
    "an origin of another type": having(origin=None),
    "no customer's id": having(sub="customer_123"),
    "a user of another type": having(user_id=7),
    "an identifier of another type": having(jti=7),
    **{
        f"no {claim}": without(claim)
        for claim in ("iss", "aud", "exp", "nbf", "iat", "jti", "sub", "account", "key", "origin")
    },
    "no external id": without("external_customer_id"),
    "a word": lambda _: "token",
    "two parts": lambda session: session.token.rpartition(".")[0],
    "four parts": lambda session: f"{session.token}.x",
    "not base64": lambda session: f"!{session.token}",
    "another's claims": lambda session: ".".join(
        [
            session.token.split(".")[0],
            encoded({**session.claims(), "sub": str(uuid4())}),
            session.token.split(".")[2],
        ]
    ),
    "an API key": lambda session: "stib_live_" + "a" * 43,
    "too long": lambda session: session.token + "A" * 5_000,
    "claims that are a list": lambda session: jws.serialize_compact(
        {"alg": "HS256"}, b"[]", session.key
    ),
    "claims that are not JSON": lambda session: jws.serialize_compact(
        {"alg": "HS256"}, b"{", session.key
    ),
}


@pytest.mark.parametrize("mutation", MUTATIONS.values(), ids=MUTATIONS.keys())
def test_the_mutation_matrix(session: Session, mutation: Mutation) -> None:
    """401 to each, without a word that tells one from another; the token itself is good."""
    refused = session.ask(mutation(session))
    assert (refused.status_code, refused.json()["code"]) == (401, "unauthenticated")
    assert "Bearer" in refused.headers["www-authenticate"]
    good = session.ask(session.token)
    assert (good.status_code, good.json()["code"]) == (403, "forbidden")
    details = {session.ask(bad).json()["detail"] for bad in ("x.y.z", mutation(session))}
    assert len(details) == 1


def test_a_revoked_key_ends_its_tokens_at_once(stack: Stack, partner: Asker) -> None:
    session = open_session(stack, partner)
    assert session.ask(session.token).status_code == 403
    partner.http.delete(f"{PATH}/{session.key_id}")
    assert session.ask(session.token).status_code == 401


@pytest.mark.parametrize(
    ("origin", "status"),
    [
        (ORIGIN, 403),
        ("https://evil.example", 401),
        ("null", 401),
        ("", 401),
        ("https://partner.example.evil.example", 401),
        ("https://partner.example:8443", 401),
        ("http://partner.example", 401),
        ("HTTPS://partner.example", 401),
        (f"{ORIGIN}, {ORIGIN}", 401),
    ],
)
def test_a_browser_may_bring_it_from_its_page_alone(
    session: Session, origin: str, status: int
) -> None:
    assert session.ask(session.token, origin=origin).status_code == status


def test_and_from_our_own_pages(session: Session) -> None:
    """The iframe is one of them."""
    assert session.ask(session.token, origin=session.stack.base_url).status_code == 403
    elsewhere = session.ask(session.token, origin=session.stack.base_url, host="evil.example")
    assert elsewhere.status_code == 401


def test_one_kind_of_credentials_is_sent(session: Session, partner: Asker) -> None:
    key = partner.http.headers["x-api-key"]
    both = session.ask(session.token, **{"x-api-key": key})
    assert (both.status_code, both.json()["code"]) == (401, "unauthenticated")
    with session.stack.client(None) as client:
        for scheme in ("Basic", "bearer\t", "Token"):
            answer = client.get("/v1/usage", headers={"authorization": f"{scheme} {session.token}"})
            assert answer.status_code == 401


DOCUMENT = "{ usage { requests } }"


def test_documents_that_are_not_trusted_are_refused_to_it(session: Session) -> None:
    headers = {"authorization": f"Bearer {session.token}"}
    with session.stack.client(None) as client:
        refused = client.post("/graphql", json={"query": DOCUMENT}, headers=headers)
    assert refused.status_code == 403
    assert refused.json()["errors"][0]["extensions"]["code"] == "forbidden"


@pytest.mark.parametrize("by", ["header", "payload"])
def test_a_websocket_takes_the_token_and_refuses_the_same(session: Session, by: str) -> None:
    bearer = {"authorization": f"Bearer {session.token}"}
    with connect(
        session.stack.base_url.replace("http", "ws") + "/graphql",
        subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
        additional_headers=bearer if by == "header" else None,
    ) as socket:
        payload = bearer if by == "payload" else {}
        socket.send(json.dumps({"type": "connection_init", "payload": payload}))
        assert json.loads(socket.recv())["type"] == "connection_ack"
        message = {"type": "subscribe", "id": "1", "payload": {"query": DOCUMENT}}
        socket.send(json.dumps(message))
        answer = json.loads(socket.recv())
    assert answer["type"] == "error"
    assert answer["payload"][0]["extensions"]["code"] == "forbidden"


def test_a_websocket_with_a_bad_token_is_closed(session: Session) -> None:
    bad = replace(session, token=session.token + "x")
    with connect(
        session.stack.base_url.replace("http", "ws") + "/graphql",
        subprotocols=["graphql-transport-ws"],  # type: ignore[list-item]
    ) as socket:
        bearer = {"authorization": f"Bearer {bad.token}"}
        socket.send(json.dumps({"type": "connection_init", "payload": bearer}))
        with pytest.raises(ConnectionClosed) as closed:
            socket.recv()
    assert closed.value.rcvd is not None
    assert closed.value.rcvd.code == 4403
