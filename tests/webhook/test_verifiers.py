"""The verifiers of the README, executed as they are printed there.

The JavaScript runs in QuickJS, which has no ``node:crypto``: its two functions are lent by Python.
"""

import hashlib
import hmac
import re
import time
from collections.abc import Callable
from pathlib import Path

import pytest
import quickjs

from api.domain.webhook.signing import new_secret, signature_headers

TEXT = (Path(__file__).parents[2] / "README.md").read_text(encoding="utf-8")
BODY = '{"type":"person_search.job.succeeded","data":{"name":"Zoë"}}'
EVENT = "0192f0c4-7d3c-4b1e-9f4e-3f1a2b3c4d5e"
LENT = """
const Buffer = { from: (text) => text };
const createHmac = (kind, key) => ({
  update: (text) => ({ digest: (form) => lent_hmac(kind, key, text, form) }),
});
const timingSafeEqual = (one, other) => {
  if (one.length !== other.length) throw new RangeError("lengths differ");
  return one === other;
};
"""

Verify = Callable[[str, str, str], bool]


def code(language: str) -> str:
    """The one block of a language in the README."""
    (block,) = re.findall(rf"```{language}\n(.*?)```", TEXT, re.DOTALL)
    text: str = block
    return text


def python_verifier() -> Verify:
    """The function that the Python block defines."""
    names: dict[str, Callable[[str, str, bytes], bool]] = {}
    exec(code("python"), names)  # noqa: S102 - it is what the README says
    return lambda secret, header, body: names["verify"](secret, header, body.encode())


def javascript_verifier() -> Verify:
    """The function that the JavaScript block exports."""
    text = code("javascript")
    imported = 'import { createHmac, timingSafeEqual } from "node:crypto";\n'
    assert text.startswith(imported)

    def lent_hmac(kind: str, key: str, message: str, form: str) -> str:
        assert (kind, form) == ("sha256", "hex")
        return hmac.new(key.encode(), message.encode(), hashlib.sha256).hexdigest()

    context = quickjs.Context()
    context.add_callable("lent_hmac", lent_hmac)
    context.eval(LENT + text.removeprefix(imported).replace("export function", "function"))
    verify = context.get("verify")
    return lambda secret, header, body: bool(verify(secret, header, body))


VERIFIERS = [pytest.param(python_verifier, id="python"), pytest.param(javascript_verifier, id="js")]


def header(*secrets: str, age: int = 0) -> str:
    """What a delivery of that age carries."""
    signed = signature_headers(
        secrets, event_id=EVENT, timestamp=int(time.time()) - age, body=BODY.encode()
    )
    return signed["stibnite-signature"]


@pytest.mark.parametrize("made", VERIFIERS)
def test_right_signatures_verify(made: Callable[[], Verify]) -> None:
    verify, old, new = made(), new_secret(), new_secret()
    assert verify(new, header(new), BODY)
    assert verify(old, header(new, old), BODY)
    assert verify(new, header(new, old), BODY)
    assert verify(new, header(new, age=290), BODY)
    assert verify(new, header(new, age=-290), BODY)


@pytest.mark.parametrize("made", VERIFIERS)
def test_everything_else_is_refused(made: Callable[[], Verify]) -> None:
    verify, secret = made(), new_secret()
    right = header(secret)
    assert verify(secret, right, BODY)
    assert not verify(new_secret(), right, BODY)
    assert not verify(secret, right, BODY + " ")
    assert not verify(secret, header(secret, age=310), BODY)
    assert not verify(secret, header(secret, age=-310), BODY)
    stamp, _, signature = right.partition(",")
    later = f"t={int(stamp[2:]) + 1}"
    for wrong in (
        "", ",", "t=", "v1=", stamp, f"{stamp},", signature, f"{later},{signature}",
        f"{stamp},{signature[:-1]}", f"{stamp},{signature}0", f"{stamp},{signature.upper()}",
        f"{stamp},v0{signature[2:]}", f"{stamp},v1=é{signature[4:]}", f"t=x,{signature}",
        f"t=٣,{signature}", f"t={'9' * 5_000},{signature}", f"{stamp},v1={'0' * 64}",
    ):  # fmt: skip
        assert not verify(secret, wrong, BODY), wrong
    for place in range(len(signature) - 3):
        changed = "1" if signature[3 + place] == "0" else "0"
        assert not verify(
            secret, f"{stamp},{signature[: 3 + place]}{changed}{signature[4 + place :]}", BODY
        )
