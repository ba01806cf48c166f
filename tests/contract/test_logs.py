"""What a request said stays out of the logs: the ids of account and key are enough."""

from tests.embedded.stacks import until
from tests.stack import Asker, Stack

CANARY = "canary-7f3a91"


async def test_neither_good_nor_bad_requests_are_quoted(stack: Stack, asker: Asker) -> None:
    email = f"{CANARY}@example.com"
    lookup = '{ personLookup(email: "%s", phone: "%s") { nodes { personId } } }'
    for phone, status in (("+12085550123", 200), ("none", 422)):
        assert asker.graphql(lookup % (email, phone)).status_code == status
        answer = asker.rest("/v1/persons/lookup", email=email, phone=phone)
        assert answer.status_code == status
    assert asker.graphql("{ nothing }", note=CANARY).status_code == 422
    assert asker.rest("/v1/persons/search", q=CANARY + " in Nevada").status_code in (200, 422)
    request_id = asker.rest("/v1/usage").headers["x-request-id"]
    file = stack.data_dir / "logs" / "api.log"
    # A request is logged when its answer is on its way.
    await until(lambda: request_id in file.read_text(encoding="utf-8"), "the last one is logged")
    log = file.read_text(encoding="utf-8")
    assert CANARY not in log
    assert asker.http.headers["x-api-key"] not in log
