"""Signatures of deliveries, in two forms: ours, and that of Standard Webhooks.

``stibnite-signature: t=<unix seconds>,v1=<hex>[,v1=<hex>]`` is the HMAC-SHA256 of ``t.body`` under
the secret as it was shown (the text ``whsec_…``). ``webhook-signature: v1,<base64>[ v1,<base64>]``
is that of ``id.t.body`` under the secret's decoded bytes. While a secret is being replaced both
sign, so that either verifies.
"""

import base64
import hmac
import secrets as randomness
from collections.abc import Sequence

SECRET_MARK = "whsec_"  # noqa: S105 - what secrets begin with
_SECRET_BYTES = 32


def new_secret() -> str:
    """A fresh signing secret: ``whsec_`` and 256 random bits in base64."""
    return SECRET_MARK + base64.b64encode(randomness.token_bytes(_SECRET_BYTES)).decode()


def signature_headers(
    secrets: Sequence[str], *, event_id: str, timestamp: int, body: bytes
) -> dict[str, str]:
    """The headers that prove a delivery under each of the secrets, the newest first.

    ``timestamp`` is the attempt's (Unix seconds); ``event_id`` stays the same over all attempts.
    """
    ours, standard = [f"t={timestamp}"], []
    for secret in secrets:
        text = f"{timestamp}.".encode() + body
        ours.append(f"v1={hmac.digest(secret.encode(), text, 'sha256').hex()}")
        key = base64.b64decode(secret.removeprefix(SECRET_MARK))
        digest = hmac.digest(key, f"{event_id}.{timestamp}.".encode() + body, "sha256")
        standard.append(f"v1,{base64.b64encode(digest).decode()}")
    return {
        "stibnite-signature": ",".join(ours),
        "webhook-id": event_id,
        "webhook-timestamp": str(timestamp),
        "webhook-signature": " ".join(standard),
    }
