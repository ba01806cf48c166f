"""Queued person searches: documented bodies, both doors, what is refused, and whose they are."""

import re
import time
from typing import Any

import orjson
import pytest

from api.cursors import MAX_CURSOR_CHARS
from rest.openapi import EXAMPLES
from tests.contract.test_documented_examples import assert_holds, snake
from tests.contract.test_doors import PAGINATION, PERSON, as_rest
from tests.documented import CROWD
from tests.stack import Asker

EXAMPLE: dict[str, Any] = orjson.loads(EXAMPLES.read_bytes())
CREATED = EXAMPLE["POST /v1/persons/search/jobs"]
SUCCEEDED = EXAMPLE["GET /v1/persons/search/jobs/{job_id}"]
JOBS = "/v1/persons/search/jobs"
PARTNERS = "partners at law firms in Ely, NV"
UUID7 = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-7[0-9a-f]{3}-[89ab][0-9a-f]{3}-[0-9a-f]{12}")
MOMENT = re.compile(r"\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z")
PATIENCE_S = 60

INTERPRETATION = """interpretation {
  roles { key label } industries { key label } locations { key label city state }
  filters { companyCity companyState employeeCountMin employeeCountMax }
  allEmployees requestedRecords warnings unparsed
}"""
JOB = f"""query ($id: ID!) {{ personSearchJob(jobId: $id) {{
  jobId status searchStrategy {INTERPRETATION} {PAGINATION} data: nodes {{ {PERSON} }}
  billableRecords error timingsMs {{ interpretation search total searchStrategy }}
}} }}"""
CREATE = """mutation ($q: String!, $first: Int!, $after: String) {
  createPersonSearchJob(q: $q, first: $first, after: $after) { jobId status }
}"""
LIST = """query ($first: Int!, $after: String, $status: JobStatus) {
  personSearchJobs(first: $first, after: $after, status: $status) {
    nodes { jobId status createdAt finishedAt billableRecords error }
    pagination { limit nextCursor }
  }
}"""


def create(asker: Asker, **body: Any) -> dict[str, Any]:
    """Queues a job by REST."""
    response = asker.http.post(JOBS, json=body)
    assert response.status_code == 202, response.text
    created: dict[str, Any] = response.json()
    return created


def ended(asker: Asker, job_id: str) -> dict[str, Any]:
    """A job as REST tells it when it has succeeded or failed."""
    deadline = time.monotonic() + PATIENCE_S
    while time.monotonic() < deadline:
        body: dict[str, Any] = asker.rest(f"{JOBS}/{job_id}").json()
        if body["status"] in {"succeeded", "failed"}:
            return body
        assert not {"data", "pagination", "billable_records", "error", "timings_ms"} & body.keys()
        time.sleep(0.05)
    raise AssertionError("the job did not end")


def test_a_new_job_is_the_documented_body(asker: Asker) -> None:
    body = create(asker, q="CMOs of SaaS companies", limit=100, max_records=2000)
    assert list(body) == list(CREATED)
    assert UUID7.fullmatch(body["job_id"])
    assert MOMENT.fullmatch(body["created_at"])
    assert body["status"] == "queued"
    assert body["search_strategy"] == CREATED["search_strategy"]
    assert_holds(body["interpretation"], CREATED["interpretation"])


def test_a_job_that_succeeded_is_the_documented_body(asker: Asker) -> None:
    job_id = create(asker, q="CMOs of SaaS companies in Boise, ID", limit=100, max_records=2000)[
        "job_id"
    ]
    body = ended(asker, job_id)
    assert list(body) == list(SUCCEEDED)
    assert body["status"] == "succeeded"
    assert body["pagination"]["max_records"] == 2000
    (documented,) = SUCCEEDED["data"]
    found = [row for row in body["data"] if row["person_id"] == documented["person_id"]]
    assert len(found) == 1
    assert_holds(found[0], documented)
    timings = body["timings_ms"]
    assert list(timings) == list(SUCCEEDED["timings_ms"])
    assert timings["search_strategy"] == body["search_strategy"]
    assert 0 <= timings["interpretation"] + timings["search"] <= timings["total"]


