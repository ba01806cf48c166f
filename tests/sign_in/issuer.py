"""An OpenID Connect issuer: its own HTTP server, keys and rules, and lies when it is told to.

It keeps to the specification where it matters to a client: exact redirect addresses, client
authentication, PKCE, and codes that are good once.
"""

import asyncio
import base64
import hashlib
import hmac
import secrets
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl, urlencode

import orjson
import uvicorn
from joserfc import jwt
from joserfc.jwk import ECKey, OctKey, RSAKey
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, RedirectResponse, Response
from starlette.routing import Route

from tests.stack import free_port

CLIENT_ID = "stibnite-tests"
CLIENT_SECRET = "the client's secret at the issuer"

Claims = dict[str, Any]


@dataclass
class Issuer:
    """What it says of who signs in, and how it signs that."""

    port: int = field(default_factory=free_port)
    redirect_url: str = ""
    person: Claims = field(default_factory=dict)
    """The claims of whoever is at the browser."""
    lie: Callable[[Claims], Claims] = lambda claims: claims
    sign: Callable[["Issuer", Claims], str] | None = None
    rsa: RSAKey = field(
        default_factory=lambda: RSAKey.generate_key(2048, {"kid": "rsa", "use": "sig"})
    )
    ec: ECKey = field(default_factory=lambda: ECKey.generate_key("P-256", {"kid": "ec"}))
    codes: dict[str, dict[str, str]] = field(default_factory=dict)
    used: list[str] = field(default_factory=list)

    @property
    def url(self) -> str:
        """Its identifier, with the slash at the end that some have."""
        return f"http://127.0.0.1:{self.port}/realm/"

    def tell_the_truth(self, **person: Any) -> None:
        """Signs in somebody else, without lies."""
        self.person, self.lie, self.sign = person, lambda claims: claims, None

    async def about(self, _: Request) -> Response:
        """The discovery document."""
        names = {"authorization_endpoint": "authorize", "token_endpoint": "token"}
        return JSONResponse(
            {
                "issuer": self.url,
                "jwks_uri": f"{self.url}keys",
                **{name: self.url + path for name, path in names.items()},
                "response_types_supported": ["code"],
                "subject_types_supported": ["public"],
                "id_token_signing_alg_values_supported": ["RS256", "ES256"],
            }
        )

    async def keys(self, _: Request) -> Response:
        """The public keys, beside one that nobody may verify with."""
        shared = OctKey.generate_key(256, {"kid": "shared"}).as_dict(private=True)
        published = [self.rsa.as_dict(private=False), self.ec.as_dict(private=False), shared]
        return JSONResponse({"keys": published})

    async def authorize(self, request: Request) -> Response:
        """Signs in whoever is at the browser, without a question."""
        asked = dict(request.query_params)
        sound = (
            asked.get("client_id") == CLIENT_ID
            and asked.get("redirect_uri") == self.redirect_url
            and asked.get("response_type") == "code"
            and "openid" in asked.get("scope", "").split()
            and asked.get("code_challenge_method") == "S256"
        )
        if not sound:
            return JSONResponse({"error": "invalid_request"}, 400)
        code = secrets.token_urlsafe(16)
        self.codes[code] = asked
        back = urlencode({"code": code, "state": asked["state"], "iss": self.url})
        return RedirectResponse(f"{self.redirect_url}?{back}", 302)

    async def token(self, request: Request) -> Response:
        """Gives the token for a code, once."""
        given = dict(parse_qsl((await request.body()).decode()))
        pair = base64.b64encode(f"{CLIENT_ID}:{CLIENT_SECRET}".encode()).decode()
        asked = self.codes.pop(given.get("code", ""), None)
        verifier = given.get("code_verifier", "").encode()
        challenge = base64.urlsafe_b64encode(hashlib.sha256(verifier).digest()).rstrip(b"=")
        if request.headers.get("authorization") != f"Basic {pair}":
            return JSONResponse({"error": "invalid_client"}, 401)
        if (
            asked is None
            or given.get("redirect_uri") != self.redirect_url
            or challenge.decode() != asked["code_challenge"]
        ):
            return JSONResponse({"error": "invalid_grant"}, 400)
        now = int(time.time())
        claims = {
            "iss": self.url,
            "aud": CLIENT_ID,
            "nonce": asked["nonce"],
            "iat": now,
            "exp": now + 300,
            **self.person,
        }
        self.used.append(given["code"])
        sign = self.sign or signed_rs256
        answer = {"access_token": "-", "token_type": "Bearer"}
        return JSONResponse({**answer, "id_token": sign(self, self.lie(claims))})

    def served(self) -> uvicorn.Server:
        """Its server, which listens."""
        base = "/realm"
        app = Starlette(
            routes=[
                Route(f"{base}/.well-known/openid-configuration", self.about),
                Route(f"{base}/keys", self.keys),
                Route(f"{base}/authorize", self.authorize),
                Route(f"{base}/token", self.token, methods=["POST"]),
            ]
        )
        config = uvicorn.Config(
            app, host="127.0.0.1", port=self.port, log_level="warning", ws="none"
        )
        server = uvicorn.Server(config)
        threading.Thread(target=asyncio.run, args=(server.serve(),), daemon=True).start()
        while not server.started:
            time.sleep(0.01)
        return server


