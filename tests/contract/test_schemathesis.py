"""Schemathesis over both doors of the running stack, every check on: see the two .toml files.

By REST two accounts ask, so that what one of them made is asked for by the other, too. An operation
gets 50 examples, or as many as ``STIBNITE_SCHEMATHESIS_EXAMPLES`` says.
"""

import os
import re
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import orjson
import pytest

from tests.embed.keys import managed
from tests.stack import Asker, Stack

HERE = Path(__file__).parent
CASES = re.compile(r"(\d+) generated")


EXAMPLES = os.environ.get("STIBNITE_SCHEMATHESIS_EXAMPLES", "50")
TIMEOUT_S = 280 * max(1, int(EXAMPLES) // 50)


@pytest.fixture
def rival(stack: Stack) -> Iterator[Asker]:
    """The key of another managed account."""
    with stack.client(managed(stack)) as client:
        yield Asker(client)


@pytest.fixture
def partner(stack: Stack) -> Iterator[Asker]:
    """The key of a new managed account."""
    with stack.client(managed(stack)) as client:
        yield Asker(client)


@pytest.mark.parametrize(
    ("door", "path", "least_cases"), [("rest", "/openapi.json", 400), ("graphql", "/graphql", 200)]
)
def test_no_generated_request_breaks_the_contract(
    stack: Stack,
    partner: Asker,
    rival: Asker,
    tmp_path: Path,
    door: str,
    path: str,
    least_cases: int,
) -> None:
    """The command's own verdict, and proof that it really tried: as a partner, who may do most."""
    customer = partner.http.post("/v1/partner-customers", json={"external_customer_id": "c"}).json()
    job = partner.http.post("/v1/persons/search/jobs", json={"q": "CEOs in Nevada"}).json()
    accounts = tmp_path / "accounts.json"
    users = [as_user("partner", partner), as_user("rival", rival)]
    accounts.write_bytes(orjson.dumps({"auth": users}))
    done = subprocess.run(
        [
            *(sys.executable, "-m", "schemathesis.cli"),
            *("--config-file", str(HERE / f"schemathesis.{door}.toml")),
            *("run", f"{stack.base_url}{path}", "--no-color", "--max-examples", EXAMPLES),
        ],
        cwd=HERE.parents[1],
        env={
            **os.environ,
            "ST_ACCOUNTS": str(accounts),
            "ST_API_KEY": partner.http.headers["x-api-key"],
            "ST_JOB_ID": job["job_id"],
            "ST_CUSTOMER_ID": customer["partner_customer_id"],
        },
        capture_output=True,
        text=True,
        timeout=TIMEOUT_S,
    )
    assert done.returncode == 0, done.stdout[-8_000:] + done.stderr[-2_000:]
    tried = CASES.search(done.stdout)
    assert tried is not None, done.stdout
    assert int(tried[1]) >= least_cases
    assert partner.usage()["billable_records"] > 0, "nothing was ever found"


def as_user(name: str, asker: Asker) -> dict[str, object]:
    """An account as Web Fuzzing Commons describes users."""
    key = {"name": "x-api-key", "value": asker.http.headers["x-api-key"]}
    return {"name": name, "fixedHeaders": [key]}
