"""Signatures, judged by the published library of Standard Webhooks and the documented formula."""

import base64
import hashlib
import hmac
import re
import time
from typing import Any

import pytest
from standardwebhooks.webhooks import Webhook, WebhookVerificationError

from api.domain.webhook.signing import new_secret, signature_headers

BODY = b'{"type":"person_search.job.succeeded","data":{"job_id":"j"}}'
EVENT = "0192f0c4-7d3c-4b1e-9f4e-3f1a2b3c4d5e"


def signed(*secrets: str, at: int | None = None, body: bytes = BODY) -> dict[str, str]:
    """The headers of a delivery made now, or at another moment."""
    moment = int(time.time()) if at is None else at
    return signature_headers(secrets, event_id=EVENT, timestamp=moment, body=body)


def judge(secret: str, headers: dict[str, str], body: bytes = BODY) -> Any:
    """What the published library says: the payload, or an exception."""
    return Webhook(secret).verify(body, headers)


def test_secrets_are_long_random_and_recognisable() -> None:
    made = {new_secret() for _ in range(100)}
    assert len(made) == 100
    for secret in made:
        assert re.fullmatch(r"whsec_[A-Za-z0-9+/]{43}=", secret)
        assert len(base64.b64decode(secret.removeprefix("whsec_"), validate=True)) == 32


def test_the_published_library_verifies() -> None:
    secret = new_secret()
    assert judge(secret, signed(secret))["data"] == {"job_id": "j"}


def test_the_vector_of_the_specification() -> None:
    """The example that the specification prints, to the letter."""
    headers = signature_headers(
        ["whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"],
        event_id="msg_p5jXN8AQM9LWM0D4loKWxJek",
        timestamp=1614265330,
        body=b'{"test": 2432232314}',
    )
    assert headers["webhook-signature"] == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="


def test_our_own_header_is_the_documented_formula() -> None:
    secret = new_secret()
    headers = signed(secret, at=1_900_000_000)
    digest = hmac.new(secret.encode(), b"1900000000." + BODY, hashlib.sha256).hexdigest()
    assert headers["stibnite-signature"] == f"t=1900000000,v1={digest}"


@pytest.mark.parametrize("part", ["webhook-id", "webhook-timestamp", "webhook-signature", "body"])
def test_any_bit_flip_fails(part: str) -> None:
    """Every bit of what is signed, and of the signature."""
    secret = new_secret()
    headers = signed(secret)
    mark, _, text = headers["webhook-signature"].partition(",")
    signature = base64.b64decode(text)
    raw = {"body": BODY, "webhook-signature": signature}.get(part) or headers[part].encode()
    judge(secret, headers)
    for place in range(len(raw) * 8):
        flipped = bytearray(raw)
        flipped[place // 8] ^= 1 << (place % 8)
        changed, body = dict(headers), BODY
        if part == "body":
            body = bytes(flipped)
        elif part == "webhook-signature":
            changed[part] = f"{mark},{base64.b64encode(flipped).decode()}"
        else:
            changed[part] = flipped.decode("latin-1")
        with pytest.raises((WebhookVerificationError, UnicodeDecodeError)):
            judge(secret, changed, body)


def test_both_secrets_verify_during_the_overlap() -> None:
    old, new = new_secret(), new_secret()
    headers = signed(new, old)
    judge(new, headers)
    judge(old, headers)
    ours = headers["stibnite-signature"].split(",")
    assert [each.partition("=")[0] for each in ours] == ["t", "v1", "v1"]
    for secret in (old, new):
        assert signed(secret)["stibnite-signature"].split(",")[1] in ours
    with pytest.raises(WebhookVerificationError):
        judge(new_secret(), headers)
    with pytest.raises(WebhookVerificationError):
        judge(old, signed(new))


@pytest.mark.parametrize(
    ("age", "verifies"), [(290, True), (-290, True), (310, False), (-310, False)]
)
def test_deliveries_are_fresh_for_five_minutes(age: int, verifies: bool) -> None:
    secret = new_secret()
    headers = signed(secret, at=int(time.time()) - age)
    if verifies:
        judge(secret, headers)
    else:
        with pytest.raises(WebhookVerificationError, match="Message timestamp too"):
            judge(secret, headers)
