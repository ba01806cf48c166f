"""Values that are for sale appear nowhere before a purchase, and where they should after it."""

import base64
import csv
import io
import re
from collections.abc import Iterator
from contextlib import ExitStack
from typing import Any
from uuid import uuid4

import httpx2
import pytest

from api.domain.partner_customer.rules import CustomerDefaults, Delivery, EnforcementMode
from tests.embedded.stacks import until
from tests.prospecting.iframe import Iframe
from tests.stack import Asker, Stack

Q = "all employees in Texas"
PEOPLE = 40
FOR_SALE = ("business_email", "mobile_phone", "linkedin_url", "last_name")
STRICT = CustomerDefaults(
    EnforcementMode.ENFORCED,
    delivery=Delivery("https://nowhere.invalid/in", None, csv_export_enabled=True),
)


@pytest.fixture
def iframe(stack: Stack) -> Iterator[Iframe]:
    """A customer with a single credit."""
    with ExitStack() as closing:
        yield Iframe.opened(stack, closing, STRICT, credit_units=1)


def people(asker: Asker) -> list[dict[str, Any]]:
    """The records behind the previews, in the same order, as one who pays for them has them."""
    found: list[dict[str, Any]] = asker.rest("/v1/persons/search", q=Q, limit=PEOPLE).json()["data"]
    assert len(found) == PEOPLE
    return found


def canaries(record: dict[str, Any]) -> set[str]:
    """What nobody may read before it is paid for: as it is, and in its other common forms."""
    company = record["company"]
    values = {str(record[name]) for name in FOR_SALE if record.get(name)}
    values |= {str(company[name]) for name in ("phone", "linkedin_url") if company.get(name)}
    values |= {record["person_id"], company["company_id"]}
    return {each for each in values if len(each) > 2}


def crawl(iframe: Iframe, records: list[dict[str, Any]]) -> Iterator[httpx2.Response]:
    """Everything that can be asked without paying, with the values themselves as input, too."""
    page = iframe.http.post("/v1/prospecting/search", json={"q": Q, "limit": PEOPLE})
    yield page
    body = page.json()
    path = f"/v1/prospecting/sessions/{body['search_id']}"
    ids = [each["prospect_id"] for each in body["data"]]
    yield iframe.http.get(path, params={"limit": 5, "cursor": body["pagination"]["next_cursor"]})
    for filters in (
        {"has_business_email": True},
        {"has_mobile_phone": False},
        {"has_linkedin_url": True, "levels": ["owner"]},
        {"states": ["TX"], "employee_ranges": ["1-10"]},
    ):
        yield iframe.http.post(path, json={"filters": filters, "limit": 1})
    yield iframe.http.get("/v1/prospecting/wallet")
    for action in ("push", "export"):
        yield iframe.act(action, body["search_id"], ids)
        yield iframe.act(action, body["search_id"])
        yield iframe.act(action, str(uuid4()), ids)
    record = next(each for each in records if each.get("business_email"))
    for value in canaries(record):
        # Whoever guesses a value is not told whether it is one, nor has it sent back.
        yield iframe.http.post(path, json={"filters": {"cities": [value]}, "limit": 1})
        yield iframe.http.post(path, json={"filters": {"industries": [value]}})
        yield iframe.http.post(path, json={"filters": {value: True}})
        yield iframe.act("export", body["search_id"], [value])
        yield iframe.http.get(path, params={"cursor": value})
        yield iframe.http.get(f"/v1/prospecting/sessions/{value}")


def readable(response: httpx2.Response) -> str:
    """All that a response says, and what its opaque parts decode to."""
    text = response.text + repr(dict(response.headers))
    decoded = [
        # As far as whole groups of four characters go: not everything that looks like it is base64.
        base64.b64decode(part[: len(part) // 4 * 4], altchars=b"-_")
        for part in re.findall(r"[A-Za-z0-9_-]{24,}", text)
    ]
    return text + b"\n".join(decoded).decode("latin-1")


def words(text: str, value: str) -> bool:
    """Whether a text holds a value, as a whole word where it is one."""
    return re.search(rf"(?<![\w@.]){re.escape(value)}(?![\w@.])", text) is not None


async def test_nothing_that_is_for_sale_is_said_before_it_is_bought(
    stack: Stack, iframe: Iframe, asker: Asker
) -> None:
    records = people(asker)
    secret = {value for record in records for value in canaries(record)}
    # What a preview shows may be the same word as somebody's last name.
    shown = {
        word
        for record in records
        for text in (
            record["first_name"],
            record.get("job_title") or "",
            record["company"]["name"],
            record["company"].get("city") or "",
            record["company"].get("industry") or "",
        )
        for word in re.findall(r"\w+", text)
    }
    secret -= shown
    assert len(secret) > 3 * PEOPLE
    last = None
    for response in crawl(iframe, records):
        assert response.status_code < 500, response.text
        told = readable(response)
        # An input that is no name of anything is named at most as a parameter of the request.
        leaked = {value for value in secret if words(told, value)}
        assert not leaked - {last_word(response)}, (response.request.url.path, leaked)
        last = response
    assert last is not None
    log = stack.data_dir / "logs" / "api.log"
    request_id = last.headers["x-request-id"]
    await until(lambda: request_id in log.read_text(encoding="utf-8"), "the last one is logged")
    logged = log.read_text(encoding="utf-8")
    assert not {value for value in secret if "@" in value and value in logged}


def last_word(response: httpx2.Response) -> str | None:
    """The unknown parameter that a refusal names, as it was sent."""
    if response.status_code != 422:
        return None
    names = [each["argument"] for each in response.json().get("errors", ())]
    return names[0].removeprefix("filters.") if names else None


def test_what_was_bought_is_said_and_nothing_else(iframe: Iframe, asker: Asker) -> None:
    records = people(asker)
    page = iframe.search(Q, limit=PEOPLE)
    at = next(
        number
        for number, record in enumerate(records)
        if record.get("business_email") and record.get("mobile_phone")
    )
    bought = records[at]
    others = {
        value
        for record in records
        if record["company"]["company_id"] != bought["company"]["company_id"]
        for value in canaries(record)
        if "@" in value or "+" in value or "/in/" in value
    }
    answer = iframe.act("export", page["search_id"], [page["data"][at]["prospect_id"]])
    (row,) = csv.DictReader(io.StringIO(answer.text, newline=""))
    for name in (*FOR_SALE, "person_id"):
        assert row[name] == bought.get(name, "")
    assert row["company_phone"] == bought["company"].get("phone", "")
    again = iframe.http.get(
        f"/v1/prospecting/sessions/{page['search_id']}", params={"limit": PEOPLE}
    )
    previews = again.json()["data"]
    assert [each["reveal_state"] for each in previews].count("purchased") == 1
    assert previews[at]["record"]["business_email"] == bought["business_email"]
    assert not {value for value in others if value in answer.text + again.text}