def test_a_job_finds_what_the_search_finds_by_both_doors_page_by_page(asker: Asker) -> None:
    """The very rows, totals and cursors; a cursor of either continues at the other."""
    cursor = None
    for _ in range(3):
        page = {"q": PARTNERS, "limit": 80, **({"cursor": cursor} if cursor else {})}
        search = asker.rest("/v1/persons/search", **page).json()
        by_rest = ended(asker, create(asker, **page)["job_id"])
        answer = asker.graphql(CREATE, q=PARTNERS, first=80, after=cursor).json()
        queued = answer["data"]["createPersonSearchJob"]
        assert queued["status"] == "queued"
        ended(asker, queued["jobId"])
        by_graphql = asker.graphql(JOB, id=queued["jobId"]).json()["data"]["personSearchJob"]
        assert {name: by_rest[name] for name in search} == search
        other = as_rest(snake(by_graphql))
        assert {**by_rest, "job_id": 0, "timings_ms": 0} == {**other, "job_id": 0, "timings_ms": 0}
        cursor = search["pagination"]["next_cursor"]
    assert cursor is None


def test_a_request_when_queued_and_records_when_it_succeeded(asker: Asker) -> None:
    job_id = create(asker, q=PARTNERS, limit=30)["job_id"]
    assert ended(asker, job_id)["billable_records"] == 30
    assert asker.usage() == {"requests": 1, "billable_records": 30}
    for _ in range(3):
        asker.rest(f"{JOBS}/{job_id}")
    assert asker.usage() == {"requests": 1, "billable_records": 30}


REFUSED: list[tuple[dict[str, Any], int, str]] = [
    ({}, 422, "q"),
    ({"q": ""}, 422, "q"),
    ({"q": "x" * (MAX_CURSOR_CHARS + 1)}, 422, "q"),
    ({"q": 7}, 422, "q"),
    ({"q": PARTNERS, "limit": 0}, 422, "limit"),
    ({"q": PARTNERS, "limit": 101}, 422, "limit"),
    ({"q": PARTNERS, "limit": "10"}, 422, "limit"),
    ({"q": PARTNERS, "max_records": 0}, 422, "max_records"),
    ({"q": PARTNERS, "max_records": 1_000_001}, 422, "max_records"),
    ({"q": PARTNERS, "location_state": "Atlantis"}, 422, "location_state"),
    ({"q": PARTNERS, "location_city": "x" * 101}, 422, "location_city"),
    ({"q": PARTNERS, "nonsense": 1}, 422, "nonsense"),
    ({"q": PARTNERS, "interpretation": {}}, 422, "interpretation"),
    ({"q": PARTNERS, "dedupe_token": ""}, 422, "dedupe_token"),
    ({"q": PARTNERS, "dedupe_token": "x" * 201}, 422, "dedupe_token"),
    ({"q": PARTNERS, "dedupe_token": "a", "dedupe_user_id": "x" * 201}, 422, "dedupe_user_id"),
    ({"q": PARTNERS, "dedupe_user_id": "a"}, 422, "dedupe_user_id"),
    ({"q": PARTNERS, "cursor": "AAAA"}, 400, "cursor"),
    ({"q": PARTNERS, "cursor": "x" * (MAX_CURSOR_CHARS + 1)}, 422, "cursor"),
]


@pytest.mark.parametrize(("body", "status", "at_fault"), REFUSED)
def test_what_is_wrong_is_refused_when_queued(
    asker: Asker, body: dict[str, Any], status: int, at_fault: str
) -> None:
    response = asker.http.post(JOBS, json=body)
    assert response.status_code == status, response.text
    problem = response.json()
    if status == 422:
        assert [each["argument"] for each in problem["errors"]] == [at_fault]
    else:
        assert problem["code"] == "invalid_cursor"
    assert asker.usage() == {"requests": 0, "billable_records": 0}
    listed = asker.graphql(LIST, first=10).json()["data"]["personSearchJobs"]
    assert "queued" not in {node["status"] for node in listed["nodes"]}


