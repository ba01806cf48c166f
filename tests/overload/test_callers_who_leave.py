"""What a caller asked for ends when the caller hangs up: in the stores, and not only here.

The process that is asked lets its stores take ten minutes, so that nothing else ends it.
"""

import asyncio
import random
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, LiteralString

import pytest

from api.stores.clickhouse import ClickHouse, Profile
from api.stores.clickhouse_migrations import migrate
from tests.api_processes import api_process
from tests.embed.keys import managed
from tests.embedded.clickhouse_server import Server
from tests.overload.leaving import asking, hung, nobody_reads
from tests.overload.patience import SECONDS
from tests.partner_customer.partner import Partner
from tests.prospecting.market import market
from tests.stack import Asker, Stack
from tests.story.test_kill import wait_for

DATABASE = "slow_people"
# The people as they are, ten minutes late.
SLOW = (
    "RENAME TABLE person_index TO person_index_there",
    "CREATE VIEW person_index AS SELECT person_index_there.* FROM person_index_there, (SELECT"
    " count(sleepEachRow(0.2)) AS late FROM numbers(3000)) AS lateness SETTINGS max_block_size = 1",
)
RUNNING = (
    "SELECT count() FROM system.processes"
    " WHERE query LIKE '%LIMIT % BY company_rank%' AND query NOT LIKE '%system.processes%'"
)
PEOPLE = (
    '{ companySearch(q: "companies in Nevada")'
    " { nodes { people(first: 2) { nodes { personId } } } } }"
)


@pytest.fixture(scope="module")
def patient(
    stack: Stack, server: Server, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Stack]:
    """A process beside the stack's own, with people of its own, who are found slowly."""
    url = f"http://127.0.0.1:{server.port}/{DATABASE}"

    async def fill(folder: Path) -> None:
        await migrate(url)
        clickhouse = await ClickHouse.connect(url)
        try:
            await market(random.Random(1), companies=20, persons=60).load(clickhouse, folder)
            for statement in SLOW:
                await clickhouse.execute(statement, Profile.LOAD)
        finally:
            await clickhouse.close()

    with ThreadPoolExecutor(1) as thread:
        thread.submit(asyncio.run, fill(tmp_path_factory.mktemp("people"))).result()
    with api_process(
        stack,
        app="tests.overload.patient_api:app",
        CLICKHOUSE_URL=url,
        STIBNITE_REQUEST_DEADLINE_S=str(SECONDS),
    ) as running:
        yield running


@pytest.fixture
def partner(patient: Stack) -> Iterator[Partner]:
    """A partner with three customers."""
    with patient.client(managed(patient)) as client:
        made = Partner(patient, client)
        for _ in range(3):
            made.customer()
        yield made


def key_of(asker: Asker) -> str:
    key: str = asker.http.headers["x-api-key"]
    return key


def running(server: Server) -> Callable[[int], bool]:
    client = server.client(database=DATABASE)

    def is_running(times: int) -> bool:
        return bool(client.query(RUNNING).result_rows == [(times,)])

    return is_running


def test_a_statement_is_ended(patient: Stack) -> None:
    key = patient.new_key("leaving")
    with nobody_reads(patient, "api_keys") as looking:
        with asking(patient, key, "GET", "/v1/usage"):
            wait_for(lambda: hung(looking, "api_keys") == 1)
        wait_for(lambda: hung(looking, "api_keys") == 0)
    with patient.client(key) as client:
        assert client.get("/v1/usage").status_code == 200


def test_a_query_for_the_people_of_many_companies_is_ended(patient: Stack, server: Server) -> None:
    is_running = running(server)
    with asking(patient, patient.new_key("leaving"), "POST", "/graphql", {"query": PEOPLE}):
        wait_for(lambda: is_running(1))
    wait_for(lambda: is_running(0))


WALLETS = "{ partnerCustomers { nodes { wallet { availableCreditUnits } } } }"
ENTRIES = "{ partnerCustomers { nodes { walletEntries(first: 3) { nodes { kind } } } } }"


@pytest.mark.parametrize(
    ("document", "table"), [(WALLETS, "wallet_grants"), (ENTRIES, "wallet_entries")]
)
def test_a_statement_for_the_wallets_of_many_customers_is_ended(
    patient: Stack, partner: Partner, document: str, table: LiteralString
) -> None:
    with nobody_reads(patient, table) as looking:
        with asking(patient, key_of(partner), "POST", "/graphql", {"query": document}):
            wait_for(lambda: hung(looking, table) == 1)
        wait_for(lambda: hung(looking, table) == 0)
    assert len(told(partner, document)["partnerCustomers"]["nodes"]) == 3


RENAME = """mutation ($id: ID!, $name: String) {
  updatePartnerCustomer(partnerCustomerId: $id, name: $name) {
    name walletEntries(first: 3) { nodes { kind } }
  }
}"""


def test_what_was_done_under_a_key_is_undone(patient: Stack, partner: Partner) -> None:
    """Write and answer are one transaction, of which the entries are read in a task of their own:
    it is over before the connection is anybody else's."""
    customer = partner.new_id(name="before")
    body = {"query": RENAME, "variables": {"id": customer, "name": "after"}}
    key = {"idempotency-key": "leaving"}
    with nobody_reads(patient, "wallet_entries") as looking:
        with asking(patient, key_of(partner), "POST", "/graphql", body, **key):
            wait_for(lambda: hung(looking, "wallet_entries") == 1)
        wait_for(lambda: hung(looking, "wallet_entries") == 0)
        wait_for(lambda: idle_in_transaction(looking) == 0)
        assert partner.rest(f"/v1/partner-customers/{customer}").json()["name"] == "before"
    again = partner.http.post("/graphql", json=body, headers=key)
    assert again.json()["data"]["updatePartnerCustomer"]["name"] == "after"
    assert "idempotency-hit" not in again.headers


def idle_in_transaction(looking: Any) -> int:
    """Transactions that wait for whoever began them; the one that holds the table is one."""
    ((count,),) = looking.execute(
        "select count(*) from pg_stat_activity"
        " where state like 'idle in transaction%' and query not like 'lock table%'"
    ).fetchall()
    return int(count)


def told(asker: Asker, document: str) -> dict[str, Any]:
    answer = asker.graphql(document)
    assert answer.status_code == 200, answer.text
    data: dict[str, Any] = answer.json()["data"]
    return data
