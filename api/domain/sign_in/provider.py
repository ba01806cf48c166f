"""An OpenID Connect issuer: where it signs people in, and what it says about them.

The authorization code flow with PKCE (S256). What the issuer says is believed when it is signed by
one of its published keys, and meant for this client and this very sign-in.
"""

import time
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode, urlsplit

import httpx2
import orjson
import structlog
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import KeySet

from api.errors import DomainError, ErrorCode
from api.settings import Settings, SettingsError

TIMEOUT_S = 5.0
ANSWER_BYTES_MAX = 256 * 1024
KEPT_S = 3_600.0
"""How long the issuer's document and keys are used without asking again."""
_ASK_AGAIN_S = 30.0
LEEWAY_S = 60
"""By how much clocks may differ."""
ALGORITHMS = ("RS256", "PS256", "ES256")
_LOCAL = {"127.0.0.1", "localhost", "::1"}

_log = structlog.get_logger("sign_in")


@dataclass(frozen=True, slots=True)
class Person:
    """What an issuer says about who signed in."""

    issuer: str
    subject: str
    email: str | None
    email_verified: bool


@dataclass(slots=True)
class _Known:
    endpoints: dict[str, str]
    keys: KeySet
    at: float


class Refused(Exception):
    """The issuer refused, or what it said is not to be believed; the message is for the log."""