@pytest.mark.parametrize(
    "change", [{"q": "CEOs in Nevada"}, {"location_state": "NV"}, {"max_records": 7}]
)
def test_a_cursor_of_another_search_is_refused_when_queued(
    asker: Asker, change: dict[str, Any]
) -> None:
    asked = {"q": "partners at law firms", "limit": 10}
    cursor = asker.rest("/v1/persons/search", **asked).json()["pagination"]["next_cursor"]
    response = asker.http.post(JOBS, json={**asked, "cursor": cursor, **change})
    assert (response.status_code, response.json()["code"]) == (400, "invalid_cursor")


def test_without_a_key_nothing_is_queued_or_told(asker: Asker) -> None:
    job_id = create(asker, q=PARTNERS)["job_id"]
    del asker.http.headers["x-api-key"]
    assert asker.http.post(JOBS, json={"q": PARTNERS}).status_code == 401
    assert asker.rest(f"{JOBS}/{job_id}").status_code == 401


def test_a_job_of_another_account_is_not_there(asker: Asker, stranger: Asker) -> None:
    job_id = create(asker, q=PARTNERS)["job_id"]
    ended(asker, job_id)
    for other in (
        job_id.upper() + "0",
        job_id.replace("-", ""),
        f"{{{job_id}}}",
        "01890000-0000-7000-8000-000000000000",
        "nothing",
        "%00" + job_id,
    ):
        response = asker.rest(f"{JOBS}/{other}")
        assert response.status_code in {404, 422}, other
    response = stranger.rest(f"{JOBS}/{job_id}")
    assert (response.status_code, response.json()["code"]) == (404, "not_found")
    by_graphql = stranger.graphql(JOB, id=job_id).json()
    assert by_graphql["errors"][0]["extensions"]["code"] == "not_found"
    listed = stranger.graphql(LIST, first=100).json()["data"]["personSearchJobs"]["nodes"]
    assert job_id not in {node["jobId"] for node in listed}


def test_jobs_are_listed_newest_first_page_by_page(asker: Asker) -> None:
    """Accounts are shared between tests, so the newest ones are ours."""
    ids = [create(asker, q=PARTNERS, limit=5)["job_id"] for _ in range(5)]
    for job_id in ids:
        ended(asker, job_id)
    seen: list[dict[str, Any]] = []
    cursor = None
    for _ in range(3):
        page = asker.graphql(LIST, first=2, after=cursor, status="succeeded").json()
        jobs = page["data"]["personSearchJobs"]
        seen += jobs["nodes"]
        cursor = jobs["pagination"]["nextCursor"]
        assert jobs["pagination"]["limit"] == 2
    assert [node["jobId"] for node in seen[:5]] == ids[::-1]
    assert all(node["billableRecords"] == 5 and node["finishedAt"] for node in seen[:5])
    wrong = asker.graphql(LIST, first=2, after=cursor, status="failed").json()
    assert wrong["errors"][0]["extensions"]["code"] == "invalid_cursor"


def test_a_campaign_is_given_nobody_twice_by_jobs_and_searches(asker: Asker) -> None:
    campaign = {"q": PARTNERS, "dedupe_token": f"campaign {time.monotonic_ns()}"}
    first = create(asker, **campaign, limit=60)["job_id"]
    given = [row["person_id"] for row in ended(asker, first)["data"]]
    search = asker.rest("/v1/persons/search", **campaign, limit=60).json()
    given += [row["person_id"] for row in search["data"]]
    jobs = [create(asker, **campaign, limit=60)["job_id"] for _ in range(4)]
    for job_id in jobs:
        body = ended(asker, job_id)
        assert body["billable_records"] == len(body["data"])
        given += [row["person_id"] for row in body["data"]]
    assert len(given) == len(set(given)) == CROWD
    assert asker.usage()["billable_records"] == CROWD