def signed_rs256(issuer: Issuer, claims: Claims) -> str:
    """As most issuers sign."""
    return jwt.encode({"alg": "RS256", "kid": "rsa"}, claims, issuer.rsa)


def signed_es256(issuer: Issuer, claims: Claims) -> str:
    """By its other key."""
    return jwt.encode({"alg": "ES256", "kid": "ec"}, claims, issuer.ec)


def unsigned(_: Issuer, claims: Claims) -> str:
    """Says that it needs no signature."""
    parts = (b'{"alg":"none"}', jwt_payload(claims))
    return ".".join(base64.urlsafe_b64encode(each).rstrip(b"=").decode() for each in parts) + "."


def by_another_key(_: Issuer, claims: Claims) -> str:
    """Signed by a key of the same name that the issuer does not have."""
    other = RSAKey.generate_key(2048, {"kid": "rsa"})
    return jwt.encode({"alg": "RS256", "kid": "rsa"}, claims, other)


def by_an_unknown_key(_: Issuer, claims: Claims) -> str:
    """Signed by a key of a name that the issuer does not publish."""
    other = RSAKey.generate_key(2048, {"kid": "other"})
    return jwt.encode({"alg": "RS256", "kid": "other"}, claims, other)


def by_the_public_key_as_a_secret(issuer: Issuer, claims: Claims) -> str:
    """Whoever has the public key could have signed it."""
    pem = issuer.rsa.as_pem(private=False)
    header = base64.urlsafe_b64encode(b'{"alg":"HS256","kid":"rsa"}').rstrip(b"=")
    payload = base64.urlsafe_b64encode(jwt_payload(claims)).rstrip(b"=")
    mac = hmac.digest(pem, header + b"." + payload, "sha256")
    return b".".join((header, payload, base64.urlsafe_b64encode(mac).rstrip(b"="))).decode()


def by_the_client_secret(_: Issuer, claims: Claims) -> str:
    """HS256 with what client and issuer share; not what was agreed on."""
    key = OctKey.import_key(CLIENT_SECRET)
    return jwt.encode({"alg": "HS256"}, claims, key)


def with_a_changed_payload(issuer: Issuer, claims: Claims) -> str:
    """Signed, and then made somebody else's."""
    head, _, mac = signed_rs256(issuer, claims).split(".")
    other = jwt_payload({**claims, "sub": "somebody else"})
    return f"{head}.{base64.urlsafe_b64encode(other).rstrip(b'=').decode()}.{mac}"


def no_token(_: Issuer, __: Claims) -> str:
    """Nothing of the kind."""
    return "not.a.token"


def jwt_payload(claims: Claims) -> bytes:
    """The claims as bytes."""
    return orjson.dumps(claims)