class Provider:
    """The issuer that the settings name, with this installation as its client."""

    def __init__(self, issuer: str, client_id: str, client_secret: str | None, redirect_url: str):
        self.issuer = issuer
        self.redirect_url = redirect_url
        self._client_id = client_id
        self._client_secret = client_secret
        self._known: _Known | None = None
        self._client: httpx2.AsyncClient | None = None

    @classmethod
    def of(cls, settings: Settings) -> "Provider | None":
        """The one that is set, if one is.

        Raises:
            SettingsError: some of its settings are missing, or an address is not ``https``.
        """
        issuer = settings.oidc_issuer
        if issuer is None:
            return None
        if settings.oidc_client_id is None or settings.oidc_redirect_url is None:
            raise SettingsError(
                "STIBNITE_OIDC_CLIENT_ID and STIBNITE_OIDC_REDIRECT_URL are needed with"
                " STIBNITE_OIDC_ISSUER."
            )
        if not (_is_safe(issuer) and _is_safe(settings.oidc_redirect_url)):
            raise SettingsError(
                "STIBNITE_OIDC_ISSUER and STIBNITE_OIDC_REDIRECT_URL must be https, but for this"
                " machine's own addresses."
            )
        secret = settings.oidc_client_secret
        plain = None if secret is None else secret.get_secret_value()
        return cls(issuer, settings.oidc_client_id, plain, settings.oidc_redirect_url)

    async def close(self) -> None:
        """Closes the connections."""
        client, self._client = self._client, None
        if client is not None:
            await client.aclose()

    async def sign_in_url(self, *, state: str, nonce: str, challenge: str) -> str:
        """Where to send the browser. Raises ``unavailable``."""
        known = await self._ask_about_itself()
        query = {
            "response_type": "code",
            "client_id": self._client_id,
            "redirect_uri": self.redirect_url,
            "scope": "openid email",
            "state": state,
            "nonce": nonce,
            "code_challenge": challenge,
            "code_challenge_method": "S256",
        }
        endpoint = known.endpoints["authorization_endpoint"]
        return f"{endpoint}{'&' if '?' in endpoint else '?'}{urlencode(query)}"

    async def person(self, *, code: str, verifier: str, nonce: str) -> Person:
        """Who signed in, for the code that the browser brought back.

        Raises:
            Refused: the issuer does not know the code, or its token is not to be believed.
        """
        known = await self._ask_about_itself()
        form = {
            "grant_type": "authorization_code",
            "code": code,
            "redirect_uri": self.redirect_url,
            "client_id": self._client_id,
            "code_verifier": verifier,
        }
        auth = None
        if self._client_secret is not None:
            auth = httpx2.BasicAuth(self._client_id, self._client_secret)
        status, answer = await self._ask("POST", known.endpoints["token_endpoint"], form, auth)
        token = answer.get("id_token")
        if status != 200 or not isinstance(token, str):
            raise Refused(f"the token endpoint answered {status}: {answer.get('error')!r:.80}")
        return self._believed(await self._claims(token, known), nonce)

    async def _claims(self, token: str, known: _Known) -> dict[str, Any]:
        try:
            return _verified(token, known.keys)
        except JoseError as error:
            # The issuer may have new keys since it was asked.
            if time.monotonic() - known.at < _ASK_AGAIN_S:
                raise Refused(f"the token is not signed as it should be: {error}") from None
        self._known = None
        known = await self._ask_about_itself()
        try:
            return _verified(token, known.keys)
        except JoseError as error:
            raise Refused(f"the token is not signed as it should be: {error}") from None

    def _believed(self, claims: dict[str, Any], nonce: str) -> Person:
        registry = jwt.JWTClaimsRegistry(
            leeway=LEEWAY_S,
            iss={"essential": True, "value": self.issuer},
            aud={"essential": True, "value": self._client_id},
            sub={"essential": True},
            exp={"essential": True},
            iat={"essential": True},
            nonce={"essential": True, "value": nonce},
        )
        try:
            registry.validate(claims)
        except JoseError as error:
            raise Refused(f"the token's claims do not hold: {error}") from None
        several = isinstance(claims["aud"], list) and len(claims["aud"]) > 1
        if claims.get("azp", None if several else self._client_id) != self._client_id:
            raise Refused("the token was made for somebody else (azp)")
        email, subject = claims.get("email"), claims["sub"]
        if not isinstance(claims["nonce"], str) or not 0 < len(subject) <= 255:
            raise Refused("the token's claims are not what they should be")
        return Person(
            self.issuer,
            subject,
            email if isinstance(email, str) else None,
            claims.get("email_verified") is True,
        )

    async def _ask_about_itself(self) -> _Known:
        known = self._known
        if known is not None and time.monotonic() - known.at < KEPT_S:
            return known
        try:
            status, about = await self._ask(
                "GET", f"{self.issuer.rstrip('/')}/.well-known/openid-configuration"
            )
            if status != 200 or about.get("issuer") != self.issuer:
                raise Refused("it does not describe itself as the issuer that is set")
            endpoints = {
                name: about[name]
                for name in ("authorization_endpoint", "token_endpoint", "jwks_uri")
                if isinstance(about.get(name), str) and _is_safe(about[name])
            }
            if len(endpoints) < 3:
                raise Refused("an endpoint is missing, or not https")
            _, published = await self._ask("GET", endpoints["jwks_uri"])
            self._known = _Known(endpoints, _public_keys(published), time.monotonic())
        except (Refused, JoseError, ValueError) as error:
            _log.warning("the issuer cannot be used", reason=str(error))
            raise _unavailable() from None
        return self._known

    async def _ask(
        self,
        method: str,
        url: str,
        form: dict[str, str] | None = None,
        auth: httpx2.BasicAuth | None = None,
    ) -> tuple[int, dict[str, Any]]:
        if self._client is None:
            self._client = httpx2.AsyncClient(follow_redirects=False, timeout=TIMEOUT_S)
        answer = bytearray()
        headers = {"accept": "application/json"}
        try:
            async with self._client.stream(
                method, url, data=form, headers=headers, auth=auth
            ) as response:
                async for piece in response.aiter_bytes():
                    answer += piece
                    if len(answer) > ANSWER_BYTES_MAX:
                        raise Refused("the answer is too long")
                read = orjson.loads(answer)
        except httpx2.HTTPError as error:
            _log.warning("the issuer does not answer", reason=type(error).__name__)
            raise _unavailable() from None
        except orjson.JSONDecodeError:
            raise Refused(f"the answer ({response.status_code}) is not JSON") from None
        return response.status_code, read if isinstance(read, dict) else {}


def _verified(token: str, keys: KeySet) -> dict[str, Any]:
    try:
        return jwt.decode(token, keys, algorithms=list(ALGORITHMS)).claims
    except (ValueError, TypeError, KeyError) as error:
        raise JoseError(type(error).__name__) from None


def _public_keys(published: dict[str, Any]) -> KeySet:
    """Keys that sign, and no shared secrets: with those, whoever verifies could sign, too."""
    keys = published.get("keys")
    usable = [
        key
        for key in (keys if isinstance(keys, list) else ())
        if isinstance(key, dict)
        and key.get("kty") in {"RSA", "EC"}
        and key.get("use", "sig") == "sig"
    ]
    if not usable:
        raise Refused("it publishes no key that signs")
    return KeySet.import_key_set({"keys": usable})


def _is_safe(url: str) -> bool:
    parts = urlsplit(url)
    return parts.scheme == "https" or (parts.scheme == "http" and parts.hostname in _LOCAL)


def _unavailable() -> DomainError:
    return DomainError(
        ErrorCode.UNAVAILABLE, "Signing in is not possible right now. Try again shortly."
    )
